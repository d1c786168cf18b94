import { numberOf, recordOf } from '../api/json-access.ts';
import type { KubeObject } from '../api/object.ts';
import type { PodTemplateSpec } from '../api/pod-template.ts';
import { resourceTypes } from '../api/resource-types.ts';
import type { RolloutSpec } from '../api/rollout.ts';
import { workloadSelector, workloadTemplate } from '../api/workload.ts';
import { scaledDownFromAnnotation } from '../engine/workload-plan.ts';

/** A Deployment, ReplicaSet or PodTemplate, as far as the Rollouts that refer to it need it. */
export interface ObservedWorkload {
  readonly name: string;
  readonly uid: string;
  readonly resourceVersion: string;
  readonly generation: number;
  readonly template: PodTemplateSpec;
  readonly selector: RolloutSpec['selector'];
  /** Pods that it asks for; undefined for everything but a Deployment, which alone is scaled. */
  readonly replicas: number | undefined;
  /** Pods that it asked for before it was scaled down in favour of a Rollout. */
  readonly scaledDownFrom: number | undefined;
}

/** Projects a workload. The API server has checked the types of what is stored. */
export function projectWorkload(object: KubeObject): ObservedWorkload {
  const { name, uid = '', resourceVersion = '', generation = 0, annotations = {} } = object.metadata;
  const replicas = numberOf(recordOf(object['spec'])['replicas']) ?? 1;
  const scaledDownFrom = annotations[scaledDownFromAnnotation] ?? '';
  return {
    name,
    uid,
    resourceVersion,
    generation,
    template: workloadTemplate(object),
    selector: workloadSelector(object),
    replicas: object.kind === resourceTypes.deployment.kind ? replicas : undefined,
    scaledDownFrom: /^\d{1,9}$/.test(scaledDownFrom) ? Number(scaledDownFrom) : undefined,
  };
}
