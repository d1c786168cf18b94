import type { GaugeReport } from './gauge.ts';
import type { BadEventKind } from './judge-settings.ts';
import type { RollbackTestName } from './judge-state.ts';
import type { SelfCheckReport } from './self-check.ts';
import type { Increment } from './sequential-test.ts';

export type Verdict = 'rollback' | 'promote' | 'continue' | 'inconclusive';

/** The judge's whole reasoning at one look, ready to be stored and shown. Evidence is in natural logs. */
export interface JudgeReport {
  readonly verdict: Verdict;
  /** One sentence for a person. */
  readonly summary: string;
  /**
   * Which kind of bad event decided: for a rollback the one with most of the evidence and its strongest test, for a
   * promotion the one that was proven last. Absent while nothing is decided.
   */
  readonly decidedBy?: {
    readonly kind: string;
    readonly test: RollbackTestName | 'means' | 'margin';
    /** The single pod that was found, when the test bets on pods. */
    readonly pod?: string;
  };
  readonly rollback: Progress;
  /**
   * True while there is enough evidence of harm, but of harm that is too small to be held against the canary so soon
   * (see `isTooEarly`).
   */
  readonly isHeldBack?: boolean;
  /** The kind that is furthest from its proof; absent when no kind has a part in promotion. */
  readonly promote?: Progress;
  readonly kinds: readonly KindReport[];
  /** Gauges that are compared; absent when there are none. */
  readonly gauges?: readonly GaugeReport[];
}

/** Evidence against the threshold it must reach. */
export interface Progress {
  readonly evidence: number;
  readonly threshold: number;
  /**
   * Canary requests still needed if the ratios stay as they were; absent when they would never lead there. Towards a
   * rollback it is the least that any test needs.
   */
  readonly requestsNeeded?: number;
}

/** Counts and evidence of one kind of bad event. */
export interface KindReport {
  readonly name: string;
  readonly unit: BadEventKind['unit'];
  readonly totals: Increment;
  /** What the canary is compared with at the moment: the stable side, or an absolute limit when that is silent. */
  readonly comparison: { readonly kind: 'stable' } | { readonly kind: 'limit'; readonly ratio: number };
  /** Its weighted part in the evidence for a rollback. */
  readonly rollbackEvidence: number;
  readonly promoteEvidence?: number;
  /** What the comparison of stable with stable measured; absent for kinds that it does not look at. */
  readonly check?: SelfCheckReport;
  /**
   * How many times the stable ratio is no harm, where that is more than asked because pods of one revision differ, or
   * stable wanders over time.
   */
  readonly margin?: number;
}
