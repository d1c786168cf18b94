import type { KubeObject, ResourceType } from '../../api/object.ts';
import { resourceTypes } from '../../api/resource-types.ts';
import { sleep, type Clock } from '../../base/clock.ts';
import { hasCode, messageOf } from '../../base/error.ts';
import type { Log } from '../../base/log.ts';
import type { ClusterPort } from '../../cluster/port.ts';
import { notifiedAnnotation, readNotified, writeNotified } from '../../providers/notifications/notified-state.ts';
import { pendingAnnotation, readPending, writePending } from '../../providers/notifications/pending-state.ts';
import { fieldManager } from '../perform-context.ts';

/** A Rollout by its place. */
export interface RolloutKey {
  readonly namespace: string;
  readonly name: string;
  readonly uid: string;
}

/** What the writer is made with. */
export interface NotifiedWriterOptions {
  readonly cluster: ClusterPort;
  readonly clock: Clock;
  readonly log: Log;
  readonly signal: AbortSignal;
  /** Told of what the cluster then has. */
  onWritten(rollout: KubeObject): void;
}

const attemptsMax = 10;

/** What is to be noted on a Rollout. */
interface Notes {
  /** When something was sent, by its key; undefined for what counts no more. */
  readonly sent: Map<string, number | undefined>;
  /** Occasions of which nobody is to be told any more. */
  readonly settled: Set<string>;
}

/**
 * Keeps in annotations of each Rollout what was sent and what is not pending any more, so that the next process knows.
 * What comes while a write is under way goes into the next one.
 */
export class NotifiedWriter {
  readonly #options: NotifiedWriterOptions;
  readonly #pending = new Map<string, Notes>();
  readonly #writing = new Set<string>();

  constructor(options: NotifiedWriterOptions) {
    this.#options = options;
  }

  /** True when nothing is to be written. */
  get isIdle(): boolean {
    return this.#writing.size === 0;
  }

  /** Remembers when something was sent, in seconds since the epoch, or with undefined that it counts no more. */
  remember(rollout: RolloutKey, key: string, atSeconds: number | undefined): void {
    this.#note(rollout, { sent: new Map([[key, atSeconds]]), settled: new Set() });
  }

  /** Remembers that everybody was told of an occasion who was to be told. */
  settle(rollout: RolloutKey, occasion: string): void {
    this.#note(rollout, { sent: new Map(), settled: new Set([occasion]) });
  }

  #note(rollout: RolloutKey, notes: Notes): void {
    this.#pending.set(rollout.uid, joined(this.#pending.get(rollout.uid), notes));
    if (this.#writing.has(rollout.uid)) return;
    this.#writing.add(rollout.uid);
    void this.#writeAll(rollout);
  }

  async #writeAll(rollout: RolloutKey): Promise<void> {
    const { clock, log, signal } = this.#options;
    for (let attempt = 1; attempt <= attemptsMax && !signal.aborted; attempt += 1) {
      const changes = this.#pending.get(rollout.uid);
      if (changes === undefined) break;
      this.#pending.delete(rollout.uid);
      try {
        await this.#write(rollout, changes);
        attempt = 0;
      } catch (error) {
        const since = this.#pending.get(rollout.uid);
        this.#pending.set(rollout.uid, since === undefined ? changes : joined(changes, since));
        if (hasCode(error, 'NotFound', 'NotLeader')) break;
        if (hasCode(error, 'Conflict')) continue;
        log.warn({ rollout: rollout.name, error: messageOf(error) }, 'what was notified could not be noted');
        await sleep(clock, 500 * 2 ** attempt, signal).catch(() => undefined);
      }
    }
    this.#pending.delete(rollout.uid);
    this.#writing.delete(rollout.uid);
  }

  async #write(rollout: RolloutKey, notes: Notes): Promise<void> {
    const { cluster, signal } = this.#options;
    const type: ResourceType = resourceTypes.rollout;
    const at = { type, namespace: rollout.namespace, name: rollout.name };
    const { metadata } = await cluster.get(at, { signal });
    if (metadata.uid !== rollout.uid) return;
    const before = metadata.annotations ?? {};
    const after = { ...sentAfter(before, notes), ...pendingAfter(before, notes) };
    const changed = Object.entries(after).filter(([name, text]) => text !== (before[name] ?? null));
    if (changed.length === 0) return;
    const { resourceVersion } = metadata;
    const body = { metadata: { resourceVersion, annotations: Object.fromEntries(changed) } };
    this.#options.onWritten(await cluster.patch(at, { kind: 'merge', body }, { fieldManager }, { signal }));
  }
}

type Annotations = Readonly<Record<string, string>>;
type Changes = Readonly<Record<string, string | null>>;

/** Of the same key the later note counts. */
function joined(earlier: Notes | undefined, later: Notes): Notes {
  return {
    sent: new Map([...(earlier?.sent ?? []), ...later.sent]),
    settled: new Set([...(earlier?.settled ?? []), ...later.settled]),
  };
}

function sentAfter(annotations: Annotations, { sent }: Notes): Changes {
  const state = new Map(readNotified(annotations[notifiedAnnotation]));
  for (const [key, atSeconds] of sent) {
    if (atSeconds === undefined) state.delete(key);
    else state.set(key, atSeconds);
  }
  return { [notifiedAnnotation]: writeNotified(state) };
}

function pendingAfter(annotations: Annotations, { settled }: Notes): Changes {
  if (settled.size === 0) return {};
  const state = new Map(readPending(annotations[pendingAnnotation]));
  for (const occasion of settled) state.delete(occasion);
  return { [pendingAnnotation]: writePending(state) };
}
