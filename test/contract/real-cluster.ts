import { setTimeout as delay } from 'node:timers/promises';

import type { KubeObject, ResourceType } from '../../src/api/object.ts';
import { resourceTypes } from '../../src/api/resource-types.ts';
import { hasCode } from '../../src/base/error.ts';
import type { Call, ClusterPort, WriteOptions } from '../../src/cluster/port.ts';
import { applyObject } from '../control-plane/apply-manifests.ts';
import type { OwnControlPlane } from '../control-plane/control-plane.ts';
import type { ContractCluster } from './cluster/case.ts';
import { contractResources, customResourceDefinition } from './cluster/widget.ts';
import { HttpCluster } from './http-cluster.ts';

const installTimeoutMs = 30_000;
const pollMs = 20;

/** A control plane of our own as the contract suite wants it, with the suite's kinds installed. Closing it stops it. */
export async function realCluster(plane: OwnControlPlane): Promise<ContractCluster> {
  const cluster = new SettledCluster(plane.name, plane.connection());
  const signal = AbortSignal.timeout(installTimeoutMs);
  for (const resource of contractResources) await applyObject(cluster, customResourceDefinition(resource), signal);
  return {
    cluster,
    has: ['garbage-collector', 'disruption-controller', 'compaction'],
    compact: () => plane.forgetHistory(),
    close: async () => {
      cluster.close();
      await plane.stop();
    },
  };
}

/** Hands out a new namespace when it can take pods: they need its service account, which a controller makes. */
class SettledCluster extends HttpCluster implements ClusterPort {
  override async create(
    type: ResourceType,
    object: KubeObject,
    options: WriteOptions,
    call: Call,
  ): Promise<KubeObject> {
    const created = await super.create(type, object, options, call);
    if (type.kind !== resourceTypes.namespace.kind || options.dryRun === true) return created;
    const path = `/api/v1/namespaces/${created.metadata.name}/serviceaccounts/default`;
    for (;;) {
      try {
        await this.send({ method: 'GET', path }, call);
        return created;
      } catch (error) {
        if (!hasCode(error, 'NotFound')) throw error;
        await delay(pollMs, undefined, { signal: call.signal });
      }
    }
  }
}
