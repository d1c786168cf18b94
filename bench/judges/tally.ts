import type { Outcome } from './play.ts';

/** How often something happened at which step; only steps at which it did. */
export type StepCounts = Readonly<Record<string, number>>;

/** What one judge made of all runs of a cell. Adds up, so that more runs can be added later. */
export interface Tally {
  readonly runs: number;
  /** Rollbacks that took effect within the hour. */
  readonly rollbacks: StepCounts;
  /** First proofs that the canary is good enough; before a rollback, if there was one too. */
  readonly promotions: StepCounts;
  /** Runs that ended as an inline run with neither. */
  readonly undecided: number;
  /** Runs in which the check of stable against itself admitted the ratio test; absent for judges without one. */
  readonly admitted?: number;
  readonly excessSum: number;
  readonly excessSquares: number;
}

export const emptyTally: Tally = {
  runs: 0,
  rollbacks: {},
  promotions: {},
  undecided: 0,
  excessSum: 0,
  excessSquares: 0,
};

/** Adds runs. */
export function addOutcomes(tally: Tally, outcomes: readonly Outcome[]): Tally {
  const rollbacks: Record<string, number> = { ...tally.rollbacks };
  const promotions: Record<string, number> = { ...tally.promotions };
  let { undecided, admitted, excessSum, excessSquares } = tally;
  for (const { rollbackStep, promoteStep, isAdmitted, excessBad } of outcomes) {
    countStep(rollbacks, rollbackStep);
    countStep(promotions, promoteStep);
    if (rollbackStep === undefined && promoteStep === undefined) undecided += 1;
    if (isAdmitted !== undefined) admitted = (admitted ?? 0) + (isAdmitted ? 1 : 0);
    excessSum += excessBad;
    excessSquares += excessBad ** 2;
  }
  const runs = tally.runs + outcomes.length;
  return {
    runs,
    rollbacks,
    promotions,
    undecided,
    ...(admitted === undefined ? {} : { admitted }),
    excessSum: rounded(excessSum),
    excessSquares: rounded(excessSquares),
  };
}

function countStep(counts: Record<string, number>, step: number | undefined): void {
  if (step !== undefined) counts[step] = (counts[step] ?? 0) + 1;
}

/** Twelve digits: enough for every figure, and the file stays readable. */
function rounded(value: number): number {
  return Number(value.toPrecision(12));
}

/** How many runs a step count speaks of. */
export function countOf(steps: StepCounts): number {
  return Object.values(steps).reduce((sum, count) => sum + count, 0);
}

/** Step by which `part` of all runs got there; infinite when fewer did. */
export function stepQuantile(steps: StepCounts, runs: number, part = 0.5): number {
  const wanted = Math.max(1, Math.ceil(part * runs));
  let seen = 0;
  for (const step of Object.keys(steps)
    .map(Number)
    .sort((first, second) => first - second)) {
    seen += steps[step] ?? 0;
    if (seen >= wanted) return step;
  }
  return Infinity;
}

/** Mean of the excess bad requests, and half the width of its 95 % interval by the normal law. */
export function excessOf({ runs, excessSum, excessSquares }: Tally): { readonly mean: number; readonly half: number } {
  if (runs < 2) return { mean: runs === 0 ? 0 : excessSum, half: Infinity };
  const mean = excessSum / runs;
  const variance = Math.max(0, (excessSquares - runs * mean ** 2) / (runs - 1));
  return { mean, half: 1.959964 * Math.sqrt(variance / runs) };
}
