import type { JudgeSettings } from './judge-settings.ts';
import type { PodCounts } from './pod-bets.ts';
import { carrySelfCheck, checkItself, clumpSeen, initialSelfCheck, type SelfCheck } from './self-check.ts';
import { emptyIncrement } from './sequential-test.ts';
import { carryWander, initialWander, watchWander, type Wander } from './wander.ts';

/**
 * What is known of a service by its stable side alone, of one kind of bad event: how its errors clump, how its pods
 * differ, and how it wanders over time. It is true of the service and not of one release, so a release begins with what
 * was known before.
 */
export interface Knowledge {
  readonly check: SelfCheck;
  readonly wander: Wander;
}

/** Before any observation. */
export const noKnowledge: Knowledge = { check: initialSelfCheck, wander: initialWander };

/** Takes one look at the stable pods alone in: what they did while no release was observed. */
export function learn(
  { check, wander }: Knowledge,
  stable: PodCounts,
  { ratio, alpha, looksPerOnset = 1 }: JudgeSettings,
): Knowledge {
  let [stableTotal, stableBad] = [0, 0];
  for (const { total, bad } of Object.values(stable)) {
    stableTotal += total;
    stableBad += bad;
  }
  return {
    check: checkItself(check, stable, ratio, alpha),
    wander: watchWander(wander, { ...emptyIncrement, stableTotal, stableBad }, looksPerOnset),
  };
}

/** What of it the next observation of the same service begins with. */
export function carryKnowledge({ check, wander }: Knowledge): Knowledge {
  return { check: carrySelfCheck(check), wander: carryWander(wander, clumpSeen(check)) };
}
