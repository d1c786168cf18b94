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

/** Long enough for pods that only have to start or to go. */
const waitMsMax = 60_000;

/**
 * How long an update waits for what should take moments, in milliseconds: a minute, but no more than half the progress
 * deadline.
 */
export function patienceMs(spec: PatienceInput['spec']): number {
  return Math.min(waitMsMax, (progressDeadlineSeconds(spec) * 1000) / 2);
}

/**
 * Until when an update waits for stable to have its pods, in milliseconds since the epoch: `patienceMs` from its begin.
 * Later it goes on without them, or a broken stable revision could never be
 * replaced. Undefined when it is not known when the update began.
 */
export function patienceEndsAt({ spec, status }: Omit<PatienceInput, 'now'>): number | undefined {
  const beganAt = parseInstant(status.duration?.rolloutStartedAt ?? '');
  return beganAt === undefined ? undefined : beganAt + patienceMs(spec);
}

/** Whether the update has waited for stable's pods as long as it should. */
export function isPatienceOver({ spec, status, now }: PatienceInput): boolean {
  const endsAt = patienceEndsAt({ spec, status });
  return endsAt !== undefined && now >= endsAt;
}
