import { pauseStepProgress } from '../api/pause-step-progress.ts';
import { rollbackOf, type RevisionAge } from '../api/rollback-window.ts';
import { trafficWeightMax } from '../api/rollout-defaults.ts';
import { parseInstant } from '../base/instant.ts';
import { findRun, hasFailed, isPreviewComplete, recordedRun, runRoles, type RunRole } from './analysis-plan.ts';
import { deadlineExceeded } from './deadline.ts';
import { isDrained } from './drain.ts';
import type { Facts } from './facts.ts';
import { heldBy } from './gates.ts';
import { promotedAnnotation } from './revision.ts';
import { isIn, stepsOf, type Situation } from './situation.ts';
import { activeHash, canarySizeReached, isFullyAvailable, sizeReplicaSets } from './size-plan.ts';
import { findExperiment, hasExperimentFailed, hasExperimentPassed, isExperimentUndecided } from './step-experiment.ts';
import { answeredEntries } from './step-plugin-status.ts';
import { entryOf } from './step-plugin.ts';
import { isPauseLifted } from './stored.ts';
import { areRoutersAt, hasRouting, isExperimentLeft, isTrafficReached } from './traffic-plan.ts';
import type { AnalysisRunView, ReplicaSetView } from './world.ts';

/** Asks the world every question of the statechart, for the state that was restored. */
export function observeFacts(situation: Situation): Facts {
  return {
    specInvalid: situation.world.problems.length > 0,
    gatesOpen: heldBy(situation.world) === undefined,
    newReplicaSetScaled: situation.current?.specReplicas === situation.replicas,
    withinRollbackWindow: withinRollbackWindow(situation),
    deadlineAborts: situation.world.rollout.spec.progressDeadlineAbort === true && deadlineExceeded(situation),
    countsReached: areSizesReached(situation),
    trafficReached: isTrafficReached(situation),
    pauseElapsed: isPauseElapsed(situation),
    fullyShifted: isFullyShifted(situation),
    ...stepPluginFacts(situation),
    ...analysisFacts(situation),
    ...experimentFacts(situation),
    ...blueGreenFacts(situation),
  };
}

/** When the pause in force ends by itself, in milliseconds since the epoch; undefined when only a person ends it. */
export function pauseEndsAt(situation: Situation): number | undefined {
  if (isIn(situation, 'blueGreen.waiting')) return promotionDueAt(situation);
  const pause = stepsOf(situation)[situation.stepIndex]?.pause;
  if (pause === undefined || !isIn(situation, 'canary.step.pause', 'canary.inconclusive')) return undefined;
  const { now } = situation.world;
  const progress = pauseStepProgress(pause, situation.stored.rollout.status, now);
  return progress.kind === 'waiting' ? progress.resumeAtMs : now;
}

function promotionDueAt({ world, stored }: Situation): number | undefined {
  const seconds = world.rollout.spec.strategy?.blueGreen?.autoPromotionSeconds ?? 0;
  const pause = stored.rollout.status.pauseConditions?.find(({ reason }) => reason === 'BlueGreenPause');
  const startedAt = parseInstant(pause?.startTime ?? '');
  // The stored start is cut to whole seconds; the second is counted in, so that no pause is cut short.
  return seconds > 0 && startedAt !== undefined ? startedAt + (seconds + 1) * 1000 : undefined;
}

/** True when the pause in force is over by its time. */
export function isPauseElapsed(situation: Situation): boolean {
  const endsAt = pauseEndsAt(situation);
  return endsAt !== undefined && situation.world.now >= endsAt;
}

/**
 * The step has its sizes when nothing is left to scale. The sizes that are possible now may be those that there are,
 * for as long as pods of an older revision have to go first.
 */
function areSizesReached(situation: Situation): boolean {
  return canarySizeReached(situation) && !sizeReplicaSets(situation).scaled;
}

/** The new revision has all its pods and all the traffic: by the router, or because the pods of the others are gone. */
function isFullyShifted(situation: Situation): boolean {
  if (isIn(situation, 'promoteFull') && situation.stored.strategy === 'blueGreen') return isActiveSwitched(situation);
  if (!isFullyAvailable(situation)) return false;
  if (!hasRouting(situation)) return isDrained(situation);
  if (situation.replicas === 0) return true;
  return areRoutersAt(situation, trafficWeightMax(situation.world.rollout.spec));
}

function isActiveSwitched({ world }: Situation): boolean {
  const name = world.rollout.spec.strategy?.blueGreen?.activeService;
  return name !== undefined && world.services.get(name)?.hash === world.rollout.templateHash;
}

function analysisFacts(situation: Situation) {
  const run = (role: RunRole): AnalysisRunView | undefined => findRun(situation, role);
  const { rollout } = situation.stored;
  const isLifted = isPauseLifted(situation.stored);
  /** A person went on although the status said that the run is undecided. */
  const isAcknowledged = (role: RunRole): boolean =>
    isUndecided(run(role)) && (isLifted || recordedRun(rollout.status, role)?.status === 'Inconclusive');
  return {
    analysisFailed: runRoles.some((role) => hasFailed(run(role))),
    backgroundInconclusive: isUndecided(run('Background')) && !isAcknowledged('Background'),
    stepAnalysisPassed: hasPassed(run('Step')),
    stepAnalysisInconclusive: isUndecided(run('Step')),
    stepAnalysisAcknowledged: isAcknowledged('Step'),
    preAnalysisStarted: run('PrePromotion') !== undefined,
    preAnalysisPassed: hasPassed(run('PrePromotion')),
    preAnalysisInconclusive: isUndecided(run('PrePromotion')),
    postAnalysisPassed: hasPassed(run('PostPromotion')),
    postAnalysisInconclusive: isUndecided(run('PostPromotion')),
  };
}

/** Success counts only with evidence: a run that ended without a measurement passes no gate. */
function hasPassed(run: AnalysisRunView | undefined): boolean {
  return run?.phase === 'Successful' && run.measured;
}

function isUndecided(run: AnalysisRunView | undefined): boolean {
  return run?.phase === 'Inconclusive' || (run?.phase === 'Successful' && !run.measured);
}

function experimentFacts(situation: Situation) {
  const experiment = findExperiment(situation);
  const { controllerPause, pauseReasons } = situation.stored;
  const isUndecidedYet = isExperimentUndecided(experiment);
  return {
    experimentFailed: hasExperimentFailed(experiment),
    experimentPassed: hasExperimentPassed(experiment),
    experimentInconclusive: isUndecidedYet,
    experimentAcknowledged: isUndecidedYet && controllerPause && pauseReasons.length === 0,
    experimentLeft: isExperimentLeft(situation),
  };
}

function stepPluginFacts(situation: Situation) {
  const phase = entryOf(answeredEntries(situation), situation.stepIndex, 'Run')?.phase;
  return { stepPluginPassed: phase === 'Successful', stepPluginFailed: phase === 'Failed' };
}

function blueGreenFacts(situation: Situation) {
  return {
    previewSaturated: isPreviewComplete(situation),
    fastTrack: isFastTrack(situation),
    activeSwitched: isActiveSwitched(situation),
    activeElsewhere: activeHash(situation) !== '' && !isActiveSwitched(situation),
  };
}

/** Back to an earlier revision, near enough to the stable one for its steps and gates to be skipped. */
function withinRollbackWindow({ world, current, stable }: Situation): boolean {
  const ages = world.replicaSets.map(ageOf);
  const [from, to] = [current, stable].map((replicaSet) => (replicaSet === undefined ? undefined : ageOf(replicaSet)));
  return rollbackOf(world.rollout.spec, ages, from, to).withinWindow;
}

function ageOf({ hash, createdAt }: ReplicaSetView): RevisionAge {
  return { hash, createdAtMs: createdAt };
}

/**
 * Back to a revision that users were led to before and that still runs (it waits for its scale-down), or that lies
 * within the rollback window.
 */
function isFastTrack(situation: Situation): boolean {
  const { current, world } = situation;
  const wasPromoted = current?.annotations[promotedAnnotation] !== undefined;
  const stillRuns = current?.scaleDownAt !== undefined && current.scaleDownAt > world.now;
  return (wasPromoted && stillRuns) || withinRollbackWindow(situation);
}
