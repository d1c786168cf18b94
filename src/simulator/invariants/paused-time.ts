import { listOf, numberOf, recordOf, textOf } from '../../api/json-access.ts';
import { PerRollout, type Invariant } from './invariant.ts';
import { statusChange } from './written-by.ts';

/** I25: a pause is no failure. */
export function pausedTime(toleranceMs: number): Invariant {
  const progress = new PerRollout(() => ({ activeMs: 0, lastMs: 0, isPaused: false, place: '' }));
  return {
    id: 'I25',
    rule: 'paused time does not count to the progress deadline, and a pause never turns into Degraded by itself',
    onCommit(commit, picture) {
      const state = progress.of(picture);
      if (!state.isPaused) state.activeMs += picture.nowMs - state.lastMs;
      state.lastMs = picture.nowMs;
      state.isPaused = picture.spec['paused'] === true || listOf(picture.status['pauseConditions']).length > 0;
      const place = `${picture.currentHash}/${picture.stepIndex}/${picture.isAborted}`;
      if (place !== state.place) Object.assign(state, { place, activeMs: 0 });
      const change = statusChange(commit);
      if (change === undefined || !change.byController) return undefined;
      const timedOut = saysTimedOut(change.after) && !saysTimedOut(change.before);
      if (!timedOut) return undefined;
      if (state.isPaused) return 'the progress deadline is exceeded during a pause';
      const deadlineMs = (numberOf(picture.spec['progressDeadlineSeconds']) ?? 600) * 1000;
      const isEarly = state.activeMs + toleranceMs < deadlineMs;
      return isEarly ? `the progress deadline of ${deadlineMs} ms is exceeded after ${state.activeMs} ms` : undefined;
    },
  };
}

function saysTimedOut(status: Readonly<Record<string, unknown>>): boolean {
  return listOf(status['conditions'])
    .map(recordOf)
    .some(({ reason }) => textOf(reason) === 'ProgressDeadlineExceeded');
}
