import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';

import { resourceTypes } from '../../src/api/resource-types.ts';
import { ControllerProcess } from './controller-process.ts';
import { installKinds, Shop } from './shop.ts';
import { ownControlPlaneSuite } from './suite.ts';
import { waitUntil } from './wait.ts';

const canary = { canary: { steps: [{ setWeight: 50 }, { pause: {} }] } };
const kubelet = { startLatency: '50ms' };

ownControlPlaneSuite('Rollouts on a real control plane', { kubelet }, (plane) => {
  let shop: Shop;
  let controller: ControllerProcess;

  before(async () => {
    await installKinds(plane());
    shop = await Shop.open(plane());
    controller = new ControllerProcess(plane().kubeconfig());
    await controller.leads();
  });

  after(async () => {
    shop.close();
    await controller.end();
  });

  test('a canary is deployed, updated, aborted, retried and promoted, with the Events that are expected', async () => {
    await shop.rollout('web', canary, 1);
    const first = await shop.untilHealthy('web');
    await shop.setImage('web', 'v2');
    const paused = await shop.untilPaused('web');
    assert.equal(paused.currentStepIndex, 1);
    assert.equal(paused.stableRS, first.stableRS);
    assert.equal(paused.updatedReplicas, 1);
    await shop.patch('web', { status: { abort: true } }, 'status');
    const aborted = await shop.until(
      'is aborted',
      'web',
      ({ phase, updatedReplicas = 0 }) => phase === 'Degraded' && updatedReplicas === 0,
    );
    assert.equal(aborted.availableReplicas, 1);
    await shop.patch('web', { status: { abort: false } }, 'status');
    await shop.untilPaused('web');
    await shop.patch('web', { status: { pauseConditions: null } }, 'status');
    const done = await shop.until(
      'is promoted',
      'web',
      ({ phase, stableRS }) => phase === 'Healthy' && stableRS !== first.stableRS,
    );
    assert.equal(done.stableRS, done.currentPodHash);
    // A pause that a person ends has a condition and no Event.
    await expectReasons(shop, 'web', [
      'RolloutAddedToInformer',
      'RolloutUpdated',
      'NewReplicaSetCreated',
      'RolloutNotCompleted',
      'ScalingReplicaSet',
      'RolloutCompleted',
      'RolloutUpdated',
      'NewReplicaSetCreated',
      'RolloutNotCompleted',
      'ScalingReplicaSet',
      'RolloutStepCompleted',
      'RolloutPaused',
      'ScalingReplicaSet',
      'RolloutAborted',
      'ScalingReplicaSet',
      'RolloutStepCompleted',
      'RolloutPaused',
      'RolloutStepCompleted',
      'ScalingReplicaSet',
      'RolloutCompleted',
    ]);
  });

  test('blue/green is deployed and updated, with the Events that are expected', async () => {
    await shop.create(resourceTypes.service, 'active', { spec: { selector: { app: 'bg' }, ports: [{ port: 80 }] } });
    await shop.rollout('bg', { blueGreen: { activeService: 'active' } });
    const first = await shop.untilHealthy('bg');
    await shop.setImage('bg', 'v2');
    const done = await shop.until(
      'is cut over',
      'bg',
      ({ phase, stableRS }) => phase === 'Healthy' && stableRS !== first.stableRS,
    );
    const active = await shop.get(resourceTypes.service, 'active');
    const { selector } = active['spec'] as { readonly selector: Readonly<Record<string, string>> };
    assert.equal(selector['rollouts-pod-template-hash'], done.stableRS);
    await expectReasons(shop, 'bg', [
      'RolloutAddedToInformer',
      'RolloutUpdated',
      'NewReplicaSetCreated',
      'ScalingReplicaSet',
      'RolloutCompleted',
      'SwitchService',
      'RolloutUpdated',
      'NewReplicaSetCreated',
      'RolloutNotCompleted',
      'ScalingReplicaSet',
      'SwitchService',
      'RolloutCompleted',
    ]);
  });

  test('metrics tell of them under the names of Argo Rollouts', async () => {
    const page = await controller.read('metrics', '/metrics');
    const labels = `namespace="${shop.namespace}",name="web",strategy="canary",traffic_router=""`;
    assert.ok(page.includes(`rollout_info{${labels},phase="Completed"} 1`), page.slice(0, 2000));
    assert.match(page, /rollout_reconcile_count\{namespace="shop-\w+",name="web"\} [1-9]/);
    assert.match(page, /rollout_events_total\{.*name="web",type="Warning",reason="RolloutAborted"\} 1/);
    const counted = `kind="rollouts",namespace="${shop.namespace}",name="web",verb="Patch",status_code="200"`;
    assert.ok(page.includes(`controller_clientset_k8s_request_total{${counted}}`), page);
    assert.match(page, /^rollout_duration_seconds_count\{status="Aborted"\} 1$/m);
    assert.match(page, /^rollout_duration_seconds_count\{status="Promoted"\} [2-9]$/m);
  });

  test('a controller that is killed half-way is replaced by one that goes on where it was', async () => {
    await shop.rollout('cut', { canary: { steps: [{ setWeight: 50 }, { pause: {} }, { setWeight: 100 }] } });
    const first = await shop.untilHealthy('cut');
    await shop.setImage('cut', 'v2');
    await shop.untilPaused('cut');
    await controller.end('SIGKILL');
    controller = new ControllerProcess(plane().kubeconfig());
    await shop.patch('cut', { status: { pauseConditions: null } }, 'status');
    await controller.leads();
    const done = await shop.until(
      'is promoted',
      'cut',
      ({ phase, stableRS }) => phase === 'Healthy' && stableRS !== first.stableRS,
    );
    assert.equal(done.availableReplicas, 2);
    const created = shop.reasons('cut').filter((reason) => reason === 'NewReplicaSetCreated');
    assert.equal(created.length, 2);
  });

  test('of two controllers one works; it hands over within two seconds when it ends in order', async () => {
    const second = new ControllerProcess(plane().kubeconfig());
    await waitUntil(
      'the second one waits',
      () => second.read('health', '/readyz'),
      (text) => text === 'ok: waiting for the lease\n',
    );
    const tookMs = await controller.end();
    assert.ok(tookMs < 2000, `it took ${tookMs} ms to end`);
    const startMs = performance.now();
    await second.leads();
    assert.ok(performance.now() - startMs < 3000);
    controller = second;
    await shop.rollout('after', canary);
    await shop.untilHealthy('after');
  });

  test('a leader that is stopped in its work changes nothing when it goes on', async () => {
    const second = new ControllerProcess(plane().kubeconfig());
    // What is decided now is carried out when the lease is somebody else's, if nothing is in the way.
    await shop.setImage('after', 'v2');
    controller.signal('SIGSTOP');
    await second.leads();
    await shop.untilPaused('after');
    const settled = await atRest(() => versionsOf(shop, 'after'));
    controller.signal('SIGCONT');
    await waitUntil(
      'the old leader waits',
      () => controller.read('health', '/readyz'),
      (text) => text === 'ok: waiting for the lease\n',
    );
    // Lines of the log are written a moment later, many at once.
    const hasSaidSo = async (): Promise<boolean> =>
      controller.lines.some(({ msg }) => msg === 'this process no longer leads');
    await waitUntil('it says that it no longer leads', hasSaidSo, Boolean);
    assert.deepEqual(await versionsOf(shop, 'after'), settled);
    assert.equal(settled.length, 3);
    await shop.patch('after', { status: { pauseConditions: null } }, 'status');
    await shop.untilHealthy('after');
    await controller.end();
    controller = second;
  });
});

/** What is read twice, a moment apart, with the same result. */
async function atRest<T>(read: () => Promise<T>): Promise<T> {
  let last = await read();
  for (let look = 0; look < 20; look += 1) {
    await delay(1500);
    const now = await read();
    if (JSON.stringify(now) === JSON.stringify(last)) return now;
    last = now;
  }
  throw new Error(`it does not come to rest: ${JSON.stringify(last)}`);
}

/** Versions of a Rollout and its ReplicaSets: any write that has an effect changes one. */
async function versionsOf(shop: Shop, name: string): Promise<readonly (string | undefined)[]> {
  const query = { namespace: shop.namespace, labelSelector: `app=${name}` };
  const sets = await shop.cluster.list(resourceTypes.replicaSet, query, { signal: AbortSignal.timeout(20_000) });
  const objects = [await shop.get(resourceTypes.rollout, name), ...sets.items];
  return objects.map(({ metadata }) => metadata.resourceVersion);
}

async function expectReasons(shop: Shop, name: string, expected: readonly string[]): Promise<void> {
  await waitUntil(
    'all Events are there',
    async () => shop.reasons(name).length,
    (count) => count >= expected.length,
    5000,
  ).catch(() => undefined);
  assert.deepEqual(shop.reasons(name), expected);
}
