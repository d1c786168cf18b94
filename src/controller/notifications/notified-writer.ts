import type { KubeObject, ResourceType } from '../../api/object.ts';
import { resourceTypes } from '../../api/resource-types.ts';
import { sleep, type Clock } from '../../base/clock.ts';
import { hasCode, messageOf } from '../../base/error.ts';
import type { Log } from '../../base/log.ts';
import type { ClusterPort } from '../../cluster/port.ts';
import { notifiedAnnotation, readNotified, writeNotified } from '../../providers/notifications/notified-state.ts';
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

/**
 * Keeps in an annotation of each Rollout what was sent, so that the next process knows. What comes while a write is
 * under way goes into the next one.
 */
export class NotifiedWriter {
  readonly #options: NotifiedWriterOptions;
  readonly #pending = new Map<string, Map<string, number | undefined>>();
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
    const pending = this.#pending.get(rollout.uid) ?? new Map<string, number | undefined>();
    this.#pending.set(rollout.uid, pending.set(key, atSeconds));
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
        // What came meanwhile counts more.
        this.#pending.set(rollout.uid, new Map([...changes, ...(this.#pending.get(rollout.uid) ?? [])]));
        if (hasCode(error, 'NotFound', 'NotLeader')) break;
        if (hasCode(error, 'Conflict')) continue;
        log.warn({ rollout: rollout.name, error: messageOf(error) }, 'what was notified could not be noted');
        await sleep(clock, 500 * 2 ** attempt, signal).catch(() => undefined);
      }
    }
    this.#pending.delete(rollout.uid);
    this.#writing.delete(rollout.uid);
  }

  async #write(rollout: RolloutKey, changes: ReadonlyMap<string, number | undefined>): Promise<void> {
    const { cluster, signal } = this.#options;
    const type: ResourceType = resourceTypes.rollout;
    const at = { type, namespace: rollout.namespace, name: rollout.name };
    const { metadata } = await cluster.get(at, { signal });
    if (metadata.uid !== rollout.uid) return;
    const before = metadata.annotations?.[notifiedAnnotation];
    const state = new Map(readNotified(before));
    for (const [key, atSeconds] of changes) {
      if (atSeconds === undefined) state.delete(key);
      else state.set(key, atSeconds);
    }
    const text = writeNotified(state);
    if (text === (before ?? null)) return;
    const { resourceVersion } = metadata;
    const body = { metadata: { resourceVersion, annotations: { [notifiedAnnotation]: text } } };
    this.#options.onWritten(await cluster.patch(at, { kind: 'merge', body }, { fieldManager }, { signal }));
  }
}
