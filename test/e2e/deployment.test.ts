import assert from 'node:assert/strict';
import { test } from 'node:test';

import { resourceTypes } from '../../src/api/resource-types.ts';
import { call, isReady, Pods } from './pods.ts';
import { controlPlaneSuite } from './suite.ts';
import { waitUntil } from './wait.ts';

controlPlaneSuite('a deployment on a real control plane', {}, (plane) => {
  test('gets ready pods, and its deletion takes them away', async () => {
    const pods = await Pods.inNewNamespace(plane().cluster());
    const { cluster, namespace } = pods;
    const deployment = {
      apiVersion: 'apps/v1',
      kind: 'Deployment',
      metadata: { name: 'web', namespace },
      spec: {
        replicas: 3,
        selector: { matchLabels: { app: 'web' } },
        template: {
          metadata: { labels: { app: 'web' } },
          spec: {
            terminationGracePeriodSeconds: 5,
            containers: [{ name: 'web', image: 'registry.k8s.io/pause:3.10' }],
          },
        },
      },
    };
    await cluster.create(resourceTypes.deployment, deployment, {}, call());
    const at = { type: resourceTypes.deployment, namespace, name: 'web' };
    const settled = await waitUntil(
      'the deployment is available',
      () => cluster.get(at, call()),
      ({ status }) => (status as { readonly availableReplicas?: number }).availableReplicas === 3,
    );
    assert.equal((settled['status'] as { readonly observedGeneration: number }).observedGeneration, 1);
    const ready = await pods.list('app=web');
    assert.equal(ready.filter(isReady).length, 3);
    assert.equal(new Set(ready.map((pod) => pod.status.podIP)).size, 3);

    await cluster.delete(at, { propagation: 'Background' }, call());
    await waitUntil(
      'the pods are gone',
      () => pods.list('app=web'),
      (left) => left.length === 0,
    );
    const sets = await cluster.list(resourceTypes.replicaSet, { namespace }, call());
    assert.deepEqual(sets.items, []);
  });
});
