/**
 * What was counted in one interval between two looks. All four are at least 0. Totals are requests, or pod-seconds
 * where the bad event is a restart; where totals are requests, bad events are never more than their total.
 */
export interface Increment {
  readonly canaryTotal: number;
  readonly canaryBad: number;
  readonly stableTotal: number;
  readonly stableBad: number;
}

/**
 * A test by accumulated evidence (an e-process): under its null hypothesis the evidence has a mean of at most 1 at
 * every stopping time, so the chance that it *ever* reaches 1/alpha is at most alpha, however often one looks (Ville's
 * inequality). Evidence is a natural log: compare it with `evidenceThreshold(alpha)`.
 *
 * A state is a short list of numbers that survives JSON.
 */
export interface SequentialTest {
  /** The state before any observation; its evidence is 0. */
  readonly initial: readonly number[];
  /** The state after one more interval. Never changes its argument. */
  update(state: readonly number[], increment: Increment): readonly number[];
  /** Log evidence against the null hypothesis. */
  evidence(state: readonly number[]): number;
}

/** Log evidence at which a test with false-alarm rate `level` (0 to 1) decides: 4.605 for 1 %. */
export function evidenceThreshold(level: number): number {
  return -Math.log(level);
}

/** An interval in which nothing was counted. */
export const emptyIncrement: Increment = { canaryTotal: 0, canaryBad: 0, stableTotal: 0, stableBad: 0 };

/** Two intervals as one. */
export function addIncrements(first: Increment, second: Increment): Increment {
  return {
    canaryTotal: first.canaryTotal + second.canaryTotal,
    canaryBad: first.canaryBad + second.canaryBad,
    stableTotal: first.stableTotal + second.stableTotal,
    stableBad: first.stableBad + second.stableBad,
  };
}
