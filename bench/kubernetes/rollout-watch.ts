import type { KubeObject } from '../../src/api/object.ts';
import { resourceTypes } from '../../src/api/resource-types.ts';
import type { RolloutStatus } from '../../src/api/rollout.ts';
import type { Shop } from '../../test/e2e/shop.ts';
import { followObjects } from './follow-objects.ts';

/**
 * Follows the Rollouts of a namespace by one watch, which costs the control plane less than asking again and again.
 */
export class RolloutWatch {
  readonly #objects = new Map<string, KubeObject>();
  readonly #stop = new AbortController();
  readonly #waiting = new Set<() => void>();

  constructor(shop: Shop) {
    void followObjects(shop, resourceTypes.rollout, this.#stop.signal, (object) => {
      this.#objects.set(object.metadata.name, object);
      for (const done of this.#waiting) done();
    });
  }

  get(name: string): KubeObject | undefined {
    return this.#objects.get(name);
  }

  /** Resolves when it holds for all of them; fails when that takes longer than `waitMs`. */
  async untilAll(
    names: readonly string[],
    holds: (status: RolloutStatus, object: KubeObject) => boolean,
    waitMs = 900_000,
  ): Promise<void> {
    const deadline = AbortSignal.timeout(waitMs);
    const left = new Set(names);
    for (;;) {
      for (const name of left) {
        const object = this.#objects.get(name);
        if (object !== undefined && holds(object['status'] ?? {}, object)) left.delete(name);
      }
      if (left.size === 0) return;
      if (deadline.aborted)
        throw new Error(`${left.size} of ${names.length} Rollouts, as ${[...left][0]}, are not there`);
      await this.#change(deadline);
    }
  }

  close(): void {
    this.#stop.abort();
  }

  #change(deadline: AbortSignal): Promise<void> {
    return new Promise((resolve) => {
      const done = (): void => {
        this.#waiting.delete(done);
        deadline.removeEventListener('abort', done);
        resolve();
      };
      this.#waiting.add(done);
      deadline.addEventListener('abort', done, { once: true });
    });
  }
}

/** True when the newest specification was carried out to its end. */
export function isCarriedOut(status: RolloutStatus, { metadata }: KubeObject): boolean {
  const isCurrent = Number(status.observedGeneration) === metadata.generation;
  return isCurrent && status.phase === 'Healthy' && status.stableRS === status.currentPodHash;
}
