import { parseInstant } from '../base/instant.ts';
import { getCondition } from './condition.ts';
import { progressDeadlineSeconds } from './rollout-defaults.ts';
import type { RolloutStatus } from './rollout-status.ts';
import type { RolloutSpec } from './rollout.ts';

/** While the Progressing condition has one of these reasons, time does not count. */
const reasonsOutsideTime: readonly string[] = ['RolloutPaused', 'RolloutAborted'];

/** Where the progress deadline stands: it does not count now, it ends at an instant, or it has passed. */
export type ProgressDeadline =
  | { readonly kind: 'suspended' }
  | { readonly kind: 'running'; readonly endsAtMs: number }
  | { readonly kind: 'exceeded' };

/**
 * Compares the last progress (lastUpdateTime of the Progressing condition) with progressDeadlineSeconds. The stored
 * time is cut to whole seconds; the end counts that second in, so that the deadline never fires early.
 */
export function progressDeadline(
  spec: Pick<RolloutSpec, 'progressDeadlineSeconds'>,
  status: Pick<RolloutStatus, 'conditions'>,
  nowMs: number,
): ProgressDeadline {
  const progressing = getCondition(status.conditions, 'Progressing');
  if (progressing === undefined || reasonsOutsideTime.includes(progressing.reason)) return { kind: 'suspended' };
  if (progressing.reason === 'ProgressDeadlineExceeded') return { kind: 'exceeded' };
  const updatedMs = parseInstant(progressing.lastUpdateTime);
  if (updatedMs === undefined) return { kind: 'suspended' };
  const endsAtMs = updatedMs + (progressDeadlineSeconds(spec) + 1) * 1000;
  return nowMs >= endsAtMs ? { kind: 'exceeded' } : { kind: 'running', endsAtMs };
}
