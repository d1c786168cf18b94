import type { KubeObject } from '../api/object.ts';
import { podMetadataAnnotation, podMetadataText, type PodMetadata } from '../api/pod-metadata.ts';
import { hashLabel } from '../api/pod-template-hash.ts';
import type { PodTemplateSpec } from '../api/pod-template.ts';
import type { Rollout } from '../api/rollout.ts';
import { desiredReplicasAnnotation, revisionAnnotation, revisionHistoryAnnotation } from '../engine/revision.ts';

/** What a new ReplicaSet is made from. */
export interface NewReplicaSet {
  readonly name: string;
  readonly hash: string;
  readonly revision: number;
  /** spec.replicas of the Rollout. */
  readonly desiredReplicas: number;
  /** Labels and annotations of its pods beside those of the template. */
  readonly podMetadata: PodMetadata;
}

/** Annotations of a Rollout that are about the Rollout alone and do not pass on to its ReplicaSets. */
const ownAnnotations: ReadonlySet<string> = new Set([
  'kubectl.kubernetes.io/last-applied-configuration',
  revisionAnnotation,
  revisionHistoryAnnotation,
  desiredReplicasAnnotation,
  'notified.notifications.argoproj.io',
]);

/** The ReplicaSet of a Rollout's current template, with no pods yet. */
export function composeReplicaSet(rollout: Rollout, template: PodTemplateSpec, made: NewReplicaSet): KubeObject {
  const { metadata, spec } = rollout;
  const hashLabels = { [hashLabel]: made.hash };
  const labels = { ...template.metadata?.labels, ...hashLabels };
  const passedOn = Object.entries(metadata.annotations ?? {}).filter(([name]) => !ownAnnotations.has(name));
  const { selector } = spec;
  const note = podMetadataText(made.podMetadata);
  return {
    apiVersion: 'apps/v1',
    kind: 'ReplicaSet',
    metadata: {
      name: made.name,
      namespace: metadata.namespace ?? '',
      labels,
      annotations: {
        ...Object.fromEntries(passedOn),
        [revisionAnnotation]: String(made.revision),
        [desiredReplicasAnnotation]: String(made.desiredReplicas),
        ...(note === '' ? {} : { [podMetadataAnnotation]: note }),
      },
      ownerReferences: [
        {
          apiVersion: rollout.apiVersion,
          kind: rollout.kind,
          name: metadata.name,
          uid: metadata.uid ?? '',
          controller: true,
          blockOwnerDeletion: true,
        },
      ],
    },
    spec: {
      replicas: 0,
      ...(spec.minReadySeconds === undefined ? {} : { minReadySeconds: spec.minReadySeconds }),
      selector: { ...selector, matchLabels: { ...selector?.matchLabels, ...hashLabels } },
      template: { ...template, metadata: withPodMetadata({ ...template.metadata, labels }, made.podMetadata) },
    },
  };
}

function withPodMetadata(metadata: NonNullable<PodTemplateSpec['metadata']>, { labels, annotations }: PodMetadata) {
  return {
    ...metadata,
    labels: { ...metadata.labels, ...labels },
    ...(Object.keys(annotations).length === 0 ? {} : { annotations: { ...metadata.annotations, ...annotations } }),
  };
}
