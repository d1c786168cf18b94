import { parseDuration } from '../base/duration.ts';
import { fail, succeed, type Result } from '../base/result.ts';
import { listOf, optionalRecord, recordOf, textOf } from './json-access.ts';
import type { StepPluginStatus } from './rollout-status.ts';

/** Name of the plug-in step that waits until a person approves. It is built in, and nothing is called for it. */
export const approvalStepName = 'sluice.dev/approval';

/** How a step is approved. */
export interface ApprovalConfig {
  /** Who may approve; empty: everybody who may give commands. */
  readonly approvers: readonly string[];
  /** Without an approval within this time, in milliseconds, the step fails; undefined: it waits for ever. */
  readonly timeoutMs: number | undefined;
}

/** Who approved, when (RFC 3339), and why. */
export interface Approval {
  readonly by: string;
  readonly at: string;
  readonly reason?: string;
}

/** Approvers that a step can name. */
const approversMax = 100;

/** Reads the configuration of an approval step, or says which field is wrong and what would be right. */
export function readApprovalConfig(config: unknown): Result<ApprovalConfig, string> {
  if (config !== undefined && optionalRecord(config) === undefined) {
    return fail('config must be an object such as {approvers: [ann], timeout: 1h}');
  }
  const { approvers, timeout, ...unknown } = recordOf(config);
  const [other] = Object.keys(unknown);
  if (other !== undefined) return fail(`config.${other} is not known; there are approvers and timeout`);
  const names = readApprovers(approvers);
  if (!names.ok) return names;
  const timeoutMs = readTimeout(timeout);
  return timeoutMs.ok ? succeed({ approvers: names.value, timeoutMs: timeoutMs.value }) : timeoutMs;
}

function readApprovers(value: unknown): Result<readonly string[], string> {
  const names = listOf(value).map(textOf);
  const isList = value === undefined || (Array.isArray(value) && names.every((name) => name !== ''));
  return isList && names.length <= approversMax
    ? succeed(names)
    : fail(`config.approvers must be a list of at most ${approversMax} names`);
}

function readTimeout(value: unknown): Result<number | undefined, string> {
  if (value === undefined) return succeed(undefined);
  const timeoutMs = parseDuration(textOf(value));
  if (!timeoutMs.ok) return fail(`config.timeout: ${timeoutMs.error}`);
  return timeoutMs.value > 0 ? timeoutMs : fail('config.timeout must be more than 0');
}

/** The approval that the status of a step holds; undefined before there is one. */
export function readApproval({ status }: StepPluginStatus): Approval | undefined {
  const { by, at, reason } = recordOf(recordOf(status)['approval']);
  if (textOf(by) === '') return undefined;
  return { by: textOf(by), at: textOf(at), ...(textOf(reason) === '' ? {} : { reason: textOf(reason) }) };
}

/** True when the approval of this person counts. */
export function mayApprove({ approvers }: ApprovalConfig, person: string): boolean {
  return approvers.length === 0 || approvers.includes(person);
}
