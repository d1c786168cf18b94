import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { text } from 'node:stream/consumers';
import { test } from 'node:test';

import { resourceTypes } from '../../../src/api/resource-types.ts';
import { systemClock } from '../../../src/base/clock.ts';
import { silentLog } from '../../../src/base/log.ts';
import { seededRandom } from '../../../src/base/random.ts';
import { startLocalStack } from '../../../src/cli/local/local-stack.ts';

const { signal } = new AbortController();

test('a run on this machine notifies as its manifests say, from any namespace', async () => {
  const stateDirectory = await mkdtemp(path.join(tmpdir(), 'sluice-run-'));
  const told = Promise.withResolvers<string>();
  const server = createServer((request, response) => {
    void text(request).then((body) => {
      response.end();
      told.resolve(`${String(request.headers['x-key'])}: ${body}`);
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const stack = await startLocalStack({
    stateDirectory,
    imagesPath: undefined,
    gateway: { host: '127.0.0.1', port: 0 },
    environment: {},
    clock: systemClock,
    random: seededRandom(1),
    log: silentLog,
  });
  try {
    const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/`;
    const place = (name: string) => ({ metadata: { name, namespace: 'shop' } });
    const { configMap, secret, rollout } = resourceTypes;
    await stack.cluster.create(
      configMap,
      {
        apiVersion: 'v1',
        kind: 'ConfigMap',
        ...place('argo-rollouts-notification-configmap'),
        data: {
          'service.webhook.hook': `url: ${url}\nheaders: [{name: x-key, value: $key}]`,
          'template.done': 'message: "{{.rollout.metadata.name}} is complete"',
          'trigger.on-rollout-completed': '- send: [done]',
          subscriptions: '- recipients: [hook:all]\n  triggers: [on-rollout-completed]',
        },
      },
      {},
      { signal },
    );
    const key = Buffer.from('k1').toString('base64');
    const keys = { apiVersion: 'v1', kind: 'Secret', ...place('argo-rollouts-notification-secret'), data: { key } };
    await stack.cluster.create(secret, keys, {}, { signal });
    const labels = { app: 'web' };
    const template = { metadata: { labels }, spec: { containers: [{ name: 'web', image: 'web:1' }] } };
    const strategy = { canary: { steps: [{ setWeight: 50 }] } };
    const spec = { replicas: 0, selector: { matchLabels: labels }, template, strategy };
    const object = { apiVersion: 'argoproj.io/v1alpha1', kind: 'Rollout', ...place('web'), spec };
    await stack.cluster.create(rollout, object, {}, { signal });
    assert.equal(await told.promise, 'k1: web is complete');
  } finally {
    await stack.stop('end');
    server.closeAllConnections();
    server.close();
    await rm(stateDirectory, { recursive: true });
  }
});
