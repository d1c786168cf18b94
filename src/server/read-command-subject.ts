import { isControlledBy } from '../api/controller-owner.ts';
import type { KubeObject, ResourceType } from '../api/object.ts';
import { resourceTypes } from '../api/resource-types.ts';
import type { Rollout, WorkloadReference } from '../api/rollout.ts';
import { workloadType } from '../api/workload.ts';
import { hasCode, SluiceError } from '../base/error.ts';
import type { Call, ClusterPort, ObjectAddress } from '../cluster/port.ts';
import type { CommandSubject } from '../engine/command.ts';
import { listAll } from './list-all.ts';
import type { ObjectName } from './object-name.ts';
import { missingText, selectorOf } from './read-rollout.ts';

/** Reads what a command is planned from. Rejects with NotFound when there is no such Rollout. */
export async function readCommandSubject(cluster: ClusterPort, at: ObjectName, call: Call): Promise<CommandSubject> {
  const object = await cluster.get({ type: resourceTypes.rollout, ...at }, call).catch((error: unknown) => {
    throw hasCode(error, 'NotFound') ? new SluiceError('NotFound', missingText(at)) : error;
  });
  const rollout = object as unknown as Rollout;
  const workload = await readWorkload(cluster, rollout, call);
  const replicaSets = await readReplicaSets(cluster, object, call);
  return { rollout, replicaSets, ...(workload === undefined ? {} : { workload }) };
}

async function readReplicaSets(cluster: ClusterPort, rollout: KubeObject, call: Call): Promise<readonly KubeObject[]> {
  const { namespace = '', uid } = rollout.metadata;
  const query = { namespace, ...selectorOf(rollout) };
  const { items } = await listAll(cluster, resourceTypes.replicaSet, query, call);
  return items.filter((replicaSet) => isControlledBy(replicaSet, uid));
}

async function readWorkload(cluster: ClusterPort, rollout: Rollout, call: Call): Promise<KubeObject | undefined> {
  const { workloadRef } = rollout.spec;
  if (workloadRef === undefined) return undefined;
  const { namespace = '' } = rollout.metadata;
  return cluster.get({ type: typeOfWorkload(workloadRef), namespace, name: workloadRef.name ?? '' }, call);
}

/** The type of a workload that a Rollout may refer to. Throws Invalid for any other. */
export function typeOfWorkload({ apiVersion = '', kind = '' }: WorkloadReference): ResourceType {
  const type = workloadType({ apiVersion, kind });
  if (type === undefined) {
    throw new SluiceError('Invalid', `spec.workloadRef: ${apiVersion} ${kind} is no workload with a pod template`);
  }
  return type;
}

/** Where an object is. */
export function addressOf(type: ResourceType, { metadata }: Pick<KubeObject, 'metadata'>): ObjectAddress {
  return { type, namespace: metadata.namespace ?? '', name: metadata.name };
}
