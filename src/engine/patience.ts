import { progressDeadlineSeconds } from '../api/rollout-defaults.ts';
import type { RolloutSpec, RolloutStatus } from '../api/rollout.ts';
import { parseInstant } from '../base/instant.ts';

/** What patience is a function of. */
export interface PatienceInput {
  readonly spec: Pick<RolloutSpec, 'progressDeadlineSeconds'>;
  readonly status: Pick<RolloutStatus, 'duration'>;
  /** Milliseconds since the epoch. */
  readonly now: number;
}

/** Long enough for pods that only have to start. */
const patienceMs = 60_000;

/**
 * Until when an update waits for stable to have its pods, in milliseconds since the epoch: a minute from its begin, but
 * no more than half the progress deadline. Later it goes on without them, or a broken stable revision could never be
 * replaced. Undefined when it is not known when the update began.
 */
export function patienceEndsAt({ spec, status }: Omit<PatienceInput, 'now'>): number | undefined {
  const beganAt = parseInstant(status.duration?.rolloutStartedAt ?? '');
  return beganAt === undefined ? undefined : beganAt + Math.min(patienceMs, (progressDeadlineSeconds(spec) * 1000) / 2);
}

/** Whether the update has waited for stable's pods as long as it should. */
export function isPatienceOver({ spec, status, now }: PatienceInput): boolean {
  const endsAt = patienceEndsAt({ spec, status });
  return endsAt !== undefined && now >= endsAt;
}
