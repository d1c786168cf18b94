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
  /**
   * `share`: errors may come in clumps. `independent`: whoever configured this vouches that errors are independent of
   * each other; a faster test then takes half of the weight.
   */
  readonly rollbackTest: RollbackTest;
  /** The unit that is taken as independent when the canary is shown to be good enough. */
  readonly promoteTest: PromoteTest;
  /** The kinds of bad events, at least one. Weights are positive; only their proportions matter. */
  readonly kinds: readonly BadEventKind[];
}

export type RollbackTest = 'share' | 'independent';
export type PromoteTest = 'requests' | 'intervals';

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
