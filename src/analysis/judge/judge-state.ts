import { absoluteMargin, intervalMargin } from './absolute-margin.ts';
import { differenceBet } from './difference-bet.ts';
import type { BadEventKind, JudgeSettings } from './judge-settings.ts';
import { ratioE } from './ratio-e.ts';
import { emptyIncrement, type Increment, type SequentialTest } from './sequential-test.ts';
import { shareBet } from './share-bet.ts';

/** Everything the judge remembers, by kind of bad event: numbers only, a few hundred bytes of JSON for each kind. */
export type JudgeState = Readonly<Record<string, KindState>>;

/** What was counted so far, and the evidence of each test. */
export interface KindState {
  readonly totals: Increment;
  /** Canary requests since the stable side last had one: tells that there is nothing to compare with. */
  readonly canaryAlone: number;
  /** State of each rollback test in use, by its name. */
  readonly rollback: Readonly<Record<string, readonly number[]>>;
  /** State of the promote test; empty for a kind without one. */
  readonly promote: readonly number[];
}

/** A test and its share of the capital of its kind. */
export interface WeightedTest {
  readonly name: RollbackTestName;
  readonly weight: number;
  readonly test: SequentialTest;
}

export type RollbackTestName = 'share' | 'difference' | 'ratio';

/**
 * The rollback tests of one kind with weights that sum to 1. Mixed by weights their evidence keeps the level alpha
 * whatever their dependence; "one or the other" would not.
 *
 * The share bet finds slight harm and harm at a small canary share; the difference bet finds gross harm at a large
 * share. Both allow for errors in clumps. Half the weight costs each of them about one extra interval.
 */
export function rollbackTests(settings: JudgeSettings, kind: BadEventKind): readonly WeightedTest[] {
  const { ratio, rollbackTest } = settings;
  const share = { name: 'share', test: shareBet(ratio) } as const;
  // A difference of ratios is bounded only where a ratio is.
  const robust: readonly WeightedTest[] =
    kind.unit === 'podSeconds'
      ? [{ ...share, weight: 1 }]
      : [
          { ...share, weight: 0.5 },
          { name: 'difference', test: differenceBet(ratio), weight: 0.5 },
        ];
  if (rollbackTest === 'share') return robust;
  return [
    { name: 'ratio', test: ratioE(ratio), weight: 0.5 },
    ...robust.map((weighted) => ({ ...weighted, weight: weighted.weight / 2 })),
  ];
}

/** The promote test of one kind, or undefined when it has no part in promotion. */
export function promoteTestOf(settings: JudgeSettings, kind: BadEventKind): SequentialTest | undefined {
  if (kind.acceptableRatio === undefined) return undefined;
  return settings.promoteTest === 'requests'
    ? absoluteMargin(kind.acceptableRatio)
    : intervalMargin(kind.acceptableRatio);
}

/** The state before any observation. */
export function initialJudgeState(settings: JudgeSettings): JudgeState {
  return Object.fromEntries(
    settings.kinds.map((kind): [string, KindState] => [
      kind.name,
      {
        totals: emptyIncrement,
        canaryAlone: 0,
        rollback: Object.fromEntries(rollbackTests(settings, kind).map(({ name, test }) => [name, test.initial])),
        promote: promoteTestOf(settings, kind)?.initial ?? [],
      },
    ]),
  );
}
