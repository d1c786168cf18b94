import { canarySides, plainSides } from '../api/canary-sides.ts';
import type { KubeObject, ResourceType } from '../api/object.ts';
import { trafficWeightMax } from '../api/rollout-defaults.ts';
import type { TrafficPlan, TrafficReading } from '../api/traffic.ts';
import type { RouterCapabilitiesByName } from '../api/validate-rollout.ts';
import type { Result } from '../base/result.ts';
import type { RolloutView } from '../engine/world.ts';
import type {
  RouterChange,
  RouterNotice,
  RouterProblem,
  RouterSubject,
  RouterTarget,
  TrafficRouter,
} from '../providers/traffic/contract.ts';

/** One router of a Rollout, with its configuration bound. */
export interface ConfiguredRouter {
  readonly name: string;
  readonly targets: readonly RouterTarget[];
  read(objects: readonly KubeObject[]): TrafficReading;
  write(objects: readonly KubeObject[], plan: TrafficPlan): Result<readonly RouterChange[], RouterProblem>;
  notice(change: RouterChange, plan: TrafficPlan): RouterNotice | undefined;
}

/** The routers that are known, by the key under which a Rollout configures them. */
export type RouterRegistry = readonly TrafficRouter<unknown>[];

/** The routers that a Rollout configures and that are known; validation reports those that are not. */
export function routersOf(rollout: RolloutView, registry: RouterRegistry): readonly ConfiguredRouter[] {
  const routing = rollout.spec.strategy?.canary?.trafficRouting;
  if (routing === undefined) return [];
  return registry.flatMap((router) => {
    const configs: Readonly<Record<string, unknown>> = router.plugin ? (routing.plugins ?? {}) : routing;
    const config = configs[router.name];
    return config === undefined ? [] : [bind(router, config, subjectOf(rollout, router))];
  });
}

function bind(router: TrafficRouter<unknown>, config: unknown, subject: RouterSubject): ConfiguredRouter {
  return {
    name: router.name,
    targets: router.targets(config, subject),
    read: (objects) => router.read(config, subject, objects),
    write: (objects, plan) => router.write(config, subject, objects, plan),
    notice: (change, plan) => router.notice?.(change, plan),
  };
}

function subjectOf(
  { name, namespace, uid, spec, status }: RolloutView,
  { capabilities }: Pick<TrafficRouter<unknown>, 'capabilities'>,
): RouterSubject {
  const canary = spec.strategy?.canary ?? {};
  const beside = capabilities.pingPong === 'alone' ? plainSides(canary) : undefined;
  return {
    name,
    namespace,
    uid,
    ...(beside ?? canarySides(canary, status.canary?.stablePingPong)),
    managedRoutes: (canary.trafficRouting?.managedRoutes ?? []).map((route) => route.name),
    weightMax: trafficWeightMax(spec),
    weightMaxGiven: canary.trafficRouting?.maxTrafficWeight !== undefined,
  };
}

/** What the known routers can do, by name, as validation asks it. */
export function capabilitiesOf(registry: RouterRegistry): RouterCapabilitiesByName {
  return Object.fromEntries(registry.map(({ name, capabilities }) => [name, capabilities]));
}

/** Kinds that the known routers may touch. */
export function routerTypes(registry: RouterRegistry): readonly ResourceType[] {
  return registry.flatMap(({ types }) => types);
}
