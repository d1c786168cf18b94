import { findRun, hasFailed, runRoles } from './analysis-plan.ts';
import { planAnalysis, planBackground } from './analysis-plan.ts';
import { withConditions } from './condition-facts.ts';
import { deadlineEndsAt } from './deadline.ts';
import { orderEffects, type Decision, type Effect } from './decision.ts';
import { drainEndsAt } from './drain.ts';
import type { machine } from './machine.ts';
import { planPodMetadata } from './metadata-plan.ts';
import { noticesOf } from './notices.ts';
import { observeFacts, pauseEndsAt } from './observe-facts.ts';
import { waitsForSides } from './open-sides.ts';
import { begins, type Pass } from './pass.ts';
import { patienceEndsAt } from './patience.ts';
import { planPromotionNote } from './promotion-note.ts';
import { reasonOf } from './reason.ts';
import { planHistory, planRevision } from './record-plan.ts';
import { planRestart, restartStartsAt } from './restart-plan.ts';
import { planServices } from './service-plan.ts';
import { restore, type ChartState } from './settle.ts';
import { isIn, situate, type Situation } from './situation.ts';
import { sizeEffects, sizeReplicaSets } from './size-plan.ts';
import { nextStatus } from './status.ts';
import { findExperiment, hasExperimentFailed, planExperiments } from './step-experiment.ts';
import { planStepPlugins, stepPluginsDueAt } from './step-plugin-plan.ts';
import { readStored } from './stored.ts';
import { hasRouting, isInForce, planTraffic } from './traffic-plan.ts';
import { planWorkload } from './workload-plan.ts';
import type { AnalysisRunView, World } from './world.ts';

/**
 * Decides what to do about one Rollout: restores where it stands from specification and status, lets the facts move it
 * by at most one boundary, and derives effects, status and events from where it then stands. Pure: the same world
 * always gives the same decision.
 *
 * What raises exposure or shrinks capacity is only done in a state that is stored already. So a pass that crosses a
 * boundary lowers at most, writes the new status, and is followed by another one at once.
 */
export function decide(world: World, chart?: typeof machine): Decision {
  const pass = settle(world, chart);
  const effects = orderEffects(pass.moved ? planMove(pass) : planStay(pass.settled));
  const status = withConditions(pass, nextStatus(pass), effects);
  return {
    reason: reasonOf(pass, effects),
    state: pass.settled.state,
    effects,
    status,
    events: noticesOf(pass, effects, status),
    ...lookAgain(pass),
  };
}

function settle(world: World, chart: typeof machine | undefined): Pass {
  const settlement = restore(readStored(world.rollout), chart);
  const restored = place(world, settlement.restored);
  const settled = place(world, settlement.settle(observeFacts(restored)));
  const moved = restored.state !== settled.state || restored.stepIndex !== settled.stepIndex;
  if (!isIn(settled, 'aborted')) return { restored, settled, moved, failedRun: undefined };
  const experiment = findExperiment(restored);
  const failedExperiment = hasExperimentFailed(experiment) ? experiment : undefined;
  return { restored, settled, moved, failedRun: failedRun(restored), failedExperiment };
}

function place(world: World, { stored, path, stepIndex }: ChartState): Situation {
  return situate(world, stored, path, stepIndex);
}

/** The run whose failure ends the update. */
function failedRun(situation: Situation): AnalysisRunView | undefined {
  return runRoles.map((role) => findRun(situation, role)).find(hasFailed);
}

/**
 * Crossing a boundary: users may be led away from harm, and a new revision gets its (empty) ReplicaSet. Who is told of
 * a pause finds the background analysis that begins with it.
 */
function planMove(pass: Pass): readonly Effect[] {
  const { restored, settled } = pass;
  const previewing = planServices(settled).filter(({ phase }) => phase === 'grow');
  const lowering = [...planTraffic(settled), ...planServices(settled)].filter(({ phase }) => phase === 'lower');
  if (begins(pass)) return [...lowering, ...planRevision(settled), ...previewing];
  if (isIn(restored, 'canary.step') && isIn(settled, 'canary.step.pause')) {
    return [...lowering, ...planBackground(settled)];
  }
  return isIn(settled, 'settled') ? [...lowering, ...planDrain(restored)] : lowering;
}

/** Without a router the last step takes the old pods away itself, also where the promotion waits for them no longer. */
function planDrain(restored: Situation): readonly Effect[] {
  if (hasRouting(restored) || !isIn(restored, 'canary.finishing', 'promoteFull')) return [];
  return sizeEffects(restored, sizeReplicaSets(restored)).filter(({ phase }) => phase === 'shrink');
}

/** Standing in a state: everything that state asks for. Shrinking waits until nothing has to grow or to be moved. */
function planStay(situation: Situation): readonly Effect[] {
  const leading = [planTraffic(situation), planServices(situation)];
  const moving = [
    // At rest traffic follows the Services.
    ...(isIn(situation, 'settled') ? leading.toReversed() : leading).flat(),
    ...planRevision(situation),
    ...planPromotionNote(situation),
    ...sizeEffects(situation, sizeReplicaSets(situation)),
    ...planWorkload(situation),
  ];
  const calm =
    isRead(situation) && !moving.some(({ phase }) => phase === 'lower' || phase === 'grow' || phase === 'raise');
  const resizing = moving.some(({ kind }) => kind === 'scaleReplicaSet');
  const shrinking = [...(resizing ? [] : planRestart(situation)), ...planHistory(situation)];
  return [
    ...moving,
    ...planAnalysis(situation),
    ...planExperiments(situation),
    ...planStepPlugins(situation),
    ...planPodMetadata(situation),
    ...shrinking,
  ].filter(({ phase }) => calm || phase !== 'shrink');
}

/** Every router object was read and is in force, so nothing can still lead to what is taken away. */
function isRead(situation: Situation): boolean {
  return isInForce(situation) && situation.world.traffic.every(({ reading }) => reading.canaryWeight !== undefined);
}

/** The earliest time at which something is due by itself. */
function lookAgain(pass: Pass): { lookAgainAt?: number } {
  const { world } = pass.settled;
  if (pass.moved) return { lookAgainAt: world.now };
  const times = [
    pauseEndsAt(pass.settled),
    sizeReplicaSets(pass.settled).lookAgainAt,
    deadlineEndsAt(pass.settled),
    restartStartsAt(pass.settled),
    ...stepPluginsDueAt(pass.settled),
    isIn(pass.settled, 'canary', 'promoteFull') || waitsForSides(pass.settled)
      ? patienceEndsAt(world.rollout)
      : undefined,
    drainEndsAt(pass.settled),
    ...world.holds.map(({ until }) => until),
  ].filter((time): time is number => time !== undefined && time > world.now);
  return times.length === 0 ? {} : { lookAgainAt: Math.min(...times) };
}
