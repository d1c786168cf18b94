import assert from 'node:assert/strict';
import { before, test } from 'node:test';

import type { ResourceType } from '../../src/api/object.ts';
import { call, conditionOf, isReady, mainOf, Pods, type Pod } from './pods.ts';
import { ownControlPlaneSuite } from './suite.ts';
import { waitUntil } from './wait.ts';

const nodeType: ResourceType = { group: '', version: 'v1', kind: 'Node', plural: 'nodes', namespaced: false };
const nodeCount = 4;

interface Node {
  readonly metadata: { readonly name: string };
  readonly spec: { readonly taints?: readonly { readonly key: string }[] };
  readonly status: { readonly conditions: readonly { readonly type: string; readonly status: string }[] };
}

ownControlPlaneSuite('simulated nodes', { kubelet: { nodes: nodeCount, podsPerNode: 60 } }, (plane) => {
  let pods: Pods;
  before(async () => {
    pods = await Pods.inNewNamespace(plane().cluster());
  });

  const patchNode = async (name: string, body: object): Promise<void> => {
    await pods.cluster.patch({ type: nodeType, name }, { kind: 'merge', body }, {}, call());
  };
  const readNode = async (name: string): Promise<Node> =>
    (await pods.cluster.get({ type: nodeType, name }, call())) as unknown as Node;
  const readiness = (node: Node): string =>
    node.status.conditions.find(({ type }) => type === 'Ready')?.status ?? 'None';

  test('pods are spread over the nodes and have addresses of their own', async () => {
    const names = Array.from({ length: 40 }, (_, index) => `spread-${index}`);
    const metadata = { labels: { app: 'spread' } };
    await Promise.all(names.map((name) => pods.create(name, {}, { metadata })));
    const running = await waitUntil(
      'all run',
      () => pods.list('app=spread'),
      (all) => all.every(isReady),
    );
    assert.equal(new Set(running.map((pod) => pod.status.podIP)).size, names.length);
    const perNode = Object.groupBy(running, (pod) => pod.spec.nodeName ?? '');
    assert.deepEqual(
      Object.values(perNode).map((group) => group?.length),
      Array(nodeCount).fill(10),
    );
    const hosts = new Set(running.map((pod) => pod.status.hostIP));
    assert.equal(hosts.size, nodeCount);
    await pods.cluster.deleteCollection(
      pods.at('').type,
      { namespace: pods.namespace, labelSelector: 'app=spread' },
      {},
      call(),
    );
    await waitUntil(
      'all are gone',
      () => pods.list('app=spread'),
      (left) => left.length === 0,
    );
  });

  for (const [name, spec, container, reason] of [
    ['picky', { nodeSelector: { disk: 'none' } }, {}, /didn't match/],
    ['hungry', {}, { resources: { requests: { cpu: '65' } } }, /Insufficient cpu/],
    ['greedy', {}, { resources: { requests: { memory: '300Gi' } } }, /Insufficient memory/],
  ] as const) {
    test(`a pod that fits nowhere stays pending and says why: ${name}`, async () => {
      await pods.create(name, container, { spec });
      const unbound = await pods.until(
        name,
        'is unschedulable',
        (pod) => conditionOf(pod, 'PodScheduled').status === 'False',
      );
      assert.equal(conditionOf(unbound, 'PodScheduled').reason, 'Unschedulable');
      assert.match(conditionOf(unbound, 'PodScheduled').message ?? '', reason);
      assert.equal(unbound.status.phase, 'Pending');
      await pods.delete(name);
    });
  }

  test('a pod waits for a node that takes it', async () => {
    await pods.create('waits', {}, { spec: { nodeSelector: { disk: 'fast' } } });
    await pods.until('waits', 'is unschedulable', (pod) => conditionOf(pod, 'PodScheduled').status === 'False');
    await patchNode('node-2', { metadata: { labels: { disk: 'fast' } } });
    const pod = await pods.until('waits', 'is ready', isReady);
    assert.equal(pod.spec.nodeName, 'node-2');
  });

  test('a cordoned node gets no more pods, and nothing happens to those it has', async () => {
    await pods.create('resident', {}, { spec: { nodeSelector: { 'kubernetes.io/hostname': 'node-3' } } });
    await pods.until('resident', 'is ready', isReady);
    await patchNode('node-3', { spec: { unschedulable: true } });
    await pods.create('newcomer', {}, { spec: { nodeSelector: { 'kubernetes.io/hostname': 'node-3' } } });
    const refused = await pods.until(
      'newcomer',
      'is refused',
      (pod) => conditionOf(pod, 'PodScheduled').status === 'False',
    );
    assert.match(conditionOf(refused, 'PodScheduled').message ?? '', /unschedulable/);
    assert.equal(isReady(await pods.get('resident')), true);
    await patchNode('node-3', { spec: { unschedulable: null } });
    await pods.until('newcomer', 'is ready', isReady);
  });

  test('a pod with a scheduling gate is left alone until the gate is gone', async () => {
    await pods.create('held', {}, { spec: { schedulingGates: [{ name: 'example.com/hold' }] } });
    await pods.create('not-held', {});
    await pods.until('not-held', 'is ready', isReady);
    assert.equal((await pods.get('held')).spec.nodeName, undefined);
    const operations = [{ op: 'remove', path: '/spec/schedulingGates' }] as const;
    await pods.cluster.patch(pods.at('held'), { kind: 'json', operations }, {}, call());
    await pods.until('held', 'is ready', isReady);
  });

  test('a lost node: its pods are unready, evicted after their toleration, and end when it comes back', async () => {
    const onNode = { 'kubernetes.io/hostname': 'node-4' };
    const tolerations = ['not-ready', 'unreachable'].map((kind) => ({
      key: `node.kubernetes.io/${kind}`,
      operator: 'Exists',
      effect: 'NoExecute',
      tolerationSeconds: 2,
    }));
    await pods.create('evicted', {}, { spec: { nodeSelector: onNode, tolerations } });
    await pods.create('stays', {}, { spec: { nodeSelector: onNode } });
    const before = await pods.until('stays', 'is ready', isReady);
    await pods.until('evicted', 'is ready', isReady);

    await patchNode('node-4', { metadata: { annotations: { 'simulation.sluice.dev/lost': 'true' } } });
    await waitUntil(
      'the node is unknown',
      () => readNode('node-4'),
      (node) => readiness(node) === 'Unknown',
    );
    await pods.until('stays', 'is not ready', (pod) => !isReady(pod));
    const dying = await pods.until(
      'evicted',
      'is being deleted',
      (pod) => pod.metadata.deletionTimestamp !== undefined,
    );
    assert.notEqual(mainOf(dying).state.running, undefined, 'nobody on the node can end it');

    await patchNode('node-4', { metadata: { annotations: { 'simulation.sluice.dev/lost': null } } });
    await waitUntil(
      'the node is back',
      () => readNode('node-4'),
      (node) => readiness(node) === 'True',
    );
    await pods.untilGone('evicted');
    const after = await pods.until('stays', 'is ready again', isReady);
    assert.equal(after.metadata.uid, before.metadata.uid);
    assert.equal(mainOf(after).restartCount, 0);
  });

  test('the pods survive a restart of the kubelet, with their addresses', async () => {
    await pods.create('survivor', {});
    const before = await pods.until('survivor', 'is ready', isReady);
    await pods.create('long-job', { command: ['sleep', '4'] }, { spec: { restartPolicy: 'Never' } });
    await pods.until('long-job', 'runs', isReady);
    await plane().kill('simulated-kubelet');
    await plane().start('simulated-kubelet');
    await pods.create('later', {});
    await pods.until('later', 'is ready', isReady);
    const after = await pods.get('survivor');
    assert.deepEqual(stable(after), stable(before));
    const ended = await pods.until('long-job', 'has succeeded', (pod) => pod.status.phase === 'Succeeded');
    assert.equal(mainOf(ended).restartCount, 0);
    await pods.delete('survivor');
    await pods.untilGone('survivor');
  });
});

function stable(pod: Pod): unknown {
  const { podIP, phase, containerStatuses } = pod.status;
  return { podIP, phase, containerStatuses };
}
