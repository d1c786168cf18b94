import { parseInstant } from '../base/instant.ts';
import type { PauseStep } from './canary-step.ts';
import { pauseDuration } from './pause-duration.ts';
import type { RolloutStatus } from './rollout-status.ts';

/**
 * How far a pause step is: not begun, waiting (until resumeAtMs, or without it until somebody resumes), or completed
 * because its time is over or because somebody resumed.
 */
export type PauseStepProgress =
  | { readonly kind: 'entering' }
  | { readonly kind: 'waiting'; readonly resumeAtMs: number | undefined }
  | { readonly kind: 'completed'; readonly by: 'time' | 'user' };

/**
 * Reads the progress of the current pause step from the status. Removing the pause condition while controllerPause is
 * set is how a client resumes. The stored start is cut to whole seconds, so the pause may have begun almost a second
 * later than stored; the end counts that second in, because a pause must never be shorter than asked.
 */
export function pauseStepProgress(
  pause: PauseStep,
  status: Pick<RolloutStatus, 'controllerPause' | 'pauseConditions'>,
  nowMs: number,
): PauseStepProgress {
  const condition = status.pauseConditions?.find(({ reason }) => reason === 'CanaryPauseStep');
  if (condition === undefined) {
    return status.controllerPause === true ? { kind: 'completed', by: 'user' } : { kind: 'entering' };
  }
  const duration = pauseDuration(pause);
  const startMs = parseInstant(condition.startTime);
  // A duration or start that cannot be read must not end the pause by itself.
  if (duration.kind !== 'seconds' || startMs === undefined) return { kind: 'waiting', resumeAtMs: undefined };
  const resumeAtMs = startMs + (duration.seconds + 1) * 1000;
  return nowMs >= resumeAtMs ? { kind: 'completed', by: 'time' } : { kind: 'waiting', resumeAtMs };
}
