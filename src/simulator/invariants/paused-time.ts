import { listOf, numberOf, recordOf, textOf } from '../../api/json-access.ts';
import { PerRollout, type Invariant } from './invariant.ts';
import type { RolloutPicture } from './rollout-picture.ts';
import { statusChange } from './written-by.ts';

/** I25: neither a pause nor the end of an update is a failure. */
export function pausedTime(toleranceMs: number): Invariant {
  const progress = new PerRollout(() => ({ activeMs: 0, lastMs: 0, isPaused: false, place: '' }));
  return {
    id: 'I25',
    rule: 'the progress deadline is exceeded neither by a pause nor when all is done, and not too early',
    onCommit(commit, picture) {
      const state = progress.of(picture);
      if (!state.isPaused) state.activeMs += picture.nowMs - state.lastMs;
      state.lastMs = picture.nowMs;
      state.isPaused = picture.spec['paused'] === true || listOf(picture.status['pauseConditions']).length > 0;
      // An abort with nothing in progress is a no-op, so no other attempt begins by it.
      const isBack = picture.isAborted && picture.currentHash !== picture.stableHash;
      const place = `${picture.currentHash}/${picture.stepIndex}/${isBack}`;
      if (place !== state.place) Object.assign(state, { place, activeMs: 0 });
      const change = statusChange(commit);
      if (change === undefined || !change.byController) return undefined;
      const timedOut = saysTimedOut(change.after) && !saysTimedOut(change.before);
      return timedOut ? wrongTime(picture, state, toleranceMs) : undefined;
    },
  };
}

function wrongTime(
  picture: RolloutPicture,
  { isPaused, activeMs }: { readonly isPaused: boolean; readonly activeMs: number },
  toleranceMs: number,
): string | undefined {
  if (isPaused) return 'the progress deadline is exceeded during a pause';
  if (picture.isComplete) return 'the progress deadline is exceeded though nothing has to progress';
  const deadlineMs = (numberOf(picture.spec['progressDeadlineSeconds']) ?? 600) * 1000;
  return activeMs + toleranceMs < deadlineMs
    ? `the progress deadline of ${deadlineMs} ms is exceeded after ${activeMs} ms`
    : undefined;
}

function saysTimedOut(status: Readonly<Record<string, unknown>>): boolean {
  return listOf(status['conditions'])
    .map(recordOf)
    .some(({ reason }) => textOf(reason) === 'ProgressDeadlineExceeded');
}
