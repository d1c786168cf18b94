import { createHash } from 'node:crypto';

import type { Condition } from '../../api/rollout-status.ts';
import type { RolloutStatus } from '../../api/rollout.ts';
import type { Notice } from '../../engine/decision.ts';
import type { RolloutView } from '../../engine/world.ts';
import { sortMembers } from '../../providers/metrics/json-document.ts';
import { triggerOfReason } from '../../providers/notifications/event-trigger.ts';
import type { PendingOccasion } from '../../providers/notifications/pending-state.ts';
import { countFields } from '../count-fields.ts';

/** One time at which a trigger was set off. */
export interface TriggerOccasion extends Pick<Notice, 'type' | 'reason'> {
  readonly trigger: string;
  /** The same whenever the same thing is told again, by this process or by the next one; of letters and digits. */
  readonly once: string;
  /** The status as templates see it: as it was before the event, which is what they are written for. */
  readonly status: RolloutStatus;
  /** The state of the Rollout that is left when it happens; absent for what an effect brings about. */
  readonly before?: string;
}

/** Whom an occasion is about, as it was before. */
type OccasionSubject = Pick<RolloutView, 'templateHash' | 'generation' | 'status'>;

/**
 * The occasion of a notice about a Rollout. It is identified by its text and the state before it: a pass that is done
 * again comes to the same occasion, and the same text in another state is another one.
 */
export function occasionOf({ type, reason, message, follows }: Notice, rollout: OccasionSubject): TriggerOccasion {
  const state = stateOf(rollout);
  const once = hashOf(`${reason}\n${message}\n${state}`);
  const before = follows === undefined ? { before: state } : {};
  return { type, reason, trigger: triggerOfReason(reason), once, status: rollout.status, ...before };
}

/** The state that a pass starts from, in letters and digits. What pods do meanwhile leaves it as it is. */
export function stateOf({ templateHash, generation, status }: OccasionSubject): string {
  const fields = Object.entries(status).filter(([name]) => !countFields.has(name));
  const verdicts = (status.conditions ?? []).map(({ type, status: holds, reason }: Condition) => [type, holds, reason]);
  const whole = sortMembers({ ...Object.fromEntries(fields), verdicts });
  return hashOf(JSON.stringify([templateHash, generation, whole]));
}

/** What was kept, as the templates of its trigger see it. */
export function keptOccasion({ type, reason, once, step }: PendingOccasion, status: RolloutStatus): TriggerOccasion {
  const before = step === undefined ? status : { ...status, currentStepIndex: step };
  return { type, reason, trigger: triggerOfReason(reason), once, status: before };
}

/** What is to be kept of an occasion until somebody was told. */
export function toKeep({ type, reason, once, status, before }: TriggerOccasion, nowMs: number): PendingOccasion {
  const { currentStepIndex: step } = status;
  const atSeconds = Math.floor(nowMs / 1000);
  const more = { ...(step === undefined ? {} : { step }), ...(before === undefined ? {} : { before }) };
  return { type, reason, once, atSeconds, ...more };
}

function hashOf(text: string): string {
  return createHash('sha256').update(text).digest('base64url').slice(0, 16);
}
