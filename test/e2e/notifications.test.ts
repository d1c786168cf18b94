import assert from 'node:assert/strict';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';
import { after, before, test } from 'node:test';

import { resourceTypes } from '../../src/api/resource-types.ts';
import { notifiedAnnotation, readNotified } from '../../src/providers/notifications/notified-state.ts';
import { ControllerProcess } from './controller-process.ts';
import { installKinds, Shop } from './shop.ts';
import { ownControlPlaneSuite } from './suite.ts';
import { waitUntil } from './wait.ts';

const strategy = { canary: { steps: [{ setWeight: 50 }, { pause: { duration: 1 } }] } };
const message = '"{{.rollout.metadata.name}}: {{.recipient}}"';

ownControlPlaneSuite('notifications on a real API server', { kubelet: { startLatency: '50ms' } }, (plane) => {
  const told: string[] = [];
  const hook: { server?: Server; isAway: boolean } = { isAway: false };
  let shop: Shop;
  let controller: ControllerProcess;

  function startController(): ControllerProcess {
    const flags = ['--leader-elect', 'false', '--lease-namespace', shop.namespace, '--metric-loopback', 'true'];
    return new ControllerProcess(plane().kubeconfig(), flags);
  }

  before(async () => {
    await installKinds(plane());
    shop = await Shop.open(plane());
    hook.server = createServer((request, response) => {
      void text(request).then((body) => {
        if (!hook.isAway) told.push(`${String(request.headers['x-key'])} ${body}`);
        response.writeHead(hook.isAway ? 503 : 200).end();
      });
    });
    await new Promise<void>((resolve) => hook.server?.listen(0, '127.0.0.1', resolve));
    const url = `http://127.0.0.1:${(hook.server.address() as AddressInfo).port}/`;
    await shop.create(resourceTypes.configMap, 'argo-rollouts-notification-configmap', {
      data: {
        'service.webhook.hook': `url: ${url}\nheaders: [{name: x-key, value: $key}]`,
        'template.all': `message: ${message}`,
        ...Object.fromEntries(
          ['completed', 'step-completed', 'paused'].map((name) => [`trigger.on-rollout-${name}`, '- send: [all]']),
        ),
        subscriptions: ['completed', 'step-completed', 'paused']
          .map((name) => `- recipients: ["hook:${name}"]\n  triggers: [on-rollout-${name}]`)
          .join('\n'),
      },
    });
    const key = Buffer.from('secret').toString('base64');
    await shop.create(resourceTypes.secret, 'argo-rollouts-notification-secret', { data: { key } });
    controller = startController();
    await controller.leads();
  });

  after(async () => {
    shop.close();
    await controller.end();
    hook.server?.closeAllConnections();
    hook.server?.close();
  });

  async function toldOf(name: string): Promise<readonly string[]> {
    return Promise.resolve(told.filter((line) => line.includes(`${name}: `)).toSorted());
  }

  test('reach a webhook once each, also when the controller is killed before it could send them', async () => {
    await shop.rollout('web', strategy);
    const first = await shop.untilHealthy('web');
    await waitUntil(
      'the deployment is told',
      () => toldOf('web'),
      ({ length }) => length === 1,
    );
    hook.isAway = true;
    await shop.setImage('web', 'v2');
    const isDone = ({ phase = '', stableRS = '' }): boolean => phase === 'Healthy' && stableRS !== first.stableRS;
    await shop.until('is updated', 'web', isDone);
    await waitUntil(
      'the service was away',
      () => Promise.resolve(controller.lines.filter(({ msg }) => msg === 'a notification was not taken')),
      ({ length }) => length > 0,
    );
    await controller.end('SIGKILL');
    hook.isAway = false;
    controller = startController();
    await controller.leads();
    const key = 'secret web: ';
    await waitUntil(
      'the update is told',
      () => toldOf('web'),
      (lines) => lines.filter((line) => line === `${key}completed`).length === 2,
    );
    const noted = await waitUntil(
      'it is noted',
      async () => (await shop.get(resourceTypes.rollout, 'web')).metadata.annotations?.[notifiedAnnotation],
      (value) => readNotified(value).size >= 3,
    );
    const lines = await toldOf('web');
    assert.equal(lines.length, readNotified(noted).size);
    // The last step of the two can be seen in the status.
    assert.ok(lines.includes(`${key}step-completed`));
    await controller.end();
    controller = startController();
    await controller.leads();
    await shop.rollout('next', strategy);
    await shop.untilHealthy('next');
    await waitUntil(
      'the next one is told',
      () => toldOf('next'),
      ({ length }) => length === 1,
    );
    assert.deepEqual(await toldOf('web'), lines);
    assert.ok(!controller.lines.some((line) => JSON.stringify(line).includes('"secret')));
  });
});
