import { resourceTypes } from '../../src/api/resource-types.ts';
import type { Shop } from '../../test/e2e/shop.ts';
import { followObjects } from './follow-objects.ts';

interface RouteSpec {
  readonly rules?: readonly {
    readonly backendRefs?: readonly { readonly name: string; readonly weight?: number }[];
  }[];
}

/** Follows the HTTPRoutes of a namespace, and notes when the canary of one has lost its weight. */
export class RouteWatch {
  readonly #stop = new AbortController();
  readonly #waiting = new Map<string, (atMs: number) => void>();

  constructor(shop: Shop) {
    void followObjects(shop, resourceTypes.httpRoute, this.#stop.signal, ({ metadata: { name }, spec }) => {
      if (canaryWeight(spec as RouteSpec, name) === 0) this.#waiting.get(name)?.(performance.now());
    });
  }

  /** Resolves with the monotonic time at which the next change of a route is seen that gives the canary weight 0. */
  zero(name: string): Promise<number> {
    return new Promise((resolve) => {
      this.#waiting.set(name, resolve);
    });
  }

  close(): void {
    this.#stop.abort();
  }
}

function canaryWeight({ rules = [] }: RouteSpec, name: string): number | undefined {
  return rules[0]?.backendRefs?.find((backend) => backend.name === `${name}-canary`)?.weight;
}
