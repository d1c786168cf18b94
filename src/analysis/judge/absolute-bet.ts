import { betOnMean, stakeFractions } from './bet-on-mean.ts';
import type { Increment } from './sequential-test.ts';

/**
 * One round of betting that the canary's bad ratio is above `limit` (0 to 1, both excluded), for intervals in which
 * there is no stable traffic to compare with. Works on the state of a share bet, so that evidence goes on across the
 * moment when the stable side falls silent. The interval is the unit, so errors may come in clumps. A limit of 1 cannot
 * be exceeded: the state then stays.
 *
 * Null hypothesis of these rounds: the mean of x/c, given the past, is at most the limit. The limit may depend on the
 * past.
 */
export function absoluteBet(
  state: readonly number[],
  { canaryTotal, canaryBad }: Increment,
  limit: number,
  fractions: readonly number[] = stakeFractions,
): readonly number[] {
  if (canaryTotal <= 0 || limit <= 0 || limit >= 1) return state;
  return betOnMean(state, canaryBad / canaryTotal, limit, fractions);
}
