import { formatInstant, parseInstant } from '../../../base/instant.ts';
import { isPodActive, isPodFinished, isPodReady, isPodTerminating } from './pod-facts.ts';
import { conditionOf, type Condition, type Job, type JobStatus, type Pod } from './shapes.ts';

/** Holds a pod back until its end is counted, so that a deleted pod is not run a second time. */
export const trackingFinalizer = 'batch.kubernetes.io/job-tracking';

/** The wait before a failed pod is replaced: 10 s, doubled by each failure, up to 6 minutes. */
const retryMsMin = 10_000;
const retryMsMax = 360_000;

/** Why a Job is over. */
export interface JobEnd {
  readonly type: 'Complete' | 'Failed';
  readonly reason: string;
  readonly message: string;
}

/** True when the Job has a Complete or Failed condition: nothing runs for it any more. */
export function isJobFinished({ status }: Job): boolean {
  return ['Complete', 'Failed'].some((type) => conditionOf(status?.conditions, type)?.status === 'True');
}

/** A pod whose finalizer is still there: its end has not been counted, or counting has not been acknowledged. */
export function isHeld(pod: Pod): boolean {
  return pod.metadata.finalizers?.includes(trackingFinalizer) === true;
}

/**
 * The status with the ends of all pods in its counts. Each counted pod stays in `uncountedTerminatedPods` until its
 * finalizer is gone, so that it is counted once even if the process ends in between.
 */
export function countEnds(job: Job, pods: readonly Pod[], nowMs: number): JobStatus {
  const before = job.status ?? {};
  const { succeeded = [], failed = [] } = before.uncountedTerminatedPods ?? {};
  const known = new Set([...succeeded, ...failed]);
  const held = pods.filter(isHeld);
  const fresh = held.filter((pod) => !known.has(uidOf(pod)));
  const newlySucceeded = fresh.filter(({ status }) => status?.phase === 'Succeeded').map(uidOf);
  const newlyFailed = fresh.filter((pod) => pod.status?.phase === 'Failed' || isLost(pod)).map(uidOf);
  const heldUids = new Set(held.map(uidOf));
  const hasStarted = before.startTime !== undefined || job.spec?.suspend === true;
  return {
    ...before,
    ...(hasStarted ? {} : { startTime: formatInstant(nowMs) }),
    succeeded: (before.succeeded ?? 0) + newlySucceeded.length,
    failed: (before.failed ?? 0) + newlyFailed.length,
    uncountedTerminatedPods: {
      succeeded: [...succeeded.filter((uid) => heldUids.has(uid)), ...newlySucceeded],
      failed: [...failed.filter((uid) => heldUids.has(uid)), ...newlyFailed],
    },
  };
}

/** A pod that is deleted before its end will not come to one: it counts as failed. */
function isLost(pod: Pod): boolean {
  return isPodTerminating(pod) && !isPodFinished(pod);
}

function uidOf({ metadata: { uid = '' } }: Pod): string {
  return uid;
}

/** Some counted pod still has its finalizer. */
export function hasUncounted({ uncountedTerminatedPods: pods }: JobStatus): boolean {
  return (pods?.succeeded?.length ?? 0) + (pods?.failed?.length ?? 0) > 0;
}

/** The end of a Job that has failed. */
export function jobFailed(reason: string, message: string): JobEnd {
  return { type: 'Failed', reason, message };
}

/** Whether, and why, the Job is over. */
export function endOf(job: Job, status: JobStatus, pods: readonly Pod[], nowMs: number): JobEnd | undefined {
  const completions = completionsOf(job);
  if (isBeyondBackoffLimit(job, status, pods)) {
    return jobFailed('BackoffLimitExceeded', 'Job has reached the specified backoff limit');
  }
  if (deadlineMs(job, status, nowMs) === 0) {
    return jobFailed('DeadlineExceeded', 'Job was active longer than specified deadline');
  }
  const succeeded = status.succeeded ?? 0;
  const isQueueEmpty = succeeded > 0 && !pods.some(isPodActive);
  const isComplete = completions === undefined ? isQueueEmpty : succeeded >= completions;
  const message = 'Reached expected number of succeeded pods';
  return isComplete ? { type: 'Complete', reason: 'CompletionsReached', message } : undefined;
}

/** Failed pods count, or restarts of containers where those are restarted in place. */
function isBeyondBackoffLimit({ spec = {} }: Job, status: JobStatus, pods: readonly Pod[]): boolean {
  const limit = spec.backoffLimit ?? 6;
  if ((status.failed ?? 0) > limit) return true;
  if (spec.template?.spec?.restartPolicy !== 'OnFailure') return false;
  const restarts = pods
    .filter(isPodActive)
    .flatMap((pod) => pod.status?.containerStatuses ?? [])
    .reduce((sum, { restartCount }) => sum + restartCount, 0);
  return limit === 0 ? restarts > 0 : restarts >= limit;
}

/** Without completions and parallelism one pod is enough; with parallelism alone the Job is a work queue. */
function completionsOf({ spec = {} }: Job): number | undefined {
  return spec.completions ?? (spec.parallelism === undefined ? 1 : undefined);
}

/** The status of a Job that is over. */
export function finishedStatus(job: Job, status: JobStatus, end: JobEnd, nowMs: number): JobStatus {
  const { type, reason, message } = end;
  const now = formatInstant(nowMs);
  const times = { lastProbeTime: now, lastTransitionTime: now };
  const early: Condition = {
    type: type === 'Complete' ? 'SuccessCriteriaMet' : 'FailureTarget',
    status: 'True',
    reason,
    message,
    ...times,
  };
  return {
    ...status,
    ...(type === 'Complete' ? { completionTime: now } : {}),
    conditions: [...(job.status?.conditions ?? []), early, { type, status: 'True', reason, message, ...times }],
  };
}

/** How many pods should be active now. */
export function wantedPodCount(job: Job, status: JobStatus, activeCount: number): number {
  const { spec = {} } = job;
  const completions = completionsOf(job);
  if (spec.suspend === true) return 0;
  const parallelism = spec.parallelism ?? 1;
  const succeeded = status.succeeded ?? 0;
  if (completions !== undefined) return Math.min(parallelism, Math.max(completions - succeeded, 0));
  // A work queue: once one pod has succeeded no new ones are started.
  return succeeded > 0 ? Math.min(activeCount, parallelism) : parallelism;
}

/** How long a failed pod is not replaced yet; 0 or less when it may be. */
export function retryWaitMs(pods: readonly Pod[], status: JobStatus, nowMs: number): number {
  const failures = status.failed ?? 0;
  const lastMs = Math.max(0, ...pods.filter(({ status: own }) => own?.phase === 'Failed').map(finishedAt));
  if (failures === 0 || lastMs === 0) return 0;
  return lastMs + Math.min(retryMsMin * 2 ** (failures - 1), retryMsMax) - nowMs;
}

function finishedAt({ status, metadata }: Pod): number {
  const ends = (status?.containerStatuses ?? []).map(
    ({ state }) => parseInstant(state.terminated?.finishedAt ?? '') ?? 0,
  );
  return Math.max(parseInstant(metadata.creationTimestamp ?? '') ?? 0, ...ends);
}

/** The counts of the pods that are still there. */
export function activity(pods: readonly Pod[]): JobStatus {
  const active = pods.filter(isPodActive);
  return {
    active: active.length,
    ready: active.filter(isPodReady).length,
    terminating: pods.filter((pod) => isPodTerminating(pod) && !isPodFinished(pod)).length,
  };
}

/** Time until activeDeadlineSeconds have passed, at least 0; undefined without a deadline. */
export function deadlineMs({ spec }: Job, { startTime = '' }: JobStatus, nowMs: number): number | undefined {
  const startMs = parseInstant(startTime);
  if (spec?.activeDeadlineSeconds === undefined || startMs === undefined) return undefined;
  return Math.max(startMs + spec.activeDeadlineSeconds * 1000 - nowMs, 0);
}
