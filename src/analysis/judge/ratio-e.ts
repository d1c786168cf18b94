import { logMeanExp } from './log-sum-exp.ts';
import type { Increment, SequentialTest } from './sequential-test.ts';

const gridSize = 24;

/**
 * Tests whether the canary's bad ratio is more than `ratioMax` times the stable one, fast, for errors that are
 * independent of each other. For each alternative r > r0 of a grid (r/r0 from 1.25 to 100, log-spaced, equal prior
 * weights):
 *
 *     log L of r += x ln(r/r0) - K ln((r c + s) / (r0 c + s)),   K = x + y
 *
 * and the evidence is the mean of L. Given K, the errors of the canary are binomial with probability r c / (r c + s); L
 * is the likelihood ratio, in which the common rate cancels. For r0 = 1 it is exact for independent requests too (the
 * hypergeometric law is smaller in convex order); for r0 > 1 it is exact for Poisson errors and close for small ratios.
 *
 * NOT valid when errors come in clumps: about 40 % false alarms at a mean clump of 5.
 *
 * Source: sequential likelihood ratios for counts as in Lindon and Malek (arXiv 2011.03567), with the split taken from
 * each interval.
 */
export function ratioE(ratioMax: number): SequentialTest {
  return ratioAgainst(ratioMax, logSpaced(1.25 * ratioMax, 100 * ratioMax));
}

/**
 * The same test turned round: evidence that the canary's bad ratio is *less* than `ratioMax` times the stable one. The
 * alternatives run from 0.2 to 0.85 r0. The same assumption holds.
 */
export function ratioBelow(ratioMax: number): SequentialTest {
  return ratioAgainst(ratioMax, logSpaced(Math.min(0.2, 0.5 * ratioMax), 0.85 * ratioMax));
}

function ratioAgainst(ratioMax: number, alternatives: readonly number[]): SequentialTest {
  const logRatios = alternatives.map((ratio) => Math.log(ratio / ratioMax));
  return {
    initial: alternatives.map(() => 0),
    update(state, { canaryTotal, canaryBad, stableTotal, stableBad }: Increment) {
      const bad = canaryBad + stableBad;
      if (bad <= 0 || canaryTotal <= 0 || stableTotal <= 0) return state;
      const atNull = ratioMax * canaryTotal + stableTotal;
      return state.map((log, index) => {
        const mixed = (alternatives[index] ?? ratioMax) * canaryTotal + stableTotal;
        return log + canaryBad * (logRatios[index] ?? 0) - bad * Math.log(mixed / atNull);
      });
    },
    evidence: logMeanExp,
  };
}

function logSpaced(first: number, last: number): readonly number[] {
  const step = Math.log(last / first) / (gridSize - 1);
  return Array.from({ length: gridSize }, (_, index) => first * Math.exp(step * index));
}
