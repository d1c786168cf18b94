import assert from 'node:assert/strict';
import { test } from 'node:test';

import { apiVersionOf, type KubeObject } from '../../src/api/object.ts';
import { resourceTypes } from '../../src/api/resource-types.ts';
import { shopSuite } from './shop-suite.ts';
import { template } from './shop.ts';
import { waitUntil } from './wait.ts';

const steps = [{ setWeight: 50 }, { pause: {} }];

shopSuite('Rollouts that refer to a workload, on a real control plane', {}, (plane, shop) => {
  async function deployment(name: string, replicas: number): Promise<void> {
    const selector = { matchLabels: { app: name } };
    await shop().create(resourceTypes.deployment, name, {
      spec: { replicas, selector, template: template(name, 'v1') },
    });
    await untilDeployment(name, 'is available', ({ available }) => available === replicas);
  }

  async function referring(name: string, replicas: number, scaleDown: string): Promise<void> {
    const workloadRef = { apiVersion: 'apps/v1', kind: 'Deployment', name, scaleDown };
    await shop().create(resourceTypes.rollout, name, {
      spec: { replicas, workloadRef, strategy: { canary: { steps } } },
    });
  }

  async function untilDeployment(
    name: string,
    what: string,
    holds: (sizes: { readonly wanted: number; readonly available: number }) => boolean,
  ): Promise<KubeObject> {
    return await waitUntil(
      `Deployment ${name}: ${what}`,
      () => shop().get(resourceTypes.deployment, name),
      ({ spec, status }) => {
        const { replicas = 1 } = spec as { readonly replicas?: number };
        const { availableReplicas = 0 } = (status ?? {}) as { readonly availableReplicas?: number };
        return holds({ wanted: replicas, available: availableReplicas });
      },
    );
  }

  /** As an autoscaler does it: through the scale subresource. */
  async function scale(name: string, replicas: number): Promise<void> {
    const at = { type: resourceTypes.rollout, namespace: shop().namespace, name };
    const call = { signal: AbortSignal.timeout(20_000) };
    await shop().cluster.patch(at, { kind: 'merge', body: { spec: { replicas } } }, { subresource: 'scale' }, call);
  }

  test('the Deployment gives its pods up, and its changes are new revisions', async () => {
    await deployment('web', 3);
    await referring('web', 3, 'progressively');
    const first = await shop().untilHealthy('web');
    const given = await untilDeployment('web', 'is scaled down', ({ wanted }) => wanted === 0);
    assert.equal(given.metadata.annotations?.['sluice.dev/scaled-down-from'], undefined, 'the note goes with the last');
    await shop().until(
      'has observed the workload',
      'web',
      ({ workloadObservedGeneration }) => workloadObservedGeneration === String(given.metadata.generation),
    );
    const at = { type: resourceTypes.deployment, namespace: shop().namespace, name: 'web' };
    const body = { spec: { template: template('web', 'v2') } };
    await shop().cluster.patch(at, { kind: 'merge', body }, {}, { signal: AbortSignal.timeout(20_000) });
    const paused = await shop().untilPaused('web');
    assert.notEqual(paused.currentPodHash, first.currentPodHash);
    await shop().patch('web', { status: { pauseConditions: null } }, 'status');
    const done = await shop().until(
      'is promoted',
      'web',
      ({ phase, stableRS }) => phase === 'Healthy' && stableRS !== first.stableRS,
    );
    const set = await shop().get(resourceTypes.replicaSet, `web-${done.stableRS ?? ''}`);
    const [owner] = set.metadata.ownerReferences ?? [];
    assert.deepEqual([owner?.apiVersion, owner?.kind], [apiVersionOf(resourceTypes.rollout), 'Rollout']);
  });

  test('a scale from outside is followed, also in the middle of an update', async () => {
    await scale('web', 5);
    const grown = await shop().until('has 5 pods', 'web', ({ availableReplicas }) => availableReplicas === 5);
    // The autoscaler looks for pods by this.
    assert.equal(grown.selector, 'app=web');
    assert.equal(grown.HPAReplicas, 5);
    const at = { type: resourceTypes.deployment, namespace: shop().namespace, name: 'web' };
    const body = { spec: { template: template('web', 'v3') } };
    await shop().cluster.patch(at, { kind: 'merge', body }, {}, { signal: AbortSignal.timeout(20_000) });
    await shop().untilPaused('web');
    await plane().kubectl(['-n', shop().namespace, 'scale', 'rollout/web', '--replicas=2']);
    const shrunk = await shop().until('has 2 pods', 'web', ({ replicas, availableReplicas }) => {
      return replicas === 2 && availableReplicas === 2;
    });
    assert.equal(shrunk.updatedReplicas, 1, 'half of them are of the new revision');
    await untilDeployment('web', 'stays without pods', ({ wanted }) => wanted === 0);
  });

  test('a Deployment is scaled down at once when the Rollout is complete, and a missing one makes it invalid', async () => {
    await referring('late', 1, 'onsuccess');
    await shop().until('is invalid', 'late', ({ phase, message = '' }) => {
      return phase === 'Degraded' && message.includes(`deployments.apps "${shop().namespace}/late" not found`);
    });
    await deployment('late', 2);
    await shop().untilHealthy('late');
    await untilDeployment('late', 'is scaled down', ({ wanted }) => wanted === 0);
  });
});
