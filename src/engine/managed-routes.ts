import type { CanaryStep } from '../api/canary-step.ts';
import type { HeaderRoute, MirrorRoute } from '../api/traffic.ts';
import type { RolloutView } from './world.ts';

/** Header and mirror routes, each kind in the order of `managedRoutes`. */
export interface RoutesInForce {
  readonly headerRoutes: readonly HeaderRoute[];
  readonly mirrorRoutes: readonly MirrorRoute[];
}

/** No routes. */
export const noRoutes: RoutesInForce = { headerRoutes: [], mirrorRoutes: [] };

/** Names of the routes that a Rollout may create. */
export function managedRouteNames({ spec }: RolloutView): readonly string[] {
  return (spec.strategy?.canary?.trafficRouting?.managedRoutes ?? []).map(({ name }) => name);
}

/**
 * The routes that some steps leave in force, one after the other: a later step of the same name replaces or ends it.
 */
export function routesAfter(steps: readonly CanaryStep[], names: readonly string[]): RoutesInForce {
  const headers = new Map<string, HeaderRoute>();
  const mirrors = new Map<string, MirrorRoute>();
  for (const { setHeaderRoute, setMirrorRoute } of steps) {
    if (setHeaderRoute?.name !== undefined) {
      const { name, match = [] } = setHeaderRoute;
      put(headers, name, match.length === 0 ? undefined : { name, match });
    }
    if (setMirrorRoute !== undefined) {
      const { name, match = [], percentage = 100 } = setMirrorRoute;
      put(mirrors, name, match.length === 0 ? undefined : { name, match, percentage });
    }
  }
  return {
    headerRoutes: names.flatMap((name) => headers.get(name) ?? []),
    mirrorRoutes: names.flatMap((name) => mirrors.get(name) ?? []),
  };
}

function put<Route>(routes: Map<string, Route>, name: string, route: Route | undefined): void {
  if (route === undefined) routes.delete(name);
  else routes.set(name, route);
}
