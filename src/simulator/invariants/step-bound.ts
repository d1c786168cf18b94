import { numberOf, recordOf } from '../../api/json-access.ts';
import { PerRollout, type Invariant } from './invariant.ts';
import type { RolloutPicture } from './rollout-picture.ts';
import { weightChange } from './written-by.ts';

/** I01: the canary never gets more than the highest step that this attempt at its revision has entered. */
export function stepBound(): Invariant {
  const attempts = new PerRollout(() => ({ attempt: '', weightMax: 0 }));
  return {
    id: 'I01',
    rule: 'the canary gets at most the weight of the highest step entered, unless it is promoted fully',
    onCommit(commit, picture) {
      if (!picture.isRouted) return undefined;
      const state = attempts.of(picture);
      if (commit.kind === 'Rollout') {
        const attempt = `${picture.currentHash}/${picture.isAborted}`;
        const entered = enteredWeight(picture);
        state.weightMax = state.attempt === attempt ? Math.max(state.weightMax, entered) : entered;
        state.attempt = attempt;
        return undefined;
      }
      const change = weightChange(commit, picture);
      if (change === undefined || change.after.canary <= change.before.canary) return undefined;
      if (change.after.canary <= state.weightMax) return undefined;
      return `the canary is raised to ${change.after.canary}, but the steps entered allow ${state.weightMax}`;
    },
  };
}

/** The largest weight of the steps up to the one that the status names. */
function enteredWeight(picture: RolloutPicture): number {
  const { steps, stepIndex, weightMax, status } = picture;
  if (status['promoteFull'] === true || picture.stableHash === '' || stepIndex >= steps.length) return weightMax;
  return Math.max(0, ...steps.slice(0, stepIndex + 1).map((step) => numberOf(recordOf(step)['setWeight']) ?? 0));
}
