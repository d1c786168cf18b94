import { absoluteMargin, intervalMargin } from './absolute-margin.ts';
import type { BadEventKind, JudgeSettings } from './judge-settings.ts';
import { logMeanExp } from './log-sum-exp.ts';
import { ratioBelow } from './ratio-e.ts';
import type { Increment, SequentialTest } from './sequential-test.ts';

/** A test for promotion, which may be told whether errors are independent. */
export interface PromoteTestOfKind extends SequentialTest {
  update(state: readonly number[], increment: Increment, isIndependent?: boolean): readonly number[];
}

/** The promote test of one kind, or undefined when it has no part in promotion. */
export function promoteTestOf(settings: JudgeSettings, kind: BadEventKind): PromoteTestOfKind | undefined {
  if (kind.acceptableRatio === undefined) return undefined;
  switch (settings.promoteTest) {
    case 'requests':
      return absoluteMargin(kind.acceptableRatio);
    case 'intervals':
      return intervalMargin(kind.acceptableRatio);
    case 'relative':
      return eitherMargin(absoluteMargin(kind.acceptableRatio), ratioBelow(settings.ratio));
    default:
      return settings.promoteTest satisfies never;
  }
}

/**
 * Half of the capital on an absolute margin, half on a margin relative to stable. Null hypothesis: the canary is beyond
 * both. Under it each half is fair, and so is the mean. The relative half bets only where errors are independent. The
 * state is that of the first, as many numbers as it has, followed by that of the second.
 */
function eitherMargin(absolute: SequentialTest, relative: SequentialTest): PromoteTestOfKind {
  const length = absolute.initial.length;
  return {
    initial: [...absolute.initial, ...relative.initial],
    update(state, increment, isIndependent = false) {
      const rest = state.slice(length);
      return [
        ...absolute.update(state.slice(0, length), increment),
        ...(isIndependent ? relative.update(rest, increment) : rest),
      ];
    },
    evidence: (state) =>
      logMeanExp([absolute.evidence(state.slice(0, length)), relative.evidence(state.slice(length))]),
  };
}
