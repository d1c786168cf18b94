import type { PodCount } from '../../../src/analysis/judge/pod-bets.ts';
import type { Increment } from '../../../src/analysis/judge/sequential-test.ts';
import type { Random } from '../../../src/base/random.ts';

/** Traffic of one interval of a simulated release. */
export interface TrafficModel {
  /** Mean requests per interval on both sides together. */
  readonly requests: number;
  /** Part of them that goes to the canary. */
  readonly canaryShare: number;
  readonly canaryRatio: number;
  readonly stableRatio: number;
  /** Mean number of errors in a clump; 1 for independent errors. */
  readonly clump: number;
}

/** Draws one interval: Poisson requests; binomial errors, or Poisson many clumps of geometric size. */
export function drawInterval(model: TrafficModel, random: Random): Increment {
  const canaryTotal = poisson(model.requests * model.canaryShare, random);
  const stableTotal = poisson(model.requests * (1 - model.canaryShare), random);
  return {
    canaryTotal,
    canaryBad: errors(canaryTotal, model.canaryRatio, model.clump, random),
    stableTotal,
    stableBad: errors(stableTotal, model.stableRatio, model.clump, random),
  };
}

/** Draws one interval of pods with equal traffic; `factors` are the pods' own ratios over the common one. */
export function drawPods(
  model: {
    readonly requests: number;
    readonly ratio: number;
    readonly clump: number;
    readonly factors: readonly number[];
  },
  random: Random,
): Record<string, PodCount> {
  const { requests, ratio, clump, factors } = model;
  return Object.fromEntries(
    factors.map((factor, at) => {
      const total = poisson(requests / factors.length, random);
      return [`pod-${at}`, { total, bad: errors(total, Math.min(1, ratio * factor), clump, random) }];
    }),
  );
}

/** Errors of `total` requests: binomial, or Poisson many clumps of geometric size with the mean `clump`. */
export function errors(total: number, ratio: number, clump: number, random: Random): number {
  if (clump <= 1) return binomial(total, ratio, random);
  const clumps = poisson((total * ratio) / clump, random);
  let sum = 0;
  for (let index = 0; index < clumps; index += 1) sum += geometric(1 / clump, random);
  return Math.min(total, sum);
}

/** Number of trials up to and with the first success. */
export function geometric(success: number, random: Random): number {
  return 1 + Math.floor(Math.log(1 - random.next()) / Math.log(1 - success));
}

/** Exact by products of uniforms up to a mean of 30, the normal law above. */
export function poisson(mean: number, random: Random): number {
  if (mean > 30) return Math.max(0, Math.round(mean + Math.sqrt(mean) * gaussian(random)));
  const limit = Math.exp(-mean);
  let count = 0;
  for (let product = random.next(); product > limit; product *= random.next()) count += 1;
  return count;
}

/** Exact by skipping from success to success up to a mean of 30, the normal law above. */
export function binomial(trials: number, success: number, random: Random): number {
  if (success <= 0 || trials <= 0) return 0;
  if (success >= 1) return trials;
  if (success > 0.5) return trials - binomial(trials, 1 - success, random);
  const mean = trials * success;
  if (mean > 30) {
    const drawn = Math.round(mean + Math.sqrt(mean * (1 - success)) * gaussian(random));
    return Math.min(trials, Math.max(0, drawn));
  }
  let count = 0;
  for (let at = geometric(success, random); at <= trials; at += geometric(success, random)) count += 1;
  return count;
}

/** A draw of the standard normal law. */
export function gaussian(random: Random): number {
  return Math.sqrt(-2 * Math.log(1 - random.next())) * Math.cos(2 * Math.PI * random.next());
}
