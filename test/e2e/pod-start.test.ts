import assert from 'node:assert/strict';
import { before, test } from 'node:test';

import { conditionOf, isReady, mainOf, Pods, secondsBetween, type Pod, type PodCondition } from './pods.ts';
import { ownControlPlaneSuite } from './suite.ts';

const settings = { kubelet: { backOff: '1s', backOffMax: '4s' }, concurrency: 16 };

/** Timestamps of the API are cut to whole seconds, so a difference can show up to one second too little. */
const cutSeconds = 1;

ownControlPlaneSuite('how a simulated pod starts', settings, (plane) => {
  let pods: Pods;
  before(async () => {
    pods = await Pods.inNewNamespace(plane().cluster());
  });

  test('it is bound, gets an address and becomes ready', async () => {
    await pods.create('plain', {});
    const pod = await pods.until('plain', 'is ready', isReady);
    assert.match(pod.spec.nodeName ?? '', /^node-\d+$/);
    assert.match(pod.status.podIP ?? '', /^10\.\d+\.\d+\.\d+$/);
    assert.equal(pod.status.phase, 'Running');
    assert.equal(pod.status.observedGeneration, pod.metadata.generation);
    for (const type of ['PodScheduled', 'PodReadyToStartContainers', 'Initialized', 'ContainersReady']) {
      assert.equal(conditionOf(pod, type).status, 'True', type);
    }
    assert.equal(mainOf(pod).started, true);
  });

  test('the start latency of its annotation passes first', async () => {
    const annotations = { 'simulation.sluice.dev/start-latency': '3s' };
    await pods.create('slow', {}, { metadata: { annotations } });
    const waiting = await pods.until('slow', 'is being created', (pod) => pod.status.startTime !== undefined);
    assert.equal(waiting.status.phase, 'Pending');
    assert.equal(mainOf(waiting).state.waiting?.reason, 'ContainerCreating');
    assert.deepEqual(reasonAndStatus(conditionOf(waiting, 'Ready')), ['False', 'ContainersNotReady']);
    const running = await pods.until('slow', 'runs', isReady);
    assert.ok(secondsBetween(running.status.startTime, mainOf(running).state.running?.startedAt) >= 3 - cutSeconds);
  });

  test('a readiness probe makes it ready after its initial delay', async () => {
    const readinessProbe = { httpGet: { port: 8080 }, initialDelaySeconds: 3, periodSeconds: 1 };
    await pods.create('readiness-delay', { readinessProbe });
    const running = await pods.until('readiness-delay', 'runs', (pod) => mainOf(pod).state.running !== undefined);
    assert.equal(mainOf(running).ready, false);
    assert.equal(conditionOf(running, 'Ready').message, 'containers with unready status: [main]');
    const ready = await pods.until('readiness-delay', 'is ready', isReady);
    assert.ok(secondsReadyAfterStart(ready) >= 3 - cutSeconds);
  });

  test('successThreshold counts runs of the probe', async () => {
    const readinessProbe = { tcpSocket: { port: 1 }, periodSeconds: 1, successThreshold: 4 };
    await pods.create('threshold', { readinessProbe });
    const ready = await pods.until('threshold', 'is ready', isReady);
    assert.ok(secondsReadyAfterStart(ready) >= 3 - cutSeconds);
  });

  test('a startup probe holds back the readiness probe', async () => {
    const startupProbe = { exec: { command: ['true'] }, initialDelaySeconds: 3 };
    await pods.create('startup-delay', { startupProbe, readinessProbe: { exec: { command: ['true'] } } });
    const running = await pods.until('startup-delay', 'runs', (pod) => mainOf(pod).state.running !== undefined);
    assert.equal(mainOf(running).started, false);
    const ready = await pods.until('startup-delay', 'is ready', isReady);
    assert.equal(mainOf(ready).started, true);
    assert.ok(secondsReadyAfterStart(ready) >= 3 - cutSeconds);
  });

  test('a startup probe that fails restarts the container', async () => {
    const startupProbe = { exec: { command: ['false'] }, periodSeconds: 1, failureThreshold: 2 };
    await pods.create('startup-fails', { startupProbe, command: ['/app'] });
    const restarted = await pods.until('startup-fails', 'was restarted', (pod) => mainOf(pod).restartCount >= 1);
    assert.equal(isReady(restarted), false);
  });

  test('a server that begins late is ready late', async () => {
    const command = ['sh', '-c', 'sleep 3; exec server'];
    await pods.create('late-server', { command, readinessProbe: { tcpSocket: { port: 80 }, periodSeconds: 1 } });
    assert.ok(secondsReadyAfterStart(await pods.until('late-server', 'is ready', isReady)) >= 3 - cutSeconds);
  });

  for (const [name, container] of Object.entries({
    'fails-exec': { readinessProbe: { exec: { command: ['sh', '-c', 'exit 1'] }, periodSeconds: 1 } },
    'does-not-listen': { command: ['sleep', '3600'], readinessProbe: { httpGet: { port: 80 }, periodSeconds: 1 } },
    'bad-image': {
      image: 'example.com/app:never-ready',
      readinessProbe: { tcpSocket: { port: 80 }, periodSeconds: 1 },
    },
    'no-such-port': { readinessProbe: { httpGet: { port: 'web' }, periodSeconds: 1 } },
    'hangs-in-probe': { readinessProbe: { exec: { command: ['sleep', '30'] }, periodSeconds: 1, timeoutSeconds: 1 } },
  })) {
    test(`it runs but never becomes ready: ${name}`, async () => {
      await pods.create(name, container);
      const running = await pods.until(name, 'runs', (pod) => mainOf(pod).state.running !== undefined);
      await pods.create(`${name}-after`, { readinessProbe: { tcpSocket: { port: 80 }, initialDelaySeconds: 3 } });
      await pods.until(`${name}-after`, 'is ready', isReady);
      const later = await pods.get(name);
      assert.equal(isReady(later), false);
      assert.equal(mainOf(later).started, true);
      assert.equal(later.metadata.uid, running.metadata.uid);
      assert.equal(later.status.phase, 'Running');
    });
  }

  for (const { name, container, reasons } of [
    {
      name: 'absent',
      container: { image: 'example.com/does-not-exist:1' },
      reasons: ['ErrImagePull', 'ImagePullBackOff'],
    },
    {
      name: 'unresolvable',
      container: { image: 'registry.invalid/app:1' },
      reasons: ['ErrImagePull', 'ImagePullBackOff'],
    },
    { name: 'malformed', container: { image: 'Example//App' }, reasons: ['InvalidImageName'] },
    {
      name: 'never-pulled',
      container: { image: 'example.com/no-such-app', imagePullPolicy: 'Never' },
      reasons: ['ErrImageNeverPull'],
    },
  ]) {
    test(`an image that cannot be had shows as ${reasons.join(' and ')}: ${name}`, async () => {
      await pods.create(name, container);
      for (const reason of reasons) {
        const pod = await pods.until(
          name,
          `waits for ${reason}`,
          (seen) => mainOf(seen).state.waiting?.reason === reason,
        );
        assert.equal(pod.status.phase, 'Pending');
        assert.ok((mainOf(pod).state.waiting?.message ?? '') !== '');
      }
    });
  }

  for (const [name, value] of [
    ['start-latency', 'soon'],
    ['process', 'genuine'],
  ] as const) {
    test(`an annotation that makes no sense shows in the status: ${name}`, async () => {
      await pods.create(
        `senseless-${name}`,
        {},
        { metadata: { annotations: { [`simulation.sluice.dev/${name}`]: value } } },
      );
      const pod = await pods.until(`senseless-${name}`, 'is refused', (seen) => {
        return mainOf(seen).state.waiting?.reason === 'CreateContainerConfigError';
      });
      assert.match(
        mainOf(pod).state.waiting?.message ?? '',
        new RegExp(`^annotation simulation.sluice.dev/${name}="${value}" is`),
      );
    });
  }

  test('a postStart hook holds the container back for its duration', async () => {
    await pods.create('post-start', { lifecycle: { postStart: { exec: { command: ['sleep', '3'] } } } });
    const before = await pods.until('post-start', 'is being created', (pod) => pod.status.startTime !== undefined);
    assert.equal(mainOf(before).state.waiting?.reason, 'ContainerCreating');
    const ready = await pods.until('post-start', 'is ready', isReady);
    assert.ok(secondsReadyAfterStart(ready) >= 3 - cutSeconds);
  });

  test('a postStart hook that fails ends the container', async () => {
    await pods.create('post-start-fails', { lifecycle: { postStart: { exec: { command: ['false'] } } } });
    const pod = await pods.until('post-start-fails', 'was restarted', (seen) => mainOf(seen).restartCount >= 1);
    assert.equal(mainOf(pod).lastState.terminated?.reason, 'PostStartHookError');
  });

  test('readiness gates are left to others', async () => {
    const gate = 'example.com/in-rotation';
    await pods.create('gated', {}, { spec: { readinessGates: [{ conditionType: gate }] } });
    const closed = await pods.until(
      'gated',
      'has ready containers',
      (pod) => conditionOf(pod, 'ContainersReady').status === 'True',
    );
    assert.deepEqual(reasonAndStatus(conditionOf(closed, 'Ready')), ['False', 'ReadinessGatesNotReady']);
    const setGate = async (status: string): Promise<void> => {
      const body = { status: { conditions: [{ type: gate, status }] } };
      await pods.cluster.patch(pods.at('gated'), { kind: 'strategic', body }, { subresource: 'status' }, call());
    };
    await setGate('True');
    await pods.until('gated', 'is ready', isReady);
    await setGate('False');
    const again = await pods.until('gated', 'is not ready', (pod) => !isReady(pod));
    assert.match(conditionOf(again, 'Ready').message ?? '', /in-rotation/);
  });

  test('init containers run one after the other, before the others', async () => {
    const init = (name: string, script: string): object => ({
      name,
      image: 'example.com/init:1',
      command: ['sh', '-c', script],
    });
    const initContainers = [init('first', 'sleep 1'), init('second', 'sleep 1')];
    await pods.create('initialised', {}, { spec: { initContainers } });
    const early = await pods.until('initialised', 'runs its first init container', (pod) => {
      return pod.status.initContainerStatuses?.[0]?.state.running !== undefined;
    });
    assert.equal(early.status.phase, 'Pending');
    assert.equal(mainOf(early).state.waiting?.reason, 'PodInitializing');
    assert.deepEqual(reasonAndStatus(conditionOf(early, 'Initialized')), ['False', 'ContainersNotInitialized']);
    const ready = await pods.until('initialised', 'is ready', isReady);
    const [first, second] = (ready.status.initContainerStatuses ?? []).map(({ state }) => state.terminated);
    assert.deepEqual([first?.exitCode, second?.exitCode], [0, 0]);
    assert.ok(secondsBetween(first?.finishedAt, second?.startedAt) >= 0);
    assert.ok(secondsBetween(second?.finishedAt, mainOf(ready).state.running?.startedAt) >= 0);
  });

  test('a sidecar starts before the container and stays beside it', async () => {
    const initContainers = [{ name: 'proxy', image: 'example.com/proxy:1', restartPolicy: 'Always' }];
    await pods.create(
      'with-sidecar',
      { command: ['sleep', '2'] },
      { spec: { initContainers, restartPolicy: 'Never' } },
    );
    const running = await pods.until('with-sidecar', 'runs', isReady);
    assert.equal(running.status.initContainerStatuses?.[0]?.ready, true);
    const done = await pods.until('with-sidecar', 'has succeeded', (pod) => pod.status.phase === 'Succeeded');
    assert.notEqual(done.status.initContainerStatuses?.[0]?.state.terminated, undefined);
  });
});

function reasonAndStatus({ status, reason }: PodCondition): readonly unknown[] {
  return [status, reason];
}

function secondsReadyAfterStart(pod: Pod): number {
  const ready = conditionOf(pod, 'Ready') as { readonly lastTransitionTime?: string };
  // While a postStart hook runs, the container does not show when it started; the pod's start is close enough.
  return secondsBetween(pod.status.startTime, ready.lastTransitionTime);
}

function call(): { readonly signal: AbortSignal } {
  return { signal: AbortSignal.timeout(20_000) };
}
