import { betOnMean, stakeFractions } from './bet-on-mean.ts';
import { logMeanExp } from './log-sum-exp.ts';
import type { Increment, SequentialTest } from './sequential-test.ts';

/**
 * Tests whether the canary has more than its share of the bad events. Null hypothesis: the canary's bad ratio is at
 * most `ratioMax` times the stable one in every interval. With c and s requests and x and y bad events, K = x + y:
 *
 *     u = x / K,   theta = r0 c / (r0 c + s),   log capital of f += ln(1 + f (u - theta) / theta)
 *
 * and the evidence is the mean capital over the stakes f. An interval without bad events says nothing about a share.
 *
 * Valid when the mean of u, given the past and K > 0, is at most theta. That holds for errors in clumps (retries, a
 * failed batch, a broken connection) when clumps fall on the sides in proportion to traffic and have exchangeable
 * sizes, because each interval is one bounded bet however many errors it holds. An interval must not be shorter than a
 * clump. The common rate cancels, and the split is that of the interval, so ramps and shared bursts are allowed.
 *
 * The price is a floor in intervals: a bet pays at most 1/theta, so a canary that fails alone at half of the traffic
 * needs about 14 intervals at r0 = 1.5 and alpha 1 %.
 *
 * Source: betting on a bounded mean (see `betOnMean`), applied to the share of the canary.
 */
export function shareBet(ratioMax: number, fractions: readonly number[] = stakeFractions): SequentialTest {
  return {
    initial: fractions.map(() => 0),
    update(state, { canaryTotal, canaryBad, stableTotal, stableBad }: Increment) {
      const bad = canaryBad + stableBad;
      if (bad <= 0 || canaryTotal <= 0 || stableTotal <= 0) return state;
      const canaryShare = (ratioMax * canaryTotal) / (ratioMax * canaryTotal + stableTotal);
      return betOnMean(state, canaryBad / bad, canaryShare, fractions);
    },
    evidence: logMeanExp,
  };
}
