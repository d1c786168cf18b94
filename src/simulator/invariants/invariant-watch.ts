import { numberOf, recordOf } from '../../api/json-access.ts';
import type { KubeObject } from '../../api/object.ts';
import type { Commit, Ledger } from '../ledger.ts';
import type { SentCall } from '../sent-call.ts';
import { allInvariants, strictnessDefault, type Strictness } from './all-invariants.ts';
import type { Invariant, Violation } from './invariant.ts';
import { PodLosses } from './pod-losses.ts';
import { RolloutIndex } from './rollout-index.ts';
import type { RolloutPicture, Scene } from './rollout-picture.ts';

/** What invariants look at. */
export interface WatchedWorld {
  readonly ledger: Ledger;
  nowMs(): number;
  /** The route as proxies act on it now: more than one while they do not agree. */
  proxiedRoutes(namespace: string, name: string): readonly KubeObject[];
}

/** Violations kept; a run that broke so many rules needs no more of them. */
const violationsMax = 100;

/** Asks every invariant after every write, and about once a second. */
export class InvariantWatch {
  readonly violations: Violation[] = [];
  readonly #world: WatchedWorld;
  readonly #invariants: readonly Invariant[];
  readonly #losses: PodLosses;
  readonly #replicas: ReplicasLately;
  readonly #index: RolloutIndex;

  constructor(
    world: WatchedWorld,
    strictness: Partial<Strictness> = {},
    invariants: readonly Invariant[] = allInvariants({ ...strictnessDefault, ...strictness }),
  ) {
    const { graceMs } = { ...strictnessDefault, ...strictness };
    this.#world = world;
    this.#invariants = invariants;
    this.#losses = new PodLosses(graceMs);
    this.#replicas = new ReplicasLately(graceMs);
    const scene: Scene = {
      ledger: world.ledger,
      losses: this.#losses,
      nowMs: () => world.nowMs(),
      proxiedRoutes: (namespace, name) => world.proxiedRoutes(namespace, name),
      replicasLately: (uid, now) => this.#replicas.of(uid, now, world.nowMs()),
    };
    this.#index = new RolloutIndex(world.ledger, scene);
  }

  /** Takes a write in; the ledger knows it already. */
  onCommit(commit: Commit): void {
    this.#losses.take(commit);
    this.#replicas.take(commit);
    this.#index.take(commit);
    for (const picture of this.#index.concerned(commit)) {
      for (const invariant of this.#invariants)
        this.#note(invariant, picture.key, invariant.onCommit?.(commit, picture));
    }
  }

  onSend(call: SentCall): void {
    if (call.writer !== 'sluice') return;
    for (const invariant of this.#invariants) this.#note(invariant, '', invariant.onSend?.(call));
  }

  /** The controller has looked at the Rollout of a name. */
  onPass(namespace: string, name: string): void {
    const uid = this.#world.ledger.get('Rollout', namespace, name)?.metadata.uid ?? '';
    for (const picture of this.#index.pictures([uid])) {
      for (const invariant of this.#invariants) this.#note(invariant, picture.key, invariant.onPass?.(picture));
    }
  }

  /** To be called about once a second. */
  onTime(): void {
    for (const picture of this.pictures()) {
      for (const invariant of this.#invariants) this.#note(invariant, picture.key, invariant.onTime?.(picture));
    }
  }

  /** Nothing happens any more. */
  onEnd(): void {
    for (const picture of this.pictures()) {
      for (const invariant of this.#invariants) this.#note(invariant, picture.key, invariant.onEnd?.(picture));
    }
  }

  /** Every Rollout as it is now. */
  pictures(): readonly RolloutPicture[] {
    return this.#index.pictures(this.#index.uids);
  }

  #note({ id }: Invariant, rollout: string, message: string | undefined): void {
    if (message === undefined || this.violations.length >= violationsMax) return;
    this.violations.push({ id, atMs: this.#world.nowMs(), rollout, message });
  }
}

/** What spec.replicas of each Rollout was within the last moments. */
class ReplicasLately {
  readonly #graceMs: number;
  readonly #earlier = new Map<string, { readonly replicas: number; readonly untilMs: number }[]>();

  constructor(graceMs: number) {
    this.#graceMs = graceMs;
  }

  take({ kind, object, previous, atMs }: Commit): void {
    if (kind !== 'Rollout' || previous === undefined) return;
    const [before, after] = [previous, object].map((rollout) => numberOf(recordOf(rollout['spec'])['replicas']) ?? 1);
    if (before === after || before === undefined) return;
    const uid = object.metadata.uid ?? '';
    this.#earlier.set(uid, [...(this.#earlier.get(uid) ?? []), { replicas: before, untilMs: atMs }]);
  }

  of(uid: string, now: number, nowMs: number): { readonly least: number; readonly most: number } {
    const earlier = this.#earlier.get(uid);
    if (earlier === undefined) return { least: now, most: now };
    const recent = earlier.filter(({ untilMs }) => untilMs >= nowMs - this.#graceMs);
    if (recent.length === 0) this.#earlier.delete(uid);
    const counts = [now, ...recent.map(({ replicas }) => replicas)];
    return { least: Math.min(...counts), most: Math.max(...counts) };
  }
}
