import type { ExperimentTemplate } from '../../api/experiment.ts';
import { apiVersionOf, type KubeObject, type OwnerReference } from '../../api/object.ts';
import { hashLabel } from '../../api/pod-template-hash.ts';
import { resourceTypes } from '../../api/resource-types.ts';
import type { ExperimentEffect } from '../../engine/experiment/experiment-decision.ts';
import { experimentNameAnnotation, experimentTemplateAnnotation } from '../../engine/experiment/experiment-world.ts';
import { withoutRevision } from './project-experiment.ts';

/** The Experiment to which objects belong. */
export interface ExperimentOwner {
  readonly name: string;
  readonly namespace: string;
  readonly uid: string;
}

type Of<Kind extends ExperimentEffect['kind']> = Extract<ExperimentEffect, { kind: Kind }>;

/** The ReplicaSet of a template, with no pods yet. */
export function composeTemplateReplicaSet(
  owner: ExperimentOwner,
  { template, selector, minReadySeconds = 0 }: ExperimentTemplate,
  effect: Of<'createReplicaSet'>,
): KubeObject {
  const hashLabels = { [hashLabel]: effect.hash };
  const podTemplate = withoutRevision(template);
  const labels = { ...podTemplate.metadata?.labels, ...hashLabels };
  return {
    apiVersion: apiVersionOf(resourceTypes.replicaSet),
    kind: resourceTypes.replicaSet.kind,
    metadata: { ...metadataOf(owner, effect), labels },
    spec: {
      replicas: 0,
      ...(minReadySeconds === 0 ? {} : { minReadySeconds }),
      selector: { ...selector, matchLabels: { ...selector.matchLabels, ...hashLabels } },
      template: { ...podTemplate, metadata: { ...podTemplate.metadata, labels } },
    },
  };
}

/** The Service of a template. */
export function composeTemplateService(owner: ExperimentOwner, effect: Of<'createService'>): KubeObject {
  return {
    apiVersion: apiVersionOf(resourceTypes.service),
    kind: resourceTypes.service.kind,
    metadata: metadataOf(owner, effect),
    spec: { selector: effect.selector, ports: effect.ports },
  };
}

/** The AnalysisRun of an analysis. */
export function composeExperimentRun(owner: ExperimentOwner, effect: Of<'createAnalysisRun'>): KubeObject {
  const { name, labels, annotations, spec } = effect;
  const { namespace } = owner;
  return {
    apiVersion: apiVersionOf(resourceTypes.analysisRun),
    kind: resourceTypes.analysisRun.kind,
    metadata: { name, namespace, labels, annotations, ownerReferences: [ownerReference(owner)] },
    spec,
  };
}

function metadataOf(owner: ExperimentOwner, { name, template }: { readonly name: string; readonly template: string }) {
  return {
    name,
    namespace: owner.namespace,
    annotations: { [experimentNameAnnotation]: owner.name, [experimentTemplateAnnotation]: template },
    ownerReferences: [ownerReference(owner)],
  };
}

function ownerReference({ name, uid }: ExperimentOwner): OwnerReference {
  const { kind } = resourceTypes.experiment;
  return {
    apiVersion: apiVersionOf(resourceTypes.experiment),
    kind,
    name,
    uid,
    controller: true,
    blockOwnerDeletion: true,
  };
}
