import { differenceBet } from './difference-bet.ts';
import type { BadEventKind, JudgeSettings } from './judge-settings.ts';
import { initialCapital, type Capital } from './kind-capital.ts';
import { lateOnset } from './late-onset.ts';
import { initialPodBets, type PodBets } from './pod-bets.ts';
import { promoteTestOf } from './promote-test.ts';
import { ratioE } from './ratio-e.ts';
import { initialSelfCheck, type SelfCheck } from './self-check.ts';
import { emptyIncrement, type Increment, type SequentialTest } from './sequential-test.ts';
import { shareBet } from './share-bet.ts';

/** Everything the judge remembers, by kind of bad event: numbers and names of pods only, so that it survives JSON. */
export type JudgeState = Readonly<Record<string, KindState>>;

/** What was counted so far, and the evidence of each test. */
export interface KindState {
  readonly totals: Increment;
  /** Canary requests since the stable side last had one: tells that there is nothing to compare with. */
  readonly canaryAlone: number;
  /** State of each rollback test that sees the canary as one, by its name. */
  readonly rollback: Readonly<Record<CountTestName, readonly number[]>>;
  /** State of the bets on single pods of the canary. */
  readonly pods: PodBets;
  /** How the capital of this kind is divided. */
  readonly capital: Capital;
  /** State of the promote test; empty for a kind without one. */
  readonly promote: readonly number[];
  /** Stable against stable. */
  readonly check: SelfCheck;
}

/** Tests that see the canary as one. */
export type CountTestName = 'share' | 'difference' | 'ratio';
/** `pods` bets on single pods. */
export type RollbackTestName = CountTestName | 'pods';

export const countTestNames: readonly CountTestName[] = ['share', 'difference', 'ratio'];

/**
 * Stakes of the share bet in the mixture: fewer than it has alone. The smallest ones pay only for harm near the margin,
 * for which an hour is rarely enough, and each stake costs all others a part of the capital.
 */
export const shareStakes: readonly number[] = [0.04, 0.1, 0.2, 0.4, 0.65, 0.9];

/**
 * A rollback test with a margin.
 *
 * The share bet finds slight harm and harm at a small canary share; the difference bet finds gross harm at a large
 * share; both allow for errors in clumps. The ratio test is faster than either and needs independent errors. Share and
 * ratio also look for harm that begins late; the difference bet hardly loses while there is none.
 */
export function countTest(name: CountTestName, ratioMax: number, { looksPerOnset = 1 }: JudgeSettings): SequentialTest {
  switch (name) {
    case 'share':
      return lateOnset(shareBet(ratioMax, shareStakes), looksPerOnset);
    case 'ratio':
      return lateOnset(ratioE(ratioMax), looksPerOnset);
    case 'difference':
      return differenceBet(ratioMax);
    default:
      return name satisfies never;
  }
}

/** True when the ratio test bets in the next look; depends on the past alone. */
export function usesRatioTest({ rollbackTest }: JudgeSettings, kind: BadEventKind, check: SelfCheck): boolean {
  if (rollbackTest === 'auto') return kind.unit === 'requests' && check.isAdmitted;
  return rollbackTest === 'independent';
}

/**
 * The state before any observation. `checks` is what earlier observations of the same service found out by the
 * comparison of stable with stable, by kind.
 */
export function initialJudgeState(
  settings: JudgeSettings,
  checks: Readonly<Record<string, SelfCheck>> = {},
): JudgeState {
  return Object.fromEntries(
    settings.kinds.map((kind): [string, KindState] => [
      kind.name,
      initialKindState(settings, kind, checks[kind.name] ?? initialSelfCheck),
    ]),
  );
}

function initialKindState(settings: JudgeSettings, kind: BadEventKind, check: SelfCheck): KindState {
  const initial = (name: CountTestName) => countTest(name, settings.ratio, settings).initial;
  return {
    totals: emptyIncrement,
    canaryAlone: 0,
    rollback: { share: initial('share'), difference: initial('difference'), ratio: initial('ratio') },
    pods: initialPodBets,
    capital: initialCapital(kind, usesRatioTest(settings, kind, check)),
    promote: promoteTestOf(settings, kind)?.initial ?? [],
    check,
  };
}
