import { incompleteBeta } from './incomplete-beta.ts';

/** Probability that a variable with Student's t distribution is above `value`; degrees of freedom > 0. */
export function studentTail(value: number, degrees: number): number {
  const tail = 0.5 * incompleteBeta(degrees / (degrees + value * value), degrees / 2, 0.5);
  return value >= 0 ? tail : 1 - tail;
}

/** The value that such a variable exceeds with this probability (0 < tail < 0.5). */
export function studentQuantile(tail: number, degrees: number): number {
  let high = 1;
  while (studentTail(high, degrees) > tail && high < 1e9) high *= 2;
  let low = 0;
  for (let step = 0; step < 36; step += 1) {
    const middle = (low + high) / 2;
    if (studentTail(middle, degrees) > tail) low = middle;
    else high = middle;
  }
  return high;
}
