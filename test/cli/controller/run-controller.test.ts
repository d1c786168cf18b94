import assert from 'node:assert/strict';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';
import { describe, test, type TestContext } from 'node:test';

import { resourceSchemas } from '../../../src/api/crd.ts';
import { resourceTypes } from '../../../src/api/resource-types.ts';
import { systemClock } from '../../../src/base/clock.ts';
import { hasCode } from '../../../src/base/error.ts';
import { silentLog } from '../../../src/base/log.ts';
import { seededRandom } from '../../../src/base/random.ts';
import { runController, type ControllerParts } from '../../../src/cli/controller/run-controller.ts';
import { checkSettings, type SettingTexts } from '../../../src/cli/controller/settings.ts';
import { createEmbeddedCluster, type EmbeddedCluster } from '../../../src/cluster/embedded/embedded-cluster.ts';

const freePorts = { listen: '127.0.0.1', 'metrics-port': '0', 'health-port': '0' } as const;
const rolloutSpec = {
  replicas: 1,
  selector: { matchLabels: { app: 'web' } },
  template: { metadata: { labels: { app: 'web' } }, spec: { containers: [{ name: 'web', image: 'web:1' }] } },
  strategy: { canary: {} },
};
const call = { signal: new AbortController().signal };

interface Running {
  readonly read: (
    port: 'health' | 'metrics',
    path: string,
  ) => Promise<{ readonly status: number; readonly text: string }>;
  readonly stop: () => Promise<void>;
}

function clusterFor(context: TestContext): EmbeddedCluster {
  const resources = Object.values(resourceSchemas);
  const cluster = createEmbeddedCluster({ clock: systemClock, random: seededRandom(1), resources });
  context.after(() => cluster.close());
  return cluster;
}

async function start(cluster: EmbeddedCluster, texts: SettingTexts = {}, identity = 'a'): Promise<Running> {
  const ending = new AbortController();
  const listening = Promise.withResolvers<{ readonly metrics: number; readonly health: number }>();
  const parts: ControllerParts = {
    importModule: () => assert.fail('no module is named'),
    clock: systemClock,
    random: seededRandom(2),
    log: silentLog,
    version: '1.2.3',
    identity,
    connect: async () => ({ cluster, leaseCluster: cluster, namespace: 'sluice-system', close: () => {} }),
    onListening: listening.resolve,
  };
  const ended = runController(checkSettings([{ ...freePorts, ...texts }]), { signal: ending.signal }, parts);
  ended.catch(listening.reject);
  const ports = await listening.promise;
  return {
    async read(port, path) {
      const answer = await fetch(`http://127.0.0.1:${ports[port]}${path}`);
      return { status: answer.status, text: await answer.text() };
    },
    async stop() {
      ending.abort(new Error('the test ends'));
      await ended;
    },
  };
}

async function until(controller: Running, text: string): Promise<void> {
  while ((await controller.read('health', '/readyz')).text !== text) {
    await new Promise((resolve) => {
      setTimeout(resolve, 5);
    });
  }
}

describe('the controller of a cluster', () => {
  test('leads with a lease, says how it stands, and gives the lease back', async (context) => {
    const cluster = clusterFor(context);
    const controller = await start(cluster);
    await until(controller, 'ok: leading\n');
    assert.deepEqual(await controller.read('health', '/healthz'), { status: 200, text: 'ok\n' });
    assert.equal((await controller.read('health', '/metrics')).status, 404);
    const { text: page } = await controller.read('metrics', '/metrics');
    assert.match(page, /^argo_rollouts_controller_info\{version="1\.2\.3"\} 1$/m);
    assert.match(page, /^sluice_leading 1$/m);
    const waiting = await start(cluster, {}, 'b');
    await until(waiting, 'ok: waiting for the lease\n');
    assert.match((await waiting.read('metrics', '/metrics')).text, /^sluice_leading 0$/m);
    await waiting.stop();
    await controller.stop();
    const at = { type: resourceTypes.lease, namespace: 'sluice-system', name: 'argo-rollouts-controller-lock' };
    const { holderIdentity } = (await cluster.get(at, call))['spec'] as { readonly holderIdentity: string };
    assert.equal(holderIdentity, '');
  });

  test('works without a lease when it is told to, and keeps a lease of its own for an instance', async (context) => {
    const cluster = clusterFor(context);
    const alone = await start(cluster, { 'leader-elect': 'false' });
    await until(alone, 'ok: leading\n');
    const leases = async (): Promise<readonly string[]> =>
      (await cluster.list(resourceTypes.lease, {}, call)).items.map(({ metadata }) => metadata.name);
    assert.deepEqual(await leases(), []);
    const blue = await start(cluster, { 'instance-id': 'blue', 'lease-namespace': 'other', 'lease-name': 'lock' });
    await until(blue, 'ok: leading\n');
    assert.deepEqual(await leases(), ['lock-blue']);
    await Promise.all([alone.stop(), blue.stop()]);
  });

  test('traces its passes when it is told where to', async (context) => {
    const cluster = clusterFor(context);
    const names: string[] = [];
    const collector = createServer((request, response) => {
      void text(request).then((body) => {
        names.push(
          ...[...body.matchAll(/"name":"(?<name>[^"]+)","kind":1/g)].map(({ groups }) => groups?.['name'] ?? ''),
        );
        response.end('{}');
      });
    });
    await new Promise<void>((resolve) => collector.listen(0, '127.0.0.1', resolve));
    context.after(() => collector.close());
    const endpoint = `http://127.0.0.1:${(collector.address() as AddressInfo).port}`;
    const controller = await start(cluster, { 'leader-elect': 'false', 'trace-endpoint': endpoint });
    await until(controller, 'ok: leading\n');
    const metadata = { name: 'web', namespace: 'shop' };
    await cluster.create(
      resourceTypes.rollout,
      { apiVersion: 'argoproj.io/v1alpha1', kind: 'Rollout', metadata, spec: rolloutSpec },
      {},
      call,
    );
    const at = { type: resourceTypes.rollout, ...metadata };
    while ((await cluster.get(at, call))['status'] === undefined) {
      await new Promise((resolve) => {
        setTimeout(resolve, 5);
      });
    }
    await controller.stop();
    collector.closeAllConnections();
    for (const name of ['reconcile Rollout', 'observe and decide', 'createReplicaSet', 'write status']) {
      assert.ok(names.includes(name), `${name}: ${names.join(', ')}`);
    }
  });

  test('does not begin with settings that cannot work', async (context) => {
    const cluster = clusterFor(context);
    await assert.rejects(start(cluster, { namespace: 'a,B' }), (error) => hasCode(error, 'Usage'));
    await assert.rejects(start(cluster, { 'instance-id': 'a b' }), (error) => hasCode(error, 'Usage'));
    const first = await start(cluster, { 'leader-elect': 'false' });
    await assert.rejects(start(cluster, { listen: 'no.such.host.invalid' }), (error) => hasCode(error, 'Usage'));
    await first.stop();
  });
});
