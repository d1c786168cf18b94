import { recordOf, type JsonRecord } from '../../api/json-access.ts';
import type { KubeObject } from '../../api/object.ts';
import { albSchema, type AlbTrafficRouting } from '../../api/traffic-routing.ts';
import type { TrafficPlan, TrafficReading } from '../../api/traffic.ts';
import { fail, succeed, type Result } from '../../base/result.ts';
import { albAction, albConditions, albTargets } from './alb-action.ts';
import { albOwnership, albOwnershipAnnotation, albOwnershipText, ownedAnnotations } from './alb-ownership.ts';
import { albNotice } from './change-notice.ts';
import {
  problemText,
  type RouterChange,
  type RouterProblem,
  type RouterSubject,
  type RouterTarget,
  type TrafficRouter,
} from './contract.ts';
import { findIngress, ingressRules, pathService, rulePaths, withPaths } from './ingress.ts';
import { objectChange, withAnnotations } from './object-change.ts';
import { planShares, type PlanShares } from './plan-shares.ts';
import { sharesOf, unknownShares, unreadable, type SplitWeights } from './read-shares.ts';
import { routerTypes } from './router-types.ts';

/**
 * An Ingress of the AWS load-balancer controller: an annotation holds the action behind the root Service, a forward to
 * target groups with weights. A header route is an action and conditions of its own, and a path in front of the others.
 */
export const alb: TrafficRouter<AlbTrafficRouting> = {
  name: 'alb',
  plugin: false,
  schema: albSchema,
  capabilities: {
    headerRoutes: 'exact',
    mirrorRoutes: false,
    additionalDestinations: true,
    pingPong: true,
    weightMax: false,
    needsServices: true,
  },
  types: [routerTypes.ingress],
  targets,
  read,
  write,
  notice: albNotice,
};

const albField = 'trafficRouting.alb';

/** An Ingress as the router looks at it. */
interface AlbIngress {
  readonly object: KubeObject;
  /** `Ingress shop/checkout`. */
  readonly subject: string;
  readonly ownership: JsonRecord;
  /** Managed routes that have an annotation or a path. */
  readonly managedRoutes: readonly string[];
}

function targets(config: AlbTrafficRouting, { namespace }: RouterSubject): readonly RouterTarget[] {
  return ingressNames(config).map(({ name }) => ({
    kind: 'named',
    type: routerTypes.ingress,
    namespace,
    name,
    optional: false,
  }));
}

function ingressNames({ ingress = '', ingresses = [] }: AlbTrafficRouting) {
  return ingresses.length > 0
    ? ingresses.map((name, index) => ({ name, field: `${albField}.ingresses[${index}]` }))
    : [{ name: ingress, field: `${albField}.ingress` }].filter(({ name }) => name !== '');
}

function ingressesOf(
  config: AlbTrafficRouting,
  subject: RouterSubject,
  objects: readonly KubeObject[],
): Result<readonly AlbIngress[], RouterProblem> {
  const problem = configProblem(config, subject);
  if (problem !== undefined) return fail(problem);
  const ingresses: AlbIngress[] = [];
  for (const { name, field } of ingressNames(config)) {
    const found = findIngress(name, field, subject, objects);
    if (!found.ok) return found;
    const ingress = ingressOf(found.value, config, subject);
    if (!ingress.ok) return ingress;
    ingresses.push(ingress.value);
  }
  return ingresses.length > 0 ? succeed(ingresses) : fail({ subject: albField, message: 'it names no ingress' });
}

function configProblem({ stickinessConfig }: AlbTrafficRouting, subject: RouterSubject): RouterProblem | undefined {
  const { stableService, canaryService } = subject;
  if (stableService === '' || canaryService === '' || stableService === canaryService) {
    return { subject: 'strategy.canary', message: 'canaryService and stableService must be two Services' };
  }
  const { enabled = false, durationSeconds = 0 } = stickinessConfig ?? {};
  if (!enabled || (durationSeconds >= 1 && durationSeconds <= stickinessSecondsMax)) return undefined;
  const message = `${durationSeconds} is not from 1 to ${stickinessSecondsMax}`;
  return { subject: `${albField}.stickinessConfig.durationSeconds`, message };
}

/** Seven days. Source: Elastic Load Balancing API, TargetGroupStickinessConfig. */
const stickinessSecondsMax = 604_800;

function ingressOf(
  object: KubeObject,
  config: AlbTrafficRouting,
  rollout: RouterSubject,
): Result<AlbIngress, RouterProblem> {
  const subject = `Ingress ${rollout.namespace}/${object.metadata.name}`;
  const service = rootService(config, rollout);
  const services = new Set(ingressRules(object).flatMap((rule) => rulePaths(rule).map(pathService)));
  if (!services.has(service)) {
    return fail({
      subject: `${subject} spec.rules`,
      message: `it has no rule with the Service "${service}" as backend`,
    });
  }
  const ownership = albOwnership(object);
  if (ownership === undefined) {
    return fail({ subject: `${subject} ${albOwnershipAnnotation}`, message: 'it is not the JSON of an object' });
  }
  const owned = ownedAnnotations(ownership, rollout.name);
  const keys = new Set([...owned, ...Object.keys(object.metadata.annotations ?? {})]);
  const candidates = [...rollout.managedRoutes, ...owned.flatMap((key) => routeOfKey(key, config) ?? [])];
  const names = candidates.filter(
    (name) =>
      name !== service &&
      (services.has(name) || keys.has(actionKey(name, config)) || keys.has(conditionsKey(name, config))),
  );
  return succeed({ object, subject, ownership, managedRoutes: [...new Set(names)] });
}

function rootService({ rootService: service = '' }: AlbTrafficRouting, { stableService }: RouterSubject): string {
  return service === '' ? stableService : service;
}

function prefixOf({ annotationPrefix = '' }: AlbTrafficRouting): string {
  return annotationPrefix === '' ? 'alb.ingress.kubernetes.io' : annotationPrefix;
}

function actionKey(name: string, config: AlbTrafficRouting): string {
  return `${prefixOf(config)}/actions.${name}`;
}

function conditionsKey(name: string, config: AlbTrafficRouting): string {
  return `${prefixOf(config)}/conditions.${name}`;
}

function routeOfKey(key: string, config: AlbTrafficRouting): string | undefined {
  const start = actionKey('', config);
  return key.startsWith(start) ? key.slice(start.length) : undefined;
}

function read(config: AlbTrafficRouting, subject: RouterSubject, objects: readonly KubeObject[]): TrafficReading {
  const ingresses = ingressesOf(config, subject, objects);
  if (!ingresses.ok) return unreadable(subject, problemText(ingresses.error));
  const splits: SplitWeights[] = [];
  let broken: string | undefined;
  for (const ingress of ingresses.value) {
    const split = splitOf(ingress, config, subject);
    if (typeof split === 'string') broken ??= split;
    else splits.push(split);
  }
  const shares = broken === undefined ? sharesOf(splits, subject.weightMax) : fail(broken);
  const problem = shares.ok ? routeProblem(ingresses.value, config, subject) : shares.error;
  return {
    ...(shares.ok ? shares.value : unknownShares(subject.weightMax)),
    managedRoutes: [...new Set(ingresses.value.flatMap(({ managedRoutes }) => managedRoutes))],
    acceptance: 'unknown',
    ...(problem === undefined ? {} : { problem }),
  };
}

function splitOf(
  { object, subject: name }: AlbIngress,
  config: AlbTrafficRouting,
  subject: RouterSubject,
): SplitWeights | string {
  const key = actionKey(rootService(config, subject), config);
  const text = object.metadata.annotations?.[key];
  if (text === undefined) return `${name}: the annotation ${key} does not exist yet`;
  const groups = albTargets(text);
  if (groups === undefined) return `${name} ${key}: it is no forward action with whole weights`;
  const weightOf = (service: string): number =>
    groups.reduce((sum, group) => (group.service === service ? sum + group.weight : sum), 0);
  const { canaryService, stableService } = subject;
  const others = groups.filter(({ service }) => service !== canaryService && service !== stableService);
  return {
    subject: `${name} ${key}`,
    canary: weightOf(canaryService),
    stable: weightOf(stableService),
    additional: Object.fromEntries(others.map(({ service }) => [service, weightOf(service)])),
  };
}

/** A managed route must be in every Ingress, whole, and lead to the canary. */
function routeProblem(
  ingresses: readonly AlbIngress[],
  config: AlbTrafficRouting,
  subject: RouterSubject,
): string | undefined {
  const names = new Set(ingresses.flatMap(({ managedRoutes }) => managedRoutes));
  for (const { object, subject: ingress } of ingresses) {
    const { annotations = {} } = object.metadata;
    const rules = ingressRules(object).filter((rule) => rulePaths(rule).length > 0);
    for (const name of names) {
      const action = annotations[actionKey(name, config)];
      const isWhole =
        action !== undefined &&
        annotations[conditionsKey(name, config)] !== undefined &&
        rules.every((rule) => rulePaths(rule).some((path) => pathService(path) === name));
      if (!isWhole) return `${ingress}: managed route "${name}" is not whole there`;
      if (action !== routeAction(config, subject))
        return `${ingress}: managed route "${name}" does not lead to the canary`;
    }
  }
  return undefined;
}

function routeAction(config: AlbTrafficRouting, { canaryService, weightMax }: RouterSubject): string {
  return albAction([{ service: canaryService, weight: weightMax }], config);
}

function write(
  config: AlbTrafficRouting,
  subject: RouterSubject,
  objects: readonly KubeObject[],
  plan: TrafficPlan,
): Result<readonly RouterChange[], RouterProblem> {
  const shares = planShares(plan);
  if (!shares.ok) return shares;
  const inexact = plan.headerRoutes.find(({ match }) =>
    match.some(({ headerValue }) => (headerValue?.exact ?? '') === ''),
  );
  if (inexact !== undefined) {
    const message = 'a load balancer of AWS compares headers with exact only';
    return fail({ subject: `header route "${inexact.name}"`, message });
  }
  const ingresses = ingressesOf(config, subject, objects);
  if (!ingresses.ok) return ingresses;
  return succeed(
    ingresses.value.flatMap((ingress) =>
      objectChange(routerTypes.ingress, ingress.object, planned(ingress, config, subject, plan, shares.value)),
    ),
  );
}

function planned(
  ingress: AlbIngress,
  config: AlbTrafficRouting,
  subject: RouterSubject,
  plan: TrafficPlan,
  shares: PlanShares,
): KubeObject {
  const { object, ownership, managedRoutes } = ingress;
  const kept = managedRoutes.filter((name) => plan.keep?.routes?.includes(name) === true);
  const wanted = new Set([...plan.headerRoutes.map(({ name }) => name), ...kept]);
  const gone = managedRoutes.filter((name) => !wanted.has(name));
  const removed = gone.flatMap((name) => [actionKey(name, config), conditionsKey(name, config)]);
  const added = plannedAnnotations(config, subject, plan, shares);
  const before = ownedAnnotations(ownership, subject.name);
  const owned = [...new Set([...before.filter((key) => !removed.includes(key)), ...Object.keys(added)])];
  const isOwner = owned.length > 0 || before.length > 0;
  const annotated = withAnnotations(object, {
    ...Object.fromEntries(removed.map((key) => [key, undefined])),
    ...added,
    ...(isOwner ? { [albOwnershipAnnotation]: albOwnershipText(ownership, subject.name, owned) } : {}),
  });
  const rules = ingressRules(object).map((rule) => plannedRule(rule, [...wanted], gone, plan));
  return { ...annotated, spec: { ...recordOf(object['spec']), rules } };
}

function plannedAnnotations(
  config: AlbTrafficRouting,
  subject: RouterSubject,
  { headerRoutes }: TrafficPlan,
  { canary, additional, stable, keepsWeights }: PlanShares,
): Readonly<Record<string, string>> {
  const groups = [
    { service: subject.canaryService, weight: canary.weight },
    ...additional,
    { service: subject.stableService, weight: stable.weight },
  ];
  const routes = headerRoutes.flatMap(({ name, match }) => [
    [actionKey(name, config), routeAction(config, subject)] as const,
    [conditionsKey(name, config), albConditions(match)] as const,
  ]);
  return {
    ...(keepsWeights ? {} : { [actionKey(rootService(config, subject), config)]: albAction(groups, config) }),
    ...Object.fromEntries(routes),
  };
}

/** The rule with a path for every header route, in the order of `managedRoutes`, in front of the user's paths. */
function plannedRule(
  rule: JsonRecord,
  wanted: readonly string[],
  gone: readonly string[],
  { managedRoutes }: TrafficPlan,
): JsonRecord {
  const paths = rulePaths(rule);
  if (paths.length === 0) return rule;
  const own = paths.filter((path) => !wanted.includes(pathService(path)) && !gone.includes(pathService(path)));
  const routes = wanted
    .toSorted((left, right) => managedRoutes.indexOf(left) - managedRoutes.indexOf(right))
    .map((name) => paths.find((path) => pathService(path) === name) ?? routePath(name));
  return withPaths(rule, [...routes, ...own]);
}

/** A path that all requests match and whose backend is an action in an annotation. */
function routePath(name: string): JsonRecord {
  return {
    path: '/*',
    pathType: 'ImplementationSpecific',
    backend: { service: { name, port: { name: 'use-annotation' } } },
  };
}
