import { betaCdf, bisect } from './special-functions.ts';

/** An interval of rates, from 0 to 1. */
export interface RateInterval {
  readonly low: number;
  readonly high: number;
}

/**
 * Exact confidence interval of a rate from `hits` in `runs` (Clopper and Pearson 1934): each end leaves out half of `1 -
 * level`.
 */
export function binomialInterval(hits: number, runs: number, level = 0.95): RateInterval {
  const tail = (1 - level) / 2;
  return {
    low: hits <= 0 ? 0 : bisect((rate) => betaCdf(rate, hits, runs - hits + 1), tail, 0, 1),
    high: hits >= runs ? 1 : bisect((rate) => betaCdf(rate, hits + 1, runs - hits), 1 - tail, 0, 1),
  };
}

/** Whether two intervals have a rate in common. */
export function overlap(first: RateInterval, second: RateInterval): boolean {
  return first.low <= second.high && second.low <= first.high;
}
