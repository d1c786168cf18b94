import { setTimeout as delay } from 'node:timers/promises';

import type { KubeObject, ResourceType } from '../../src/api/object.ts';
import { resourceTypes } from '../../src/api/resource-types.ts';
import { hasCode } from '../../src/base/error.ts';
import type { KubernetesCluster } from '../../src/cluster/kubernetes/kubernetes-cluster.ts';
import type { Call, ClusterPort, WriteOptions } from '../../src/cluster/port.ts';
import { applyObject } from '../control-plane/apply-manifests.ts';
import type { OwnControlPlane } from '../control-plane/control-plane.ts';
import type { ContractCluster } from './cluster/case.ts';
import { contractResources, customResourceDefinition } from './cluster/widget.ts';

const installTimeoutMs = 30_000;
const pollMs = 20;

/** A control plane of our own as the contract suite wants it, with the suite's kinds installed. Closing it stops it. */
export async function realCluster(plane: OwnControlPlane): Promise<ContractCluster> {
  const cluster = plane.cluster();
  const signal = AbortSignal.timeout(installTimeoutMs);
  for (const resource of contractResources) await applyObject(cluster, customResourceDefinition(resource), signal);
  return {
    cluster: settled(cluster),
    has: ['garbage-collector', 'disruption-controller', 'compaction'],
    compact: () => plane.forgetHistory(),
    close: async () => {
      await plane.stop();
    },
  };
}

/** Hands out a new namespace when it can take pods: they need its service account, which a controller makes. */
function settled(cluster: KubernetesCluster): ClusterPort {
  const create = async (
    type: ResourceType,
    object: KubeObject,
    options: WriteOptions,
    call: Call,
  ): Promise<KubeObject> => {
    const created = await cluster.create(type, object, options, call);
    if (type.kind === resourceTypes.namespace.kind && options.dryRun !== true) {
      await serviceAccount(cluster, created.metadata.name, call);
    }
    return created;
  };
  // A proxy of the one method; all others must be called on the adapter itself.
  return new Proxy(cluster, {
    get(_, key: keyof KubernetesCluster) {
      if (key === 'create') return create;
      const value = cluster[key];
      return typeof value === 'function' ? value.bind(cluster) : value;
    },
  });
}

async function serviceAccount(cluster: KubernetesCluster, namespace: string, call: Call): Promise<void> {
  const path = `/api/v1/namespaces/${namespace}/serviceaccounts/default`;
  for (;;) {
    try {
      await cluster.send({ method: 'GET', path }, call);
      return;
    } catch (error) {
      if (!hasCode(error, 'NotFound')) throw error;
      await delay(pollMs, undefined, { signal: call.signal });
    }
  }
}
