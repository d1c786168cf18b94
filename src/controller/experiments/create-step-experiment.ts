import type { ExtraMetadata } from '../../api/analysis-reference.ts';
import type { ExperimentStep, ExperimentStepTemplate } from '../../api/canary-step.ts';
import { isControlledBy } from '../../api/controller-owner.ts';
import type { ExperimentSpec, ExperimentTemplate } from '../../api/experiment.ts';
import { recordOf } from '../../api/json-access.ts';
import { apiVersionOf, type KubeObject } from '../../api/object.ts';
import type { PodTemplateSpec } from '../../api/pod-template.ts';
import { resourceTypes } from '../../api/resource-types.ts';
import { hasContainerPorts } from '../../api/validate-experiment.ts';
import { SluiceError } from '../../base/error.ts';
import type { Effect } from '../../engine/decision.ts';
import type { PerformContext } from '../perform-context.ts';
import { addressOf, createOrFind } from '../write-object.ts';

type CreateExperiment = Extract<Effect, { kind: 'createExperiment' }>;

/**
 * Makes the Experiment of a step. Its pods are those of the two ReplicaSets of the Rollout, with what the step changes
 * about them. One of that name is ours when it was made for this Rollout; any other is in the way.
 */
export async function createStepExperiment(
  effect: CreateExperiment,
  context: PerformContext,
  signal: AbortSignal,
): Promise<string | undefined> {
  const read = (name: string): Promise<KubeObject> =>
    context.cluster.get(addressOf(resourceTypes.replicaSet, context, name), { signal });
  const replicaSets = {
    canary: await read(effect.replicaSets.canary),
    stable: await read(effect.replicaSets.stable),
  };
  const object = composeStepExperiment(effect, context, replicaSets);
  const answer = await createOrFind(context, resourceTypes.experiment, object, signal);
  if (!isControlledBy(answer, context.uid)) {
    throw new SluiceError('AlreadyExists', `Experiment ${effect.name} exists and belongs to something else`);
  }
  context.caches.experiments.remember(answer);
  return answer.metadata.resourceVersion;
}

/** The Experiment of a step, from the ReplicaSets of both sides. */
export function composeStepExperiment(
  { name, labels, annotations, step, analyses, progressDeadlineSeconds }: CreateExperiment,
  owner: Pick<PerformContext, 'name' | 'namespace' | 'uid' | 'apiVersion'>,
  replicaSets: Readonly<Record<'canary' | 'stable', KubeObject>>,
): KubeObject {
  const { kind } = resourceTypes.rollout;
  const { apiVersion, uid } = owner;
  const spec: ExperimentSpec = {
    ...copied(step),
    ...(progressDeadlineSeconds === undefined ? {} : { progressDeadlineSeconds }),
    templates: step.templates.map((template) => composeTemplate(template, replicaSets[template.specRef])),
    ...(analyses.length === 0 ? {} : { analyses }),
  };
  return {
    apiVersion: apiVersionOf(resourceTypes.experiment),
    kind: resourceTypes.experiment.kind,
    metadata: {
      name,
      namespace: owner.namespace,
      labels,
      annotations,
      ownerReferences: [{ apiVersion, kind, name: owner.name, uid, controller: true, blockOwnerDeletion: true }],
    },
    spec,
  };
}

/** Fields that mean the same in a step and in an Experiment. */
function copied(step: ExperimentStep): Partial<ExperimentSpec> {
  const { duration, dryRun, measurementRetention, analysisRunMetadata, scaleDownDelaySeconds } = step;
  const fields = { duration, dryRun, measurementRetention, analysisRunMetadata, scaleDownDelaySeconds };
  return Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined));
}

function composeTemplate(step: ExperimentStepTemplate, replicaSet: KubeObject): ExperimentTemplate {
  // What the API server stores is what its schema says.
  const { selector, template, minReadySeconds = 0 } = recordOf(replicaSet['spec']) as unknown as ExperimentTemplate;
  const { labels = {} } = step.metadata ?? {};
  const chosen = step.selector ?? selector;
  return {
    name: step.name,
    ...(step.replicas === undefined ? {} : { replicas: step.replicas }),
    ...(minReadySeconds === 0 ? {} : { minReadySeconds }),
    selector: { ...chosen, matchLabels: { ...chosen.matchLabels, ...labels } },
    template: { ...template, metadata: withAdded(template.metadata, step.metadata ?? {}) },
    ...serviceOf(step, template),
  };
}

/** A template with a weight gets a Service that a router can lead to, also when it asks for none. */
function serviceOf(
  { service, weight }: ExperimentStepTemplate,
  template: ExperimentTemplate['template'],
): Pick<ExperimentTemplate, 'service'> {
  if (weight !== undefined) return { service: service ?? {} };
  return service === undefined || !hasContainerPorts(template) ? {} : { service };
}

function withAdded(
  metadata: NonNullable<PodTemplateSpec['metadata']> = {},
  { labels = {}, annotations = {} }: ExtraMetadata,
): NonNullable<PodTemplateSpec['metadata']> {
  return {
    ...metadata,
    labels: { ...metadata.labels, ...labels },
    ...(Object.keys(annotations).length === 0 ? {} : { annotations: { ...metadata.annotations, ...annotations } }),
  };
}
