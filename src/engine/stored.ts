import type { BlueGreenStrategy } from '../api/blue-green-strategy.ts';
import { canaryStepKind } from '../api/canary-step-kind.ts';
import type { CanaryStepKind } from '../api/canary-step.ts';
import { getCondition } from '../api/condition.ts';
import type { RolloutStatus } from '../api/rollout.ts';
import { withLeftEntries } from './step-plugin.ts';
import type { RolloutView } from './world.ts';

/**
 * What the specification and the standard status say, and nothing else: the statechart's state is restored from this
 * alone, so a fresh process, another version or another controller's status all lead to the same state.
 */
export interface Stored {
  readonly rollout: RolloutView;
  /** `none` when not exactly one strategy is given; such a specification is invalid. */
  readonly strategy: 'canary' | 'blueGreen' | 'none';
  readonly deleting: boolean;
  /** The InvalidSpec condition is True. */
  readonly invalid: boolean;
  /** The pod template or the steps are not those the status is about. */
  readonly superseded: boolean;
  readonly hasStable: boolean;
  readonly aborted: boolean;
  readonly currentIsStable: boolean;
  readonly promoteFull: boolean;
  /** Kinds of the canary steps; empty for blue/green. */
  readonly stepKinds: readonly CanaryStepKind[];
  /** 0..stepKinds.length; the length when the status names none. */
  readonly stepIndex: number;
  /** Reasons of the pause conditions. */
  readonly pauseReasons: readonly string[];
  readonly controllerPause: boolean;
  readonly specPaused: boolean;
  readonly blueGreen: {
    readonly activeIsCurrent: boolean;
    readonly hasActive: boolean;
    /** The gates before the switch are passed: a small preview may grow now, and users follow. */
    readonly checkPointPassed: boolean;
    /** A run before promotion is configured and not yet recorded as successful. */
    readonly preAnalysisOpen: boolean;
    /** The status names the run before promotion. */
    readonly preAnalysisRecorded: boolean;
    readonly postAnalysisConfigured: boolean;
    /** autoPromotionEnabled is false, or autoPromotionSeconds is set. */
    readonly pauseConfigured: boolean;
  };
}

/** Reads the stored facts of a Rollout. Total: every status leads somewhere. */
export function readStored(view: RolloutView): Stored {
  return readAttempt(isRetried(view.status) ? { ...view, status: withoutRuns(view.status) } : view);
}

function readAttempt(rollout: RolloutView): Stored {
  const { spec, status, templateHash, stepsHash } = rollout;
  const { currentPodHash: current = '', currentStepHash = '', stableRS: stable = '', pauseConditions = [] } = status;
  // A step without any known field (validation refuses it) pauses: nothing goes on by mistake.
  const stepKinds = (spec.strategy?.canary?.steps ?? []).map((step) => canaryStepKind(step) ?? 'pause');
  return {
    rollout,
    strategy: strategyOf(rollout),
    deleting: rollout.deleting,
    invalid: getCondition(status.conditions, 'InvalidSpec')?.status === 'True',
    superseded: current !== templateHash || currentStepHash !== stepsHash,
    hasStable: stable !== '',
    aborted: isAborted(status),
    currentIsStable: current !== '' && current === stable,
    promoteFull: status.promoteFull === true,
    stepKinds,
    stepIndex: stepIndexOf(status.currentStepIndex, stepKinds.length),
    pauseReasons: pauseConditions.map(({ reason }) => reason),
    controllerPause: status.controllerPause === true,
    specPaused: spec.paused === true,
    blueGreen: readBlueGreen(rollout),
  };
}

/** A pause of the controller's was lifted by a person. */
export function isPauseLifted({ controllerPause, pauseReasons }: Stored): boolean {
  return controllerPause && pauseReasons.length === 0;
}

/** Blue/green: a person or an analysis still has to let the revision pass. */
export function isGated(stored: Stored): boolean {
  const { pauseConfigured, preAnalysisOpen } = stored.blueGreen;
  return (pauseConfigured || preAnalysisOpen) && !isPauseLifted(stored);
}

/**
 * Whether the update is aborted. A full promotion that was asked for after the abort overrules it: an abort that was
 * taken in has a time, and has put an end to what was asked before it. Of both together the abort counts.
 */
function isAborted({ abort, promoteFull, abortedAt = '' }: RolloutStatus): boolean {
  const isOverruled = promoteFull === true && abortedAt !== '';
  return abort === true && !isOverruled;
}

/** True between the wish to try an aborted update again and the first pass that knows of it. */
export function isRetried({ abort, duration }: RolloutStatus): boolean {
  return abort !== true && duration?.completionStatus === 'Aborted';
}

/** What the runs of the aborted attempt have shown does not count for the next one. */
function withoutRuns(status: RolloutStatus): RolloutStatus {
  const {
    prePromotionAnalysisRunStatus: _pre,
    postPromotionAnalysisRunStatus: _post,
    ...blueGreen
  } = status.blueGreen ?? {};
  const {
    currentStepAnalysisRunStatus: _step,
    currentBackgroundAnalysisRunStatus: _background,
    currentExperiment: _experiment,
    ...canary
  } = status.canary ?? {};
  return {
    ...status,
    ...(status.blueGreen === undefined ? {} : { blueGreen }),
    ...(status.canary === undefined ? {} : { canary: withLeftEntries(canary) }),
  };
}

/** A status without a step has none left. */
function stepIndexOf(index: number | undefined, stepCount: number): number {
  return Math.min(Math.max(index ?? stepCount, 0), stepCount);
}

function strategyOf({ spec }: RolloutView): Stored['strategy'] {
  const canary = spec.strategy?.canary !== undefined;
  const blueGreen = spec.strategy?.blueGreen !== undefined;
  if (canary === blueGreen) return 'none';
  return canary ? 'canary' : 'blueGreen';
}

function readBlueGreen({ spec, status }: RolloutView): Stored['blueGreen'] {
  const strategy = spec.strategy?.blueGreen ?? { activeService: '' };
  const {
    activeSelector = '',
    scaleUpPreviewCheckPoint,
    prePromotionAnalysisRunStatus: preRun,
  } = status.blueGreen ?? {};
  return {
    activeIsCurrent: activeSelector !== '' && activeSelector === status.currentPodHash,
    hasActive: activeSelector !== '',
    checkPointPassed: scaleUpPreviewCheckPoint === true,
    preAnalysisOpen: strategy.prePromotionAnalysis !== undefined && preRun?.status !== 'Successful',
    preAnalysisRecorded: preRun !== undefined,
    postAnalysisConfigured: strategy.postPromotionAnalysis !== undefined,
    pauseConfigured: pausesBeforePromotion(strategy),
  };
}

function pausesBeforePromotion({ autoPromotionEnabled, autoPromotionSeconds = 0 }: BlueGreenStrategy): boolean {
  return autoPromotionEnabled === false || autoPromotionSeconds > 0;
}
