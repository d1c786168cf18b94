import type { RolloutStatus } from '../api/rollout.ts';
import { withLeftEntries } from './step-plugin.ts';
import type { RolloutView } from './world.ts';

/**
 * The status at the start of the update to the current template and steps: pauses, abort, promote-full and analyses
 * belong to the revision before and go. A template that is stable already, or that lies within the rollback window, has
 * no steps left to do.
 */
export function resetStatus(rollout: RolloutView, withinRollbackWindow: boolean): RolloutStatus {
  const { spec, status, templateHash, stepsHash } = rollout;
  const {
    abort: _abort,
    abortedAt: _abortedAt,
    pauseConditions: _pauseConditions,
    controllerPause: _controllerPause,
    promoteFull: _promoteFull,
    currentStepIndex: _currentStepIndex,
    currentStepHash: _currentStepHash,
    ...kept
  } = status;
  const stepCount = spec.strategy?.canary?.steps?.length ?? 0;
  const skipsSteps = templateHash === status.stableRS || withinRollbackWindow || (status.stableRS ?? '') === '';
  return {
    ...kept,
    currentPodHash: templateHash,
    ...(stepsHash === '' ? {} : { currentStepHash: stepsHash }),
    ...(stepCount === 0 ? {} : { currentStepIndex: skipsSteps ? stepCount : 0 }),
    ...resetCanary(status),
    ...resetBlueGreen(status),
  };
}

function resetCanary({ canary }: RolloutStatus): Pick<RolloutStatus, 'canary'> {
  if (canary === undefined) return {};
  const {
    currentStepAnalysisRunStatus: _step,
    currentBackgroundAnalysisRunStatus: _background,
    currentExperiment: _experiment,
    ...kept
  } = canary;
  return { canary: withLeftEntries(kept) };
}

function resetBlueGreen({ blueGreen }: RolloutStatus): Pick<RolloutStatus, 'blueGreen'> {
  if (blueGreen === undefined) return {};
  const {
    prePromotionAnalysisRunStatus: _pre,
    postPromotionAnalysisRunStatus: _post,
    scaleUpPreviewCheckPoint: _checkPoint,
    ...kept
  } = blueGreen;
  return { blueGreen: kept };
}
