import type { KubeObject } from '../../api/object.ts';
import { resourceTypes } from '../../api/resource-types.ts';
import { hasCode, messageOf } from '../../base/error.ts';
import type { Log } from '../../base/log.ts';
import type { ClusterPort } from '../../cluster/port.ts';
import { notifiedAnnotation, readNotified } from '../../providers/notifications/notified-state.ts';
import {
  pendingAnnotation,
  pendingKey,
  readPending,
  writePending,
  type PendingOccasion,
} from '../../providers/notifications/pending-state.ts';
import { fieldManager } from '../perform-context.ts';
import type { ObservedRollout } from '../rollout-projector.ts';

/** What occasions are kept with. */
export interface KeptOccasionsTools {
  readonly cluster: ClusterPort;
  readonly log: Log;
  /** Told of what the cluster then has. */
  onWritten(rollout: KubeObject): void;
}

/** Longest time that a pass waits for the write. */
const timeoutMs = 2000;
/** Rollouts of which it is remembered what was kept, and occasions that are over. */
const rolloutsMax = 10_000;
const overMax = 10_000;

/**
 * Writes down on a Rollout what somebody is to be told of, before it is done or stored, so that it is told whatever
 * becomes of this process. Which deliveries it takes to have told everybody is counted here too.
 */
export class KeptOccasions {
  readonly #tools: KeptOccasionsTools;
  /** What this process wrote, by uid: the cache may not have it yet. */
  readonly #written = new Map<string, ReadonlyMap<string, PendingOccasion>>();
  /** Keys of the deliveries that are not over, by uid and occasion. */
  readonly #open = new Map<string, Set<string>>();
  /** Occasions that are over: the same notice may come again in every pass. */
  readonly #over = new Set<string>();

  constructor(tools: KeptOccasionsTools) {
    this.#tools = tools;
  }

  /** Keeps occasions; answers with the new version of the Rollout, if there is one. Never rejects. */
  async keep(
    { namespace, name, uid, annotations }: ObservedRollout,
    occasions: readonly PendingOccasion[],
    resourceVersion: string,
    signal: AbortSignal,
  ): Promise<string | undefined> {
    const told = [...readNotified(annotations[notifiedAnnotation]).keys()];
    const known = [...readPending(annotations[pendingAnnotation]), ...(this.#written.get(uid) ?? [])];
    // The cache may not have it yet that some are over.
    const kept = new Map(known.filter(([key]) => !this.#over.has(idOf(uid, key))));
    const news = occasions.filter((occasion) => {
      const key = pendingKey(occasion);
      const isTold = told.some((item) => item.includes(`${occasion.once}:`));
      return !kept.has(key) && !isTold && !this.#over.has(idOf(uid, key));
    });
    if (news.length === 0) return undefined;
    dropEarlierTries(kept, occasions);
    for (const occasion of news) kept.set(pendingKey(occasion), occasion);
    const body = { metadata: { resourceVersion, annotations: { [pendingAnnotation]: writePending(kept) } } };
    const at = { type: resourceTypes.rollout, namespace, name };
    try {
      const call = { signal, timeoutMs };
      const answer = await this.#tools.cluster.patch(at, { kind: 'merge', body }, { fieldManager }, call);
      if (this.#written.size >= rolloutsMax) this.#written.clear();
      this.#written.set(uid, kept);
      this.#tools.onWritten(answer);
      return answer.metadata.resourceVersion;
    } catch (error) {
      // Somebody else has changed the Rollout: the write of the status will find that out too.
      if (!hasCode(error, 'Conflict', 'NotLeader', 'NotFound')) {
        this.#tools.log.warn({ rollout: name, error: messageOf(error) }, 'what is to be notified could not be kept');
      }
      return undefined;
    }
  }

  /** Notes the deliveries that an occasion needs. True when it needs none any more. */
  begin(uid: string, occasion: string, deliveries: readonly string[]): boolean {
    if (deliveries.length > 0) {
      const id = idOf(uid, occasion);
      this.#open.set(id, new Set([...(this.#open.get(id) ?? []), ...deliveries]));
      return false;
    }
    return !this.#open.has(idOf(uid, occasion));
  }

  /** Notes that a delivery is over. Answers with the occasions of the Rollout that need no other one. */
  end(uid: string, delivery: string): readonly string[] {
    const settled: string[] = [];
    for (const [id, deliveries] of this.#open) {
      if (!id.startsWith(`${uid}\n`) || !deliveries.delete(delivery) || deliveries.size > 0) continue;
      this.#open.delete(id);
      settled.push(id.slice(uid.length + 1));
    }
    return settled;
  }

  /** Forgets an occasion that is over. */
  close(uid: string, occasion: string): void {
    const left = new Map(this.#written.get(uid));
    left.delete(occasion);
    if (left.size === 0) this.#written.delete(uid);
    else this.#written.set(uid, left);
    const [oldest] = this.#over;
    if (this.#over.size >= overMax && oldest !== undefined) this.#over.delete(oldest);
    this.#over.add(idOf(uid, occasion));
  }
}

/** A pass that is done again from one state may come to other occasions: those of the try before did not happen. */
function dropEarlierTries(kept: Map<string, PendingOccasion>, occasions: readonly PendingOccasion[]): void {
  const states = new Set(occasions.flatMap(({ before }) => before ?? []));
  const keys = new Set(occasions.map(pendingKey));
  for (const [key, { before }] of kept) {
    if (before !== undefined && states.has(before) && !keys.has(key)) kept.delete(key);
  }
}

function idOf(uid: string, occasion: string): string {
  return `${uid}\n${occasion}`;
}
