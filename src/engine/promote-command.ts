import { approvalStepName } from '../api/approval-step.ts';
import type { CanaryStep } from '../api/canary-step.ts';
import type { Rollout, RolloutStatus } from '../api/rollout.ts';
import { fail, succeed } from '../base/result.ts';
import type { CommandPatch, PlannedCommand } from './command.ts';
import { isFullyPromoted, isUnpausing } from './phase.ts';

/** Plans a promotion: to the next step, of everything, or past the current step. */
export function planPromotion(kind: 'promote' | 'promoteFull' | 'skipCurrentStep', rollout: Rollout): PlannedCommand {
  const { name } = rollout.metadata;
  if (rollout.status?.abort === true) {
    return fail({ code: 'Invalid', message: `the update of ${name} is aborted; retry it before it can be promoted` });
  }
  switch (kind) {
    case 'promote':
      return planPromote(rollout);
    case 'promoteFull':
      return planPromoteFull(rollout);
    case 'skipCurrentStep':
      return planSkip(rollout);
  }
}

function planPromote(rollout: Rollout): PlannedCommand {
  const { spec, status = {}, metadata } = rollout;
  if (waitsForApproval(rollout)) {
    const step = (status.currentStepIndex ?? 0) + 1;
    return fail({
      code: 'Invalid',
      message: `${metadata.name} waits at step ${step} for an approval; approve it, or skip the step`,
    });
  }
  const patches = [...statusPatch(promotedStatus(rollout)), ...unpausePatch(rollout)];
  if (patches.length > 0) return succeed({ patches, message: 'promoted' });
  if (isFullyPromoted(status)) return succeed({ patches, message: 'is promoted already' });
  if (isUnpausing(status)) return succeed({ patches, message: 'was promoted already and is about to go on' });
  const nothing = spec.strategy?.canary === undefined ? 'waits for no promotion' : 'has no step left to promote';
  return succeed({ patches, message: nothing });
}

/** A promotion is no approval: others may promote than approve. */
function waitsForApproval(rollout: Rollout): boolean {
  const { status = {} } = rollout;
  const isLeft = (status.pauseConditions ?? []).length > 0 || isFullyPromoted(status) || isUnpausing(status);
  return currentStep(rollout)?.plugin?.name === approvalStepName && !isLeft;
}

function currentStep({ spec, status }: Rollout): CanaryStep | undefined {
  return spec.strategy?.canary?.steps?.[status?.currentStepIndex ?? 0];
}

/** A pause is lifted, or else the step in work is left; never both. */
function promotedStatus(rollout: Rollout): object | undefined {
  const { spec, status = {} } = rollout;
  if ((status.pauseConditions ?? []).length > 0) {
    // An undecided step analysis would be entered again if the controller took this for the end of its own pause.
    return isInconclusive(rollout) && status.controllerPause === true
      ? { pauseConditions: null, controllerPause: false }
      : { pauseConditions: null };
  }
  // The resume that was given before is not carried out yet: it must not cost the next step too.
  if (isUnpausing(status) || isFullyPromoted(status) || spec.strategy?.canary === undefined) return undefined;
  const next = nextStepIndex(rollout);
  return next === undefined ? undefined : { pauseConditions: null, currentStepIndex: next };
}

function isInconclusive({ spec, status }: Rollout): boolean {
  return spec.strategy?.canary !== undefined && status?.canary?.currentStepAnalysisRunStatus?.status === 'Inconclusive';
}

function planPromoteFull(rollout: Rollout): PlannedCommand {
  const { status = {} } = rollout;
  const full = isFullyPromoted(status) || status.promoteFull === true ? undefined : { promoteFull: true };
  const patches = [...statusPatch(full), ...unpausePatch(rollout)];
  if (patches.length > 0) return succeed({ patches, message: 'fully promoted' });
  return succeed({ patches, message: 'is fully promoted already' });
}

function planSkip(rollout: Rollout): PlannedCommand {
  const { name } = rollout.metadata;
  const { blueGreen, canary } = rollout.spec.strategy ?? {};
  if (blueGreen !== undefined) {
    return fail({ code: 'Invalid', message: `${name} is blue/green and has no steps to skip; promote it instead` });
  }
  if ((canary?.steps ?? []).length === 0) {
    return fail({ code: 'Invalid', message: `${name} has no steps to skip; promote it instead` });
  }
  const next = nextStepIndex(rollout);
  const patches = statusPatch(next === undefined ? undefined : { currentStepIndex: next });
  return succeed({ patches, message: next === undefined ? 'has no step left to skip' : 'skipped its current step' });
}

/** The step after the current one, up to the number of steps; undefined when none is left. */
function nextStepIndex({ spec, status }: Rollout): number | undefined {
  const count = spec.strategy?.canary?.steps?.length ?? 0;
  const index = status?.currentStepIndex ?? 0;
  return index < count ? index + 1 : undefined;
}

function statusPatch(status: { readonly [Field in keyof RolloutStatus]?: unknown } | undefined): CommandPatch[] {
  return status === undefined ? [] : [{ on: 'rollout', subresource: 'status', body: { status } }];
}

function unpausePatch({ spec }: Rollout): CommandPatch[] {
  return spec.paused === true ? [{ on: 'rollout', body: { spec: { paused: false } } }] : [];
}
