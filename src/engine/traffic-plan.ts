import { trafficWeightMax } from '../api/rollout-defaults.ts';
import type { TrafficDestination, TrafficPlan, TrafficReading } from '../api/traffic.ts';
import { canaryWeight } from './canary-weight.ts';
import type { Effect } from './decision.ts';
import { additionalDestinations, isOnlyLowered } from './experiment-traffic.ts';
import { resolveFenceposts } from './fenceposts.ts';
import { heldBy } from './gates.ts';
import { splitsByHash, waitsForPods } from './hash-switch.ts';
import { managedRouteNames, noRoutes, routesAfter, type RoutesInForce } from './managed-routes.ts';
import { isStableServiceOpen } from './open-sides.ts';
import { isPatienceOver } from './patience.ts';
import { allSidesOf, isIn, sidesOf, stableHashIn, stepsOf, type Situation } from './situation.ts';
import { canarySizeReached, sizingInput } from './size-plan.ts';
import type { RouterView } from './world.ts';

/** Weights of the routers of one Rollout, as they are and as they are to be. */
export interface TrafficAim {
  /** Share of the canary that state and step ask for; undefined where traffic is to stay as it is. */
  readonly wanted: number | undefined;
  /** Share that may be set in this pass: nearer to `wanted` than now, or the same as now. */
  readonly allowed: number | undefined;
  /** Largest share of the canary that any router was read with; undefined when one cannot be told. */
  readonly read: number | undefined;
}

/** Whether the specification splits traffic by a router. */
export function hasRouting({ world }: Pick<Situation, 'world'>): boolean {
  return world.rollout.spec.strategy?.canary?.trafficRouting !== undefined;
}

/** How far traffic should go and may go now. */
export function aimTraffic(situation: Situation): TrafficAim {
  const read = readWeight(situation);
  const wanted = wantedWeight(situation);
  return { wanted, read, allowed: wanted === undefined ? undefined : allowedWeight(situation, wanted, read) };
}

/** True when every router was read with the step's share and the managed routes of the step, and takes them. */
export function isTrafficReached(situation: Situation): boolean {
  if (!hasRouting(situation)) return true;
  // Without pods there is nothing that could get traffic.
  const weight = situation.replicas === 0 ? 0 : canaryWeight(sizingInput(situation));
  // A canary that nothing leads to may have no pod yet, and then its side cannot be bound.
  const isLedTo = weight > 0 || (situation.replicas > 0 && hasRoutes(stepRoutes(situation)));
  return (!isLedTo || canaryIsBound(situation)) && areRoutersAt(situation, weight);
}

/** True when every router was read with this share and with the managed routes of the step, and takes them. */
export function areRoutersAt(situation: Situation, weight: number): boolean {
  const { headerRoutes, mirrorRoutes } = routesInForce(situation);
  const routes = [...headerRoutes, ...mirrorRoutes].map(({ name }) => name);
  const plan = composePlan(situation, weight, additionalBeside(situation, weight, false));
  return situation.world.traffic.every(
    ({ reading, fresh, says }) =>
      fresh &&
      reading.canaryWeight === weight &&
      saysAdditional(reading, plan) &&
      (reading.acceptance === 'accepted' || reading.acceptance === 'unknown') &&
      reading.problem === undefined &&
      routes.every((name) => reading.managedRoutes.includes(name)) &&
      // A route of the same name may still have the conditions of an earlier step.
      (routes.length === 0 || says?.(plan) !== false),
  );
}

/**
 * True when what the routers were read with is what proxies act on: nothing was written since, and a router that says
 * what it took has taken it. Until then requests may still go the old way.
 */
export function isInForce({ world }: Pick<Situation, 'world'>): boolean {
  return world.traffic.every(({ reading, fresh }) => fresh && isTaken(reading));
}

/** A gateway that refuses a route, or has not looked at it yet, goes on as before. */
function isTaken({ acceptance }: TrafficReading): boolean {
  return acceptance === 'accepted' || acceptance === 'unknown';
}

/** The effect that brings the routers to where they may go, if they are not there. */
export function planTraffic(situation: Situation): readonly Effect[] {
  const aim = aimTraffic(situation);
  if (!hasRouting(situation) || aim.allowed === undefined) return [];
  const lowers = aim.read === undefined || aim.read > aim.allowed;
  const isFree = !lowers && isInForce(situation);
  const additional = additionalBeside(situation, aim.allowed, isFree);
  const plan = composePlan(situation, aim.allowed, additional);
  if (situation.world.traffic.every((router) => saysAll(router, plan))) return [];
  const isOnlyLeft = aim.allowed === aim.read && isOnlyLowered(situation, additional);
  // A Service that still selects all revisions is narrowed first.
  const isLowered = (lowers || isOnlyLeft) && !(isIn(situation, 'settled') && isNarrowedFirst(situation));
  return [{ kind: 'setTraffic', phase: isLowered ? 'lower' : 'raise', plan }];
}

/**
 * True when no router leads more users to Experiments than the stable side cannot carry yet: a stable side that lacks
 * pods holds up no step.
 */
export function isExperimentLeft(situation: Situation): boolean {
  const { allowed = 0 } = aimTraffic(situation);
  const kept = additionalBeside(situation, allowed, false);
  const shares = new Map(kept.map(({ service, weight }) => [service, weight]));
  return situation.world.traffic.every(({ reading }) =>
    Object.entries(reading.additionalWeights).every(([service, weight]) => weight <= (shares.get(service) ?? 0)),
  );
}

/** The shares of Experiments beside a share of the canary. */
function additionalBeside(situation: Situation, canaryShare: number, isFree: boolean): readonly TrafficDestination[] {
  const left = leftBy(situation, canaryShare);
  return additionalDestinations(situation, { left, stableMax: stableCapacity(situation), isFree });
}

/** What the canary leaves of the maximum weight. */
function leftBy({ world }: Situation, canaryShare: number): number {
  return Math.max(0, trafficWeightMax(world.rollout.spec) - canaryShare);
}

function readWeight({ world }: Situation): number | undefined {
  const weights = world.traffic.map(({ reading }) => reading.canaryWeight);
  return weights.reduce<number | undefined>(
    (most, weight) => (most === undefined || weight === undefined ? undefined : Math.max(most, weight)),
    0,
  );
}

function wantedWeight(situation: Situation): number | undefined {
  // Before there is a stable revision there is nothing that traffic could be brought back to.
  if (isIn(situation, 'deleting', 'invalid', 'superseding', 'initial')) return undefined;
  if (isIn(situation, 'settled')) return mayServeStable(situation) ? 0 : undefined;
  if (!canaryIsBound(situation) || (situation.current?.availableReplicas ?? 0) === 0) return 0;
  return canaryWeight(sizingInput(situation));
}

/** Whether the stable side leads to the stable revision: its Service, or the router that splits by hash. */
export function stableServesStable(situation: Situation): boolean {
  const { services, traffic } = situation.world;
  const stableHash = stableHashIn(situation);
  const isBound = allSidesOf(situation).every(
    ({ stableService }) => stableService === '' || (services.get(stableService)?.hash ?? '') === stableHash,
  );
  const isTurned = traffic.every(({ reading: { hashes } }) => hashes === undefined || hashes.stable === stableHash);
  return isBound && (isTurned || !keepsHashes(situation));
}

/**
 * The stable side may only be given traffic when it leads to the stable revision. At the first deployment its Service
 * selects all revisions and there is no other: it is narrowed and gets the traffic in one pass, which is the one that
 * calls the Rollout healthy.
 */
function mayServeStable(situation: Situation): boolean {
  return stableServesStable(situation) || isNarrowedFirst(situation);
}

/** True when the Service of the stable side is narrowed in this pass and only the stable revision has pods. */
function isNarrowedFirst(situation: Situation): boolean {
  const { world, stable } = situation;
  const { availableReplicas = 0, specReplicas = 1 } = stable ?? {};
  const hashes = allSidesOf(situation).map(({ stableService }) => world.services.get(stableService)?.hash);
  return (
    hashes.includes('') &&
    hashes.every((hash) => hash === '' || hash === stableHashIn(situation)) &&
    availableReplicas >= Math.max(1, specReplicas) &&
    world.replicaSets.every((other) => other === stable || other.specReplicas + other.statusReplicas === 0)
  );
}

/** The canary side may only keep or get traffic while its Service, or its subset, leads to the current revision. */
function canaryIsBound(situation: Situation): boolean {
  const { world } = situation;
  const { templateHash } = world.rollout;
  const isTurned = world.traffic.every(
    ({ reading: { hashes } }) => hashes === undefined || hashes.canary === templateHash,
  );
  return (
    isTurned &&
    allSidesOf(situation).every(
      ({ canaryService }) => canaryService === '' || world.services.get(canaryService)?.hash === templateHash,
    )
  );
}

/** The revisions behind both sides, as the state asks for them. An aborted canary keeps its side, without traffic. */
function hashesWanted(situation: Situation): { readonly canary: string; readonly stable: string } {
  const stable = stableHashIn(situation);
  return { stable, canary: isIn(situation, 'settled', 'initial') ? stable : situation.world.rollout.templateHash };
}

/**
 * Whether a router that splits by hash stays turned to the revisions it leads to: until all pods of the new ones can
 * answer, and until a canary of another revision was read to have no traffic any more before a new one takes its place,
 * unless that one may take its share over.
 */
function keepsHashes(situation: Situation): boolean {
  const { rollout, replicaSets, traffic } = situation.world;
  if (!splitsByHash(rollout.spec)) return false;
  const wanted = hashesWanted(situation);
  const isCanaryInUse = traffic.some(
    ({ reading: { hashes, canaryWeight } }) =>
      hashes !== undefined && hashes.canary !== '' && hashes.canary !== wanted.canary && canaryWeight !== 0,
  );
  return (
    (wanted.canary !== wanted.stable && isCanaryInUse && !mayTakeOver(situation)) ||
    waitsForPods(wanted, isIn(situation, 'aborted'), replicaSets)
  );
}

/**
 * Whether the new revision may take over the share of the one that it replaces, instead of stable: stable has lacked
 * the pods for it for long, and the new revision is ready for at least that share at its step. Else a fix could never
 * come through while stable is short of a pod.
 */
export function mayTakeOver(situation: Situation): boolean {
  const { world } = situation;
  const { spec, status } = world.rollout;
  const read = readWeight(situation) ?? 0;
  const isStuck =
    isIn(situation, 'canary', 'promoteFull') &&
    read > 0 &&
    read <= trafficWeightMax(spec) - stableCapacity(situation) &&
    isPatienceOver({ spec, status, now: world.now });
  return (
    isStuck &&
    read <= canaryWeight(sizingInput(situation)) &&
    isInForce(situation) &&
    heldBy(world) === undefined &&
    canarySizeReached(situation)
  );
}

function allowedWeight(situation: Situation, wanted: number, read: number | undefined): number {
  const now = read ?? Math.min(wanted, situation.stored.rollout.status.canary?.weights?.canary.weight ?? 0);
  if (wanted > now) return Math.min(wanted, Math.max(now, raisedWeight(situation, wanted)));
  return Math.min(now, Math.max(wanted, trafficWeightMax(situation.world.rollout.spec) - stableCapacity(situation)));
}

/**
 * A raise needs open gates, routers that took the last change, and the pods that the weight is meant for. A full
 * promotion with a stable side that shrinks as traffic leaves it goes pod by pod: no capacity is left idle.
 */
function raisedWeight(situation: Situation, wanted: number): number {
  if (!isInForce(situation) || heldBy(situation.world) !== undefined) return 0;
  if (canarySizeReached(situation)) return wanted;
  const { dynamicStableScale = false } = situation.world.rollout.spec.strategy?.canary ?? {};
  return dynamicStableScale && isIn(situation, 'promoteFull') ? canaryCapacity(situation) : 0;
}

/** The share that the canary can carry with the pods it has, of all that are wanted. */
function canaryCapacity({ world, current, replicas }: Situation): number {
  const available = current?.availableReplicas ?? 0;
  return replicas === 0 ? 0 : Math.floor((trafficWeightMax(world.rollout.spec) * available) / replicas);
}

/**
 * The share that the stable side can carry with the pods it has, allowing for maxUnavailable. What an update gives to a
 * Service that selects all revisions it does not give to stable.
 */
function stableCapacity(situation: Situation): number {
  const weightMax = trafficWeightMax(situation.world.rollout.spec);
  if (situation.replicas === 0) return weightMax;
  if (isIn(situation, 'canary', 'aborted') && isStableServiceOpen(situation)) return 0;
  const { maxUnavailable } = resolveFenceposts(situation.world.rollout.spec);
  const needed = Math.max(1, situation.replicas - maxUnavailable);
  const available = situation.stable?.availableReplicas ?? 0;
  return Math.min(weightMax, Math.floor((weightMax * available) / needed));
}

function composePlan(
  situation: Situation,
  canaryWeight: number,
  additional: readonly TrafficDestination[],
): TrafficPlan {
  const { spec } = situation.world.rollout;
  const weightMax = trafficWeightMax(spec);
  const { canary, stable } = hashesWanted(situation);
  const { canaryService, stableService } = sidesOf(situation);
  return {
    destinations: [
      { role: 'canary', service: canaryService, hash: canary, weight: canaryWeight },
      ...additional,
      { role: 'stable', service: stableService, hash: stable, weight: weightMax - canaryWeight - sumOf(additional) },
    ],
    weightMax,
    ...routesInForce(situation),
    managedRoutes: managedRouteNames(situation.world.rollout),
    inProgress: !isIn(situation, 'settled', 'initial', 'aborted'),
    ...(keepsHashes(situation) ? { keep: { hashes: true } } : {}),
  };
}

function sumOf(destinations: readonly TrafficDestination[]): number {
  return destinations.reduce((sum, { weight }) => sum + weight, 0);
}

/**
 * Managed routes lead to the canary, so there are none at rest, after an abort or while the canary has no pod that
 * could answer.
 */
function routesInForce(situation: Situation): RoutesInForce {
  const serves = canaryIsBound(situation) && (situation.current?.availableReplicas ?? 0) > 0;
  if (!serves || !isIn(situation, 'canary.step', 'canary.inconclusive', 'canary.finishing')) return noRoutes;
  return stepRoutes(situation);
}

/** The managed routes that the steps up to the current one ask for. */
function stepRoutes(situation: Situation): RoutesInForce {
  const steps = stepsOf(situation).slice(0, situation.stepIndex + 1);
  return routesAfter(steps, managedRouteNames(situation.world.rollout));
}

function hasRoutes({ headerRoutes, mirrorRoutes }: RoutesInForce): boolean {
  return headerRoutes.length + mirrorRoutes.length > 0;
}

function saysAll({ reading, says: saysExactly }: RouterView, plan: TrafficPlan): boolean {
  return says(reading, plan) && saysExactly?.(plan) !== false;
}

function says(reading: TrafficReading, plan: TrafficPlan): boolean {
  const wanted = [...plan.headerRoutes, ...plan.mirrorRoutes].map(({ name }) => name);
  const canary = plan.destinations.find(({ role }) => role === 'canary');
  return (
    reading.canaryWeight === canary?.weight &&
    reading.problem === undefined &&
    (reading.inProgress ?? plan.inProgress) === plan.inProgress &&
    saysHashes(reading, plan) &&
    saysAdditional(reading, plan) &&
    wanted.every((name) => reading.managedRoutes.includes(name)) &&
    reading.managedRoutes.every((name) => wanted.includes(name))
  );
}

/** A router that splits by hash must name the hashes of the plan. */
function saysHashes({ hashes }: TrafficReading, { destinations, keep }: TrafficPlan): boolean {
  if (keep?.hashes === true) return true;
  return destinations.every(({ role, hash }) => hashes === undefined || role === 'additional' || hashes[role] === hash);
}

/** Nobody but the destinations of the plan may get traffic. */
function saysAdditional({ additionalWeights }: TrafficReading, { destinations }: TrafficPlan): boolean {
  const planned = new Map(
    destinations.flatMap(({ role, service, weight }) => (role === 'additional' ? [[service, weight] as const] : [])),
  );
  const services = new Set([...planned.keys(), ...Object.keys(additionalWeights)]);
  return [...services].every((service) => (additionalWeights[service] ?? 0) === (planned.get(service) ?? 0));
}
