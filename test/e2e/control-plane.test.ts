import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { test } from 'node:test';

import type { KubeObject } from '../../src/api/object.ts';
import { resourceTypes } from '../../src/api/resource-types.ts';
import { hasCode } from '../../src/base/error.ts';
import { startControlPlane, startOwnControlPlane } from '../control-plane/control-plane.ts';
import { isAlive } from '../control-plane/is-alive.ts';
import { call, isReady, Pods } from './pods.ts';
import { ownControlPlaneSuite } from './suite.ts';
import { waitUntil } from './wait.ts';

const users = [{ name: 'reader', groups: ['readers'] }, { name: 'nobody' }];

ownControlPlaneSuite('a control plane of our own', { users, gatewayApi: true }, (plane) => {
  test('is the pinned Kubernetes version, also for kubectl', async () => {
    const versions = JSON.parse(await plane().kubectl(['version', '-o', 'json'])) as Versions;
    assert.equal(versions.serverVersion.gitVersion, plane().version);
    assert.equal(versions.clientVersion.gitVersion, plane().version);
  });

  test('knows its users and what each may do', async () => {
    const list = { namespace: 'default' };
    const reader = plane().cluster('reader');
    await assert.rejects(reader.list(resourceTypes.pod, list, call()), (error) => hasCode(error, 'Forbidden'));
    await plane().kubectl(['create', 'clusterrolebinding', 'readers', '--clusterrole=view', '--group=readers']);
    const allowed = (): Promise<boolean> => reader.list(resourceTypes.pod, list, call()).then(Boolean, () => false);
    await waitUntil('the reader may read', allowed, Boolean);
    assert.equal(
      (await plane().kubectl(['auth', 'whoami', '-o', 'jsonpath={.status.userInfo.username}'], 'reader')).trim(),
      'reader',
    );
    const nobody = plane().cluster('nobody');
    await assert.rejects(nobody.list(resourceTypes.pod, list, call()), (error) => hasCode(error, 'Forbidden'));
    assert.throws(() => plane().cluster('stranger'), /no user "stranger"; known: admin, reader, nobody/);
  });

  test('serves the Gateway API with its schema', async () => {
    const { namespace, cluster } = await Pods.inNewNamespace(plane().cluster());
    const route = (weight: number): KubeObject => ({
      apiVersion: 'gateway.networking.k8s.io/v1',
      kind: 'HTTPRoute',
      metadata: { name: 'web', namespace },
      spec: { rules: [{ backendRefs: [{ name: 'stable', port: 80, weight }] }] },
    });
    await assert.rejects(cluster.create(resourceTypes.httpRoute, route(-1), {}, call()), (error) =>
      hasCode(error, 'Invalid'),
    );
    const created = await cluster.create(resourceTypes.httpRoute, route(100), {}, call());
    assert.equal(created.metadata.generation, 1);
  });

  test('keeps its data and its address when the API server is killed and started again', async () => {
    const pods = await Pods.inNewNamespace(plane().cluster());
    await pods.create('kept', {});
    const before = await pods.until('kept', 'is ready', isReady);
    await plane().kill('kube-apiserver');
    await assert.rejects(pods.get('kept'), (error) => hasCode(error, 'Unavailable'));
    await plane().start('kube-apiserver');
    assert.equal((await pods.get('kept')).metadata.uid, before.metadata.uid);
    await pods.create('later', {});
    await pods.until('later', 'is ready', isReady);
  });

  test('stands beside another one', async () => {
    const started = await startOwnControlPlane({ kubelet: { nodes: 1 } });
    assert.ok(started.ok);
    const other = started.value;
    try {
      assert.notEqual(other.connection().server.port, plane().connection().server.port);
      const [here, there] = [await Pods.inNewNamespace(plane().cluster()), await Pods.inNewNamespace(other.cluster())];
      await Promise.all([here.create('twin', {}), there.create('twin', {})]);
      const addresses = [];
      for (const pods of [here, there]) addresses.push((await pods.until('twin', 'is ready', isReady)).status.podIP);
      assert.notEqual(addresses[0], addresses[1]);
      await assert.rejects(plane().cluster().get(there.at('twin'), call()), (error) => hasCode(error, 'NotFound'));
      assert.notDeepEqual(other.connection().authority, plane().connection().authority);
    } finally {
      await other.stop();
    }
    assert.equal(existsSync(other.directory), false);
  });

  test('can stand in for a throw-away cluster of somebody else', async () => {
    const environment = { KUBECONFIG: plane().kubeconfig(), SLUICE_E2E_ALLOW: '1', PATH: '/nowhere' };
    const opened = await startControlPlane({ environment });
    assert.ok(opened.ok);
    assert.deepEqual([opened.value.kind, opened.value.version], ['existing', plane().version]);
    const pods = await Pods.inNewNamespace(opened.value.cluster());
    await pods.create('guest', {});
    await pods.until('guest', 'is ready', isReady);
    await opened.value.stop();
    await plane().cluster().get(pods.at('guest'), call());
  });

  test("is not somebody else's cluster without leave", async () => {
    const environment = { KUBECONFIG: plane().kubeconfig(), PATH: '/nowhere' };
    const refused = await startControlPlane({ environment });
    assert.ok(!refused.ok);
    assert.match(refused.error, /^Go is not on PATH/);
  });

  test('a program that ends by itself is told at the end, and nothing stays', async () => {
    const started = await startOwnControlPlane({ kubelet: { nodes: 1 } });
    assert.ok(started.ok);
    const { directory, processes } = started.value;
    const pids = [...processes.values()];
    process.kill(processes.get('kube-controller-manager') ?? 0, 'SIGKILL');
    await waitUntil(
      'it is missed',
      async () => started.value.processes.size,
      (count) => count < pids.length,
    );
    await assert.rejects(started.value.stop(), /kube-controller-manager ended by SIGKILL; the end of its log:/);
    assert.deepEqual([existsSync(directory), pids.filter(isAlive)], [false, []]);
  });
});

interface Versions {
  readonly serverVersion: { readonly gitVersion: string };
  readonly clientVersion: { readonly gitVersion: string };
}
