import { isControlledBy } from '../../api/controller-owner.ts';
import type { Experiment } from '../../api/experiment.ts';
import type { KubeObject } from '../../api/object.ts';
import { hashLabel } from '../../api/pod-template-hash.ts';
import { resourceTypes } from '../../api/resource-types.ts';
import { SluiceError } from '../../base/error.ts';
import type { ClusterPort } from '../../cluster/port.ts';
import type { ExperimentEffect } from '../../engine/experiment/experiment-decision.ts';
import { experimentTemplateAnnotation } from '../../engine/experiment/experiment-world.ts';
import type { Caches, ObjectCache } from '../caches.ts';
import { addressOf, createOrFind, patchMerge, patchSeen, precondition, removeObject } from '../write-object.ts';
import {
  composeExperimentRun,
  composeTemplateReplicaSet,
  composeTemplateService,
  type ExperimentOwner,
} from './compose-experiment-objects.ts';
import { projectExperiment } from './project-experiment.ts';

/** What the effects of one Experiment are done with. */
export interface PerformExperimentContext extends ExperimentOwner {
  readonly cluster: ClusterPort;
  readonly caches: Caches;
}

type Of<Kind extends ExperimentEffect['kind']> = Extract<ExperimentEffect, { kind: Kind }>;

/**
 * Does one effect, with what was observed as precondition; its answer goes into the cache at once. Repeating an effect
 * that was done already changes nothing.
 */
export async function performExperiment(
  effect: ExperimentEffect,
  context: PerformExperimentContext,
  signal: AbortSignal,
): Promise<string | undefined> {
  const { replicaSets, services, analysisRuns } = context.caches;
  switch (effect.kind) {
    case 'createReplicaSet':
      return createReplicaSet(effect, context, signal);
    case 'createService':
      return createOwn(services, composeTemplateService(context, effect), context, signal);
    case 'scaleReplicaSet': {
      const metadata = precondition(replicaSets.get(context.namespace, effect.name));
      return patchSeen(replicaSets, effect.name, { metadata, spec: { replicas: effect.to } }, context, signal);
    }
    case 'annotateReplicaSet': {
      const seen = precondition(replicaSets.get(context.namespace, effect.name));
      const body = { metadata: { ...seen, annotations: effect.annotations } };
      return patchMerge(replicaSets, effect.name, body, context, signal);
    }
    case 'createAnalysisRun':
      return createOwn(analysisRuns, composeExperimentRun(context, effect), context, signal);
    case 'terminateAnalysisRun':
      return patchMerge(analysisRuns, effect.name, { spec: { terminate: true } }, context, signal);
    case 'deleteService':
      return removeObject(services, effect, context, signal);
  }
}

/** The pod templates are not kept in memory, so the Experiment is read. It must still be the one decided about. */
async function createReplicaSet(
  effect: Of<'createReplicaSet'>,
  context: PerformExperimentContext,
  signal: AbortSignal,
): Promise<string | undefined> {
  const at = addressOf(resourceTypes.experiment, context, context.name);
  const object = await context.cluster.get(at, { signal });
  const { templates } = projectExperiment(object);
  const hash = templates.find(({ name }) => name === effect.template)?.hash;
  const template = (object as unknown as Experiment).spec.templates.find(({ name }) => name === effect.template);
  if (object.metadata.uid !== context.uid || template === undefined || hash !== effect.hash) {
    throw new SluiceError('Conflict', `the templates of ${context.name} changed while a ReplicaSet was made`);
  }
  const composed = composeTemplateReplicaSet(context, template, effect);
  return createOwn(context.caches.replicaSets, composed, context, signal);
}

/** An object of that name is ours when it was made for this Experiment; any other is in the way. */
async function createOwn<View>(
  cache: ObjectCache<View>,
  object: KubeObject,
  context: PerformExperimentContext,
  signal: AbortSignal,
): Promise<string | undefined> {
  const answer = await createOrFind(context, cache.type, object, signal);
  const isOurs = isControlledBy(answer, context.uid) && markOf(answer) === markOf(object);
  if (!isOurs) {
    throw new SluiceError(
      'AlreadyExists',
      `${object.kind} ${object.metadata.name} exists and belongs to something else`,
    );
  }
  cache.remember(answer);
  return answer.metadata.resourceVersion;
}

function markOf({ metadata }: KubeObject): string {
  return `${metadata.annotations?.[experimentTemplateAnnotation] ?? ''}/${metadata.labels?.[hashLabel] ?? ''}`;
}
