import type { DifferenceRule } from '../form.ts';
import type { LifeDifference } from './compare-life.ts';
import type { RecordedLife } from './life.ts';

/**
 * A way in which a life goes otherwise than recorded on purpose: for which lives, and which differences it explains.
 */
export interface LifeRule extends DifferenceRule {
  applies(life: RecordedLife): boolean;
  explains(difference: LifeDifference, life: RecordedLife): boolean;
}

/** A rule about the order of Events: which reasons do not count, or how far the recording goes. */
export interface EventRule extends DifferenceRule {
  applies(life: RecordedLife): boolean;
  readonly ignores?: readonly string[];
  /** The recording ends early. */
  readonly cuts?: boolean;
  /** Reasons that the recording repeats although nothing happened again. */
  readonly once?: RegExp;
}
