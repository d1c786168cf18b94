import type { ClusterPort } from '../cluster/port.ts';
import type { Caches } from './caches.ts';
import { readAgain } from './refresh.ts';
import type { ObservedRollout } from './rollout-projector.ts';

/**
 * A process that has just begun knows Rollouts from a list, and a list may come from an API server that lags behind
 * what another process has already done. Nothing says so: what is written to other objects does not conflict with it.
 * So each of these Rollouts is read itself before anything is done about it for the first time.
 */
export class FirstLook {
  /** Rollouts that are known from the list alone. */
  readonly #listed = new Set<string>();
  readonly #cluster: ClusterPort;
  readonly #rollouts: Caches['rollouts'];

  constructor(cluster: ClusterPort, rollouts: Caches['rollouts']) {
    this.#cluster = cluster;
    this.#rollouts = rollouts;
  }

  /** The list was read. */
  expect(uid: string): void {
    this.#listed.add(uid);
  }

  /** Whether the Rollout was not read itself yet. */
  isDue({ uid }: ObservedRollout): boolean {
    return this.#listed.has(uid);
  }

  /** Whether the Rollout is as it is known; the cache knows it as it is after that. Rejects when it cannot be read. */
  async isCurrent({ namespace, name, uid, resourceVersion }: ObservedRollout, signal: AbortSignal): Promise<boolean> {
    await readAgain(this.#rollouts, { namespace, name }, { cluster: this.#cluster }, signal);
    this.#listed.delete(uid);
    return this.#rollouts.get(namespace, name)?.resourceVersion === resourceVersion;
  }

  /** The Rollout is gone. */
  forget(uid: string): void {
    this.#listed.delete(uid);
  }
}
