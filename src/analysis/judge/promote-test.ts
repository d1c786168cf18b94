import { absoluteMargin, intervalMargin } from './absolute-margin.ts';
import type { BadEventKind, JudgeSettings } from './judge-settings.ts';
import { logMeanExp } from './log-sum-exp.ts';
import { ratioBelow } from './ratio-e.ts';
import type { Increment, SequentialTest } from './sequential-test.ts';

/**
 * A test for promotion, which may be told whether errors are independent, and how large the clumps are in which they
 * come: requests then count as so many fewer.
 */
export interface PromoteTestOfKind extends SequentialTest {
  update(state: readonly number[], increment: Increment, isIndependent?: boolean): readonly number[];
  evidence(state: readonly number[], clump?: number): number;
}

/**
 * Looks that a promotion takes at least, unless it is known that errors are independent: the first clump of a canary's
 * errors is a matter of looks, however many requests each of them holds.
 */
export const promoteLooksMin = 8;

/** The promote test of one kind, or undefined when it has no part in promotion. */
export function promoteTestOf(settings: JudgeSettings, kind: BadEventKind): PromoteTestOfKind | undefined {
  if (kind.acceptableRatio === undefined) return undefined;
  switch (settings.promoteTest) {
    case 'requests':
      return clumpedMargin(absoluteMargin(kind.acceptableRatio));
    case 'intervals':
      return intervalMargin(kind.acceptableRatio);
    case 'relative':
      return eitherMargin(clumpedMargin(absoluteMargin(kind.acceptableRatio)), ratioBelow(settings.ratio));
    default:
      return settings.promoteTest satisfies never;
  }
}

/**
 * Half of the capital on an absolute margin, half on a margin relative to stable. Null hypothesis: the canary is beyond
 * both. Under it each half is fair, and so is the mean. The relative half bets only where errors are independent. The
 * state is that of the first, as many numbers as it has, followed by that of the second.
 */
function eitherMargin(absolute: PromoteTestOfKind, relative: SequentialTest): PromoteTestOfKind {
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
    evidence: (state, clump) =>
      logMeanExp([absolute.evidence(state.slice(0, length), clump), relative.evidence(state.slice(length))]),
  };
}

/**
 * The absolute margin for errors in clumps of size B: its state are counts, and all of them are divided by B. Valid for
 * the reason of `clumpRatio`: with m bad requests in a clump the factor (g/a)^(m/B) is convex in m, so that its mean is
 * largest when every clump has size 0 or B, and of these there are 1/B as many.
 */
function clumpedMargin(margin: SequentialTest): PromoteTestOfKind {
  return { ...margin, evidence: (state, clump = 1) => margin.evidence(state.map((count) => count / clump)) };
}
