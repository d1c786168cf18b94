import assert from 'node:assert/strict';
import { test } from 'node:test';

import { resourceTypes } from '../../src/api/resource-types.ts';
import { footprintOf } from '../control-plane/footprint.ts';
import { call } from './pods.ts';
import { ownControlPlaneSuite } from './suite.ts';
import { waitUntil } from './wait.ts';

const podCount = 5_000;
const waitMs = 240_000;

ownControlPlaneSuite(`${podCount} simulated pods`, {}, (plane) => {
  const linux = process.platform === 'linux';
  test('cost the kubelet at most a third of the CPU time of the API server', { skip: !linux }, async (t) => {
    const cluster = plane().cluster();
    const cpuSeconds = (program: 'kube-apiserver' | 'simulated-kubelet'): number =>
      footprintOf(plane().processes.get(program) ?? 0).cpuSeconds;
    const before = { server: cpuSeconds('kube-apiserver'), kubelet: cpuSeconds('simulated-kubelet') };
    const begun = performance.now();
    const template = {
      metadata: { labels: { app: 'crowd' } },
      spec: { containers: [{ name: 'main', image: 'app:1' }] },
    };
    const set = {
      apiVersion: 'apps/v1',
      kind: 'ReplicaSet',
      metadata: { name: 'crowd', namespace: 'default' },
      spec: { replicas: podCount, selector: { matchLabels: { app: 'crowd' } }, template },
    };
    await cluster.create(resourceTypes.replicaSet, set, {}, call());
    const at = { type: resourceTypes.replicaSet, namespace: 'default', name: 'crowd' };
    await waitUntil(
      `${podCount} pods are ready`,
      async () => (await cluster.get(at, call()))['status'] as { readonly readyReplicas?: number },
      ({ readyReplicas }) => readyReplicas === podCount,
      waitMs,
    );
    const server = cpuSeconds('kube-apiserver') - before.server;
    const kubelet = cpuSeconds('simulated-kubelet') - before.kubelet;
    const took = ((performance.now() - begun) / 1000).toFixed(1);
    t.diagnostic(
      `${podCount} pods ready after ${took} s; CPU time of the API server ${server.toFixed(1)} s, ` +
        `of the kubelet ${kubelet.toFixed(1)} s (${Math.round((100 * kubelet) / server)} %)`,
    );
    assert.ok(kubelet <= server / 3);
    const pods = await cluster.list(resourceTypes.pod, { namespace: 'default' }, { ...call(), timeoutMs: 60_000 });
    const addresses = pods.items.map((pod) => (pod['status'] as { readonly podIP: string }).podIP);
    assert.equal(new Set(addresses).size, podCount);
  });
});
