import { logMeanExp, logSumExp } from './log-sum-exp.ts';
import type { Increment, SequentialTest } from './sequential-test.ts';

/** Part of the capital that is bet from the first look on; the rest waits for harm that begins later. */
const firstPart = 0.85;
/** The capital that waits is spent along 1/(N + k): about evenly over the first N onsets, and never all of it. */
const onsetScale = 240;

/**
 * The same test for harm that may begin at any look. Evidence from before the onset speaks against harm and would have
 * to be made good first; so capital enters the bets at every onset, and each part grows from there:
 *
 *     M <- M LR + w_k,   evidence = ln(mean of M + capital that has not entered)
 *
 * A mixture over starting times: it keeps the level of the test, for any number of looks. With onset k = 0, 1, ... the
 * weights are w_0 = 0.85 + v_0 and w_k = v_k with v_k = 0.15 (N/(N+k) - N/(N+k+1)), which sum to 1. A look at which the
 * test does not bet is no onset.
 *
 * The test's state must be a list of log capitals that start at 0, and its evidence the log of their mean. The new
 * state is the number of looks followed by the logs of M.
 */
export function lateOnset(test: SequentialTest, looksPerOnset = 1): SequentialTest {
  const initial = [0, ...test.initial.map(() => Math.log(firstPart + waitingPart(0) - waitingPart(1)))];
  return {
    initial,
    update(state, increment: Increment) {
      const gains = test.update(test.initial, increment);
      return gains === test.initial ? state : enterGains(state, gains, looksPerOnset);
    },
    evidence: (state) => onsetEvidence(state, looksPerOnset),
  };
}

/** One more look, by what each log capital gains in it. */
export function enterGains(state: readonly number[], gains: readonly number[], looksPerOnset = 1): readonly number[] {
  const looks = (state[0] ?? 0) + 1;
  const onset = Math.floor(looks / looksPerOnset);
  const entering = looks % looksPerOnset === 0 ? Math.log(waitingPart(onset) - waitingPart(onset + 1)) : -Infinity;
  const next = [looks];
  for (let index = 0; index < gains.length; index += 1) {
    next.push(logAdd((state[index + 1] ?? 0) + (gains[index] ?? 0), entering));
  }
  return next;
}

function onsetEvidence(state: readonly number[], looksPerOnset: number): number {
  const entered = Math.floor((state[0] ?? 0) / looksPerOnset) + 1;
  return logSumExp([logMeanExp(state.slice(1)), Math.log(waitingPart(entered))]);
}

/** Capital that waits before the onset with this number enters. */
function waitingPart(onset: number): number {
  return ((1 - firstPart) * onsetScale) / (onsetScale + onset);
}

function logAdd(first: number, second: number): number {
  const [low, high] = first < second ? [first, second] : [second, first];
  return low === -Infinity ? high : high + Math.log1p(Math.exp(low - high));
}
