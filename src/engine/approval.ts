import { mayApprove, readApproval, readApprovalConfig, type ApprovalConfig } from '../api/approval-step.ts';
import type { StepPluginStatus } from '../api/rollout-status.ts';
import { formatDuration } from '../base/duration.ts';
import { parseInstant } from '../base/instant.ts';
import type { StepPluginAnswer } from './step-plugin.ts';

/**
 * How an approval step stands: it is Running until somebody approves who may, and Failed when nobody has within its
 * timeout. An approval that came in time counts, also when it is looked at later.
 */
export function judgeApproval(entry: StepPluginStatus, given: unknown, now: number): StepPluginAnswer {
  const config = readApprovalConfig(given);
  // Validation refuses such a step; nothing goes on by mistake.
  if (!config.ok) return { phase: 'Running', message: config.error };
  const approval = readApproval(entry);
  if (approval !== undefined && mayApprove(config.value, approval.by)) {
    return { phase: 'Successful', message: `approved by ${approval.by}` };
  }
  const endsAt = approvalEndsAt(entry, given);
  if (endsAt !== undefined && now >= endsAt) {
    return { phase: 'Failed', message: `nobody approved within ${formatDuration(config.value.timeoutMs ?? 0)}` };
  }
  const refused = approval === undefined ? '' : `; ${approval.by} is none of them`;
  return { phase: 'Running', message: `waits for approval by ${approversText(config.value)}${refused}` };
}

/** When an approval step fails by itself, in milliseconds since the epoch; undefined when it waits for ever. */
export function approvalEndsAt({ startedAt }: StepPluginStatus, given: unknown): number | undefined {
  const config = readApprovalConfig(given);
  const start = parseInstant(startedAt ?? '');
  const timeoutMs = config.ok ? config.value.timeoutMs : undefined;
  // The stored start is cut to whole seconds; the second is counted in, so that no wait is cut short.
  return timeoutMs === undefined || start === undefined ? undefined : start + timeoutMs + 1000;
}

function approversText({ approvers }: ApprovalConfig): string {
  return approvers.length === 0 ? 'somebody' : approvers.join(' or ');
}
