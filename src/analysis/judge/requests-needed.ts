import { informationGrowth } from './information-growth.ts';
import type { JudgeSettings } from './judge-settings.ts';
import type { KindState } from './judge-state.ts';
import type { PromoteTestOfKind } from './promote-test.ts';
import { clumpSeen } from './self-check.ts';

/** No forecast beyond this; nobody waits for it. */
const requestsMax = 1e9;

/**
 * Further canary requests until the promote test reaches its threshold, if bad events go on at the ratio seen so far. 0
 * when it is reached; undefined when that ratio does not lead there.
 */
export function requestsToPromote(
  settings: JudgeSettings,
  test: PromoteTestOfKind,
  state: KindState,
  threshold: number,
): number | undefined {
  const clump = clumpSeen(state.check);
  const evidence = test.evidence(state.promote, clump);
  if (evidence >= threshold) return 0;
  const { canaryTotal, canaryBad } = state.totals;
  if (settings.promoteTest === 'intervals') {
    // How many requests an interval holds is not kept; evidence that grows goes on growing at the same pace.
    return evidence > 0 ? Math.ceil((canaryTotal * (threshold - evidence)) / evidence) : undefined;
  }
  const badRatio = canaryTotal > 0 ? canaryBad / canaryTotal : 0;
  const reached = (more: number): boolean =>
    test.evidence(
      test.update(state.promote, {
        canaryTotal: more,
        canaryBad: more * badRatio,
        stableTotal: 0,
        stableBad: 0,
      }),
      clump,
    ) >= threshold;
  let enough = 1;
  while (!reached(enough)) {
    enough *= 2;
    if (enough > requestsMax) return undefined;
  }
  return firstWhere(reached, Math.floor(enough / 2), enough);
}

/**
 * The least number of further canary requests that any test of this level needs on average until a rollback, if both
 * sides go on as they did (judged by the information in the counts). 0 when the threshold is reached; undefined when
 * the canary does no more harm than `ratio` allows.
 */
export function requestsToRollBack(
  ratioMax: number,
  state: KindState,
  evidence: number,
  threshold: number,
): number | undefined {
  if (evidence >= threshold) return 0;
  const { canaryTotal, canaryBad, stableTotal, stableBad } = state.totals;
  if (canaryTotal <= 0 || stableTotal <= 0) return undefined;
  // Half a bad event more, so that a stable side without any does not make the ratio infinite.
  const stableRatio = (stableBad + 0.5) / (stableTotal + 1);
  const growth = informationGrowth({
    stableRatio,
    ratio: canaryBad / canaryTotal / stableRatio,
    ratioMax,
    canaryShare: canaryTotal / (canaryTotal + stableTotal),
  });
  const requests = Math.ceil((threshold - evidence) / growth);
  return growth > 0 && requests <= requestsMax ? requests : undefined;
}

/** Smallest integer in (low, high] where a monotone condition holds; it holds at `high`. */
function firstWhere(holds: (value: number) => boolean, low: number, high: number): number {
  let [below, above] = [low, high];
  while (above - below > 1) {
    const middle = Math.floor((below + above) / 2);
    if (holds(middle)) above = middle;
    else below = middle;
  }
  return above;
}
