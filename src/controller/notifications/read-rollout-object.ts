import { apiVersionOf, type KubeObject } from '../../api/object.ts';
import { resourceTypes } from '../../api/resource-types.ts';
import type { Rollout, RolloutStatus } from '../../api/rollout.ts';
import { workloadSelector, workloadTemplate, workloadType } from '../../api/workload.ts';
import { hasCode } from '../../base/error.ts';
import type { ClusterPort } from '../../cluster/port.ts';
import type { ObservedRollout } from '../rollout-projector.ts';

/**
 * The whole Rollout, because templates may use any part of it; what `workloadRef` stands for is filled in. With
 * `status` in place of its own, and then also for a Rollout that is gone, of which all is known but the pod template.
 * Undefined for one that is gone otherwise.
 */
export async function readRolloutObject(
  cluster: ClusterPort,
  rollout: ObservedRollout,
  status: RolloutStatus | undefined,
  signal: AbortSignal,
): Promise<KubeObject | undefined> {
  const { namespace, name, uid } = rollout;
  const found = await find(cluster, { type: resourceTypes.rollout, namespace, name }, signal);
  if (found?.metadata.uid !== uid) return status === undefined ? undefined : { ...projected(rollout), status };
  const object = await withWorkload(cluster, found, signal);
  return status === undefined ? object : { ...object, status };
}

async function withWorkload(cluster: ClusterPort, object: KubeObject, signal: AbortSignal): Promise<KubeObject> {
  const { spec: { template, workloadRef, ...spec } = {} } = object as unknown as Partial<Rollout>;
  const type = template === undefined && workloadRef !== undefined ? workloadType(workloadRef) : undefined;
  if (type === undefined) return object;
  const { namespace = '' } = object.metadata;
  const workload = await find(cluster, { type, namespace, name: workloadRef?.name ?? '' }, signal);
  if (workload === undefined) return object;
  const selector = spec.selector ?? workloadSelector(workload);
  return { ...object, spec: { ...spec, workloadRef, selector, template: workloadTemplate(workload) } };
}

async function find(
  cluster: ClusterPort,
  at: Parameters<ClusterPort['get']>[0],
  signal: AbortSignal,
): Promise<KubeObject | undefined> {
  try {
    return await cluster.get(at, { signal });
  } catch (error) {
    if (hasCode(error, 'NotFound')) return undefined;
    throw error;
  }
}

function projected({ namespace, name, uid, labels, annotations, spec }: ObservedRollout): KubeObject {
  const { kind } = resourceTypes.rollout;
  const metadata = { namespace, name, uid, labels, annotations };
  return { apiVersion: apiVersionOf(resourceTypes.rollout), kind, metadata, spec };
}
