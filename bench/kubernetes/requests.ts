import { setTimeout as delay } from 'node:timers/promises';

import { startOwnControlPlane } from '../../test/control-plane/control-plane.ts';
import { installKinds, Shop } from '../../test/e2e/shop.ts';
import { recordCalls } from './record-update.ts';

// Prints every request of one update of a Rollout with one replica: node bench/kubernetes/requests.ts

const strategy = { canary: { steps: [{ setWeight: 50 }, { pause: { duration: '1s' } }] } };
const settledMs = 1500;

const started = await startOwnControlPlane({ kubelet: { startLatency: '100ms' } });
if (!started.ok) throw new Error(started.error);
const plane = started.value;
try {
  await installKinds(plane);
  const shop = await Shop.open(plane);
  const calls = await recordCalls(plane.cluster(), shop.namespace, async (forget) => {
    await shop.rollout('web', strategy, 1);
    await shop.untilHealthy('web');
    await delay(settledMs);
    forget();
    await shop.setImage('web', 'v2');
    await shop.untilHealthy('web');
    await delay(settledMs);
  });
  for (const { method, plural, atMs, parameters } of calls) {
    const [about, body] = parameters as readonly [object, { readonly body?: object; readonly message?: string }];
    const told = plural === 'events' ? body.message : method === 'patch' ? body.body : '';
    console.log(`${String(Math.round(atMs)).padStart(5)} ms ${method} ${plural} ${JSON.stringify(told)}`);
    void about;
  }
  shop.close();
} finally {
  await plane.stop();
}
