import { controllerUid } from '../../../api/controller-owner.ts';
import { resourceTypes } from '../../../api/resource-types.ts';
import { hasCode } from '../../../base/error.ts';
import { parseInstant } from '../../../base/instant.ts';
import { equalJson } from '../json.ts';
import type { CachedCluster } from './cached-cluster.ts';
import {
  activity,
  countEnds,
  deadlineMs,
  endOf,
  finishedStatus,
  hasUncounted,
  isHeld,
  isJobFinished,
  jobFailed,
  retryWaitMs,
  trackingFinalizer,
  wantedPodCount,
  type JobEnd,
} from './job-progress.ts';
import { isPodActive, isPodFinished, isPodTerminating } from './pod-facts.ts';
import { podFromTemplate, type WorkloadContext } from './replica-set.ts';
import type { Job, JobStatus, Pod, PodTemplate } from './shapes.ts';

/**
 * One pass over a Job: counts the pods that came to their end, decides whether the Job is done, creates or deletes
 * pods, writes the status, and deletes a Job whose time to live has passed. Answers when to look again.
 */
export async function reconcileJob(key: string, context: WorkloadContext): Promise<number | undefined> {
  const { cluster } = context;
  const [namespace = '', name = ''] = key.split('/');
  await cluster.settle(resourceTypes.pod, namespace);
  const job: Job | undefined = cluster.of(resourceTypes.job).get(namespace, name);
  await releaseOrphans(cluster, namespace, name, job?.metadata.uid);
  if (job === undefined) return undefined;
  if (job.metadata.deletionTimestamp !== undefined || isJobFinished(job)) return afterEnd(job, context);
  if (job.spec?.completionMode === 'Indexed') return refuse(job, context);
  return proceed(job, context);
}

async function proceed(job: Job, context: WorkloadContext): Promise<number | undefined> {
  const { cluster, clock } = context;
  const nowMs = clock.now();
  const pods = podsOf(cluster, job);
  const status = countEnds(job, pods, nowMs);
  const end = endOf(job, status, pods, nowMs);
  if (end !== undefined && !hasUncounted(status)) return finish(context, job, pods, status, end);
  const waitMs = end === undefined ? await replenish(context, job, pods, status) : 0;
  const current = podsOf(cluster, job);
  await writeStatus(cluster, job, { ...status, ...activity(current) });
  await releaseCounted(cluster, current);
  return earliest(waitMs, deadlineMs(job, status, nowMs));
}

async function refuse(job: Job, { cluster, clock }: WorkloadContext): Promise<undefined> {
  const message = 'completionMode "Indexed" is not supported by the embedded cluster; use "NonIndexed"';
  const end = jobFailed('CompletionModeUnsupported', message);
  await writeStatus(cluster, job, finishedStatus(job, job.status ?? {}, end, clock.now()));
}

function podsOf(cluster: CachedCluster, job: Job): readonly Pod[] {
  const { uid = '' } = job.metadata;
  const pods: readonly Pod[] = cluster.of(resourceTypes.pod).ownedBy(uid);
  return pods.filter((pod) => controllerUid(pod) === uid);
}

async function finish(
  { cluster, clock }: WorkloadContext,
  job: Job,
  pods: readonly Pod[],
  status: JobStatus,
  end: JobEnd,
): Promise<number | undefined> {
  for (const pod of pods.filter(isPodActive)) await cluster.delete(resourceTypes.pod, pod);
  await writeStatus(cluster, job, finishedStatus(job, { ...status, ...activity([]) }, end, clock.now()));
  await releaseCounted(cluster, podsOf(cluster, job));
  const { ttlSecondsAfterFinished } = job.spec ?? {};
  return ttlSecondsAfterFinished === undefined ? undefined : 0;
}

/** Creates missing pods and deletes surplus ones. Answers the wait that a failed pod imposes. */
async function replenish(
  { cluster, clock }: WorkloadContext,
  job: Job,
  pods: readonly Pod[],
  status: JobStatus,
): Promise<number | undefined> {
  const active = pods.filter(isPodActive);
  const wanted = wantedPodCount(job, status, active.length);
  for (const pod of active.slice(wanted)) await cluster.delete(resourceTypes.pod, pod);
  if (active.length >= wanted) return undefined;
  const waitMs = retryWaitMs(pods, status, clock.now());
  if (waitMs > 0) return waitMs;
  const template = podTemplateOf(job);
  for (let count = active.length; count < wanted; count += 1) {
    const owner = { type: resourceTypes.job, object: job };
    await cluster.create(resourceTypes.pod, podFromTemplate(template, owner));
  }
  return undefined;
}

function podTemplateOf(job: Job): PodTemplate {
  const { name, uid = '' } = job.metadata;
  const template = job.spec?.template ?? {};
  const labels = {
    ...template.metadata?.labels,
    'batch.kubernetes.io/controller-uid': uid,
    'batch.kubernetes.io/job-name': name,
    'controller-uid': uid,
    'job-name': name,
  };
  const finalizers = [...(template.metadata?.finalizers ?? []), trackingFinalizer];
  return { ...template, metadata: { ...template.metadata, labels, finalizers } };
}

/** The end of these pods is in the status by now, so they need not be held back any more. */
async function releaseCounted(cluster: CachedCluster, pods: readonly Pod[]): Promise<void> {
  for (const pod of pods) {
    if (isHeld(pod) && (isPodFinished(pod) || isPodTerminating(pod))) await releasePod(cluster, pod);
  }
}

/** Pods of a Job that is gone, or of one that had the same name before: nobody will count them. */
async function releaseOrphans(
  cluster: CachedCluster,
  namespace: string,
  name: string,
  uid: string | undefined,
): Promise<void> {
  const pods: readonly Pod[] = cluster.of(resourceTypes.pod).withLabels(namespace, {
    'batch.kubernetes.io/job-name': name,
  });
  for (const pod of pods) {
    if (isHeld(pod) && controllerUid(pod) !== uid) await releasePod(cluster, pod);
  }
}

async function releasePod(cluster: CachedCluster, pod: Pod): Promise<void> {
  const { resourceVersion, finalizers = [] } = pod.metadata;
  const others = finalizers.filter((name) => name !== trackingFinalizer);
  const metadata = { finalizers: others.length === 0 ? null : others, resourceVersion };
  try {
    const released = await cluster.patch(resourceTypes.pod, pod, { metadata });
    if (released.metadata.deletionTimestamp !== undefined) cluster.of(resourceTypes.pod).afterDelete(released);
  } catch (error) {
    if (!hasCode(error, 'NotFound')) throw error;
  }
}

/** A Job that is over: its pods are let go, and it is deleted itself when its time to live has passed. */
async function afterEnd(job: Job, { cluster, clock }: WorkloadContext): Promise<number | undefined> {
  await releaseCounted(cluster, podsOf(cluster, job));
  const { ttlSecondsAfterFinished } = job.spec ?? {};
  if (ttlSecondsAfterFinished === undefined || job.metadata.deletionTimestamp !== undefined) return undefined;
  const ends = (job.status?.conditions ?? [])
    .filter(({ type }) => type === 'Complete' || type === 'Failed')
    .map(({ lastTransitionTime = '' }) => parseInstant(lastTransitionTime) ?? 0);
  const waitMs = Math.max(...ends) + ttlSecondsAfterFinished * 1000 - clock.now();
  if (waitMs > 0) return waitMs;
  await cluster.delete(resourceTypes.job, job, { propagation: 'Background' });
  return undefined;
}

function earliest(...waits: readonly (number | undefined)[]): number | undefined {
  const known = waits.filter((wait) => wait !== undefined);
  return known.length === 0 ? undefined : Math.min(...known);
}

async function writeStatus(cluster: CachedCluster, job: Job, status: JobStatus): Promise<void> {
  const fields = [
    'active',
    'ready',
    'succeeded',
    'failed',
    'terminating',
    'startTime',
    'completionTime',
    'conditions',
  ] as const satisfies readonly (keyof JobStatus)[];
  const { uncountedTerminatedPods, ...counts } = status;
  const patch = Object.fromEntries(fields.map((field) => [field, emptyAsNull(counts[field])]));
  const uncounted = {
    succeeded: emptyAsNull(uncountedTerminatedPods?.succeeded),
    failed: emptyAsNull(uncountedTerminatedPods?.failed),
  };
  if (isAlready(job.status ?? {}, { ...patch, uncountedTerminatedPods: uncounted })) return;
  try {
    await cluster.patchStatus(resourceTypes.job, job, { ...patch, uncountedTerminatedPods: uncounted });
  } catch (error) {
    if (!hasCode(error, 'NotFound')) throw error;
  }
}

/** Counts of 0 and empty lists are left out, as the API server prints them. */
function emptyAsNull(value: unknown): unknown {
  const isEmpty = value === undefined || value === 0 || (Array.isArray(value) && value.length === 0);
  return isEmpty ? null : value;
}

function isAlready(status: object, patch: object): boolean {
  const known = new Map<string, unknown>(Object.entries(status));
  return Object.entries(patch).every(([field, value]: [string, unknown]) =>
    typeof value === 'object' && value !== null && !Array.isArray(value)
      ? isAlready(known.get(field) ?? {}, value)
      : equalJson(known.get(field) ?? null, value),
  );
}
