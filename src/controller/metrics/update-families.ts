import type { RolloutStatus } from '../../api/rollout.ts';
import { endedUpdates } from '../../engine/duration.ts';
import { Histogram, type MetricFamily } from './metric-family.ts';

/** From half a minute to eight hours, as Argo Rollouts has them. */
const updateBounds = [30, 60, 120, 300, 600, 1200, 1800, 3600, 7200, 14_400, 28_800];

/** How long updates take, by how they ended. */
export class UpdateFamilies {
  readonly #totals = new Histogram(
    { name: 'rollout_duration_seconds', help: 'Seconds from the beginning of an update to its end.' },
    updateBounds,
  );
  readonly #progress = new Histogram(
    {
      name: 'rollout_progression_duration_seconds',
      help: 'Seconds of an update in which it was not held by people.',
    },
    updateBounds,
  );
  readonly #held = new Histogram(
    { name: 'rollout_manual_pause_duration_seconds', help: 'Seconds of an update in which people held it.' },
    updateBounds,
  );

  /** Takes in a status that was written. */
  add(before: RolloutStatus, after: RolloutStatus): void {
    for (const { status, totalSeconds, heldSeconds } of endedUpdates(before.duration, after.duration)) {
      this.#totals.observe({ status }, totalSeconds);
      this.#progress.observe({ status }, Math.max(0, totalSeconds - heldSeconds));
      this.#held.observe({ status }, heldSeconds);
    }
  }

  families(): readonly MetricFamily[] {
    return [this.#totals, this.#progress, this.#held];
  }
}
