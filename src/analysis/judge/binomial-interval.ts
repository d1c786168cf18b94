import { incompleteBeta } from './incomplete-beta.ts';

/**
 * Exact interval (Clopper and Pearson, Biometrika 26, 1934) for a probability after `hits` of `trials`, with this
 * confidence on both sides together. [0, 1] without trials.
 */
export function binomialInterval(
  hits: number,
  trials: number,
  confidence = 0.95,
): readonly [low: number, high: number] {
  const tail = (1 - confidence) / 2;
  const low = hits <= 0 ? 0 : solve((p) => binomialTail(hits, trials, p) < tail);
  const high = hits >= trials ? 1 : solve((p) => binomialTail(hits + 1, trials, p) < 1 - tail);
  return [low, high];
}

/** Probability of at least `hits` hits in `trials` trials with probability p each. */
export function binomialTail(hits: number, trials: number, p: number): number {
  if (hits <= 0) return 1;
  return hits > trials ? 0 : incompleteBeta(p, hits, trials - hits + 1);
}

/** Where a condition that holds below and not above turns, in [0, 1]. */
function solve(isBelow: (p: number) => boolean): number {
  let [low, high] = [0, 1];
  for (let step = 0; step < 50; step += 1) {
    const middle = (low + high) / 2;
    if (isBelow(middle)) low = middle;
    else high = middle;
  }
  return (low + high) / 2;
}
