import { isControlledBy } from '../api/controller-owner.ts';
import type { KubeObject } from '../api/object.ts';
import { hashLabel } from '../api/pod-template-hash.ts';
import { resourceTypes } from '../api/resource-types.ts';
import { hasCode, SluiceError } from '../base/error.ts';
import type { Effect } from '../engine/decision.ts';
import { desiredReplicasAnnotation, scaleDownDeadlineAnnotation } from '../engine/revision.ts';
import { scaledDownFromAnnotation } from '../engine/workload-plan.ts';
import { composeReplicaSet } from './compose-replica-set.ts';
import { createStepExperiment } from './experiments/create-step-experiment.ts';
import type { PerformContext } from './perform-context.ts';
import { managedByAnnotation } from './project.ts';
import { readTemplate } from './read-template.ts';
import { addressOf, createOrFind, patchMerge, patchSeen, precondition, removeObject } from './write-object.ts';
import { writePodMetadata } from './write-pod-metadata.ts';
import { writeTraffic } from './write-traffic.ts';

type Of<Kind extends Effect['kind']> = Extract<Effect, { kind: Kind }>;

/**
 * Does one effect: one request in nearly all cases, with what was observed as precondition, and its answer goes into
 * the cache at once. Repeating an effect that was done already changes nothing.
 */
export async function perform(
  effect: Effect,
  context: PerformContext,
  signal: AbortSignal,
): Promise<string | undefined> {
  switch (effect.kind) {
    case 'setTraffic':
      return writeTraffic(context, effect.plan, signal);
    case 'switchService':
      return switchService(effect, context, signal);
    case 'createReplicaSet':
      return createReplicaSet(effect, context, signal);
    case 'scaleReplicaSet':
      return scaleReplicaSet(effect, context, signal);
    case 'annotateReplicaSet':
      return annotateReplicaSet(effect, context, signal);
    case 'setPodMetadata':
      return writePodMetadata(effect, context, signal);
    case 'deleteReplicaSet':
      return removeObject(context.caches.replicaSets, effect, context, signal);
    case 'annotateRollout':
      return annotateRollout(effect, context, signal);
    case 'createExperiment':
      return createStepExperiment(effect, context, signal);
    case 'terminateExperiment':
      return patchMerge(context.caches.experiments, effect.name, { spec: { terminate: true } }, context, signal);
    case 'deleteExperiment':
      return removeObject(context.caches.experiments, effect, context, signal);
    case 'createAnalysisRun':
      return createAnalysisRun(effect, context, signal);
    case 'terminateAnalysisRun':
      return patchMerge(context.caches.analysisRuns, effect.name, { spec: { terminate: true } }, context, signal);
    case 'deleteAnalysisRun':
      return removeObject(context.caches.analysisRuns, effect, context, signal);
    case 'scaleWorkload':
      return scaleWorkload(effect, context, signal);
    case 'callStepPlugin':
      context.stepPlugins.begin(effect.call, context.rollout);
      return undefined;
    case 'evictPod':
      return evictPod(effect, context, signal);
  }
}

function switchService(effect: Of<'switchService'>, context: PerformContext, signal: AbortSignal) {
  const { services } = context.caches;
  const service = services.get(context.namespace, effect.service);
  const managedBy = new Set([...(service?.managedBy ?? []), context.name]);
  const body = {
    metadata: {
      ...precondition(service),
      annotations: { [managedByAnnotation]: [...managedBy].join(',') },
    },
    spec: { selector: { [hashLabel]: effect.hash === '' ? null : effect.hash } },
  };
  return patchSeen(services, effect.service, body, context, signal);
}

function scaleReplicaSet(effect: Of<'scaleReplicaSet'>, context: PerformContext, signal: AbortSignal) {
  const { replicaSets } = context.caches;
  const body = {
    metadata: {
      ...precondition(replicaSets.get(context.namespace, effect.name)),
      annotations: {
        [desiredReplicasAnnotation]: String(effect.desiredReplicas),
        ...(effect.clearScaleDownAt ? { [scaleDownDeadlineAnnotation]: null } : {}),
      },
    },
    spec: { replicas: effect.to },
  };
  return patchSeen(replicaSets, effect.name, body, context, signal);
}

function scaleWorkload(effect: Of<'scaleWorkload'>, context: PerformContext, signal: AbortSignal) {
  const { name, to, scaledDownFrom } = effect;
  const workloads = context.caches.workloads(resourceTypes.deployment);
  const note = scaledDownFrom === undefined ? null : String(scaledDownFrom);
  const body = {
    metadata: {
      ...precondition(workloads.get(context.namespace, name)),
      annotations: { [scaledDownFromAnnotation]: note },
    },
    spec: { replicas: to },
  };
  return patchSeen(workloads, name, body, context, signal);
}

function annotateReplicaSet(effect: Of<'annotateReplicaSet'>, context: PerformContext, signal: AbortSignal) {
  const { replicaSets } = context.caches;
  const { annotations } = effect;
  const seen = precondition(replicaSets.get(context.namespace, effect.name));
  return patchMerge(replicaSets, effect.name, { metadata: { ...seen, annotations } }, context, signal);
}

async function annotateRollout(effect: Of<'annotateRollout'>, context: PerformContext, signal: AbortSignal) {
  const { resourceVersion } = context;
  const body = { metadata: { resourceVersion, annotations: effect.annotations } };
  const version = await patchMerge(context.caches.rollouts, context.name, body, context, signal);
  context.resourceVersion = version ?? resourceVersion;
  return version;
}

/** A ReplicaSet of that name is ours when it was made for this Rollout and this hash; any other is in the way. */
async function createReplicaSet(effect: Of<'createReplicaSet'>, context: PerformContext, signal: AbortSignal) {
  const { rollout, template } = await readTemplate(context, signal);
  const object = composeReplicaSet(rollout, template, effect);
  const answer = await createOrFind(context, resourceTypes.replicaSet, object, signal);
  if (answer.metadata.labels?.[hashLabel] !== effect.hash || !isControlledBy(answer, context.uid)) {
    throw new SluiceError('AlreadyExists', `ReplicaSet ${effect.name} exists and belongs to something else`);
  }
  context.caches.replicaSets.remember(answer);
  return answer.metadata.resourceVersion;
}

async function createAnalysisRun(effect: Of<'createAnalysisRun'>, context: PerformContext, signal: AbortSignal) {
  const { apiVersion, name, namespace, uid } = context;
  const object: KubeObject = {
    apiVersion,
    kind: resourceTypes.analysisRun.kind,
    metadata: {
      name: effect.name,
      namespace,
      labels: effect.labels,
      annotations: effect.annotations,
      ownerReferences: [{ apiVersion, kind: 'Rollout', name, uid, controller: true, blockOwnerDeletion: true }],
    },
    spec: effect.spec,
  };
  const answer = await createOrFind(context, resourceTypes.analysisRun, object, signal);
  if (!isControlledBy(answer, uid)) {
    throw new SluiceError('AlreadyExists', `AnalysisRun ${effect.name} exists and belongs to something else`);
  }
  context.caches.analysisRuns.remember(answer);
  return answer.metadata.resourceVersion;
}

/**
 * The eviction itself is answered with nothing, so the pod is read afterwards: the next pass must know that it goes.
 * A pod that was seen broken may serve by now, so it goes only in the version that was seen.
 */
async function evictPod({ name, uid, isBroken }: Of<'evictPod'>, context: PerformContext, signal: AbortSignal) {
  const { pods } = context.caches;
  const seen = pods.get(context.namespace, name);
  if (isBroken && seen?.available === true) return undefined;
  const at = addressOf(resourceTypes.pod, context, name);
  try {
    await context.cluster.evict(at, { uid, ...(isBroken ? precondition(seen) : {}) }, { signal });
    const pod = await context.cluster.get(at, { signal });
    pods.remember(pod);
    return pod.metadata.resourceVersion;
  } catch (error) {
    if (!hasCode(error, 'NotFound')) throw error;
    pods.forget(context.namespace, name, uid);
    return undefined;
  }
}
