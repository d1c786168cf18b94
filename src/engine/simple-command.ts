import type { Rollout } from '../api/rollout.ts';
import { parseInstant } from '../base/instant.ts';
import { fail, succeed } from '../base/result.ts';
import type { CommandPatch, PlannedCommand } from './command.ts';
import { isFullyPromoted } from './phase.ts';

/** Plans an abort. */
export function planAbort({ status = {} }: Rollout): PlannedCommand {
  if (status.abort === true) return nothing('is aborted already');
  // A revision that is stable has nothing to go back from.
  if (isFullyPromoted(status)) return nothing('has no update in progress to abort');
  return plan('aborted', statusPatch({ abort: true }));
}

/** Plans another attempt at an aborted update. */
export function planRetry({ status = {} }: Rollout): PlannedCommand {
  if (status.abort !== true) return nothing('is not aborted, so there is nothing to retry');
  return plan('is tried again', statusPatch({ abort: false }));
}

/** Plans a pause by a person. */
export function planPause({ spec }: Rollout): PlannedCommand {
  return spec.paused === true ? nothing('is paused already') : plan('paused', specPatch({ paused: true }));
}

/** Plans the end of every pause that is there now; unlike a promotion it never leaves a step. */
export function planResume({ spec, status = {} }: Rollout): PlannedCommand {
  const patches = [
    ...((status.pauseConditions ?? []).length > 0 ? [statusPatch({ pauseConditions: null })] : []),
    ...(spec.paused === true ? [specPatch({ paused: false })] : []),
  ];
  return patches.length === 0 ? nothing('is not paused') : plan('resumed', ...patches);
}

/** Plans the replacement of all pods that are older than an instant. */
export function planRestart({ spec }: Rollout, at: string): PlannedCommand {
  const instantMs = parseInstant(at);
  if (instantMs === undefined) {
    return fail({
      code: 'BadRequest',
      message: `at: ${JSON.stringify(at)} is no time; write RFC 3339 such as "2026-11-25T20:52:44Z"`,
    });
  }
  const asked = spec.restartAt === undefined ? undefined : parseInstant(spec.restartAt);
  return asked === instantMs
    ? nothing(`restarts at ${at} already`)
    : plan(`restarts its pods at ${at}`, specPatch({ restartAt: at }));
}

function statusPatch(status: object): CommandPatch {
  return { on: 'rollout', subresource: 'status', body: { status } };
}

function specPatch(spec: object): CommandPatch {
  return { on: 'rollout', body: { spec } };
}

function plan(message: string, ...patches: readonly CommandPatch[]): PlannedCommand {
  return succeed({ patches, message });
}

function nothing(message: string): PlannedCommand {
  return succeed({ patches: [], message });
}
