import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';

import { ControllerProcess } from './controller-process.ts';
import { FaultProxy, type Fault, type PassingRequest } from './fault-proxy.ts';
import { installKinds, Shop } from './shop.ts';
import { ownControlPlaneSuite } from './suite.ts';
import { waitUntil } from './wait.ts';

const strategy = { canary: { steps: [{ setWeight: 50 }, { pause: { duration: 1 } }] } };
/** How long each trouble lasts. */
const troubleMs = 3000;

/** Troubles, each with the most requests that a second of it may cost: whoever is refused must not storm. */
const troubles: readonly (readonly [string, number, (request: PassingRequest) => Fault | undefined])[] = [
  ['429 with Retry-After for everything', 40, () => ({ kind: 'answer', status: 429, headers: { 'retry-after': '1' } })],
  ['500 for everything', 60, () => ({ kind: 'answer', status: 500 })],
  ['500 for every second request', 120, alternately({ kind: 'answer', status: 500 })],
  ['connections that are cut before the answer', 60, () => ({ kind: 'cut' })],
  ['every second answer lost', 120, alternately({ kind: 'cut' })],
  ['answers that take a second', 60, ({ isWatch }) => (isWatch ? undefined : { kind: 'slow', delayMs: 1000 })],
];

function alternately(fault: Fault): () => Fault | undefined {
  let count = 0;
  return () => {
    count += 1;
    return count % 2 === 0 ? fault : undefined;
  };
}

ownControlPlaneSuite('Rollouts behind a network in trouble', { kubelet: { startLatency: '50ms' } }, (plane) => {
  const folder = mkdtempSync(join(tmpdir(), 'sluice-faults-'));
  let shop: Shop;
  let proxy: FaultProxy;
  let controller: ControllerProcess;

  before(async () => {
    await installKinds(plane());
    shop = await Shop.open(plane());
    proxy = new FaultProxy(plane().connection());
    await proxy.start();
    const kubeconfig = proxy.writeKubeconfig(join(folder, 'kubeconfig'));
    controller = new ControllerProcess(kubeconfig, ['--leader-elect', 'false']);
    await controller.leads();
  });

  after(async () => {
    shop.close();
    await controller.end();
    await proxy.close();
    rmSync(folder, { recursive: true, force: true });
  });

  for (const [index, [name, requestsMax, fault]] of troubles.entries()) {
    test(`${name}: an update gets there by itself, without a storm and without a second ReplicaSet`, async () => {
      const rollout = `trouble-${index}`;
      await shop.rollout(rollout, strategy);
      const first = await shop.untilHealthy(rollout);
      proxy.fault = fault;
      proxy.count = 0;
      await shop.setImage(rollout, 'v2');
      await delay(troubleMs);
      const perSecond = (proxy.count * 1000) / troubleMs;
      proxy.fault = () => undefined;
      const isDone = ({ phase = '', stableRS = '' }): boolean => phase === 'Healthy' && stableRS !== first.stableRS;
      await shop.until('is updated', rollout, isDone);
      assert.ok(perSecond <= requestsMax, `${perSecond} requests in a second`);
      const words = ['get', 'rs', '-n', shop.namespace, '-l', `app=${rollout}`, '-o', 'name'];
      assert.equal((await plane().kubectl(words)).trim().split('\n').length, 2);
      assert.ok(!controller.lines.some(({ msg }) => msg === 'a bug was met'));
    });
  }

  test('all connections are cut at once, again and again', async () => {
    await shop.rollout('cut', strategy);
    const first = await shop.untilHealthy('cut');
    await shop.setImage('cut', 'v2');
    for (let cut = 0; cut < 10; cut += 1) {
      await delay(200);
      proxy.cut();
    }
    const isDone = ({ phase = '', stableRS = '' }): boolean => phase === 'Healthy' && stableRS !== first.stableRS;
    await shop.until('is updated', 'cut', isDone);
  });

  test('a cluster that cannot be reached at start is waited for, and said so', async () => {
    await proxy.stop();
    const late = new ControllerProcess(join(folder, 'kubeconfig'), [
      '--instance-id',
      'late',
      '--leader-elect',
      'false',
    ]);
    try {
      await waitUntil(
        'the controller says what it waits for',
        () => Promise.resolve(late.lines.map(({ msg, error }) => `${msg}: ${String(error)}`)),
        (lines) => lines.some((line) => /ECONNREFUSED|cannot be reached|could not be reached/.test(line)),
      );
      assert.equal(await late.read('health', '/healthz'), 'ok\n');
      assert.match(await late.read('health', '/readyz'), /^not yet|waiting/);
      await proxy.start();
      await late.leads();
    } finally {
      await late.end();
    }
  });
});
