import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';

import type { KubeObject } from '../../src/api/object.ts';
import { resourceTypes } from '../../src/api/resource-types.ts';
import { shopSuite } from './shop-suite.ts';
import { waitUntil } from './wait.ts';

const canary = { canary: { steps: [{ setWeight: 50 }, { pause: {} }] } };
const hashLabel = 'rollouts-pod-template-hash';
// Each call has its own deadline.
const call = { signal: new AbortController().signal };
/** Longer than a pass, and than a pod that is evicted takes to be replaced. */
const lookMs = 2500;

shopSuite('people who change their minds, on a real control plane', {}, (_, shop) => {
  async function objects(kind: 'replicaSet' | 'pod', name: string): Promise<readonly KubeObject[]> {
    const query = { namespace: shop().namespace, labelSelector: `app=${name}` };
    return (await shop().cluster.list(resourceTypes[kind], query, call)).items;
  }

  /** Pods that each revision wants, by its hash. */
  async function sizes(name: string): Promise<Readonly<Record<string, number>>> {
    const sets = await objects('replicaSet', name);
    return Object.fromEntries(
      sets.map(({ metadata, spec }) => [
        metadata.labels?.[hashLabel] ?? '',
        Number((spec as { readonly replicas?: number }).replicas),
      ]),
    );
  }

  test('an update that another one replaces gives its pods up; the stable revision keeps enough', async () => {
    await shop().rollout('replaced', canary, 4);
    const { stableRS = '' } = await shop().untilHealthy('replaced');
    await shop().setImage('replaced', 'v2');
    const { currentPodHash: second = '' } = await shop().untilPaused('replaced');
    await shop().setImage('replaced', 'v3');
    const third = await shop().until(
      'is paused with the third revision',
      'replaced',
      ({ phase, currentPodHash }) => phase === 'Paused' && currentPodHash !== second,
    );
    assert.equal(third.stableRS, stableRS);
    assert.deepEqual(await sizes('replaced'), { [stableRS]: 2, [second]: 0, [third.currentPodHash ?? '']: 2 });
    await shop().patch('replaced', { status: { pauseConditions: null } }, 'status');
    await shop().until('is done', 'replaced', ({ stableRS: now }) => now === third.currentPodHash);
  });

  test('an update that is undone in its middle leads everybody back at once', async () => {
    await shop().rollout('undone', canary, 4);
    const { stableRS = '' } = await shop().untilHealthy('undone');
    await shop().setImage('undone', 'v2');
    const { currentPodHash: second = '' } = await shop().untilPaused('undone');
    await shop().setImage('undone', 'v1');
    const back = await shop().untilHealthy('undone');
    assert.deepEqual([back.stableRS, back.currentPodHash], [stableRS, stableRS]);
    await waitUntil(
      'the second revision has no pods',
      () => sizes('undone'),
      ({ [second]: left }) => left === 0,
    );
    assert.deepEqual(await sizes('undone'), { [stableRS]: 4, [second]: 0 });
  });

  test('a restart waits for a PodDisruptionBudget, and goes on when it allows', async () => {
    await shop().rollout('guarded', { canary: {} }, 3);
    await shop().untilHealthy('guarded');
    const budget = { minAvailable: 3, selector: { matchLabels: { app: 'guarded' } } };
    await shop().create(resourceTypes.podDisruptionBudget, 'guarded', { spec: budget });
    const at = { type: resourceTypes.podDisruptionBudget, namespace: shop().namespace, name: 'guarded' };
    await waitUntil(
      'the budget is counted',
      async () => (await shop().cluster.get(at, call))['status'] as { readonly currentHealthy?: number } | undefined,
      (status) => status?.currentHealthy === 3,
    );
    const uids = async (): Promise<readonly (string | undefined)[]> =>
      (await objects('pod', 'guarded')).map(({ metadata }) => metadata.uid);
    const before = await uids();
    const restartAt = new Date(Date.now() + 1000).toISOString().replace(/\.\d+Z$/u, 'Z');
    await shop().patch('guarded', { spec: { restartAt } });
    await shop().until('waits', 'guarded', ({ message = '' }) => message === 'rollout is restarting');
    await delay(lookMs);
    assert.deepEqual(new Set(await uids()), new Set(before));
    await shop().cluster.patch(at, { kind: 'merge', body: { spec: { minAvailable: 2 } } }, {}, call);
    let fewest = Infinity;
    await waitUntil(
      'all pods are others',
      async () => {
        const { status = {} } = await shop().get(resourceTypes.rollout, 'guarded');
        fewest = Math.min(fewest, (status as { readonly availableReplicas?: number }).availableReplicas ?? 0);
        return await uids();
      },
      (now) => now.length === 3 && !now.some((uid) => before.includes(uid)),
    );
    await shop().until('has restarted', 'guarded', ({ restartedAt }) => restartedAt === restartAt);
    assert.ok(fewest >= 2, `only ${fewest} pods were available`);
  });

  test('a Rollout that is deleted in the middle of an update leaves its Service as it was, and nothing else', async () => {
    await shop().create(resourceTypes.service, 'left', { spec: { selector: { app: 'left' }, ports: [{ port: 80 }] } });
    await shop().rollout('left', { blueGreen: { activeService: 'left', autoPromotionEnabled: false } });
    await shop().untilHealthy('left');
    await shop().setImage('left', 'v2');
    await shop().untilPaused('left');
    const at = { type: resourceTypes.rollout, namespace: shop().namespace, name: 'left' };
    await shop().cluster.delete(at, { propagation: 'Background' }, call);
    await waitUntil(
      'ReplicaSets and pods are gone',
      async () => [...(await objects('replicaSet', 'left')), ...(await objects('pod', 'left'))],
      (left) => left.length === 0,
    );
    const service = await waitUntil(
      'the Service is free',
      () => shop().get(resourceTypes.service, 'left'),
      (found) => !JSON.stringify(found['spec']).includes(hashLabel),
    );
    assert.deepEqual((service['spec'] as { readonly selector: object }).selector, { app: 'left' });
    assert.equal(service.metadata.annotations?.['argo-rollouts.argoproj.io/managed-by-rollouts'], undefined);
  });
});
