import { getCondition } from '../../api/condition.ts';
import type { AnalysisRunReference } from '../../api/rollout-status.ts';
import type { RolloutStatus } from '../../api/rollout.ts';
import { parseInstant } from '../../base/instant.ts';
import type { Notice } from '../../engine/decision.ts';
import { triggerOfReason } from '../../providers/notifications/event-trigger.ts';

/** One time at which a trigger was set off. */
export interface TriggerOccasion extends Pick<Notice, 'type' | 'reason'> {
  readonly trigger: string;
  /** The same whenever the same thing is told again, by this process or by the next one. */
  readonly identity: string;
  /** The status as templates see it: as it was before the event, which is what they are written for. */
  readonly status: RolloutStatus;
}

/**
 * The occasion of a notice. `next` is the status that it comes with, `before` the one before it. What a status says by
 * itself is identified by that, so that it can be found again after a crash; anything else by its text and `fallback`.
 */
export function occasionOf(
  { type, reason, message }: Notice,
  before: RolloutStatus,
  next: RolloutStatus,
  fallback: string,
): TriggerOccasion {
  const trigger = triggerOfReason(reason);
  const told = statusFacts(next).find((fact) => fact.reason === reason && isSameRun(fact, message));
  return { type, reason, trigger, identity: told?.identity ?? `${reason}\n${message}\n${fallback}`, status: before };
}

/** A run's notice names the run in quotes; other notices are about the only thing of their kind. */
function isSameRun({ run }: StatusFact, message: string): boolean {
  return run === undefined || message.includes(`'${run}'`);
}

/** What a status says has happened lately: nobody may have been told before the process before this one ended. */
export function recentOccasions(status: RolloutStatus, nowMs: number): readonly TriggerOccasion[] {
  return statusFacts(status)
    .filter(({ at }) => {
      const atMs = parseInstant(at ?? '');
      return atMs !== undefined && nowMs - atMs >= 0 && nowMs - atMs <= recentMs;
    })
    .map(({ reason, identity }) => ({
      type: isWarning.test(reason) ? 'Warning' : 'Normal',
      reason,
      trigger: triggerOfReason(reason),
      identity,
      status: statusBefore(reason, status),
    }));
}

/** Reasons among those of facts whose Events are warnings. */
const isWarning = /Aborted$|^AnalysisRun(?:Failed|Error|Inconclusive)$/;

/** How long after an event it is still told by a process that only finds its traces. */
const recentMs = 15 * 60_000;

interface StatusFact {
  /** Of the Event that tells of it. */
  readonly reason: string;
  readonly identity: string;
  /** RFC 3339; when it happened, or the last time it can have happened. */
  readonly at: string | undefined;
  /** Name of the AnalysisRun that it is about. */
  readonly run?: string;
}

/** What can be read from a status alone. */
function statusFacts(status: RolloutStatus): readonly StatusFact[] {
  const facts = [updated(status), completed(status), stepCompleted(status), paused(status), aborted(status)];
  return [...facts.filter((fact) => fact !== undefined), ...runsOf(status).map((run) => runFact(run, status))];
}

/** One update of one Rollout: a template that comes back later begins another one. */
function updateOf({ currentPodHash = '', duration }: RolloutStatus): string {
  return `${currentPodHash}/${duration?.rolloutStartedAt ?? ''}`;
}

function updated(status: RolloutStatus): StatusFact | undefined {
  const at = status.duration?.rolloutStartedAt;
  return at === undefined ? undefined : { reason: 'RolloutUpdated', identity: updateOf(status), at };
}

function completed(status: RolloutStatus): StatusFact | undefined {
  const { currentPodHash = '', stableRS, conditions } = status;
  if (currentPodHash === '' || currentPodHash !== stableRS) return undefined;
  const at = getCondition(conditions, 'Completed')?.lastUpdateTime;
  return { reason: 'RolloutCompleted', identity: updateOf(status), at };
}

function stepCompleted(status: RolloutStatus): StatusFact | undefined {
  const { currentStepIndex = 0, abort } = status;
  if (currentStepIndex === 0 || abort === true) return undefined;
  const identity = `${updateOf(status)}/${currentStepIndex}`;
  return { reason: 'RolloutStepCompleted', identity, at: lastProgress(status) };
}

function paused(status: RolloutStatus): StatusFact | undefined {
  const [pause] = status.pauseConditions ?? [];
  if (pause === undefined) return undefined;
  const identity = `${updateOf(status)}/${pause.reason}/${pause.startTime}`;
  return { reason: 'RolloutPaused', identity, at: pause.startTime };
}

function aborted(status: RolloutStatus): StatusFact | undefined {
  const { abortedAt } = status;
  if (abortedAt === undefined) return undefined;
  return { reason: 'RolloutAborted', identity: `${updateOf(status)}/${abortedAt}`, at: abortedAt };
}

/** When a run came to its phase the status does not say; what followed from it came soon. */
function runFact({ name, status: phase }: AnalysisRunReference, status: RolloutStatus): StatusFact {
  const at = status.abortedAt ?? status.pauseConditions?.[0]?.startTime ?? lastProgress(status);
  return { reason: `AnalysisRun${phase}`, identity: `${name}/${phase}`, at, run: name };
}

function lastProgress({ conditions }: RolloutStatus): string | undefined {
  return getCondition(conditions, 'Progressing')?.lastUpdateTime;
}

function runsOf({ canary, blueGreen }: RolloutStatus): readonly AnalysisRunReference[] {
  const runs = [
    canary?.currentStepAnalysisRunStatus,
    canary?.currentBackgroundAnalysisRunStatus,
    blueGreen?.prePromotionAnalysisRunStatus,
    blueGreen?.postPromotionAnalysisRunStatus,
  ];
  return runs.filter((run) => run !== undefined).filter(({ status }) => status !== '');
}

/** A step that was completed has moved the index on since. */
function statusBefore(reason: string, status: RolloutStatus): RolloutStatus {
  if (reason !== 'RolloutStepCompleted' || status.currentStepIndex === undefined) return status;
  return { ...status, currentStepIndex: Math.max(status.currentStepIndex - 1, 0) };
}
