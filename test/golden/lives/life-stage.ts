import type { KubeObject } from '../../../src/api/object.ts';
import { SluiceError } from '../../../src/base/error.ts';
import { formatInstant } from '../../../src/base/instant.ts';
import type { ClusterPort } from '../../../src/cluster/port.ts';
import { findObjects, isConditionMet, type LifeCondition } from './life-condition.ts';
import { typeOf, typeOfKind } from './life-kinds.ts';
import type { Life, LifeRequest, TraceEntry } from './life.ts';
import { playRecorded } from './play-recorded.ts';

/** A change of one object. */
export interface LifeChange {
  readonly type: 'ADDED' | 'MODIFIED' | 'DELETED';
  readonly object: KubeObject;
}

/** What happened in a replay. */
export interface Replay {
  /** In the order of the store. */
  readonly changes: readonly LifeChange[];
  /** Objects just before each action, and at the end, by `Kind/name`. */
  readonly moments: readonly ReadonlyMap<string, KubeObject>[];
  /** HTTP status of the answer to each action. */
  readonly answers: readonly number[];
  /** Why it was not played to its end. */
  readonly problem: string | undefined;
}

/** Where a life is lived again. */
export interface LifePlace {
  readonly cluster: ClusterPort;
  readonly namespace: string;
  /** Milliseconds since the epoch. */
  now(): number;
  /** Lets time go on. */
  advance(durationMs: number): Promise<void>;
  /** Waits for an answer while time goes on. */
  during<T>(work: Promise<T>): Promise<T>;
}

/** How often conditions are looked at, and how much later than recorded one may hold at most. */
const [stepMs, patienceMs] = [50, 60_000];

/** Kinds whose changes do not break the quiet that a condition waits for: they were not recorded. */
const unrecorded: ReadonlySet<string> = new Set(['Pod', 'Event', 'EndpointSlice']);

/** Does what a life tells, and writes down what comes of it. */
export class LifeStage {
  readonly #life: Life;
  readonly #place: LifePlace;
  readonly #signal = new AbortController().signal;
  readonly #changes: LifeChange[] = [];
  readonly #objects = new Map<string, KubeObject>();
  readonly #moments: ReadonlyMap<string, KubeObject>[] = [];
  readonly #answers: number[] = [];
  #changedAtMs = 0;
  #startMs = 0;
  #heldSinceMs = -1;

  constructor(life: Life, place: LifePlace) {
    this.#life = life;
    this.#place = place;
  }

  /** Objects that are there, by `Kind/name`, in the order in which they were made. */
  get objects(): ReadonlyMap<string, KubeObject> {
    return this.#objects;
  }

  /** Takes a change of the place in. */
  take({ type, object }: LifeChange): void {
    const key = `${object.kind}/${object.metadata.name}`;
    if (type === 'DELETED') this.#objects.delete(key);
    else this.#objects.set(key, object);
    this.#changes.push({ type, object });
    if (!unrecorded.has(object.kind)) this.#changedAtMs = this.#place.now();
  }

  /** Makes the objects of the manifests. */
  async begin(): Promise<void> {
    this.#startMs = this.#place.now();
    for (const manifest of this.#life.manifests) await this.#place.during(this.#create(manifest));
  }

  /** Does what was recorded at the times at which it was. */
  async follow(trace: readonly TraceEntry[]): Promise<void> {
    for (const entry of trace) {
      const dueMs = this.#startMs + entry.t * 1000 - this.#place.now();
      if (dueMs > 0) await this.#place.advance(dueMs);
      const request = entry.kind === 'Action' ? this.#life.actions[entry.index ?? 0]?.do : undefined;
      const { cluster, namespace } = this.#place;
      const place = { cluster, namespace, startMs: this.#startMs, objects: this.#objects };
      if (request === undefined) await this.#place.during(playRecorded(entry, place));
      else await this.#act(request);
    }
  }

  /** Does what is left to do, each when its time has come. Answers why it did not come. */
  async play(): Promise<string | undefined> {
    const { actions, end, duration } = this.#life;
    for (const { when, request } of [
      ...actions.map((action) => ({ when: action.when, request: action.do })).slice(this.#answers.length),
      { when: end, request: undefined },
    ]) {
      this.#heldSinceMs = -1;
      while (!this.#isReady(when)) {
        if (this.#place.now() - this.#startMs > duration * 1000 + patienceMs) return `waits for ever for: ${when.text}`;
        await this.#place.advance(stepMs);
      }
      if (request !== undefined) await this.#act(request);
    }
    this.#moments.push(new Map(this.#objects));
    return undefined;
  }

  replay(problem: string | undefined): Replay {
    return { changes: this.#changes, moments: this.#moments, answers: this.#answers, problem };
  }

  async #act(request: LifeRequest): Promise<void> {
    this.#moments.push(new Map(this.#objects));
    this.#answers.push(await this.#answer(request));
    this.#changedAtMs = this.#place.now();
  }

  #isReady(when: LifeCondition): boolean {
    const now = this.#place.now();
    if (!isConditionMet(when, this.#objects)) {
      this.#heldSinceMs = -1;
      return false;
    }
    if (this.#heldSinceMs < 0) this.#heldSinceMs = now;
    const held = now - this.#heldSinceMs >= (when.after ?? 0) * 1000;
    return held && now - this.#changedAtMs >= (when.quiet ?? 0) * 1000;
  }

  async #answer(request: LifeRequest): Promise<number> {
    try {
      await this.#place.during(this.#send(request));
      return request.verb === 'create' ? 201 : 200;
    } catch (error) {
      if (error instanceof SluiceError) return error.traits.httpStatus;
      throw error;
    }
  }

  #create(object: KubeObject): Promise<KubeObject> {
    const { cluster, namespace } = this.#place;
    const placed = { ...object, metadata: { ...object.metadata, namespace } };
    return cluster.create(typeOf(object), placed, {}, { signal: this.#signal });
  }

  #send(request: LifeRequest): Promise<KubeObject> {
    const { verb, kind = '', subresource, type, object } = request;
    const { cluster, namespace } = this.#place;
    const call = { signal: this.#signal };
    if (verb === 'create' && object !== undefined) return this.#create(object);
    const at = { type: typeOfKind(kind), namespace, name: this.#nameOf(request) };
    if (verb === 'delete') return cluster.delete(at, {}, call);
    const body = fillTimes(request.body, this.#place.now());
    const options = subresource === undefined ? {} : { subresource };
    return type === 'json'
      ? cluster.patch(at, { kind: 'json', operations: body as never }, options, call)
      : cluster.patch(at, { kind: 'merge', body: body as object }, options, call);
  }

  /** `*` and `@image` stand for the newest object that fits. */
  #nameOf({ kind = '', name = '' }: LifeRequest): string {
    if (name !== '*' && !name.startsWith('@')) return name;
    return findObjects(`${kind}/${name}`, this.#objects).at(-1)?.metadata.name ?? name;
  }
}

/** `$NOW` and `$NOW+5s` are the time of the request. */
function fillTimes(body: unknown, now: number): unknown {
  const text = JSON.stringify(body ?? null).replaceAll(/\$NOW(?:\+(\d+)s)?/gu, (_, seconds?: string) =>
    formatInstant(now + Number(seconds ?? 0) * 1000),
  );
  return JSON.parse(text) as unknown;
}
