import type { BadEventKind, JudgeSettings } from './judge-settings.ts';
import type { KindState } from './judge-state.ts';
import { clumpSeen } from './self-check.ts';
import { largestVariance, unknownVariance, wanderVariance } from './wander.ts';

/**
 * In a service with many bad events a ratio is known to a few per cent within minutes, long before it is known whether
 * the two sides wander apart by themselves. So a small ratio is not held against the canary at once, however certain it
 * is: it has to last.
 */
interface Patience {
  /** Looks of a quarter of a minute, from the beginning on. */
  readonly looks: number;
  /** Times the stable ratio from which on nothing is waited for. */
  readonly ratio: number;
}

/** Two sides that each wander by 30 % are 4.5 times apart in one of 5,000 moments, 2.6 times in one of 80. */
export const patience: readonly Patience[] = [
  { looks: 40, ratio: 4.5 },
  { looks: 120, ratio: 2.6 },
];

/** Stable bad events per quarter of a minute from which on wandering sides matter more than chance does. */
export const manyBadEvents = 6;

/** A ratio has to last so many times longer where stable was seen to move, or cannot be told to be calm. */
export const restlessFactor = 1.5;

/** Variance over time below which a service is known to be calm: two such sides are 2.6 times apart in no hour. */
export const calmVariance = 0.03;

/**
 * True while the evidence of the share bet and of the ratio test does not count towards a verdict. It can only make
 * rollbacks rarer, so it takes nothing from the level of the tests. Whoever vouches for independent errors vouches for
 * this too.
 */
export function isTooEarly(
  { rollbackTest, looksPerOnset = 1 }: JudgeSettings,
  { unit }: BadEventKind,
  { looks, totals, check, wander }: KindState,
): boolean {
  const { canaryTotal, canaryBad, stableTotal, stableBad } = totals;
  const quarters = looks / looksPerOnset;
  if (rollbackTest === 'independent' || unit !== 'requests') return false;
  if (canaryTotal <= 0 || stableTotal <= 0 || stableBad < manyBadEvents * quarters) return false;
  const clumping = clumpSeen(check);
  const largest = largestVariance(wander, clumping);
  if (largest <= calmVariance) return false;
  const ratio = (canaryBad * stableTotal) / (stableBad * canaryTotal);
  const isRestless = largest < unknownVariance || wanderVariance(wander, clumping) > 0;
  const lasting = isRestless ? restlessFactor : 1;
  return patience.some((one) => quarters < lasting * one.looks && ratio < one.ratio);
}
