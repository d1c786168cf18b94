import assert from 'node:assert/strict';
import { afterEach, beforeEach, describe, test } from 'node:test';

import { resourceTypes } from '../../../../src/api/resource-types.ts';
import { SluiceError } from '../../../../src/base/error.ts';
import type { ClusterPort } from '../../../../src/cluster/port.ts';
import { Field, replicaSetSpec, template } from './field.ts';

const { pod, replicaSet } = resourceTypes;

describe('the ReplicaSet controller', () => {
  let field: Field;
  beforeEach(() => {
    field = new Field();
  });
  afterEach(() => field.stop());

  test('makes as many pods as asked, from the template, and reports them', async () => {
    await field.start();
    await field.create(replicaSet, 'web', replicaSetSpec(3));
    const pods = await field.pods();
    assert.equal(pods.length, 3);
    for (const { metadata, spec } of pods) {
      assert.match(metadata.name, /^web-.{5}$/);
      assert.deepEqual(metadata.labels, { app: 'web' });
      const [owner] = metadata.ownerReferences!;
      assert.deepEqual([owner?.kind, owner?.name, owner?.controller], ['ReplicaSet', 'web', true]);
      assert.equal(spec?.containers?.[0]?.image, 'web:1');
    }
    const { status } = await field.replicaSet('web');
    assert.deepEqual(status, { replicas: 3, fullyLabeledReplicas: 3, observedGeneration: 1 });
  });

  test('counts a pod as ready at once and as available after minReadySeconds without a break', async () => {
    await field.start();
    await field.create(replicaSet, 'web', replicaSetSpec(2, { minReadySeconds: 10 }));
    const [first, second] = await field.pods();
    await field.run(first!.metadata.name);
    await field.pass(5);
    await field.run(second!.metadata.name);
    assert.deepEqual(await counts(), [2, 2, 0]);
    await field.pass(6);
    assert.deepEqual(await counts(), [2, 2, 1]);
    await field.run(second!.metadata.name, false);
    await field.pass(20);
    assert.deepEqual(await counts(), [2, 1, 1]);
  });

  async function counts(): Promise<readonly number[]> {
    const { status } = await field.replicaSet('web');
    return [status?.replicas ?? 0, status?.readyReplicas ?? 0, status?.availableReplicas ?? 0];
  }

  test('replaces a pod that is deleted, finished or evicted', async () => {
    await field.start();
    await field.create(replicaSet, 'web', replicaSetSpec(2));
    await field.runAll();
    const [first, second] = await field.pods();
    await field.delete(pod, first!.metadata.name);
    assert.equal((await field.pods()).length, 3, 'the deleted one is still terminating');
    await field.patch(pod, second!.metadata.name, { status: { phase: 'Failed' } }, 'status');
    const active = (await field.pods()).filter(
      ({ metadata, status }) => metadata.deletionTimestamp === undefined && status?.phase !== 'Failed',
    );
    assert.equal(active.length, 2);
    assert.deepEqual(await counts(), [2, 0, 0]);
  });

  test('gives up pending pods before running ones, unready before ready, cheap before dear', async () => {
    await field.start();
    await field.create(replicaSet, 'web', replicaSetSpec(4));
    const names = (await field.pods()).map(({ metadata }) => metadata.name);
    const [dear, unready, cheap] = names;
    await field.run(dear!);
    await field.run(cheap!);
    await field.run(unready!, false);
    const cost = 'controller.kubernetes.io/pod-deletion-cost';
    await field.patch(pod, cheap!, { metadata: { annotations: { [cost]: '-5' } } });
    const order: string[] = [];
    for (const replicas of [3, 2, 1]) {
      await field.patch(replicaSet, 'web', { spec: { replicas } });
      const left = await field.pods();
      const gone = names.filter(
        (name) => !left.some(({ metadata }) => metadata.name === name && metadata.deletionTimestamp === undefined),
      );
      order.push(...gone.filter((name) => !order.includes(name)));
    }
    assert.deepEqual(order, [names[3], unready, cheap]);
  });

  test('adopts orphans that match and releases pods that match no more', async () => {
    await field.create(pod, 'orphan', { spec: template({}).spec }, { labels: { app: 'web' } });
    await field.start();
    await field.create(replicaSet, 'web', replicaSetSpec(2));
    assert.deepEqual(await owners(), { orphan: 'web', made: 'web' });
    await field.patch(pod, 'orphan', { metadata: { labels: { app: 'debug' } } });
    const pods = await field.pods();
    assert.equal(pods.length, 3);
    assert.equal(pods.find(({ metadata }) => metadata.name === 'orphan')?.metadata.ownerReferences?.length ?? 0, 0);
    await field.patch(pod, 'orphan', { metadata: { labels: { app: 'web' } } });
    assert.equal((await field.pods()).filter(({ metadata }) => !metadata.deletionTimestamp).length, 2);
  });

  async function owners(): Promise<Readonly<Record<string, string | undefined>>> {
    const pods = await field.pods();
    return Object.fromEntries(
      pods.map(({ metadata }) => [metadata.name === 'orphan' ? 'orphan' : 'made', metadata.ownerReferences?.[0]?.name]),
    );
  }

  test('never takes the pod of another controller', async () => {
    await field.start();
    await field.create(replicaSet, 'web', replicaSetSpec(1));
    await field.create(replicaSet, 'copy', replicaSetSpec(1));
    assert.equal((await field.pods()).length, 2);
    await field.patch(replicaSet, 'copy', { spec: { replicas: 0 } });
    const [left, ...others] = await field.pods();
    assert.equal(others.length, 0);
    assert.equal(left?.metadata.ownerReferences?.[0]?.name, 'web');
  });

  test('reports that pods cannot be created, keeps trying, and takes the report back', async () => {
    let isRefusing = true;
    await field.start(
      inFront(field.cluster, {
        create: (...args) => {
          if (isRefusing && args[0].kind === 'Pod') {
            return Promise.reject(new SluiceError('Forbidden', 'exceeded quota: pods=0'));
          }
          return field.cluster.create(...args);
        },
      }),
    );
    await field.create(replicaSet, 'web', replicaSetSpec(1));
    const failing = (await field.replicaSet('web')).status?.conditions?.[0];
    assert.deepEqual(
      [failing?.type, failing?.status, failing?.reason, failing?.message],
      ['ReplicaFailure', 'True', 'FailedCreate', 'exceeded quota: pods=0'],
    );
    isRefusing = false;
    await field.pass(60);
    assert.equal((await field.pods()).length, 1);
    assert.equal((await field.replicaSet('web')).status?.conditions, undefined);
  });

  test('a create whose answer is lost does not make one pod too many', async () => {
    let lostCount = 0;
    await field.start(
      inFront(field.cluster, {
        create: async (...args) => {
          const created = await field.cluster.create(...args);
          if (args[0].kind !== 'Pod' || lostCount > 0) return created;
          lostCount += 1;
          throw new SluiceError('Timeout', 'no answer');
        },
        // The watch is late as well, so nothing but a fresh list can tell.
        watch: (type, query, signal) =>
          type.kind === 'Pod' ? silence(signal) : field.cluster.watch(type, query, signal),
      }),
    );
    await field.create(replicaSet, 'web', replicaSetSpec(3));
    await field.pass(60);
    assert.equal(lostCount, 1);
    assert.equal((await field.pods()).length, 3);
  });

  test('at rest nothing is written', async () => {
    await field.start();
    await field.create(replicaSet, 'web', replicaSetSpec(3, { minReadySeconds: 1 }));
    await field.runAll();
    await field.pass(10);
    const { version } = field.cluster.log;
    await field.pass(3600);
    assert.equal(field.cluster.log.version, version);
    assert.deepEqual(field.warnings, []);
  });
});

/** The cluster with some calls replaced. */
function inFront(cluster: ClusterPort, calls: Partial<ClusterPort>): ClusterPort {
  return new Proxy(cluster, {
    get(target, name) {
      const replaced = calls[name as keyof ClusterPort] ?? target[name as keyof ClusterPort];
      return typeof replaced === 'function' ? replaced.bind(target) : replaced;
    },
  });
}

/** A watch that says nothing until it is given up. */
function silence(signal: AbortSignal): AsyncIterable<never> {
  const next = (): Promise<IteratorResult<never>> =>
    new Promise((resolve) => {
      signal.addEventListener('abort', () => resolve({ done: true, value: undefined }), { once: true });
    });
  return { [Symbol.asyncIterator]: () => ({ next }) };
}
