import { optionalRecord, recordOf } from './json-access.ts';
import { apiVersionOf, type KubeObject, type ResourceType } from './object.ts';
import { resourceTypes } from './resource-types.ts';
import type { WorkloadReference } from './rollout.ts';

/** The kinds that `spec.workloadRef` may name. */
export const workloadTypes: readonly ResourceType[] = [
  resourceTypes.deployment,
  resourceTypes.replicaSet,
  resourceTypes.podTemplate,
];

/** The type that a reference names; undefined when it is none with a pod template that a Rollout can use. */
export function workloadType({ apiVersion, kind }: Pick<WorkloadReference, 'apiVersion' | 'kind'>) {
  return workloadTypes.find((type) => type.kind === kind && apiVersionOf(type) === apiVersion);
}

/** The pod template of a workload, as stored. */
export function workloadTemplate(workload: KubeObject): Readonly<Record<string, unknown>> {
  const holder = workload.kind === resourceTypes.podTemplate.kind ? workload : recordOf(workload['spec']);
  return recordOf(recordOf(holder)['template']);
}

/** The selector of a workload; a PodTemplate has none. */
export function workloadSelector(workload: KubeObject): Readonly<Record<string, unknown>> | undefined {
  return optionalRecord(recordOf(workload['spec'])['selector']);
}
