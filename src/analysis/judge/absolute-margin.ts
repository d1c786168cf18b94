import { betOnMean } from './bet-on-mean.ts';
import { logMeanExp } from './log-sum-exp.ts';
import type { Increment, SequentialTest } from './sequential-test.ts';

/** Alternatives as parts of the acceptable ratio. */
const alternativeParts: readonly number[] = [0, 0.02, 0.05, 0.1, 0.2, 0.35, 0.5, 0.7];

/**
 * Evidence that the canary is good enough: against the null hypothesis that its bad ratio is at least `acceptableRatio`
 * (a, between 0 and 1). For each alternative g of a grid below a, with n canary requests of which x are bad:
 *
 *     log L of g = x ln(g/a) + (n - x) ln((1 - g) / (1 - a))
 *
 * and the evidence is the mean of L: the likelihood ratio of binomial counts, mixed over the alternatives (Robbins
 * 1970). It depends on the totals alone; the state is [n, x]. Without a bad event at a = 1 % and beta = 5 % it decides
 * after about 360 requests. Valid for independent requests; see `intervalMargin` for errors in clumps.
 */
export function absoluteMargin(acceptableRatio: number): SequentialTest {
  const weights = alternativeParts.map((part) => ({
    perBad: part === 0 ? -Infinity : Math.log(part),
    perGood: Math.log1p(-part * acceptableRatio) - Math.log1p(-acceptableRatio),
  }));
  return {
    initial: [0, 0],
    update: ([total = 0, bad = 0], { canaryTotal, canaryBad }: Increment) => [total + canaryTotal, bad + canaryBad],
    evidence: ([total = 0, bad = 0]) =>
      // 0 times -Infinity is not a number, so a run without bad events leaves the first term out.
      logMeanExp(weights.map(({ perBad, perGood }) => (bad > 0 ? bad * perBad : 0) + (total - bad) * perGood)),
  };
}

/** Stakes near the largest one: the gain of a good interval is small and a bad one should be survived. */
const marginFractions: readonly number[] = [0.3, 0.7, 0.99];

/**
 * The same question with the interval as the unit, for errors in clumps: a bet that 1 - x/n is above 1 - a in every
 * interval with canary requests. Needs at least about ln(1/beta)/a intervals, whatever the traffic: 400 at a = 1 % and
 * beta 5 %.
 */
export function intervalMargin(acceptableRatio: number): SequentialTest {
  return {
    initial: marginFractions.map(() => 0),
    update(state, { canaryTotal, canaryBad }: Increment) {
      if (canaryTotal <= 0) return state;
      return betOnMean(state, 1 - canaryBad / canaryTotal, 1 - acceptableRatio, marginFractions);
    },
    evidence: logMeanExp,
  };
}
