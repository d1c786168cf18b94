import { listOf, numberOf, optionalRecord, recordOf, textOf, type JsonRecord } from '../../api/json-access.ts';
import type { KubeObject } from '../../api/object.ts';
import type { IstioVirtualService } from '../../api/traffic-routing.ts';
import { fail, succeed, type Result } from '../../base/result.ts';
import type { RouterProblem } from './contract.ts';
import { missingSide, type IstioSides } from './istio-destination.ts';

/** The lists of routes in a VirtualService. */
export const istioRouteKinds = ['http', 'tls', 'tcp'] as const;

/** One of the lists. */
export type IstioRouteKind = (typeof istioRouteKinds)[number];

/** One route of a VirtualService. */
export interface IstioRoute {
  readonly raw: JsonRecord;
  readonly kind: IstioRouteKind;
  /** Path such as `spec.http[0]`. */
  readonly field: string;
  /** Name of the managed route that it is; undefined for the user's own routes. */
  readonly managedRoute: string | undefined;
  /** Whether it is one of those that carry the canary's traffic. */
  readonly isMain: boolean;
}

/** A VirtualService as the router looks at it. */
export interface VirtualServiceView {
  readonly object: KubeObject;
  /** `VirtualService shop/checkout`. */
  readonly subject: string;
  readonly routes: readonly IstioRoute[];
}

/**
 * Finds the routes of a VirtualService that carry the canary's traffic: those that the configuration lists, or the only
 * one of each kind. Of the kinds that are listed one is enough: hosts are given by HTTP routes here and by TLS routes
 * there. Fails when the routes cannot be told, or when one does not lead to both sides.
 */
export function virtualServiceView(
  object: KubeObject,
  wanted: IstioVirtualService,
  sides: IstioSides,
  managedRoutes: readonly string[],
): Result<VirtualServiceView, RouterProblem> {
  const subject = `${object.kind} ${object.metadata.namespace ?? ''}/${object.metadata.name}`;
  const routes: IstioRoute[] = [];
  const hasListed = istioRouteKinds.some(
    (kind) => isListed(kind, wanted) && listOf(recordOf(object['spec'])[kind]).length > 0,
  );
  for (const kind of istioRouteKinds) {
    const found = routesOf(object, kind, managedRoutes);
    if (!found.ok) return fail({ subject: `${subject} ${found.error.subject}`, message: found.error.message });
    const main = hasListed && found.value.length === 0 ? [] : mainRoutes(kind, found.value, wanted);
    if (typeof main === 'string') return fail({ subject: `${subject} spec.${kind}`, message: main });
    for (const route of main) {
      const missing = missingSide(route.raw, sides);
      if (missing !== undefined) return fail({ subject: `${subject} ${route.field}.route`, message: missing });
    }
    routes.push(...found.value.map((route) => (main.includes(route) ? asMain(route) : route)));
  }
  if (routes.some(({ isMain }) => isMain)) return succeed({ object, subject, routes });
  return fail({ subject: `${subject} spec`, message: 'it has no route of http, tls or tcp to split' });
}

/** A route that carries the traffic is never taken away, even if its name is among those of managed routes. */
function asMain(route: IstioRoute): IstioRoute {
  return { ...route, isMain: true, managedRoute: undefined };
}

function routesOf(
  object: KubeObject,
  kind: IstioRouteKind,
  managedRoutes: readonly string[],
): Result<readonly IstioRoute[], RouterProblem> {
  const { [kind]: value = [] } = recordOf(object['spec']);
  if (!Array.isArray(value)) return fail({ subject: `spec.${kind}`, message: 'it is no list of routes' });
  const routes: IstioRoute[] = [];
  for (const [index, item] of listOf(value).entries()) {
    const field = `spec.${kind}[${index}]`;
    const raw = optionalRecord(item);
    if (raw === undefined) return fail({ subject: field, message: 'it is no route' });
    const name = textOf(raw['name']);
    // Only HTTP routes have names.
    const managedRoute = kind === 'http' && managedRoutes.includes(name) ? name : undefined;
    routes.push({ raw, kind, field, managedRoute, isMain: false });
  }
  return succeed(routes);
}

function mainRoutes(
  kind: IstioRouteKind,
  routes: readonly IstioRoute[],
  wanted: IstioVirtualService,
): readonly IstioRoute[] | string {
  const matchers = routeMatchers(kind, wanted);
  if (matchers.length === 0) return onlyRoute(kind, routes);
  const main = new Set<IstioRoute>();
  for (const { text, matches } of matchers) {
    const found = routes.filter(({ raw }) => matches(raw));
    if (found.length === 0) return `it has no route ${text}`;
    // Names are unique; of two routes with one name only the first can ever be reached by it.
    for (const route of kind === 'http' ? found.slice(0, 1) : found) main.add(route);
  }
  return [...main];
}

function onlyRoute(kind: IstioRouteKind, routes: readonly IstioRoute[]): readonly IstioRoute[] | string {
  const own = routes.filter(({ managedRoute }) => managedRoute === undefined);
  if (own.length <= 1) return own;
  const field = { http: 'routes', tls: 'tlsRoutes', tcp: 'tcpRoutes' }[kind];
  return `it has ${own.length} routes; list in ${field} those that carry the traffic, or keep exactly one`;
}

function isListed(kind: IstioRouteKind, wanted: IstioVirtualService): boolean {
  return routeMatchers(kind, wanted).length > 0;
}

interface RouteMatcher {
  readonly text: string;
  readonly matches: (route: JsonRecord) => boolean;
}

function routeMatchers(kind: IstioRouteKind, wanted: IstioVirtualService): readonly RouteMatcher[] {
  switch (kind) {
    case 'http':
      return (wanted.routes ?? []).map((name) => ({ text: `"${name}"`, matches: (route) => route['name'] === name }));
    case 'tls':
      return (wanted.tlsRoutes ?? []).map(({ port = 0, sniHosts = [] }) => ({
        text: `for port ${port} and exactly the hosts ${sniHosts.join(', ') || '(none)'}`,
        matches: (route) => onlyPort(route) === port && sameTexts(hostsOf(route), sniHosts),
      }));
    case 'tcp':
      return (wanted.tcpRoutes ?? []).map(({ port = 0 }) => ({
        text: `for port ${port}`,
        matches: (route) => onlyPort(route) === port,
      }));
    default:
      return [];
  }
}

function matchesOf(route: JsonRecord): readonly JsonRecord[] {
  return listOf(route['match']).map(recordOf);
}

/** The port that all matches of a route name, 0 when they name none; undefined when they name several. */
function onlyPort(route: JsonRecord): number | undefined {
  const [port = 0, ...others] = new Set(matchesOf(route).map((match) => numberOf(match['port']) ?? 0));
  return others.length === 0 ? port : undefined;
}

function hostsOf(route: JsonRecord): readonly string[] {
  return matchesOf(route).flatMap((match) => listOf(match['sniHosts']).map(textOf));
}

function sameTexts(left: readonly string[], right: readonly string[]): boolean {
  const [first, second] = [new Set(left), new Set(right)];
  return first.size === second.size && [...first].every((text) => second.has(text));
}
