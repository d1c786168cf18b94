import { recordOf, type JsonRecord } from '../../api/json-access.ts';
import type { KubeObject } from '../../api/object.ts';
import { istioSchema, type IstioTrafficRouting } from '../../api/traffic-routing.ts';
import type { TrafficPlan, TrafficReading } from '../../api/traffic.ts';
import { virtualServiceNames, type VirtualServiceName } from '../../api/virtual-service-name.ts';
import { fail, succeed, type Result } from '../../base/result.ts';
import { istioNotice } from './change-notice.ts';
import {
  problemText,
  type RouterChange,
  type RouterProblem,
  type RouterSubject,
  type RouterTarget,
  type TrafficRouter,
} from './contract.ts';
import {
  destinationRuleRelease,
  destinationRuleView,
  withHashes,
  type DestinationRuleView,
} from './istio-destination-rule.ts';
import { destinationRole, destinationsOf, istioSides, routeWeights, withRouteWeights } from './istio-destination.ts';
import { istioManagedRoutes } from './istio-managed-route.ts';
import {
  istioRouteKinds,
  virtualServiceView,
  type IstioRoute,
  type VirtualServiceView,
} from './istio-virtual-service.ts';
import { objectChange } from './object-change.ts';
import { planShares, type PlanShares } from './plan-shares.ts';
import { sharesOf, unknownShares, unreadable, type SplitWeights } from './read-shares.ts';
import { routerTypes } from './router-types.ts';

/**
 * VirtualService and DestinationRule of Istio. Traffic is split between two hosts, or between two subsets of one host
 * whose labels name the pod-template hashes.
 */
export const istio: TrafficRouter<IstioTrafficRouting> = {
  name: 'istio',
  plugin: false,
  schema: istioSchema,
  capabilities: {
    headerRoutes: 'full',
    mirrorRoutes: true,
    additionalDestinations: true,
    pingPong: 'alone',
    weightMax: false,
    needsServices: false,
  },
  types: [routerTypes.virtualService, routerTypes.destinationRule],
  targets,
  read,
  write,
  notice: istioNotice,
  release: destinationRuleRelease,
};

/** All objects of a Rollout, as the router looks at them. */
interface IstioView {
  readonly virtualServices: readonly VirtualServiceView[];
  readonly rule: DestinationRuleView | undefined;
}

function targets(config: IstioTrafficRouting, subject: RouterSubject): readonly RouterTarget[] {
  const { namespace } = subject;
  const named = virtualServiceNames(config).filter((name) => mayUse(name, subject));
  const rule = config.destinationRule?.name;
  return [
    ...named.map((name): RouterTarget => ({
      kind: 'named',
      type: routerTypes.virtualService,
      namespace: name.namespace ?? namespace,
      name: name.name,
      optional: false,
    })),
    ...(rule === undefined
      ? []
      : [{ kind: 'named' as const, type: routerTypes.destinationRule, namespace, name: rule, optional: false }]),
  ];
}

/** Whoever may edit a Rollout is not for that reason allowed to redirect the traffic of another namespace. */
function mayUse({ namespace }: VirtualServiceName, subject: RouterSubject): boolean {
  return namespace === undefined || namespace === subject.namespace || subject.otherNamespaces === true;
}

function viewOf(
  config: IstioTrafficRouting,
  subject: RouterSubject,
  objects: readonly KubeObject[],
): Result<IstioView, RouterProblem> {
  const names = virtualServiceNames(config);
  const virtualServices: VirtualServiceView[] = [];
  for (const name of names) {
    const found = findVirtualService(name, subject, objects);
    if (!found.ok) return found;
    const view = virtualServiceView(found.value, name.routes, istioSides(config, subject), subject.managedRoutes);
    if (!view.ok) return view;
    virtualServices.push(view.value);
  }
  if (names.length === 0) return fail({ subject: 'trafficRouting.istio', message: 'it names no VirtualService' });
  if (config.destinationRule === undefined) return succeed({ virtualServices, rule: undefined });
  const rule = destinationRuleView(config.destinationRule, subject, objects);
  return rule.ok ? succeed({ virtualServices, rule: rule.value }) : rule;
}

function findVirtualService(
  named: VirtualServiceName,
  subject: RouterSubject,
  objects: readonly KubeObject[],
): Result<KubeObject, RouterProblem> {
  const { name, namespace = subject.namespace, field } = named;
  if (!mayUse(named, subject)) {
    const message = `"${namespace}" is not the Rollout's namespace "${subject.namespace}"; objects elsewhere are not changed`;
    return fail({ subject: field, message });
  }
  const found = objects.find(
    ({ kind, metadata }) => kind === 'VirtualService' && metadata.name === name && metadata.namespace === namespace,
  );
  const message = `VirtualService "${name}" does not exist in namespace ${namespace}`;
  return found === undefined ? fail({ subject: field, message }) : succeed(found);
}

function read(config: IstioTrafficRouting, subject: RouterSubject, objects: readonly KubeObject[]): TrafficReading {
  const view = viewOf(config, subject, objects);
  if (!view.ok) return unreadable(subject, problemText(view.error));
  const { virtualServices, rule } = view.value;
  const splits = splitsOf(virtualServices, config, subject);
  const shares = splits.ok ? sharesOf(splits.value, subject.weightMax) : splits;
  const problem = shares.ok ? managedProblem(virtualServices, config, subject) : shares.error;
  return {
    ...(shares.ok ? shares.value : unknownShares(subject.weightMax)),
    managedRoutes: [...new Set(virtualServices.flatMap(managedNames))],
    ...(rule === undefined ? {} : { hashes: rule.hashes }),
    acceptance: 'unknown',
    ...(problem === undefined ? {} : { problem }),
  };
}

function splitsOf(
  virtualServices: readonly VirtualServiceView[],
  config: IstioTrafficRouting,
  subject: RouterSubject,
): Result<readonly SplitWeights[], string> {
  const splits: SplitWeights[] = [];
  for (const { subject: object, routes } of virtualServices) {
    for (const route of routes) {
      const { raw, field } = route;
      if (!isSplitting(route)) continue;
      const split = routeWeights(raw, `${object} ${field}`, istioSides(config, subject), subject.weightMax);
      if (!split.ok) return split;
      splits.push(split.value);
    }
  }
  return succeed(splits);
}

/** Managed mirror routes split traffic too, and must say the same as the others. */
function isSplitting({ isMain, managedRoute, raw }: IstioRoute): boolean {
  return isMain || (managedRoute !== undefined && isMirror(raw));
}

function isMirror(route: JsonRecord): boolean {
  return route['mirror'] !== undefined;
}

function managedNames({ routes }: VirtualServiceView): readonly string[] {
  return routes.flatMap(({ managedRoute }) => managedRoute ?? []);
}

/** A managed route must be once in every VirtualService with HTTP routes; a header route must lead to the canary. */
function managedProblem(
  virtualServices: readonly VirtualServiceView[],
  config: IstioTrafficRouting,
  subject: RouterSubject,
): string | undefined {
  const names = new Set(virtualServices.flatMap(managedNames));
  for (const view of virtualServices) {
    const present = managedNames(view);
    const hasHttp = view.routes.some(({ kind, isMain }) => kind === 'http' && isMain);
    const missing = [...names].find((name) => hasHttp && !present.includes(name));
    if (missing !== undefined) return `${view.subject}: managed route "${missing}" is missing there`;
    if (new Set(present).size < present.length) return `${view.subject}: a managed route is there more than once`;
    const astray = view.routes.find(
      ({ managedRoute, raw }) =>
        managedRoute !== undefined &&
        !isMirror(raw) &&
        !destinationsOf(raw).every((to) => destinationRole(to, istioSides(config, subject)) === 'canary'),
    );
    if (astray !== undefined) {
      return `${view.subject} ${astray.field}: managed route "${astray.managedRoute}" does not lead to the canary`;
    }
  }
  return undefined;
}

function write(
  config: IstioTrafficRouting,
  subject: RouterSubject,
  objects: readonly KubeObject[],
  plan: TrafficPlan,
): Result<readonly RouterChange[], RouterProblem> {
  const shares = planShares(plan);
  if (!shares.ok) return shares;
  const view = viewOf(config, subject, objects);
  if (!view.ok) return view;
  const { virtualServices, rule } = view.value;
  const unmanaged = [...plan.headerRoutes, ...plan.mirrorRoutes].find(
    ({ name }) => !subject.managedRoutes.includes(name),
  );
  if (unmanaged !== undefined) {
    return fail({ subject: `route "${unmanaged.name}"`, message: 'it is not listed in trafficRouting.managedRoutes' });
  }
  const changes: RouterChange[] = [];
  for (const virtualService of virtualServices) {
    const planned = plannedVirtualService(virtualService, rule, config, subject, plan, shares.value);
    if (!planned.ok) return planned;
    changes.push(...objectChange(routerTypes.virtualService, virtualService.object, planned.value));
  }
  const ruleChanges = ruleChange(rule, config, subject, shares.value);
  const isWeightFirst = lowersCanary(virtualServices, config, subject, shares.value) && keepsStable(rule, shares.value);
  return succeed(isWeightFirst ? [...changes, ...ruleChanges] : [...ruleChanges, ...changes]);
}

function plannedVirtualService(
  { object, subject: name, routes }: VirtualServiceView,
  rule: DestinationRuleView | undefined,
  config: IstioTrafficRouting,
  subject: RouterSubject,
  plan: TrafficPlan,
  shares: PlanShares,
): Result<KubeObject, RouterProblem> {
  const sides = istioSides(config, subject);
  const planned = shares.keepsWeights
    ? routes
    : routes.map((route) =>
        isSplitting(route) ? { ...route, raw: withRouteWeights(route.raw, sides, shares) } : route,
      );
  const main = planned.find(({ kind, isMain }) => kind === 'http' && isMain);
  const [wanted] = [...plan.headerRoutes, ...plan.mirrorRoutes];
  if (wanted !== undefined && main === undefined) {
    return fail({
      subject: `${name} spec.http`,
      message: `route "${wanted.name}" needs an HTTP route to stand beside`,
    });
  }
  const kept = planned.filter(({ managedRoute = '' }) => plan.keep?.routes?.includes(managedRoute) === true);
  const target = { sides, ruleHost: rule?.host ?? '' };
  const managed =
    main === undefined
      ? []
      : istioManagedRoutes(
          plan,
          main.raw,
          kept.map(({ raw }) => raw),
          target,
        );
  const spec: Record<string, unknown> = { ...recordOf(object['spec']) };
  for (const kind of istioRouteKinds) {
    const own = planned.filter((route) => route.kind === kind && route.managedRoute === undefined);
    const list = [...(kind === 'http' ? managed : []), ...own.map(({ raw }) => raw)];
    if (spec[kind] !== undefined) spec[kind] = list;
  }
  return succeed({ ...object, spec });
}

function ruleChange(
  rule: DestinationRuleView | undefined,
  { destinationRule }: IstioTrafficRouting,
  subject: RouterSubject,
  shares: PlanShares,
): readonly RouterChange[] {
  if (rule === undefined || destinationRule === undefined || shares.keepsHashes) return [];
  const planned = withHashes(rule, destinationRule, subject, shares);
  return objectChange(routerTypes.destinationRule, rule.object, planned);
}

/**
 * Which object is changed first matters, because requests flow in between. A subset is turned to another revision
 * before it gets traffic, and after it lost traffic.
 */
function lowersCanary(
  virtualServices: readonly VirtualServiceView[],
  config: IstioTrafficRouting,
  subject: RouterSubject,
  { canary, keepsWeights }: PlanShares,
): boolean {
  const splits = splitsOf(virtualServices, config, subject);
  return !keepsWeights && splits.ok && splits.value.some((split) => split.canary > canary.weight);
}

function keepsStable(rule: DestinationRuleView | undefined, { stable }: PlanShares): boolean {
  return rule === undefined || rule.hashes.stable === stable.hash;
}
