import { canarySides, plainSides } from './canary-sides.ts';
import { invalid, type FieldErrors } from './field-error.ts';
import { listOf, numberOf, optionalRecord, recordOf, textOf, type JsonRecord } from './json-access.ts';
import type { KubeObject } from './object.ts';
import type { Rollout } from './rollout.ts';
import type { IstioVirtualService } from './traffic-routing.ts';
import { virtualServiceNames } from './virtual-service-name.ts';

type RouteKind = 'http' | 'tls' | 'tcp';

const routeKinds: readonly RouteKind[] = ['http', 'tls', 'tcp'];

/** What a route needs to split traffic: destinations with these hosts or subsets. */
interface Destinations {
  readonly property: 'host' | 'subset';
  readonly names: readonly string[];
}

/** Checks that the routes a Rollout names exist in a VirtualService and lead to both sides of the canary. */
export function validateVirtualServiceReference(rollout: Rollout, virtualService: KubeObject): FieldErrors {
  const canary = rollout.spec.strategy?.canary;
  const istio = canary?.trafficRouting?.istio;
  if (canary === undefined || istio === undefined) {
    const field = 'spec.strategy.canary.trafficRouting.istio';
    return [invalid(field, rollout.metadata.name, 'the Rollout names no VirtualService')];
  }
  const { name } = virtualService.metadata;
  const named = virtualServiceNames(istio).find((candidate) => candidate.name === name);
  if (named === undefined) return [];
  const spec = recordOf(virtualService['spec']);
  const given = routeKinds.filter((kind) => listOf(spec[kind]).length > 0);
  if (given.length === 0) return [invalid(named.field, name, 'the VirtualService has no http, tls or tcp routes')];
  const managed = (canary.trafficRouting?.managedRoutes ?? []).map((route) => route.name);
  return given.flatMap((kind) => {
    const problem = routesProblem(kind, listOf(spec[kind]), named.routes, managed, neededDestinations(rollout));
    return problem === undefined ? [] : [invalid(named.field, name, `spec.${kind}: ${problem}`)];
  });
}

function neededDestinations({ spec }: Rollout): Destinations {
  const canary = spec.strategy?.canary;
  const rule = canary?.trafficRouting?.istio?.destinationRule;
  if (rule !== undefined) return { property: 'subset', names: [rule.canarySubsetName, rule.stableSubsetName] };
  // The mesh takes the Services beside ping and pong where there are such.
  const { canaryService, stableService } = plainSides(canary ?? {}) ?? canarySides(canary ?? {}, undefined);
  return { property: 'host', names: [canaryService, stableService] };
}

function routesProblem(
  kind: RouteKind,
  items: readonly unknown[],
  wanted: IstioVirtualService,
  managed: readonly string[],
  destinations: Destinations,
): string | undefined {
  const routes = items.map(optionalRecord);
  const broken = routes.indexOf(undefined);
  if (broken >= 0) return `entry ${broken} is not a route`;
  const main = mainRoutes(kind, routes.map(recordOf), wanted, managed);
  if (typeof main === 'string') return main;
  for (const route of main) {
    const missing = missingDestinations(route, destinations);
    if (missing.length > 0) return `no destination has the ${destinations.property} ${missing.join(' or ')}`;
  }
  return undefined;
}

/** The routes that carry the canary's traffic: those listed, or the only one; text when they cannot be told. */
function mainRoutes(
  kind: RouteKind,
  routes: readonly JsonRecord[],
  wanted: IstioVirtualService,
  managed: readonly string[],
): readonly JsonRecord[] | string {
  const listed = listedRoutes(kind, routes, wanted);
  if (listed !== undefined) return listed;
  const own = routes.filter((route) => !managed.includes(textOf(route['name'])));
  return own.length === 1 ? own : `it has ${own.length} routes; list those that carry the traffic, or keep exactly one`;
}

function listedRoutes(
  kind: RouteKind,
  routes: readonly JsonRecord[],
  wanted: IstioVirtualService,
): readonly JsonRecord[] | string | undefined {
  const matchers = routeMatchers(kind, wanted);
  if (matchers.length === 0) return undefined;
  const found = matchers.map(({ matches }) => routes.filter(matches));
  const missing = matchers.filter((_matcher, index) => found[index]?.length === 0).map(({ text }) => text);
  return missing.length === 0 ? found.flat() : `it has no route ${missing.join(' and no route ')}`;
}

interface RouteMatcher {
  readonly text: string;
  readonly matches: (route: JsonRecord) => boolean;
}

function routeMatchers(kind: RouteKind, wanted: IstioVirtualService): readonly RouteMatcher[] {
  switch (kind) {
    case 'http':
      return (wanted.routes ?? []).map((name) => ({ text: `"${name}"`, matches: (route) => route['name'] === name }));
    case 'tls':
      return (wanted.tlsRoutes ?? []).map(({ port, sniHosts }) => ({
        text: `for port ${port ?? 'any'} and hosts ${(sniHosts ?? []).join(', ') || 'any'}`,
        matches: (route) => matchesOf(route).some((match) => fitsPort(match, port) && fitsHosts(match, sniHosts)),
      }));
    case 'tcp':
      return (wanted.tcpRoutes ?? []).map(({ port }) => ({
        text: `for port ${port ?? 'any'}`,
        matches: (route) => matchesOf(route).some((match) => fitsPort(match, port)),
      }));
    default:
      return [];
  }
}

function matchesOf(route: JsonRecord): readonly JsonRecord[] {
  return listOf(route['match']).map(recordOf);
}

function fitsPort(match: JsonRecord, port: number | undefined): boolean {
  return port === undefined || port === 0 || numberOf(match['port']) === port;
}

function fitsHosts(match: JsonRecord, hosts: readonly string[] | undefined): boolean {
  if (hosts === undefined || hosts.length === 0) return true;
  const given = listOf(match['sniHosts']).map(textOf).toSorted();
  return given.length === hosts.length && hosts.toSorted().every((host, index) => host === given[index]);
}

/** Names without a destination. A host may be the name of a Service or start with it (`web.shop.svc.cluster.local`). */
function missingDestinations(route: JsonRecord, { property, names }: Destinations): readonly string[] {
  const given = listOf(route['route']).map((item) => {
    const value = textOf(recordOf(recordOf(item)['destination'])[property]);
    return property === 'host' ? (value.split('.')[0] ?? '') : value;
  });
  return names.filter((name) => name === '' || !given.includes(name)).map((name) => `"${name}"`);
}
