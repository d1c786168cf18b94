import type { Increment, SequentialTest } from './sequential-test.ts';

/** Part of the largest allowed stake. At 1 one interval with errors on the stable side only would end the bet. */
const stakeFraction = 0.98;

/**
 * Tests for gross harm by the difference of the bad ratios. Null hypothesis: the canary's bad ratio is at most
 * `ratioMax` times the stable one in every interval. With the ratios u = x/c and v = y/s of one interval:
 *
 *     log capital += ln(1 + f (u - r0 v) / r0),   f = 0.98
 *
 * Valid for any dependence between requests, between the sides and in time: given the past and the request counts, the
 * mean of u - r0 v is at most 0 by linearity, and a bet linear in a quantity with that mean never grows on average.
 * Bursts that both sides share and errors in clumps need no further assumption. Of all tests of one such mean only the
 * linear bets are admissible, so none can pay more than 1 + 1/r0 in an interval without assuming more.
 *
 * It pays the same at every traffic split, where the share bet pays less the larger the canary's share: a canary that
 * answers only badly is found after ceil(ln(1/alpha) / ln(1 + f/r0)) = 10 intervals at r0 = 1.5 and alpha 1 % (each
 * halving of its weight in a mixture adds about 1.4), be its share 5 or 95 %. For slight harm it is slow.
 *
 * Source: Shekhar and Ramdas, "Nonparametric two-sample testing by betting" (arXiv 2112.09162).
 */
export function differenceBet(ratioMax: number): SequentialTest {
  return {
    initial: [0],
    update(state, { canaryTotal, canaryBad, stableTotal, stableBad }: Increment) {
      if (canaryTotal <= 0 || stableTotal <= 0) return state;
      const excess = canaryBad / canaryTotal - ratioMax * (stableBad / stableTotal);
      return [(state[0] ?? 0) + Math.log1p((stakeFraction * excess) / ratioMax)];
    },
    evidence: (state) => state[0] ?? 0,
  };
}
