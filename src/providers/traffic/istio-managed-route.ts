import type { StringMatch } from '../../api/canary-step.ts';
import { numberOf, recordOf, textOf, type JsonRecord } from '../../api/json-access.ts';
import type { HeaderRoute, MirrorRoute, TrafficPlan } from '../../api/traffic.ts';
import { destinationsOf, type IstioSides } from './istio-destination.ts';

/** Where the canary is reached. */
export interface CanaryTarget {
  readonly sides: IstioSides;
  /** Host of the DestinationRule where traffic is split by subset; empty otherwise. */
  readonly ruleHost: string;
}

/**
 * The managed routes of a plan as HTTP routes, in the order of `managedRoutes`, with those that are kept. `main` is the
 * route that carries the canary's traffic, with the weights that it is to have: a mirrored request is answered like any
 * other.
 */
export function istioManagedRoutes(
  plan: TrafficPlan,
  main: JsonRecord,
  kept: readonly JsonRecord[],
  target: CanaryTarget,
): readonly JsonRecord[] {
  const routes: readonly JsonRecord[] = [
    ...plan.headerRoutes.map((route) => headerRoute(route, main, target, plan.weightMax)),
    ...plan.mirrorRoutes.map((route) => mirrorRoute(route, main, target)),
    ...kept,
  ];
  const rank = ({ name }: JsonRecord): number => plan.managedRoutes.indexOf(textOf(name));
  return routes.toSorted((left, right) => rank(left) - rank(right));
}

/** Every header is a match of its own: a request needs one of them. */
function headerRoute({ name, match }: HeaderRoute, main: JsonRecord, target: CanaryTarget, weight: number) {
  return {
    name,
    match: match.map(({ headerName, headerValue }) => ({ headers: { [headerName]: stringMatch(headerValue) } })),
    route: [{ destination: canaryDestination(main, target), weight }],
  };
}

function mirrorRoute({ name, match, percentage }: MirrorRoute, main: JsonRecord, target: CanaryTarget) {
  return {
    name,
    match: match.map(({ method, path, headers }) => ({
      ...(method === undefined ? {} : { method: stringMatch(method) }),
      ...(path === undefined ? {} : { uri: stringMatch(path) }),
      ...(headers === undefined || Object.keys(headers).length === 0 ? {} : { headers: headerMatches(headers) }),
    })),
    route: destinationsOf(main),
    mirror: canaryDestination(main, target),
    mirrorPercentage: { value: percentage },
  };
}

function headerMatches(headers: Readonly<Record<string, StringMatch>>): JsonRecord {
  return Object.fromEntries(Object.entries(headers).map(([name, match]) => [name, stringMatch(match)]));
}

/** The port is that of the first destination of the main route. */
function canaryDestination(main: JsonRecord, { sides, ruleHost }: CanaryTarget): JsonRecord {
  const port = numberOf(recordOf(recordOf(recordOf(destinationsOf(main)[0])['destination'])['port'])['number']);
  return {
    host: ruleHost === '' ? sides.canaryService : ruleHost,
    ...(port === undefined || port === 0 ? {} : { port: { number: port } }),
    ...(sides.rule === undefined ? {} : { subset: sides.rule.canarySubsetName }),
  };
}

function stringMatch({ exact = '', prefix = '', regex = '' }: StringMatch): JsonRecord {
  return {
    ...(exact === '' ? {} : { exact }),
    ...(prefix === '' ? {} : { prefix }),
    ...(regex === '' ? {} : { regex }),
  };
}
