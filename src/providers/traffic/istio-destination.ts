import { listOf, numberOf, recordOf, textOf, type JsonRecord } from '../../api/json-access.ts';
import type { IstioTrafficRouting } from '../../api/traffic-routing.ts';
import { fail, succeed, type Result } from '../../base/result.ts';
import type { RouterSubject } from './contract.ts';
import type { PlanShares } from './plan-shares.ts';
import type { SplitWeights } from './read-shares.ts';

/** How the two sides are told apart in a route: by host, and with a DestinationRule by subset. */
export interface IstioSides {
  readonly canaryService: string;
  readonly stableService: string;
  readonly rule: IstioTrafficRouting['destinationRule'];
}

/** The two sides of a Rollout. */
export function istioSides(
  { destinationRule: rule }: IstioTrafficRouting,
  { canaryService, stableService }: RouterSubject,
): IstioSides {
  return { canaryService, stableService, rule };
}

/**
 * What a destination of a route is: one of the sides, one with a share that the user fixed (`additionalSubsetNames`),
 * or another Service, which gets traffic only for the time of an experiment.
 */
export type DestinationRole = 'canary' | 'stable' | 'fixed' | 'other';

/** The part that a destination plays. */
export function destinationRole(destination: JsonRecord, sides: IstioSides): DestinationRole {
  const host = shortHost(destination);
  const subset = textOf(recordOf(destination['destination'])['subset']);
  const is = (service: string, subsetName: string | undefined): boolean =>
    host !== '' && (host === service || (subset !== '' && subset === subsetName));
  if (is(sides.canaryService, sides.rule?.canarySubsetName)) return 'canary';
  if (is(sides.stableService, sides.rule?.stableSubsetName)) return 'stable';
  return subset !== '' && sides.rule?.additionalSubsetNames?.includes(subset) === true ? 'fixed' : 'other';
}

/** Name of the Service behind a destination: the host up to its first dot (`web.shop.svc.cluster.local`). */
export function shortHost(destination: JsonRecord): string {
  return textOf(recordOf(destination['destination'])['host']).split('.')[0] ?? '';
}

/** The destinations of a route. */
export function destinationsOf(route: JsonRecord): readonly JsonRecord[] {
  return listOf(route['route']).map(recordOf);
}

/** What a route lacks to split traffic; undefined when it lacks nothing. */
export function missingSide(route: JsonRecord, sides: IstioSides): string | undefined {
  const { rule } = sides;
  const given = destinationsOf(route).map((destination) =>
    rule === undefined ? shortHost(destination) : textOf(recordOf(destination['destination'])['subset']),
  );
  const [canary, stable, property] =
    rule === undefined
      ? [sides.canaryService, sides.stableService, 'host']
      : [rule.canarySubsetName, rule.stableSubsetName, 'subset'];
  if (canary === stable) return `both sides have the ${property} "${canary}"; traffic cannot be split`;
  const missing = [canary, stable].find((name) => name === '' || !given.includes(name));
  return missing === undefined ? undefined : `no destination has the ${property} "${missing}"`;
}

/** The weights of a route; fails when one is no whole number from 0. An absent weight means 0. */
export function routeWeights(
  route: JsonRecord,
  subject: string,
  sides: IstioSides,
  weightMax: number,
): Result<SplitWeights, string> {
  let [canary, stable, fixed] = [0, 0, 0];
  const additional: Record<string, number> = {};
  for (const [index, destination] of destinationsOf(route).entries()) {
    const weight = weightOf(destination);
    if (weight === undefined) {
      const value = JSON.stringify(destination['weight']);
      return fail(`${subject}.route[${index}].weight: ${value} is no whole number from 0`);
    }
    const role = destinationRole(destination, sides);
    if (role === 'canary') canary += weight;
    else if (role === 'stable') stable += weight;
    else if (role === 'fixed') fixed += weight;
    else if (weight > 0) additional[shortHost(destination)] = (additional[shortHost(destination)] ?? 0) + weight;
  }
  // A fixed share is taken from the stable side, as far as that reaches.
  const others = canary + Object.values(additional).reduce((sum, weight) => sum + weight, 0);
  const isUsedUp = fixed > 0 && stable === 0 && others + fixed > weightMax;
  return succeed({ subject, canary, stable: isUsedUp ? Math.max(0, weightMax - others) : stable + fixed, additional });
}

/**
 * The route with the plan's weights. A side that stands there more than once gets its weight at the first place and 0
 * at the others. Another Service stays when it is in the plan or gets no traffic; what is left over from an earlier
 * experiment goes, because the weights of a route must sum to their maximum.
 */
export function withRouteWeights(route: JsonRecord, sides: IstioSides, shares: PlanShares): JsonRecord {
  const before = destinationsOf(route);
  const fixed = before
    .filter((destination) => destinationRole(destination, sides) === 'fixed')
    .reduce((sum, destination) => sum + (weightOf(destination) ?? 0), 0);
  const open = new Map<string, number>(shares.additional.map(({ service, weight }) => [service, weight]));
  const sideWeights = { canary: shares.canary.weight, stable: Math.max(0, shares.stable.weight - fixed) };
  const after: JsonRecord[] = [];
  for (const destination of before) {
    const role = destinationRole(destination, sides);
    if (role === 'canary' || role === 'stable') {
      after.push({ ...destination, weight: sideWeights[role] });
      sideWeights[role] = 0;
    } else if (role === 'fixed') after.push(destination);
    else {
      const weight = open.get(shortHost(destination)) ?? 0;
      open.delete(shortHost(destination));
      if (weight > 0) after.push({ ...destination, weight });
      else if (weightOf(destination) === 0) after.push(destination);
    }
  }
  for (const [host, weight] of open) if (weight > 0) after.push({ destination: { host }, weight });
  return { ...route, route: after };
}

function weightOf({ weight = 0 }: JsonRecord): number | undefined {
  const value = numberOf(weight);
  return value !== undefined && Number.isInteger(value) && value >= 0 ? value : undefined;
}
