import { getCondition, type ConditionReport } from '../api/condition.ts';
import type { RolloutStatus } from '../api/rollout.ts';
import type { JudgedFacts } from './conditions.ts';
import { isFullyPromoted } from './phase.ts';

/** What the Progressing condition is to say. */
export interface ProgressReport {
  readonly report: ConditionReport;
  /** True when the progress deadline starts anew, even if the condition says the same as before. */
  readonly restartsDeadline: boolean;
}

type Rule = (facts: JudgedFacts) => ProgressReport | undefined;

/** The first rule that has something to say decides; when none has, the condition stays as it is. */
export function progressReport(facts: JudgedFacts): ProgressReport | undefined {
  // Nothing is in progress that a pause could hold up.
  if (facts.paused && isFullyPromoted(facts.next) && reasonBefore(facts) !== 'RolloutPaused') return undefined;
  for (const rule of rules) {
    const said = rule(facts);
    if (said !== undefined) return said;
  }
  return undefined;
}

const rules: readonly Rule[] = [
  // An abort is over only with a retry or a new revision; its first message stays, for it says why.
  (facts) =>
    isAborted(facts) ? (reasonBefore(facts) === 'RolloutAborted' ? unchanged(facts) : aborted(facts)) : undefined,
  ({ replicaSetError }) =>
    replicaSetError === undefined ? undefined : news('False', 'ReplicaSetCreateError', replicaSetError),
  // Paused time does not count: the reason suspends the deadline.
  ({ paused }) => (paused ? news('Unknown', 'RolloutPaused', 'Rollout is paused') : undefined),
  (facts) =>
    facts.healthy
      ? news('True', 'NewReplicaSetAvailable', `${replicaSet(facts)} has successfully progressed.`)
      : undefined,
  (facts) =>
    facts.replicaSetCreated ? progress('NewReplicaSetCreated', `Created new replica set ${quoted(facts)}`) : undefined,
  (facts) =>
    facts.replicaSetName !== undefined && reasonBefore(facts) === undefined
      ? progress('FoundNewReplicaSet', `Found new replica set ${quoted(facts)}`)
      : undefined,
  (facts) => (isRetried(facts) ? news('Unknown', 'RolloutRetry', 'Retrying Rollout after abort') : undefined),
  (facts) =>
    isFullyPromoted(facts.next) && (facts.becameUnhealthy || wasPaused(facts))
      ? progress('ReplicaSetNotAvailable', 'Rollout does not have minimum availability')
      : undefined,
  (facts) =>
    madeProgress(facts) || facts.becameUnhealthy
      ? progress('ReplicaSetUpdated', `${replicaSet(facts)} is progressing.`)
      : undefined,
  (facts) =>
    reasonBefore(facts) === 'RolloutPaused' ? news('Unknown', 'RolloutResumed', 'Rollout is resumed') : undefined,
  (facts) =>
    facts.deadlineExceeded
      ? news('False', 'ProgressDeadlineExceeded', `${replicaSet(facts)} has timed out progressing.`)
      : undefined,
];

/** A pause that ends: at rest the condition said nothing about it, so the deadline must not run from before it. */
function wasPaused({ previous, paused }: JudgedFacts): boolean {
  return !paused && getCondition(previous.conditions, 'Paused')?.status === 'True';
}

/** Reasons after which the deadline could not run; leaving them starts it anew because the condition changes. */
function reasonBefore({ previous }: JudgedFacts): string | undefined {
  return getCondition(previous.conditions, 'Progressing')?.reason;
}

function isAborted({ next }: JudgedFacts): boolean {
  return next.abort === true && !isFullyPromoted(next);
}

function isRetried(facts: JudgedFacts): boolean {
  return reasonBefore(facts) === 'RolloutAborted' && facts.previous.currentPodHash === facts.next.currentPodHash;
}

function aborted({ revision, abortCause }: JudgedFacts): ProgressReport {
  const message = `Rollout aborted update to revision ${revision}`;
  return news('False', 'RolloutAborted', abortCause === undefined ? message : `${message}: ${abortCause}`);
}

function unchanged({ previous }: JudgedFacts): ProgressReport | undefined {
  const condition = getCondition(previous.conditions, 'Progressing');
  if (condition === undefined) return undefined;
  return news('False', condition.reason, condition.message);
}

/**
 * More pods of the current revision, fewer of others, more that are ready or available, or another step of the way:
 * each of them starts the progress deadline anew.
 */
export function madeProgress({ previous, next }: Pick<JudgedFacts, 'previous' | 'next'>): boolean {
  return (
    count(next.updatedReplicas) !== count(previous.updatedReplicas) ||
    olderReplicas(next) < olderReplicas(previous) ||
    count(next.readyReplicas) > count(previous.readyReplicas) ||
    count(next.availableReplicas) > count(previous.availableReplicas) ||
    wayFields.some((field) => next[field] !== previous[field]) ||
    selectorFields.some((field) => (next.blueGreen?.[field] ?? '') !== (previous.blueGreen?.[field] ?? ''))
  );
}

const wayFields = ['stableRS', 'currentPodHash', 'currentStepIndex', 'currentStepHash'] as const;
const selectorFields = ['activeSelector', 'previewSelector'] as const;

function olderReplicas(status: RolloutStatus): number {
  return count(status.replicas) - count(status.updatedReplicas);
}

function count(replicas: number | undefined): number {
  return replicas ?? 0;
}

function replicaSet(facts: JudgedFacts): string {
  return facts.replicaSetName === undefined ? `Rollout "${facts.name}"` : `ReplicaSet ${quoted(facts)}`;
}

function quoted({ replicaSetName }: JudgedFacts): string {
  return `"${replicaSetName ?? ''}"`;
}

function news(status: ConditionReport['status'], reason: string, message: string): ProgressReport {
  return { report: { type: 'Progressing', status, reason, message }, restartsDeadline: false };
}

function progress(reason: string, message: string): ProgressReport {
  return { report: { type: 'Progressing', status: 'True', reason, message }, restartsDeadline: true };
}
