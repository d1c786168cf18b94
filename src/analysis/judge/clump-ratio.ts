import { ratioE } from './ratio-e.ts';
import type { SequentialTest } from './sequential-test.ts';

/** Log that a single look can add at the most while clumps are possible. */
const gainMax = 3;

/**
 * The ratio test for errors in clumps of at most `clumpMax` (1 or more): every error counts as 1/clumpMax of one.
 *
 * Proof. Given the sizes of the clumps of a look, each falls on the canary with a probability of at most theta = r0 c /
 * (r0 c + s), independently of the others. A clump of size m on the canary multiplies the capital of r by e^(a m/B), on
 * stable by e^(-b m/B), with B = clumpMax, a = ln(r/r0) - b > 0 and b = ln((r c + s) / (r0 c + s)). The mean factor
 *
 *     h(t) = theta e^(a t) + (1 - theta) e^(-b t),   t = m/B
 *
 * is convex in t, and h(0) = h(1) = 1; so it is at most 1 for t from 0 to 1, and smaller for a smaller probability.
 * Multiplied over the clumps the mean stays at most 1. At B = 1 this is `ratioE`; where all errors of a look are one
 * clump, so that B is their number, it is a bet on the look as a whole.
 *
 * B may depend on the past, and on the sizes themselves. With B above 1 a look adds at most 3 to each log, so that one
 * clump that is larger than thought cannot decide alone; to lower a factor never makes a mean larger.
 */
export function clumpRatio(ratioMax: number, clumpMax: number): SequentialTest {
  const test = ratioE(ratioMax);
  if (clumpMax <= 1) return test;
  return {
    ...test,
    update(state, increment) {
      const { canaryBad, stableBad } = increment;
      const gains = test.update(test.initial, {
        ...increment,
        canaryBad: canaryBad / clumpMax,
        stableBad: stableBad / clumpMax,
      });
      if (gains === test.initial) return state;
      return state.map((log, at) => log + Math.min(gainMax, gains[at] ?? 0));
    },
  };
}
