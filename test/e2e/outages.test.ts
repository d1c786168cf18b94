import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';

import { resourceTypes } from '../../src/api/resource-types.ts';
import { seededRandom } from '../../src/base/random.ts';
import { ControllerProcess } from './controller-process.ts';
import { installKinds, Shop } from './shop.ts';
import { ownControlPlaneSuite } from './suite.ts';
import { waitUntil } from './wait.ts';

const kubelet = { startLatency: '50ms' };
const strategy = { canary: { steps: [{ setWeight: 50 }, { pause: {} }] } };
const killsMax = 6;

ownControlPlaneSuite('Rollouts on a control plane in trouble', { kubelet }, (plane) => {
  let shop: Shop;
  let controller: ControllerProcess;

  before(async () => {
    await installKinds(plane());
    shop = await Shop.open(plane());
    // Without a lease a killed controller is replaced at once.
    controller = new ControllerProcess(plane().kubeconfig(), ['--leader-elect', 'false']);
    await controller.leads();
  });

  after(async () => {
    shop.close();
    await controller.end();
  });

  test('a controller that is killed again and again at any moment makes no second ReplicaSet and gets there', async () => {
    const random = seededRandom(7);
    await shop.rollout('killed', { canary: { steps: [{ setWeight: 50 }, { pause: { duration: 1 } }] } }, 4);
    const first = await shop.untilHealthy('killed');
    await shop.setImage('killed', 'v2');
    for (let kill = 0; kill < killsMax; kill += 1) {
      await delay(random.integer(0, 300));
      await controller.end('SIGKILL');
      controller = new ControllerProcess(plane().kubeconfig(), ['--leader-elect', 'false']);
      await controller.leads();
    }
    const isDone = ({ phase = '', stableRS = '' }): boolean => phase === 'Healthy' && stableRS !== first.stableRS;
    const done = await shop.until('is updated', 'killed', isDone);
    assert.equal(done.availableReplicas, 4);
    const sets = await shop.cluster.list(
      resourceTypes.replicaSet,
      { namespace: shop.namespace, labelSelector: 'app=killed' },
      { signal: AbortSignal.timeout(20_000) },
    );
    assert.equal(sets.items.length, 2);
  });

  test('an API server that ends and comes back, with all history forgotten, costs nothing but the time', async () => {
    await shop.rollout('away', strategy);
    const first = await shop.untilHealthy('away');
    await shop.setImage('away', 'v2');
    await shop.untilPaused('away');
    shop.close();
    await plane().forgetHistory();
    await plane().kill('kube-apiserver');
    await delay(1500);
    await plane().start('kube-apiserver');
    await shop.patch('away', { status: { pauseConditions: null } }, 'status');
    const isDone = ({ phase = '', stableRS = '' }): boolean => phase === 'Healthy' && stableRS !== first.stableRS;
    await shop.until('is updated', 'away', isDone);
    // Lines are written together, a little later.
    await waitUntil(
      'the outage is in the log',
      () => Promise.resolve(controller.lines),
      (lines) => lines.some(({ msg }) => msg === 'following a kind was interrupted'),
    );
    await waitUntil(
      'the controller is at rest',
      () => controller.read('metrics', '/metrics'),
      (page) => /^sluice_working 0$/m.test(page) && /^workqueue_depth\{name="Rollouts"\} 0$/m.test(page),
    );
    assert.ok(!controller.lines.some(({ msg }) => msg === 'a bug was met'));
  });
});
