import { approvalStepName } from '../api/approval-step.ts';
import type { PauseCondition, PauseReason } from '../api/rollout-status.ts';
import type { RolloutStatus } from '../api/rollout.ts';
import { formatInstant } from '../base/instant.ts';
import { omitEmpty } from './compact.ts';
import { nextDuration } from './duration.ts';
import { isPauseElapsed } from './observe-facts.ts';
import { begins, isAbort, isPromotion, isRetry, type Pass } from './pass.ts';
import { podCounts } from './pod-counts.ts';
import { dueRestart } from './restart-plan.ts';
import { isIn, stepsOf, type Situation } from './situation.ts';
import { isFullyAvailable } from './size-plan.ts';
import { findExperiment, isExperimentUndecided } from './step-experiment.ts';
import { isPauseLifted } from './stored.ts';
import { blueGreenStatus, canaryStatus } from './strategy-status.ts';

/** A status of which some fields are to go. */
type NextStatus = { readonly [Field in keyof RolloutStatus]?: RolloutStatus[Field] | undefined };

/** These are pointers in the published types, so a zero is written. */
const pointers: ReadonlySet<string> = new Set(['currentStepIndex', 'collisionCount']);

/**
 * The complete next status, without conditions, phase and message. What no part of this speaks of is kept as it was
 * stored, also fields that are not known here. Counts of zero are left out, as clients are used to.
 */
export function nextStatus(pass: Pass): RolloutStatus {
  const { settled } = pass;
  const { status } = settled.stored.rollout;
  const { generation, workload } = settled.world.rollout;
  if (isIn(settled, 'deleting')) return status;
  if (isIn(settled, 'invalid')) return { ...status, observedGeneration: String(generation) };
  // The update could not begin: everything but the pods is still about the revision before.
  if (isIn(settled, 'superseding')) return omitEmpty<RolloutStatus>({ ...status, ...podCounts(settled) }, pointers);
  return omitEmpty<RolloutStatus>(
    {
      ...status,
      observedGeneration: String(generation),
      workloadObservedGeneration: workload === undefined ? undefined : String(workload.generation),
      ...podCounts(settled),
      ...placeOf(settled),
      ...pausesOf(settled),
      ...abortOf(settled),
      restartedAt: restartedAt(settled),
      canary: canaryStatus(settled, isPromotion(pass)),
      blueGreen: blueGreenStatus(settled),
      duration: durationOf(pass),
    },
    pointers,
  );
}

/** Which revision it is, how far it has come, and which one is stable. An abort sets the steps back to the first. */
function placeOf(situation: Situation): NextStatus {
  const { templateHash, stepsHash, status } = situation.stored.rollout;
  const steps = stepsOf(situation);
  const settled = isIn(situation, 'settled');
  const index = isIn(situation, 'aborted') ? 0 : situation.stepIndex;
  return {
    currentPodHash: templateHash,
    currentStepHash: stepsHash,
    currentStepIndex: steps.length === 0 ? undefined : settled ? steps.length : index,
    promoteFull: isIn(situation, 'settled', 'aborted') ? undefined : status.promoteFull,
    ...(settled ? { stableRS: templateHash } : {}),
  };
}

function pausesOf(situation: Situation): NextStatus {
  const { status } = situation.stored.rollout;
  const reason = pauseReason(situation);
  if (reason === undefined) {
    const remembers = remembersPromotion(situation) || remembersResume(situation);
    return { pauseConditions: undefined, controllerPause: remembers };
  }
  // An inconclusive analysis adds to the pause that is there until that is over; every other pause stands alone.
  const isKept = (pause: PauseCondition): boolean =>
    pause.reason === reason ||
    (reason === 'InconclusiveAnalysisRun' && !(pause.reason === 'CanaryPauseStep' && isPauseElapsed(situation)));
  const kept = (status.pauseConditions ?? []).filter(isKept);
  const pause: PauseCondition = { reason, startTime: formatInstant(situation.world.now) };
  const pauseConditions = kept.some((present) => present.reason === reason) ? kept : [...kept, pause];
  return { pauseConditions, controllerPause: true };
}

function pauseReason(situation: Situation): PauseReason | undefined {
  if (isIn(situation, 'canary.inconclusive')) return inconclusiveReason(situation);
  if (isIn(situation, 'blueGreen.inconclusive')) return 'InconclusiveAnalysisRun';
  if (isIn(situation, 'canary.step.pause.waiting')) return 'CanaryPauseStep';
  return isIn(situation, 'blueGreen.waiting') ? 'BlueGreenPause' : undefined;
}

function inconclusiveReason(situation: Situation): PauseReason {
  const byExperiment = situation.stored.pauseReasons.includes('InconclusiveExperiment');
  return byExperiment || isExperimentUndecided(findExperiment(situation))
    ? 'InconclusiveExperiment'
    : 'InconclusiveAnalysisRun';
}

/**
 * Blue/green remembers by controllerPause alone that its gates are passed: nothing else in the API says so. That the
 * active Service leads to no revision opens no gate.
 */
function remembersPromotion(situation: Situation): boolean {
  const { pauseConfigured, preAnalysisOpen, hasActive } = situation.stored.blueGreen;
  const isPassed = hasActive || isPauseLifted(situation.stored);
  return isIn(situation, 'blueGreen.cutOver') && isPassed && (pauseConfigured || preAnalysisOpen);
}

/** A resume that a gate still holds back must not be forgotten: it belongs to the step it was given at. */
function remembersResume(situation: Situation): boolean {
  const { stored, stepIndex } = situation;
  const atStep =
    stepIndex === stored.stepIndex &&
    isIn(situation, 'canary.step.pause.resumed', 'canary.step.analysis', 'canary.step.experiment');
  return atStep && stored.controllerPause;
}

function abortOf(situation: Situation): NextStatus {
  if (!isIn(situation, 'aborted')) return { abort: undefined, abortedAt: undefined };
  const { abortedAt } = situation.stored.rollout.status;
  return { abort: true, abortedAt: abortedAt ?? formatInstant(situation.world.now) };
}

function restartedAt(situation: Situation): string | undefined {
  const restart = dueRestart(situation);
  const done = restart?.remaining.length === 0 ? restart.text : undefined;
  return done ?? situation.stored.rollout.status.restartedAt;
}

function durationOf(pass: Pass): RolloutStatus['duration'] {
  const { restored, settled } = pass;
  const stored = restored.stored.rollout.status.duration;
  return nextDuration(
    stored,
    {
      begins: begins(pass) || isRetry(pass),
      revertsToStable: begins(pass) && isIn(settled, 'settled'),
      promoted: isIn(settled, 'settled'),
      fast: restored.stored.promoteFull,
      available: isFullyAvailable(settled),
      aborted: isAbort(pass),
      heldByPerson: isHeldByPerson(settled),
    },
    settled.world.now,
  );
}

/** True while only a person can let the update go on. */
export function isHeldByPerson(situation: Situation): boolean {
  if (!isIn(situation, 'canary', 'blueGreen')) return false;
  if (situation.stored.specPaused || isIn(situation, 'canary.inconclusive', 'blueGreen.inconclusive')) return true;
  if (isIn(situation, 'canary.step.pause.waiting', 'canary.step.plugin')) return isPersonsStep(situation);
  const { autoPromotionSeconds = 0 } = situation.world.rollout.spec.strategy?.blueGreen ?? {};
  return isIn(situation, 'blueGreen.waiting') && autoPromotionSeconds <= 0;
}

/** A pause without an end, or an approval. */
function isPersonsStep(situation: Situation): boolean {
  const { pause, plugin } = stepsOf(situation)[situation.stepIndex] ?? {};
  return plugin === undefined ? pause?.duration === undefined : plugin.name === approvalStepName;
}
