import { listOf, numberOf, optionalRecord, recordOf, textOf, type JsonRecord } from '../../api/json-access.ts';
import type { KubeObject } from '../../api/object.ts';
import { fail, succeed, type Result } from '../../base/result.ts';
import type { RouterProblem, RouterSubject } from './contract.ts';
import { gatewayProtocols, type GatewayProtocol, type RouteReference } from './gateway-config.ts';
import { managedRouteOf } from './gateway-marker.ts';
import { additionalServicesOf } from './gateway-notes.ts';
import type { SplitWeights } from './read-shares.ts';

/** Where backends are looked for: those without a namespace are in that of their route. */
export interface BackendScope {
  readonly routeNamespace: string;
  readonly serviceNamespace: string;
}

/** A route as the router looks at it. */
export interface GatewayRoute {
  readonly object: KubeObject;
  /** `HTTPRoute shop/checkout`. */
  readonly subject: string;
  readonly protocol: GatewayProtocol;
  readonly useHeaderRoutes: boolean;
  readonly scope: BackendScope;
  readonly rules: readonly GatewayRule[];
  /** Services that were added to its rules for experiments. */
  readonly additionalServices: readonly string[];
}

/** One rule. */
export interface GatewayRule {
  readonly raw: JsonRecord;
  /** Path such as `spec.rules[0]`. */
  readonly field: string;
  /** Name of the managed route that it belongs to; undefined when it is the user's own. */
  readonly managedRoute: string | undefined;
  readonly backends: readonly JsonRecord[];
  /** Whether both sides are among its backends, so that it splits traffic. */
  readonly splits: boolean;
}

/**
 * The objects that the references name, each once. Fails when one is missing or is no route that can be worked with.
 */
export function gatewayRoutes(
  references: readonly RouteReference[],
  subject: RouterSubject,
  objects: readonly KubeObject[],
): Result<readonly GatewayRoute[], RouterProblem> {
  if (subject.stableService === '' || subject.canaryService === '') {
    return fail({ subject: 'strategy.canary', message: 'stableService and canaryService are needed to split traffic' });
  }
  if (subject.stableService === subject.canaryService) {
    const message = `"${subject.canaryService}" is the stableService too; traffic cannot be split`;
    return fail({ subject: 'strategy.canary.canaryService', message });
  }
  const routes = new Map<string, GatewayRoute>();
  for (const reference of references) {
    const found = objectsOf(reference, objects);
    if (!found.ok) return found;
    for (const object of found.value) {
      const route = routeOf(object, reference, subject);
      if (!route.ok) return route;
      const known = routes.get(route.value.subject);
      const useHeaderRoutes = route.value.useHeaderRoutes || known?.useHeaderRoutes === true;
      routes.set(route.value.subject, { ...route.value, useHeaderRoutes });
    }
  }
  return succeed([...routes.values()]);
}

/** The weights of a rule that splits traffic; fails when one is no whole number from 0. */
export function splitWeights(
  route: GatewayRoute,
  rule: GatewayRule,
  subject: RouterSubject,
): Result<SplitWeights, RouterProblem> {
  let [canary, stable] = [0, 0];
  const additional: Record<string, number> = {};
  for (const [index, backend] of rule.backends.entries()) {
    const service = serviceOf(backend, route.scope);
    const weight = weightOf(backend);
    const isOurs = service === subject.canaryService || service === subject.stableService;
    if (service === undefined || (!isOurs && !route.additionalServices.includes(service))) continue;
    if (weight === undefined) {
      const message = `${JSON.stringify(backend['weight'])} is no whole number from 0`;
      return fail({ subject: `${route.subject} ${rule.field}.backendRefs[${index}].weight`, message });
    }
    if (service === subject.canaryService) canary += weight;
    else if (service === subject.stableService) stable += weight;
    else additional[service] = (additional[service] ?? 0) + weight;
  }
  return succeed({ subject: `${route.subject} ${rule.field}`, canary, stable, additional });
}

/** Name of the Service of the Rollout's namespace that a backend names; undefined when it is something else. */
export function serviceOf(backend: JsonRecord, { routeNamespace, serviceNamespace }: BackendScope): string | undefined {
  const { group = '', kind = 'Service', namespace = routeNamespace } = backend;
  return group === '' && kind === 'Service' && namespace === serviceNamespace ? textOf(backend['name']) : undefined;
}

/** An omitted weight means 1 in the Gateway API. */
function weightOf({ weight = 1 }: JsonRecord): number | undefined {
  const value = numberOf(weight);
  return value !== undefined && Number.isInteger(value) && value >= 0 ? value : undefined;
}

function objectsOf(
  { target, field }: RouteReference,
  objects: readonly KubeObject[],
): Result<readonly KubeObject[], RouterProblem> {
  const { type, namespace } = target;
  const ofType = objects.filter(({ kind, metadata }) => kind === type.kind && metadata.namespace === namespace);
  if (target.kind === 'selected') {
    const found = ofType.filter((object) => target.matches(object));
    if (found.length > 0) return succeed(found);
    return fail({ subject: field, message: `no ${type.kind} of namespace ${namespace} has these labels` });
  }
  const found = ofType.find(({ metadata }) => metadata.name === target.name);
  if (found !== undefined) return succeed([found]);
  return fail({ subject: field, message: `${type.kind} "${target.name}" does not exist in namespace ${namespace}` });
}

function routeOf(
  object: KubeObject,
  { protocol, useHeaderRoutes }: RouteReference,
  subject: RouterSubject,
): Result<GatewayRoute, RouterProblem> {
  const { namespace = '', name } = object.metadata;
  const routeSubject = `${object.kind} ${namespace}/${name}`;
  const scope = { routeNamespace: namespace, serviceNamespace: subject.namespace };
  const rules: GatewayRule[] = [];
  for (const [index, value] of listOf(recordOf(object['spec'])['rules']).entries()) {
    const field = `spec.rules[${index}]`;
    const rule = ruleOf(value, field, subject, scope);
    if (rule === undefined) return fail({ subject: `${routeSubject} ${field}`, message: 'it is no rule' });
    rules.push(rule);
  }
  if (!rules.some(({ splits, managedRoute }) => splits && managedRoute === undefined)) {
    const message = `no rule has both Services "${subject.stableService}" and "${subject.canaryService}" as backends`;
    return fail({ subject: `${routeSubject} spec.rules`, message });
  }
  const canAdd = gatewayProtocols[protocol].hasHeaders && useHeaderRoutes;
  const additionalServices = additionalServicesOf(object, subject.name);
  return succeed({
    object,
    subject: routeSubject,
    protocol,
    useHeaderRoutes: canAdd,
    scope,
    rules,
    additionalServices,
  });
}

function ruleOf(value: unknown, field: string, subject: RouterSubject, scope: BackendScope): GatewayRule | undefined {
  const raw = optionalRecord(value);
  const backends = listOf(raw?.['backendRefs']).map(optionalRecord);
  const known = backends.filter((backend) => backend !== undefined);
  if (raw === undefined || known.length < backends.length) return undefined;
  const services = new Set(known.map((backend) => serviceOf(backend, scope)));
  return {
    raw,
    field,
    managedRoute: managedRouteOf(raw, subject),
    backends: known,
    splits: services.has(subject.stableService) && services.has(subject.canaryService),
  };
}
