/**
 * How a canary is judged. Levels and ratios are plain fractions (0.01 is 1 %).
 *
 * - `ratio` (at least 1): how many times the stable bad ratio is still no harm.
 * - `alpha`: largest chance that a harmless canary is ever rolled back.
 * - `beta`: largest chance that an unacceptable canary is ever promoted.
 */
export interface JudgeSettings {
  readonly ratio: number;
  readonly alpha: number;
  readonly beta: number;
  readonly rollbackTest: RollbackTest;
  /** The unit that is taken as independent when the canary is shown to be good enough. */
  readonly promoteTest: PromoteTest;
  /** The kinds of bad events, at least one. Weights are positive; only their proportions matter. */
  readonly kinds: readonly BadEventKind[];
  /** Looks between two moments at which harm is thought to begin; 1 when absent. See `lateOnset`. */
  readonly looksPerOnset?: number;
}

/**
 * Which tests may speak for a rollback.
 *
 * - `share`: those that allow for errors in clumps.
 * - `independent`: the fast ratio test too, because whoever configured this vouches that errors are independent.
 * - `auto`: the ratio test too, as long as the check of stable against stable admits it (see `SelfCheck`).
 */
export type RollbackTest = 'auto' | 'share' | 'independent';

/**
 * - `requests`: the canary's bad ratio is below what is acceptable, by requests that are independent.
 * - `intervals`: the same with the interval as the unit, for errors in clumps.
 * - `relative`: half of the proof may also come from a ratio to stable below `ratio`, where errors are independent.
 */
export type PromoteTest = 'requests' | 'intervals' | 'relative';

/** One kind of bad event that is counted on both sides. */
export interface BadEventKind {
  /** Name in the report, e.g. `errors`. */
  readonly name: string;
  readonly weight: number;
  /** What a total counts. Of requests at most all are bad; a pod can restart several times in a second. */
  readonly unit: 'requests' | 'podSeconds';
  /** Bad ratio that is good enough to promote; absent when this kind has no part in promotion. */
  readonly acceptableRatio?: number;
}
