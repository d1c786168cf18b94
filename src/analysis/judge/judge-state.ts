import { clumpRatio } from './clump-ratio.ts';
import { differenceBet } from './difference-bet.ts';
import type { BadEventKind, JudgeSettings } from './judge-settings.ts';
import { initialCapital, type Capital } from './kind-capital.ts';
import { noKnowledge, type Knowledge } from './knowledge.ts';
import { lateOnset } from './late-onset.ts';
import { initialPodBets, type PodBets } from './pod-bets.ts';
import { promoteTestOf } from './promote-test.ts';
import { clumpBound, type SelfCheck } from './self-check.ts';
import { emptyIncrement, type Increment, type SequentialTest } from './sequential-test.ts';
import { shareBet } from './share-bet.ts';

/** Everything the judge remembers, by kind of bad event: numbers and names of pods only, so that it survives JSON. */
export type JudgeState = Readonly<Record<string, KindState>>;

/** What was counted so far, and the evidence of each test. */
export interface KindState extends Knowledge {
  readonly totals: Increment;
  readonly looks: number;
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
export const shareStakes: readonly number[] = [0.12, 0.4, 0.9];

/**
 * A rollback test with a margin. `clumpMax` is the largest clump of errors that the ratio test allows for.
 *
 * The share bet finds slight harm and harm at a small canary share; the difference bet finds gross harm at a large
 * share; both allow for errors in clumps. The ratio test is faster than either and needs independent errors. Share and
 * ratio also look for harm that begins late; the difference bet hardly loses while there is none.
 */
export function countTest(
  name: CountTestName,
  ratioMax: number,
  { looksPerOnset = 1 }: JudgeSettings,
  clumpMax = 1,
): SequentialTest {
  switch (name) {
    case 'share':
      return lateOnset(shareBet(ratioMax, shareStakes), looksPerOnset);
    case 'ratio':
      return lateOnset(clumpRatio(ratioMax, clumpMax), looksPerOnset);
    case 'difference':
      return differenceBet(ratioMax);
    default:
      return name satisfies never;
  }
}

/** Clumps up to which the ratio test begins to bet, and beyond which it ends: it is slower than the share bet there. */
const clumpsToBegin = 3;
const clumpsToEnd = 5;

/**
 * Largest clump that the ratio test allows for in the next look; undefined when it does not bet. Depends on the past
 * alone. `isBetting` tells whether it has capital.
 */
export function ratioClump(
  { rollbackTest, alpha }: JudgeSettings,
  { unit }: BadEventKind,
  check: SelfCheck,
  isBetting: boolean,
): number | undefined {
  if (rollbackTest === 'independent') return 1;
  if (rollbackTest === 'share' || unit !== 'requests') return undefined;
  const bound = clumpBound(check, alpha);
  return bound <= (isBetting ? clumpsToEnd : clumpsToBegin) ? bound : undefined;
}

/** The state before any observation. `known` is what is known of the service already, by kind. */
export function initialJudgeState(
  settings: JudgeSettings,
  known: Readonly<Record<string, Knowledge>> = {},
): JudgeState {
  return Object.fromEntries(
    settings.kinds.map((kind): [string, KindState] => [
      kind.name,
      initialKindState(settings, kind, known[kind.name] ?? noKnowledge),
    ]),
  );
}

function initialKindState(settings: JudgeSettings, kind: BadEventKind, { check, wander }: Knowledge): KindState {
  const initial = (name: CountTestName) => countTest(name, settings.ratio, settings).initial;
  return {
    totals: emptyIncrement,
    looks: 0,
    canaryAlone: 0,
    rollback: { share: initial('share'), difference: initial('difference'), ratio: initial('ratio') },
    pods: initialPodBets,
    capital: initialCapital(kind, ratioClump(settings, kind, check, false) !== undefined),
    promote: promoteTestOf(settings, kind)?.initial ?? [],
    check,
    wander,
  };
}
