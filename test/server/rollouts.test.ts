import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';

import { resourceTypes } from '../../src/api/resource-types.ts';
import type { RolloutDetail } from '../../src/server/view/rollout-detail.ts';
import { hashOf, raiseCanary, Stage } from './stage.ts';

describe('reading Rollouts', () => {
  let stage: Stage;

  before(async () => {
    stage = new Stage();
    await raiseCanary(stage);
  });
  after(() => stage.close());

  it('lists them in one line each', async () => {
    const { status, body } = await stage.ask('GET', '/api/v1/rollouts');
    assert.equal(status, 200);
    assert.deepEqual(body['items'], [
      {
        name: 'web',
        namespace: 'shop',
        createdAt: '2026-03-01T12:00:00Z',
        strategy: 'Canary',
        phase: 'Paused',
        message: 'CanaryPauseStep',
        promoted: false,
        revision: 2,
        desired: 4,
        current: 5,
        updated: 1,
        ready: 5,
        available: 5,
        step: { index: 1, count: 3 },
        weights: { wanted: 25, max: 100, canary: 25, stable: 75 },
      },
    ]);
  });

  it('lists those of one namespace', async () => {
    const count = async (namespace: string): Promise<number> => {
      const { body } = await stage.ask('GET', `/api/v1/rollouts?namespace=${namespace}`);
      return (body['items'] as unknown as readonly object[]).length;
    };
    assert.deepEqual([await count('shop'), await count('other')], [1, 0]);
  });

  it('answers everything about one', async () => {
    const answer = await stage.ask('GET', '/api/v1/namespaces/shop/rollouts/web');
    assert.equal(answer.status, 200);
    const detail = answer.body as unknown as RolloutDetail;
    assert.equal(detail.hash, hashOf('shop/web:v2'));
    assert.equal(detail.position, 'step 1 CanaryPauseStep@2026-03-01T12:02:00Z');
    assert.deepEqual(detail.services, { stable: 'web-stable', canary: 'web-canary' });
    assert.deepEqual(detail.steps, [
      { index: 0, kind: 'setWeight', text: 'setWeight: 25', state: 'done' },
      { index: 1, kind: 'pause', text: 'pause: 2m', state: 'current', until: '2026-03-01T12:04:01Z' },
      { index: 2, kind: 'analysis', text: 'analysis: errors', state: 'pending' },
    ]);
    assert.deepEqual(
      detail.revisions.map(({ number, roles, replicaSet }) => [
        number,
        roles,
        replicaSet?.status,
        replicaSet?.pods.length,
      ]),
      [
        [2, ['canary'], 'Healthy', 1],
        [1, ['stable'], 'Healthy', 4],
      ],
    );
    assert.deepEqual(detail.revisions[0]?.replicaSet?.pods[0], {
      name: `web-${hashOf('shop/web:v2')}-a`,
      createdAt: '2026-03-01T12:01:30Z',
      status: 'Running',
      ready: true,
      readyContainers: 1,
      containers: 1,
      restarts: 0,
      address: '127.0.0.9',
    });
    assert.deepEqual(detail.images, [
      { image: 'shop/web:v2', roles: ['canary'] },
      { image: 'shop/web:v1', roles: ['stable'] },
    ]);
  });

  it('says why the last decision was made', async () => {
    const reason = { code: 'Paused', message: 'the step pauses' };
    const decision = { reason, state: 'canary.step.pause.waiting', effects: [], events: [], status: {} };
    stage.decisions.record({ namespace: 'shop', name: 'web' }, decision, stage.clock.now());
    const { body } = await stage.ask('GET', '/api/v1/namespaces/shop/rollouts/web');
    assert.deepEqual(body['decision'], { ...reason, state: decision.state, at: '2026-03-01T12:02:30Z' });
  });

  it('leaves out what no schema names', async () => {
    await stage.setStatus(resourceTypes.rollout, 'web', { alb: { ingress: 'secret-thing' } });
    const { body } = await stage.ask('GET', '/api/v1/namespaces/shop/rollouts/web');
    assert.doesNotMatch(JSON.stringify(body), /secret-thing|managedFields|ownerReferences/);
  });

  it('names what does not exist', async () => {
    const { status, body } = await stage.ask('GET', '/api/v1/namespaces/shop/rollouts/wbe');
    assert.equal(status, 404);
    assert.deepEqual(body, { code: 'NotFound', message: 'there is no Rollout wbe in namespace shop' });
  });

  it('refuses names that no object can have, and queries that it does not know', async () => {
    const bad = await stage.ask('GET', '/api/v1/namespaces/Shop/rollouts/web');
    assert.equal(bad.status, 400);
    assert.match(String(bad.body['message']), /^namespace: must match pattern/);
    const unknown = await stage.ask('GET', '/api/v1/rollouts?namspace=shop');
    assert.deepEqual([unknown.status, unknown.body['message']], [400, 'namspace: is not known here']);
  });
});
