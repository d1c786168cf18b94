import { logGamma } from '../../../src/analysis/judge/incomplete-beta.ts';
import { ratioE } from '../../../src/analysis/judge/ratio-e.ts';
import { evidenceThreshold, type SequentialTest } from '../../../src/analysis/judge/sequential-test.ts';
import { shareBet } from '../../../src/analysis/judge/share-bet.ts';
import type { Judge } from '../judge.ts';

/** Level of every test in the benchmark: the chance of a false alarm that is accepted. */
export const alpha = 0.01;

/** A single sequential test as a judge: it rolls back as soon as the evidence reaches the threshold of level 1 %. */
export function evidenceJudge(name: string, test: SequentialTest): Judge {
  const threshold = evidenceThreshold(alpha);
  return {
    name,
    delaySteps: 0,
    start() {
      let state = test.initial;
      return {
        observe({ increment }) {
          if (increment === undefined) return undefined;
          state = test.update(state, increment);
          return test.evidence(state) >= threshold ? 'rollback' : undefined;
        },
      };
    },
  };
}

/** The product's test for independent errors alone, without a margin. */
export const ratioOne: Judge = evidenceJudge('RatioE r0=1', ratioE(1));

/** The product's test for errors in clumps alone, without and with the default margin. */
export const shareOne: Judge = evidenceJudge('ShareBet r0=1', shareBet(1));
export const shareMargin: Judge = evidenceJudge('ShareBet r0=1.5', shareBet(1.5));

/** Pseudo-counts of the prior of `lindonMalek`: those with which the published figures of it come out. */
const priorCounts = 20;

/**
 * Test of counts at a constant split: the closed form of Lindon and Malek (arXiv 2011.03567), a Beta mixture around the
 * share of the traffic. It is two-sided; it rolls back only when the canary has more than its share.
 */
export function lindonMalek(canaryShare: number): Judge {
  const [a, b] = [priorCounts * canaryShare, priorCounts * (1 - canaryShare)];
  return evidenceJudge('Lindon-Malek', {
    initial: [0, 0],
    update: ([x = 0, y = 0], { canaryBad, stableBad }) => [x + canaryBad, y + stableBad],
    evidence([x = 0, y = 0]) {
      if (x <= canaryShare * (x + y)) return -Infinity;
      return logBeta(a + x, b + y) - logBeta(a, b) - x * Math.log(canaryShare) - y * Math.log1p(-canaryShare);
    },
  });
}

/** Ratios of the alternatives of `turner`. */
const turnerRatios: readonly number[] = Array.from({ length: 24 }, (_, index) => 1.25 * 80 ** (index / 23));

/**
 * Block e-variable for two streams of non-rare events (Turner, Ly and Grunwald, arXiv 2106.02693): the guess for the
 * stable ratio comes from the blocks before, the canary's is a multiple of it, mixed over multiples.
 */
export const turner: Judge = evidenceJudge('Turner', {
  // Requests and bad ones of all blocks so far, then a log for each alternative.
  initial: [0, 0, ...turnerRatios.map(() => 0)],
  update([total = 0, bad = 0, ...logs], { canaryTotal, canaryBad, stableTotal, stableBad }) {
    const guess = (bad + 0.5) / (total + 100);
    const blockTotal = canaryTotal + stableTotal;
    const blockBad = canaryBad + stableBad;
    const next = logs.map((log, index) => {
      if (canaryTotal <= 0 || stableTotal <= 0) return log;
      const canary = Math.min(0.99, guess * (turnerRatios[index] ?? 1));
      const mixed = (canaryTotal * canary + stableTotal * guess) / blockTotal;
      return (
        log +
        binomialLog(canaryBad, canaryTotal, canary) +
        binomialLog(stableBad, stableTotal, guess) -
        binomialLog(blockBad, blockTotal, mixed)
      );
    });
    return [total + blockTotal, bad + blockBad, ...next];
  },
  evidence(state) {
    const logs = state.slice(2);
    const largest = Math.max(...logs);
    return largest + Math.log(logs.reduce((sum, log) => sum + Math.exp(log - largest), 0) / logs.length);
  },
});

function logBeta(a: number, b: number): number {
  return logGamma(a) + logGamma(b) - logGamma(a + b);
}

function binomialLog(bad: number, total: number, ratio: number): number {
  return bad * Math.log(ratio) + (total - bad) * Math.log1p(-ratio);
}
