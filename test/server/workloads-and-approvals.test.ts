import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';

import { resourceTypes } from '../../src/api/resource-types.ts';
import type { RolloutSpec, RolloutStatus } from '../../src/api/rollout.ts';
import type { RolloutDetail } from '../../src/server/view/rollout-detail.ts';
import { canarySpec, hashOf, pausedStatus, raiseRevision, Stage, template } from './stage.ts';

const path = '/api/v1/namespaces/shop/rollouts/web';
const approvalSteps = [
  { setWeight: 25 },
  { plugin: { name: 'sluice.dev/approval', config: { approvers: ['owner', 'ann'] } } },
];

/** A Rollout whose template is that of a Deployment, in the middle of an update, at an approval step. */
async function raiseReferring(stage: Stage, config = approvalSteps): Promise<void> {
  const { template: _template, selector: _selector, ...spec } = canarySpec;
  await stage.create(resourceTypes.deployment, {
    metadata: { name: 'web', namespace: 'shop' },
    spec: { replicas: 0, selector: { matchLabels: { app: 'web' } }, template: template('shop/web:v2') },
  });
  const workloadRef = { apiVersion: 'apps/v1', kind: 'Deployment', name: 'web', scaleDown: 'onsuccess' };
  const strategy = { canary: { ...canarySpec.strategy?.canary, steps: config } };
  const rollout = await stage.create(resourceTypes.rollout, {
    metadata: { name: 'web', namespace: 'shop', annotations: { 'rollout.argoproj.io/revision': '2' } },
    spec: { ...spec, strategy, workloadRef },
  });
  await raiseRevision(stage, rollout, { number: 1, image: 'shop/web:v1', pods: 2 });
  await raiseRevision(stage, rollout, { number: 2, image: 'shop/web:v2', pods: 1 });
  const { pauseConditions: _pauses, controllerPause: _pause, ...status } = pausedStatus();
  const startedAt = '2026-03-01T12:00:00Z';
  const entry = { index: 1, name: 'sluice.dev/approval', operation: 'Run', phase: 'Running', startedAt };
  await stage.setStatus(resourceTypes.rollout, 'web', {
    ...status,
    phase: 'Progressing',
    currentPodHash: await hashNow(stage),
    canary: { stepPluginStatuses: [entry] },
  });
}

async function detailOf(stage: Stage): Promise<RolloutDetail> {
  return (await stage.ask('GET', path)).body as unknown as RolloutDetail;
}

async function hashNow(stage: Stage): Promise<string> {
  return (await detailOf(stage)).hash;
}

async function seen(stage: Stage): Promise<{ revision: string; position: string; actor: string }> {
  const { hash, position } = await detailOf(stage);
  return { revision: hash, position, actor: 'ada' };
}

async function statusOf(stage: Stage): Promise<RolloutStatus> {
  return (await stage.get(resourceTypes.rollout, 'web'))['status'] as RolloutStatus;
}

describe('a Rollout that refers to a Deployment', () => {
  let stage: Stage;
  before(async () => {
    stage = new Stage();
    await raiseReferring(stage);
  });
  after(() => stage.close());

  it('is shown with the revision and the images of the Deployment', async () => {
    const detail = await detailOf(stage);
    assert.deepEqual(detail.workload, {
      kind: 'Deployment',
      name: 'web',
      found: true,
      scaleDown: 'onsuccess',
      replicas: 0,
    });
    assert.ok(detail.images.some(({ image }) => image === 'shop/web:v2'));
    assert.notEqual(detail.hash, hashOf(''));
  });

  it('gets another image by a change of the Deployment', async () => {
    const body = { ...(await seen(stage)), images: { web: 'shop/web:v3' } };
    const answer = await stage.ask('POST', `${path}/set-image`, body);
    assert.deepEqual([answer.status, answer.body['message']], [200, 'web image updated']);
    const { spec } = (await stage.get(resourceTypes.deployment, 'web')) as unknown as { spec: RolloutSpec };
    assert.equal(spec.template?.spec?.containers?.[0]?.image, 'shop/web:v3');
    const rollout = await stage.get(resourceTypes.rollout, 'web');
    assert.equal((rollout['spec'] as RolloutSpec).template, undefined, 'the Rollout itself is not touched');
  });

  it('goes back by a change of the Deployment too', async () => {
    const answer = await stage.ask('POST', `${path}/undo`, { ...(await seen(stage)), toRevision: 1 });
    assert.equal(answer.status, 200, JSON.stringify(answer.body));
    const { spec } = (await stage.get(resourceTypes.deployment, 'web')) as unknown as { spec: RolloutSpec };
    assert.equal(spec.template?.spec?.containers?.[0]?.image, 'shop/web:v1');
  });

  it('is shown without it when it is gone, and takes no other image then', async () => {
    const at = { type: resourceTypes.deployment, namespace: 'shop', name: 'web' };
    await stage.cluster.delete(at, {}, { signal: new AbortController().signal });
    const { workload, hash } = await detailOf(stage);
    assert.deepEqual([workload?.found, workload?.replicas], [false, undefined]);
    assert.equal(hash, (await statusOf(stage)).currentPodHash);
    const answer = await stage.ask('POST', `${path}/set-image`, { ...(await seen(stage)), images: { web: 'x:y' } });
    assert.equal(answer.status, 404);
  });
});

describe('the command approve', () => {
  let stage: Stage;
  before(async () => {
    stage = new Stage();
    await raiseReferring(stage);
  });
  after(() => stage.close());

  it('is for the step that the update stands at', async () => {
    const answer = await stage.ask('POST', `${path}/approve`, { ...(await seen(stage)), step: 0 });
    assert.deepEqual([answer.status, answer.body['code']], [409, 'StaleCommand']);
    assert.equal(answer.body['message'], 'web stands at step 2, and the approval is for 1');
    const { position: _position, ...rest } = await seen(stage);
    assert.equal((await stage.ask('POST', `${path}/approve`, rest)).status, 400, 'it needs the position');
  });

  it('is for operators', async () => {
    const answer = await stage.ask('POST', `${path}/approve`, await seen(stage), stage.viewerToken);
    assert.equal(answer.status, 403);
  });

  it('notes who gave it, as the token says, when and why', async () => {
    const before = await detailOf(stage);
    assert.match(before.steps[1]?.message ?? '', /^Running/u);
    const answer = await stage.ask('POST', `${path}/approve`, {
      ...(await seen(stage)),
      step: 1,
      reason: 'looks fine',
    });
    assert.equal(answer.status, 200, JSON.stringify(answer.body));
    assert.equal(answer.body['message'], 'web step 2/2 approved by owner');
    const [entry] = (await statusOf(stage)).canary?.stepPluginStatuses ?? [];
    assert.deepEqual(entry?.status, { approval: { by: 'owner', at: '2026-03-01T12:00:00Z', reason: 'looks fine' } });
    const last = stage.journal.entries().at(-1);
    assert.deepEqual([last?.intent.action, last?.intent.actor.name], ['approve', 'ada']);
    const again = await stage.ask('POST', `${path}/approve`, await seen(stage));
    assert.deepEqual([again.status, again.body['changed']], [200, false]);
  });

  it('is refused where nothing waits for it, and to who may not', async () => {
    const other = new Stage();
    try {
      const steps = [{ setWeight: 25 }, { plugin: { name: 'sluice.dev/approval', config: { approvers: ['ann'] } } }];
      await raiseReferring(other, steps);
      const forbidden = await other.ask('POST', `${path}/approve`, await seen(other));
      assert.deepEqual([forbidden.status, forbidden.body['code']], [403, 'Forbidden']);
      assert.equal(forbidden.body['message'], 'owner may not approve step 2; ann may');
      await other.setStatus(resourceTypes.rollout, 'web', { currentStepIndex: 0 });
      const answer = await other.ask('POST', `${path}/approve`, await seen(other));
      assert.deepEqual([answer.status, answer.body['code']], [422, 'Invalid']);
      assert.match(String(answer.body['message']), /stands at step 1 \(setWeight: 25\), which needs no approval/u);
      await other.setStatus(resourceTypes.rollout, 'web', { abort: true });
      assert.equal((await other.ask('POST', `${path}/approve`, await seen(other))).status, 422);
    } finally {
      await other.close();
    }
  });
});
