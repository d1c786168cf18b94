import { recordOf } from '../../api/json-access.ts';
import type { KubeObject } from '../../api/object.ts';
import type { TrafficPlan, TrafficReading } from '../../api/traffic.ts';
import { fail, succeed, type Result } from '../../base/result.ts';
import {
  problemText,
  type RouterChange,
  type RouterProblem,
  type RouterSubject,
  type RouterTarget,
  type TrafficRouter,
} from './contract.ts';
import { routeAcceptance, worstAcceptance } from './gateway-acceptance.ts';
import {
  gatewayApiSchema,
  gatewayProtocols,
  inProgressLabel,
  routeReferences,
  type GatewayApiConfig,
} from './gateway-config.ts';
import { isInProgress, withAdditionalServices, withInProgress } from './gateway-notes.ts';
import { gatewayRoutes, serviceOf, splitWeights, type GatewayRoute } from './gateway-route.ts';
import { plannedRules } from './gateway-rules.ts';
import { objectChange } from './object-change.ts';
import { planShares, type PlanShares } from './plan-shares.ts';
import { sharesOf, unknownShares, unreadable, type SplitWeights } from './read-shares.ts';

/**
 * HTTPRoute, GRPCRoute, TCPRoute and TLSRoute of the Kubernetes Gateway API. The weights of the two Services are set in
 * every rule that has both among its backends. Header and mirror routes become rules in front of these, which
 * `gateway-marker.ts` recognises again.
 */
export const gatewayApi: TrafficRouter<GatewayApiConfig> = {
  name: 'argoproj-labs/gatewayAPI',
  plugin: true,
  schema: gatewayApiSchema,
  capabilities: {
    headerRoutes: 'full',
    mirrorRoutes: true,
    additionalDestinations: true,
    pingPong: 'alone',
    weightMax: true,
    needsServices: true,
  },
  types: Object.values(gatewayProtocols).map(({ type }) => type),
  targets,
  read,
  write,
};

function targets(config: GatewayApiConfig, subject: RouterSubject): readonly RouterTarget[] {
  const references = routeReferences(config, subject);
  return references.ok ? references.value.map(({ target }) => target) : [];
}

function routesOf(
  config: GatewayApiConfig,
  subject: RouterSubject,
  objects: readonly KubeObject[],
): Result<readonly GatewayRoute[], RouterProblem> {
  const references = routeReferences(config, subject);
  return references.ok ? gatewayRoutes(references.value, subject, objects) : references;
}

function read(config: GatewayApiConfig, subject: RouterSubject, objects: readonly KubeObject[]): TrafficReading {
  const routes = routesOf(config, subject, objects);
  if (!routes.ok) return unreadable(subject, problemText(routes.error));
  const splits = splitsOf(routes.value, subject);
  const shares = splits.ok ? sharesOf(splits.value, subject.weightMax) : fail(problemText(splits.error));
  const acceptance = worstAcceptance(routes.value.map(({ object }) => routeAcceptance(object)));
  const marked = markedRoutes(routes.value, config, subject);
  const problem = shares.ok
    ? (acceptance.message ?? managedProblem(routes.value, subject) ?? markProblem(routes.value, marked))
    : shares.error;
  return {
    ...(shares.ok ? shares.value : unknownShares(subject.weightMax)),
    managedRoutes: managedNames(routes.value),
    acceptance: acceptance.state,
    ...(marked === undefined ? {} : { inProgress: marked.length > 0 }),
    ...(problem === undefined ? {} : { problem }),
  };
}

function write(
  config: GatewayApiConfig,
  subject: RouterSubject,
  objects: readonly KubeObject[],
  plan: TrafficPlan,
): Result<readonly RouterChange[], RouterProblem> {
  const shares = planShares(plan);
  if (!shares.ok) return shares;
  const routes = routesOf(config, subject, objects);
  if (!routes.ok) return routes;
  const [wanted] = [...plan.headerRoutes, ...plan.mirrorRoutes];
  if (wanted !== undefined && !routes.value.some(({ useHeaderRoutes }) => useHeaderRoutes)) {
    const message = `route "${wanted.name}" has no place: no HTTPRoute or GRPCRoute is used with useHeaderRoutes`;
    return fail({ subject: 'trafficRouting.plugins[argoproj-labs/gatewayAPI]', message });
  }
  const changes: RouterChange[] = [];
  for (const route of routes.value) {
    const rules = plannedRules(route, subject, plan, shares.value);
    if (!rules.ok) return rules;
    const noted = withNotes(route.object, config, subject, plan, shares.value);
    const spec = recordOf(route.object['spec']);
    changes.push(
      ...objectChange(gatewayProtocols[route.protocol].type, route.object, {
        ...noted,
        spec: { ...spec, rules: rules.value },
      }),
    );
  }
  return succeed(changes);
}

function splitsOf(
  routes: readonly GatewayRoute[],
  subject: RouterSubject,
): Result<readonly SplitWeights[], RouterProblem> {
  const splits: SplitWeights[] = [];
  for (const route of routes) {
    // Rules of mirror routes split traffic too, and must say the same as the others.
    for (const rule of route.rules.filter((candidate) => candidate.splits)) {
      const split = splitWeights(route, rule, subject);
      if (!split.ok) return split;
      splits.push(split.value);
    }
  }
  return succeed(splits);
}

function managedNames(routes: readonly GatewayRoute[]): readonly string[] {
  return [...new Set(routes.flatMap(namesIn))];
}

function namesIn({ rules }: GatewayRoute): readonly string[] {
  return rules.flatMap(({ managedRoute }) => managedRoute ?? []);
}

/** A managed route must be in every route that is to have it, and lead to the canary. */
function managedProblem(routes: readonly GatewayRoute[], subject: RouterSubject): string | undefined {
  const names = managedNames(routes);
  for (const route of routes) {
    const present = new Set(namesIn(route));
    const missing = names.find((name) => route.useHeaderRoutes && !present.has(name));
    if (missing !== undefined) return `${route.subject}: managed route "${missing}" is missing there`;
    const astray = route.rules.find(
      ({ managedRoute, backends }) =>
        managedRoute !== undefined &&
        !backends.some((backend) => serviceOf(backend, route.scope) === subject.canaryService),
    );
    if (astray !== undefined) {
      return `${route.subject} ${astray.field}: managed route "${astray.managedRoute}" does not lead to the canary`;
    }
  }
  return undefined;
}

function withNotes(
  object: KubeObject,
  config: GatewayApiConfig,
  { name }: RouterSubject,
  { inProgress }: TrafficPlan,
  { additional, keepsWeights }: PlanShares,
): KubeObject {
  const label = inProgressLabel(config);
  const labelled = label === undefined ? object : withInProgress(object, name, label, inProgress);
  return keepsWeights ? labelled : withAdditionalServices(labelled, name, additional);
}

/** The routes with the label of a canary in progress; undefined when that label is not used. */
function markedRoutes(
  routes: readonly GatewayRoute[],
  config: GatewayApiConfig,
  { name }: RouterSubject,
): readonly GatewayRoute[] | undefined {
  const label = inProgressLabel(config);
  return label === undefined ? undefined : routes.filter(({ object }) => isInProgress(object, name, label));
}

function markProblem(routes: readonly GatewayRoute[], marked: readonly GatewayRoute[] = []): string | undefined {
  const isMixed = marked.length > 0 && marked.length < routes.length;
  return isMixed ? 'only some of the routes have the label of a canary in progress' : undefined;
}
