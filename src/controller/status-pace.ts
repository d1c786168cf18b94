import { mergeDiff } from '../api/merge-diff.ts';
import type { Condition } from '../api/rollout-status.ts';
import type { RolloutStatus } from '../api/rollout.ts';
import type { Decision } from '../engine/decision.ts';
import type { RolloutView } from '../engine/world.ts';
import { countFields } from './count-fields.ts';

/** The more counts wait, the longer each does: counts alone are some ten writes a second, whatever moves. */
const crowd = { msEach: 100, msMax: 10_000 };

/** The moment of a pass by both clocks, in milliseconds. */
export interface Times {
  readonly now: number;
  readonly monotonic: number;
}

/**
 * Decides when a status is written. Whatever moves a Rollout, is told by an Event or changes what a condition says is
 * written at once; an Event about an effect tells nothing of the status. Mere counts of pods may wait for others: pods
 * come one after the other, and a write for each of them would be most of what an update costs. Nothing is lost
 * meanwhile: each pass counts anew.
 */
export class StatusPace {
  readonly #delayMs: number;
  /** Monotonic time at which a write that waits is due, by uid. */
  readonly #waiting = new Map<string, number>();

  /** `countsDelayMs`: how long a mere count waits for the next ones when few do; 0 writes all at once. */
  constructor(countsDelayMs: number) {
    this.#delayMs = countsDelayMs;
  }

  /**
   * Milliseconds after which to decide again instead of writing; 0 when the write is due. `change` is the merge patch
   * that is to be written.
   */
  delayMs(
    { uid, status }: Pick<RolloutView, 'uid' | 'status'>,
    change: object | undefined,
    decision: Decision,
    at: Times,
  ): number {
    const dueAt = this.#waiting.get(uid) ?? at.monotonic + this.#delayNowMs();
    const leftMs = Math.min(dueAt - at.monotonic, (decision.lookAgainAt ?? Infinity) - at.now);
    if (change === undefined || leftMs <= 0 || !isMereCount(change, status, decision)) {
      this.#waiting.delete(uid);
      return 0;
    }
    this.#waiting.set(uid, dueAt);
    return leftMs;
  }

  forget(uid: string): void {
    this.#waiting.delete(uid);
  }

  #delayNowMs(): number {
    if (this.#delayMs === 0) return 0;
    return Math.min(this.#delayMs + crowd.msEach * this.#waiting.size, Math.max(this.#delayMs, crowd.msMax));
  }
}

function isMereCount(change: object, before: RolloutStatus, { events, status }: Decision): boolean {
  const isQuiet = events.every(({ follows }) => follows !== undefined);
  const isCount = Object.keys(change).every((field) => countFields.has(field));
  return isQuiet && isCount && mergeDiff(verdicts(before), verdicts(status)) === undefined;
}

/** What the conditions say, without their words and times. */
function verdicts({ conditions = [] }: RolloutStatus): Record<string, string> {
  return Object.fromEntries(conditions.map(({ type, status }: Condition) => [type, status]));
}
