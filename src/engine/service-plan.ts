import type { CanarySides } from '../api/canary-sides.ts';
import type { Effect } from './decision.ts';
import { resolveFenceposts } from './fenceposts.ts';
import { heldBy } from './gates.ts';
import { isStableServiceOpen, turnsToPart } from './open-sides.ts';
import { allSidesOf, hasPingPong, isIn, isSaturated, type Situation } from './situation.ts';
import { activeHash } from './size-plan.ts';
import { isGated } from './stored.ts';
import { aimTraffic, hasRouting, isInForce, mayTakeOver } from './traffic-plan.ts';
import type { ReplicaSetView } from './world.ts';

/** Switches of Services whose selector does not lead to the revision it should, where that is safe now. */
export function planServices(situation: Situation): readonly Effect[] {
  if (isIn(situation, 'deleting', 'invalid', 'superseding')) return [];
  if (situation.stored.strategy === 'blueGreen') return planBlueGreen(situation);
  const [first, ...beside] = allSidesOf(situation);
  return [
    ...(first === undefined ? [] : planSides(situation, first, hasPingPong(situation))),
    ...beside.flatMap((sides) => planSides(situation, sides, false)),
  ];
}

function planSides(situation: Situation, sides: CanarySides, changeParts: boolean): readonly Effect[] {
  const { stableService, canaryService } = sides;
  const stable = switchTo(
    situation,
    stableService,
    stableTarget(situation, stableService)?.hash,
    stablePhase(situation),
  );
  return changeParts
    ? [...stable, ...switchTo(situation, canaryService, otherSideHash(situation), 'grow')]
    : [...stable, ...switchTo(situation, canaryService, canaryTarget(situation, canaryService)?.hash, 'raise')];
}

function switchTo(
  { world }: Situation,
  name: string | undefined,
  hash: string | undefined,
  phase: 'lower' | 'grow' | 'raise',
): readonly Effect[] {
  const service = name === undefined ? undefined : world.services.get(name);
  if (service === undefined || hash === undefined || service.hash === hash) return [];
  return [{ kind: 'switchService', phase, service: service.name, hash, previousHash: service.hash }];
}

/**
 * The stable Service follows the stable revision. A Service that selects all revisions is only narrowed to one once
 * that one is complete, or has kept an update waiting; later one available pod is enough, because the Service already
 * leads to another revision.
 */
function stableTarget(situation: Situation, name: string): ReplicaSetView | undefined {
  const { stable } = situation;
  const isPartEnough = hasRouting(situation) && turnsToPart(situation) && (stable?.availableReplicas ?? 0) > 0;
  return isPartEnough ? stable : readyToServe(situation, stable, name);
}

/** To take the pods of a new revision out of a Service that selects all of them comes before everything else. */
function stablePhase(situation: Situation): 'lower' | 'raise' {
  return isStableServiceOpen(situation) && isIn(situation, 'canary', 'aborted') ? 'lower' : 'raise';
}

/**
 * With pingPong the side without traffic is made ready for the next revision as soon as that is on its way, and then
 * stays with it: at the promotion the two sides change parts.
 */
function otherSideHash(situation: Situation): string | undefined {
  if (!isIn(situation, 'canary', 'promoteFull')) return undefined;
  const isUnused = aimTraffic(situation).read === 0 && isInForce(situation);
  return isUnused ? situation.world.rollout.templateHash : undefined;
}

/**
 * The canary Service leads to the current revision while that is on its way, else to the stable one. With a router it
 * is only moved while no traffic flows through it, so that nobody is moved to another revision by the switch; but where
 * stable cannot take the users of a revision that was replaced, the new one takes them.
 */
function canaryTarget(situation: Situation, name: string): ReplicaSetView | undefined {
  const atRest = isIn(situation, 'settled', 'initial', 'aborted');
  const target = readyToServe(situation, atRest ? situation.stable : situation.current, name);
  if (!hasRouting(situation) || (aimTraffic(situation).read === 0 && isInForce(situation))) return target;
  const leadsNowhere = situation.world.services.get(name)?.hash === '';
  return leadsNowhere || mayTakeOver(situation) ? target : undefined;
}

function readyToServe(
  situation: Situation,
  replicaSet: ReplicaSetView | undefined,
  name: string,
): ReplicaSetView | undefined {
  const adopted = name !== '' && situation.world.services.get(name)?.hash !== '';
  const enough = adopted ? 1 : Math.max(1, replicaSet?.specReplicas ?? 1);
  return (replicaSet?.availableReplicas ?? 0) >= enough ? replicaSet : undefined;
}

function planBlueGreen(situation: Situation): readonly Effect[] {
  const { activeService, previewService } = situation.world.rollout.spec.strategy?.blueGreen ?? { activeService: '' };
  const active = isIn(situation, 'aborted') ? activeAfterAbort(situation) : activeTarget(situation);
  const isBack = isIn(situation, 'aborted') || (active !== undefined && active !== situation.current);
  // Nobody depends on a preview, so it leads to the new revision before there are pods.
  const preview = situation.stored.specPaused ? undefined : situation.world.rollout.templateHash;
  return [
    ...switchTo(situation, previewService, preview, 'grow'),
    ...switchTo(situation, activeService, active?.hash, isBack ? 'lower' : 'raise'),
  ];
}

/** Users are switched over only to a revision that has every pod it is to have. */
function activeTarget(situation: Situation): ReplicaSetView | undefined {
  const complete = completeOf(situation, situation.current);
  const isAdopted = activeHash(situation) !== '';
  if (isIn(situation, 'settled')) return isAdopted ? (complete ?? availableActive(situation)) : complete;
  if (!isIn(situation, 'blueGreen.cutOver', 'promoteFull')) return undefined;
  if (heldBy(situation.world) !== undefined) return undefined;
  return isAdopted || !returnsToStable(situation) ? complete : stableToReturnTo(situation);
}

/** Stable as soon as it is complete; what it has when it has kept the update waiting. */
function stableToReturnTo(situation: Situation): ReplicaSetView | undefined {
  return turnsToPart(situation) ? situation.stable : completeOf(situation, situation.stable);
}

/** A Service that was opened to all revisions is no approval: it leads back to stable while that can answer. */
function returnsToStable({ state, stored, stable }: Situation): boolean {
  return isIn({ state }, 'blueGreen.cutOver') && isGated(stored) && (stable?.availableReplicas ?? 0) > 0;
}

function completeOf({ replicas }: Situation, replicaSet: ReplicaSetView | undefined): ReplicaSetView | undefined {
  return isSaturated(replicaSet, replicas) ? replicaSet : undefined;
}

/** At rest a Service that was turned away from the stable revision is turned back as soon as one pod can answer. */
function availableActive({ current }: Situation): ReplicaSetView | undefined {
  return (current?.availableReplicas ?? 0) > 0 ? current : undefined;
}

/** Back to the stable revision, as soon as it has the pods that users need. */
function activeAfterAbort({ world, stable, replicas }: Situation): ReplicaSetView | undefined {
  const { maxUnavailable } = resolveFenceposts(world.rollout.spec);
  return (stable?.availableReplicas ?? 0) >= Math.max(1, replicas - maxUnavailable) ? stable : undefined;
}
