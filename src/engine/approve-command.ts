import { approvalStepName, mayApprove, readApproval, readApprovalConfig, type Approval } from '../api/approval-step.ts';
import { canaryStepText } from '../api/canary-step-kind.ts';
import type { CanaryStep } from '../api/canary-step.ts';
import type { StepPluginStatus } from '../api/rollout-status.ts';
import type { Rollout } from '../api/rollout.ts';
import { fail, succeed } from '../base/result.ts';
import type { Command, CommandPatch, CommandRefusal, PlannedCommand } from './command.ts';
import { isFullyPromoted } from './phase.ts';
import { entryOf, isOpen } from './step-plugin.ts';

type Approve = Extract<Command, { kind: 'approve' }>;

/** Plans an approval: the patch notes who gave it at the step that waits for it. */
export function planApproval(command: Approve, rollout: Rollout): PlannedCommand {
  const { name } = rollout.metadata;
  const { currentStepIndex: index = 0, canary } = rollout.status ?? {};
  const entries = canary?.stepPluginStatuses ?? [];
  const refusal = checkUpdate(rollout) ?? checkStep(command, rollout, index) ?? checkPerson(command, rollout, index);
  if (refusal !== undefined) return fail(refusal);
  const entry = entryOf(entries, index, 'Run');
  if (entry === undefined) {
    const message = `step ${index + 1} of ${name} does not wait for an approval yet; look again and repeat it`;
    return fail({ code: 'StaleCommand', message });
  }
  if (isApproved(entry, command)) return succeed({ patches: [], message: 'is approved already' });
  const approved = entries.map((one) => (one === entry ? withApproval(entry, command) : one));
  const body = { status: { canary: { stepPluginStatuses: approved } } };
  const patches: readonly CommandPatch[] = [{ on: 'rollout', subresource: 'status', body }];
  return succeed({ patches, message: `step ${index + 1}/${stepsOf(rollout).length} approved by ${command.by}` });
}

function isApproved(entry: StepPluginStatus, { by }: Approve): boolean {
  return !isOpen(entry) || readApproval(entry)?.by === by;
}

function stepsOf({ spec }: Rollout): readonly CanaryStep[] {
  return spec.strategy?.canary?.steps ?? [];
}

/** Why nothing of this update can be approved. */
function checkUpdate({ metadata: { name }, status = {} }: Rollout): CommandRefusal | undefined {
  if (status.abort === true) {
    return { code: 'Invalid', message: `the update of ${name} is aborted; there is nothing to approve` };
  }
  return isFullyPromoted(status) ? { code: 'Invalid', message: `${name} has no step left to approve` } : undefined;
}

/** Why this step cannot be approved. */
function checkStep({ step }: Approve, rollout: Rollout, index: number): CommandRefusal | undefined {
  const { name } = rollout.metadata;
  const current = stepsOf(rollout)[index];
  if (step !== undefined && step !== index) {
    return {
      code: 'StaleCommand',
      message: `${name} stands at step ${index + 1}, and the approval is for ${step + 1}`,
    };
  }
  if (current?.plugin?.name === approvalStepName) return undefined;
  const what = current === undefined ? 'behind its last step' : `at step ${index + 1} (${canaryStepText(current)})`;
  return { code: 'Invalid', message: `${name} stands ${what}, which needs no approval` };
}

function checkPerson({ by }: Approve, rollout: Rollout, index: number): CommandRefusal | undefined {
  const config = readApprovalConfig(stepsOf(rollout)[index]?.plugin?.config);
  if (!config.ok) return { code: 'Invalid', message: `step ${index + 1} of ${rollout.metadata.name}: ${config.error}` };
  if (mayApprove(config.value, by)) return undefined;
  const { approvers } = config.value;
  return { code: 'Forbidden', message: `${by} may not approve step ${index + 1}; ${approvers.join(' or ')} may` };
}

function withApproval(entry: StepPluginStatus, { by, at, reason }: Approve): StepPluginStatus {
  const approval: Approval = { by, at, ...(reason === undefined ? {} : { reason }) };
  return { ...entry, status: { approval: { ...approval } } };
}
