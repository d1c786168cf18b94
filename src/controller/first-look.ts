import { workloadType } from '../api/workload.ts';
import type { ClusterPort } from '../cluster/port.ts';
import type { Caches } from './caches.ts';
import { readAgain } from './refresh.ts';
import type { ObservedRollout } from './rollout-projector.ts';

/**
 * A process that has just begun knows Rollouts from a list, and a list may come from an API server that lags behind
 * what another process has already done. Nothing says so: what is written to other objects does not conflict with it.
 * So each of these Rollouts, with the workload that it takes its template from, is read itself before anything is done
 * about it for the first time.
 */
export class FirstLook {
  /** Rollouts that are known from the list alone. */
  readonly #listed = new Set<string>();
  readonly #cluster: ClusterPort;
  readonly #caches: Pick<Caches, 'rollouts' | 'workloads'>;

  constructor(cluster: ClusterPort, caches: Pick<Caches, 'rollouts' | 'workloads'>) {
    this.#cluster = cluster;
    this.#caches = caches;
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
  async isCurrent({ namespace, name, uid, spec }: ObservedRollout, signal: AbortSignal): Promise<boolean> {
    const workload = spec.workloadRef?.name ?? '';
    const type = workloadType(spec.workloadRef ?? {});
    const workloads = type === undefined ? undefined : this.#caches.workloads(type);
    const { rollouts } = this.#caches;
    const versions = (): string =>
      [rollouts.get(namespace, name), workloads?.get(namespace, workload)]
        .map((view) => view?.resourceVersion ?? '')
        .join('/');
    const known = versions();
    const tools = { cluster: this.#cluster };
    await readAgain(rollouts, { namespace, name }, tools, signal);
    if (workloads !== undefined) await readAgain(workloads, { namespace, name: workload }, tools, signal);
    this.#listed.delete(uid);
    return versions() === known;
  }

  /** The Rollout is gone. */
  forget(uid: string): void {
    this.#listed.delete(uid);
  }
}
