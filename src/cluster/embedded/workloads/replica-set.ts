import type { KubeObject } from '../../../api/object.ts';
import { resourceTypes } from '../../../api/resource-types.ts';
import type { Clock } from '../../../base/clock.ts';
import { hasCode, messageOf } from '../../../base/error.ts';
import { formatInstant } from '../../../base/instant.ts';
import { equalJson } from '../json.ts';
import type { CachedCluster } from './cached-cluster.ts';
import { claimObjects, controllerReference } from './claim-objects.ts';
import { isPodActive, isPodReady, podAvailableAt } from './pod-facts.ts';
import { rankPodsForDeletion } from './rank-pods.ts';
import {
  conditionOf,
  type Condition,
  type Pod,
  type PodTemplate,
  type ReplicaSet,
  type ReplicaSetStatus,
} from './shapes.ts';

/** What a workload controller works with. */
export interface WorkloadContext {
  readonly cluster: CachedCluster;
  readonly clock: Clock;
}

/** Pods that one pass creates or deletes, at most. */
const burstCountMax = 500;

/**
 * One pass over a ReplicaSet: claims its pods, creates or deletes the difference to `spec.replicas`, writes the status.
 * Answers when to look again (a pod becomes available by the passing of time), in milliseconds from now.
 */
export async function reconcileReplicaSet(key: string, context: WorkloadContext): Promise<number | undefined> {
  const { cluster, clock } = context;
  const [namespace = '', name = ''] = key.split('/');
  await cluster.settle(resourceTypes.pod, namespace);
  const replicaSet: ReplicaSet | undefined = cluster.of(resourceTypes.replicaSet).get(namespace, name);
  if (replicaSet === undefined) return undefined;
  let pods = await claimPods(cluster, replicaSet);
  let failure: Failure | undefined;
  if (replicaSet.metadata.deletionTimestamp === undefined) {
    failure = await scalePods(context, replicaSet, pods);
    pods = await claimPods(cluster, replicaSet);
  }
  await writeStatus(context, replicaSet, pods, failure);
  if (failure !== undefined) throw failure.error;
  return nextAvailabilityMs(pods, replicaSet.spec?.minReadySeconds ?? 0, clock.now());
}

/** A pod of a template, controlled by its owner. The API server completes its name. */
export function podFromTemplate(
  template: PodTemplate,
  owner: { readonly type: typeof resourceTypes.replicaSet | typeof resourceTypes.job; readonly object: KubeObject },
): KubeObject {
  const { labels, annotations, finalizers } = template.metadata ?? {};
  const { name, namespace } = owner.object.metadata;
  return {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: {
      name: '',
      generateName: `${name}-`,
      ...(namespace === undefined ? {} : { namespace }),
      ...(labels === undefined ? {} : { labels }),
      ...(annotations === undefined ? {} : { annotations }),
      ...(finalizers === undefined ? {} : { finalizers }),
      ownerReferences: [controllerReference(owner.type, owner.object)],
    },
    spec: template.spec ?? {},
  };
}

interface Failure {
  readonly reason: 'FailedCreate' | 'FailedDelete';
  readonly error: unknown;
}

function claimPods(cluster: CachedCluster, replicaSet: ReplicaSet): Promise<readonly Pod[]> {
  return claimObjects(cluster, {
    ownerType: resourceTypes.replicaSet,
    owner: replicaSet,
    selector: replicaSet.spec?.selector,
    type: resourceTypes.pod,
    isCounted: isPodActive,
  });
}

async function scalePods(
  { cluster, clock }: WorkloadContext,
  replicaSet: ReplicaSet,
  pods: readonly Pod[],
): Promise<Failure | undefined> {
  const missingCount = (replicaSet.spec?.replicas ?? 1) - pods.length;
  try {
    for (let count = 0; count < Math.min(missingCount, burstCountMax); count += 1) {
      const owner = { type: resourceTypes.replicaSet, object: replicaSet };
      await cluster.create(resourceTypes.pod, podFromTemplate(replicaSet.spec?.template ?? {}, owner));
    }
  } catch (error) {
    // A namespace that is on its way out takes no new pods; its end is the end of this ReplicaSet too.
    return { reason: 'FailedCreate', error };
  }
  try {
    const surplusCount = Math.min(Math.max(-missingCount, 0), burstCountMax);
    const surplus = rankPodsForDeletion(pods, clock.now()).slice(0, surplusCount);
    for (const pod of surplus) await cluster.delete(resourceTypes.pod, pod);
  } catch (error) {
    return { reason: 'FailedDelete', error };
  }
  return undefined;
}

async function writeStatus(
  { cluster, clock }: WorkloadContext,
  replicaSet: ReplicaSet,
  pods: readonly Pod[],
  failure: Failure | undefined,
): Promise<void> {
  const before = replicaSet.status ?? {};
  const status = statusOf(replicaSet, pods, failure, clock.now());
  const isSame = statusFields.every((field) => equalJson(before[field], status[field]));
  if (isSame) return;
  // A merge patch removes what is null and leaves alone what is absent.
  const patch = Object.fromEntries(statusFields.map((field) => [field, status[field] ?? null]));
  try {
    await cluster.patchStatus(resourceTypes.replicaSet, replicaSet, patch);
  } catch (error) {
    if (!hasCode(error, 'NotFound')) throw error;
  }
}

const statusFields = [
  'replicas',
  'fullyLabeledReplicas',
  'readyReplicas',
  'availableReplicas',
  'observedGeneration',
  'conditions',
] as const satisfies readonly (keyof ReplicaSetStatus)[];

/** Counts of 0 are left out, except for `replicas`, as the API server prints them. */
function statusOf(
  { spec, status, metadata: { generation } }: ReplicaSet,
  pods: readonly Pod[],
  failure: Failure | undefined,
  nowMs: number,
): ReplicaSetStatus {
  const templateLabels = Object.entries(spec?.template?.metadata?.labels ?? {});
  const isFullyLabeled = ({ metadata: { labels = {} } }: Pod): boolean =>
    templateLabels.every(([name, value]) => labels[name] === value);
  const isAvailable = (pod: Pod): boolean => (podAvailableAt(pod, spec?.minReadySeconds ?? 0) ?? Infinity) <= nowMs;
  const counted = {
    fullyLabeledReplicas: pods.filter(isFullyLabeled).length,
    readyReplicas: pods.filter(isPodReady).length,
    availableReplicas: pods.filter(isAvailable).length,
    observedGeneration: generation ?? 0,
  };
  const conditions = withFailure(status?.conditions ?? [], failure, nowMs);
  return {
    replicas: pods.length,
    ...Object.fromEntries(Object.entries(counted).filter(([, count]) => count > 0)),
    ...(conditions.length === 0 ? {} : { conditions }),
  };
}

function withFailure(
  conditions: readonly Condition[],
  failure: Failure | undefined,
  nowMs: number,
): readonly Condition[] {
  const others = conditions.filter(({ type }) => type !== 'ReplicaFailure');
  if (failure === undefined) return others;
  const { reason } = failure;
  const message = messageOf(failure.error);
  const before = conditionOf(conditions, 'ReplicaFailure');
  if (before?.reason === reason && before.message === message) return conditions;
  const lastTransitionTime = before?.lastTransitionTime ?? formatInstant(nowMs);
  return [...others, { type: 'ReplicaFailure', status: 'True', reason, message, lastTransitionTime }];
}

/** Time until the next ready pod becomes available; undefined when none is about to. */
function nextAvailabilityMs(pods: readonly Pod[], minReadySeconds: number, nowMs: number): number | undefined {
  const waits = pods.map((pod) => (podAvailableAt(pod, minReadySeconds) ?? 0) - nowMs).filter((waitMs) => waitMs > 0);
  return waits.length === 0 ? undefined : Math.min(...waits);
}
