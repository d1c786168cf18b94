import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';

import type { KubeObject, ResourceType } from '../../src/api/object.ts';
import { resourceTypes } from '../../src/api/resource-types.ts';
import { systemClock } from '../../src/base/clock.ts';
import { hasCode } from '../../src/base/error.ts';
import { silentLog } from '../../src/base/log.ts';
import { findConnection } from '../../src/cluster/kubernetes/find-connection.ts';
import { createKubernetesCluster, type KubernetesCluster } from '../../src/cluster/kubernetes/kubernetes-cluster.ts';
import type { Call, ClusterPort, WriteOptions } from '../../src/cluster/port.ts';
import { contractCases, runCase } from '../contract/cluster.ts';
import type { ContractCluster } from '../contract/cluster/case.ts';
import { contractResources, customResourceDefinition } from '../contract/cluster/widget.ts';
import { recordedAnswers } from '../contract/recorded-answers.ts';
import { applyObject } from '../control-plane/apply-manifests.ts';
import { ownControlPlaneSuite } from './suite.ts';

const installTimeoutMs = 30_000;
const pollMs = 20;

ownControlPlaneSuite('the adapter for real clusters keeps the cluster contract', {}, (plane) => {
  let cluster: KubernetesCluster;
  let target: ContractCluster;

  before(async () => {
    const signal = AbortSignal.timeout(installTimeoutMs);
    for (const resource of contractResources) {
      await applyObject(plane().cluster(), customResourceDefinition(resource), signal);
    }
    cluster = createKubernetesCluster({
      connection: await findConnection({ kubeconfig: plane().kubeconfig(), environment: {} }),
      clock: systemClock,
      log: silentLog,
      environment: {},
      userAgent: 'sluice-test',
    });
    target = {
      cluster: settled(cluster),
      has: ['garbage-collector', 'disruption-controller', 'compaction'],
      compact: () => plane().forgetHistory(),
      close: async () => {},
    };
  });

  after(() => cluster.close());

  for (const contractCase of contractCases) {
    test(contractCase.name, async () => {
      const record = await runCase(target, contractCase);
      assert.deepEqual(record, recordedAnswers(plane().version)[contractCase.name]);
    });
  }
});

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
  for (;;) {
    try {
      const path = `/api/v1/namespaces/${namespace}/serviceaccounts/default`;
      await cluster.send({ method: 'GET', path }, call);
      return;
    } catch (error) {
      if (!hasCode(error, 'NotFound')) throw error;
      await delay(pollMs, undefined, { signal: call.signal });
    }
  }
}
