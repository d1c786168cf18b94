import assert from 'node:assert/strict';
import { before, test } from 'node:test';

import { resourceTypes } from '../../src/api/resource-types.ts';
import { hasCode } from '../../src/base/error.ts';
import { call, conditionOf, isReady, mainOf, Pods, secondsBetween, type Pod } from './pods.ts';
import { ownControlPlaneSuite } from './suite.ts';
import { waitUntil } from './wait.ts';

const settings = { kubelet: { backOff: '2s', backOffMax: '8s' }, concurrency: 16 };
const cutSeconds = 1;

ownControlPlaneSuite('how a simulated pod ends', settings, (plane) => {
  let pods: Pods;
  before(async () => {
    pods = await Pods.inNewNamespace(plane().cluster());
  });

  /** Keeps the last sight of a pod until it is gone. */
  const lastSight = async (name: string): Promise<{ readonly pod: Pod; readonly seconds: number }> => {
    let last = await pods.get(name);
    const begun = performance.now();
    await waitUntil(
      `pod ${name} is gone`,
      async () => {
        const seen = await pods.find(name);
        last = seen ?? last;
        return seen;
      },
      (pod) => pod === undefined,
    );
    return { pod: last, seconds: (performance.now() - begun) / 1000 };
  };

  test('a command that ends well is a pod that succeeds', async () => {
    await pods.create('succeeds', { command: ['sh', '-c', 'sleep 1 && exit 0'] }, { spec: { restartPolicy: 'Never' } });
    const pod = await pods.until('succeeds', 'has succeeded', (seen) => seen.status.phase === 'Succeeded');
    const { terminated } = mainOf(pod).state;
    assert.deepEqual([terminated?.exitCode, terminated?.reason], [0, 'Completed']);
    assert.ok(secondsBetween(terminated?.startedAt, terminated?.finishedAt) >= 1 - cutSeconds);
    assert.equal(conditionOf(pod, 'Ready').reason, 'PodCompleted');
  });

  test('an exit code other than 0 is a pod that fails with that code', async () => {
    await pods.create('fails', { command: ['sh', '-c', 'sleep 1 && exit 3'] }, { spec: { restartPolicy: 'Never' } });
    const pod = await pods.until('fails', 'has failed', (seen) => seen.status.phase === 'Failed');
    assert.deepEqual([mainOf(pod).state.terminated?.exitCode, mainOf(pod).state.terminated?.reason], [3, 'Error']);
    assert.equal(mainOf(pod).restartCount, 0);
  });

  test('restarts back off: at once, then after 2 s, then after 4 s', async () => {
    await pods.create('crashes', { command: ['sh', '-c', 'exit 7'] });
    const reason = (pod: Pod): string | undefined => mainOf(pod).state.waiting?.reason;
    const first = await pods.until('crashes', 'backs off', (pod) => reason(pod) === 'CrashLoopBackOff');
    assert.equal(mainOf(first).restartCount, 1);
    assert.match(
      mainOf(first).state.waiting?.message ?? '',
      /^back-off 2s restarting failed container=main pod=crashes_/,
    );
    const second = await pods.until('crashes', 'backs off again', (pod) => mainOf(pod).restartCount === 2);
    const { terminated } = mainOf(second).lastState;
    assert.deepEqual([terminated?.exitCode, terminated?.reason], [7, 'Error']);
    assert.match(mainOf(second).state.waiting?.message ?? '', /^back-off 4s /);
    assert.ok(secondsBetween(mainOf(first).lastState.terminated?.finishedAt, terminated?.finishedAt) >= 2 - cutSeconds);
    assert.equal(second.status.phase, 'Running');
    assert.equal(isReady(second), false);
  });

  for (const [name, container, reason] of [
    ['missing-command', { command: ['/does-not-exist'] }, 'StartError'],
    ['crashing-image', { image: 'example.com/app:crash' }, 'Error'],
    ['false-command', { command: ['false'] }, 'Error'],
  ] as const) {
    test(`a container that cannot stay up never becomes ready: ${name}`, async () => {
      await pods.create(name, container);
      const pod = await pods.until(
        name,
        'backs off',
        (seen) => mainOf(seen).state.waiting?.reason === 'CrashLoopBackOff',
      );
      assert.equal(mainOf(pod).lastState.terminated?.reason, reason);
      assert.equal(isReady(pod), false);
    });
  }

  test('with OnFailure a container is restarted until it ends well', async () => {
    await pods.create('on-failure', { command: ['false'] }, { spec: { restartPolicy: 'OnFailure' } });
    const pod = await pods.until('on-failure', 'was restarted', (seen) => mainOf(seen).restartCount >= 1);
    assert.equal(pod.status.phase, 'Running');
    await pods.create('on-failure-well', { command: ['true'] }, { spec: { restartPolicy: 'OnFailure' } });
    const well = await pods.until('on-failure-well', 'has succeeded', (seen) => seen.status.phase === 'Succeeded');
    assert.equal(mainOf(well).restartCount, 0);
  });

  test('a failing liveness probe restarts the container', async () => {
    const livenessProbe = { exec: { command: ['false'] }, periodSeconds: 1, failureThreshold: 2 };
    await pods.create('unhealthy', { livenessProbe });
    await pods.until('unhealthy', 'is ready at first', isReady);
    const pod = await pods.until('unhealthy', 'was restarted', (seen) => mainOf(seen).restartCount >= 1);
    assert.notEqual(mainOf(pod).lastState.terminated, undefined);
  });

  test('a server ends on SIGTERM', async () => {
    await pods.create('polite', {}, { spec: { terminationGracePeriodSeconds: 3600 } });
    await pods.until('polite', 'is ready', isReady);
    await pods.delete('polite');
    await pods.untilGone('polite');
  });

  test('process 1 ignores SIGTERM unless it asks for it, and is killed after the grace period', async () => {
    await pods.create('stubborn', { command: ['sleep', '3600'] }, { spec: { terminationGracePeriodSeconds: 3 } });
    await pods.until('stubborn', 'is ready', isReady);
    await pods.delete('stubborn');
    const { seconds } = await lastSight('stubborn');
    assert.ok(seconds >= 2.9, `gone after ${seconds} s`);
  });

  test('a preStop hook delays the end, and the pod stays ready meanwhile', async () => {
    const lifecycle = { preStop: { exec: { command: ['sleep', '3'] } } };
    await pods.create('drains', { lifecycle }, { spec: { terminationGracePeriodSeconds: 30 } });
    await pods.until('drains', 'is ready', isReady);
    await pods.delete('drains');
    const dying = await pods.get('drains');
    assert.equal(typeof dying.metadata.deletionTimestamp, 'string');
    assert.equal(isReady(dying), true);
    const { seconds } = await lastSight('drains');
    assert.ok(seconds >= 2.9 && seconds < 25, `gone after ${seconds} s`);
  });

  test('a preStop hook longer than the grace period is cut off', async () => {
    const lifecycle = { preStop: { sleep: { seconds: 600 } } };
    const spec = { terminationGracePeriodSeconds: 600 };
    await pods.create('drains-long', { lifecycle }, { spec });
    await pods.until('drains-long', 'is ready', isReady);
    await pods.delete('drains-long', 2);
    await pods.untilGone('drains-long');
  });

  test('a second deletion with a shorter grace period hastens the end', async () => {
    await pods.create('hurried', { command: ['sleep', '3600'] }, { spec: { terminationGracePeriodSeconds: 600 } });
    await pods.until('hurried', 'is ready', isReady);
    await pods.delete('hurried');
    assert.equal((await pods.get('hurried')).metadata.deletionGracePeriodSeconds, 600);
    await pods.delete('hurried', 1);
    await pods.untilGone('hurried');
  });

  test('a grace period of 0 removes the pod at once', async () => {
    await pods.create('forced', { command: ['sleep', '3600'] }, { spec: { terminationGracePeriodSeconds: 600 } });
    await pods.until('forced', 'is ready', isReady);
    await pods.delete('forced', 0);
    assert.equal(await pods.find('forced'), undefined);
  });

  test('the last status of a deleted pod tells how its containers ended', async () => {
    const metadata = { finalizers: ['example.com/look'] };
    await pods.create(
      'examined',
      { command: ['sleep', '3600'] },
      { metadata, spec: { terminationGracePeriodSeconds: 1 } },
    );
    await pods.until('examined', 'is ready', isReady);
    await pods.delete('examined');
    const pod = await pods.until('examined', 'has failed', (seen) => seen.status.phase === 'Failed');
    assert.equal(mainOf(pod).state.terminated?.exitCode, 137);
    const body = { metadata: { finalizers: null } };
    await pods.cluster.patch(pods.at('examined'), { kind: 'merge', body }, {}, call());
    await pods.untilGone('examined');
  });

  test('its own deadline fails it', async () => {
    await pods.create('deadline', {}, { spec: { activeDeadlineSeconds: 2, restartPolicy: 'Never' } });
    const pod = await pods.until('deadline', 'has failed', (seen) => seen.status.phase === 'Failed');
    assert.equal(pod.status.reason, 'DeadlineExceeded');
  });

  test('an eviction deletes it, unless a disruption budget forbids that', async () => {
    const metadata = { labels: { app: 'guarded' } };
    await pods.create('guarded', {}, { metadata });
    const budget = {
      apiVersion: 'policy/v1',
      kind: 'PodDisruptionBudget',
      metadata: { name: 'guarded', namespace: pods.namespace },
      spec: { minAvailable: 1, selector: { matchLabels: metadata.labels } },
    };
    await pods.cluster.create(resourceTypes.podDisruptionBudget, budget, {}, call());
    await pods.until('guarded', 'is ready', isReady);
    const at = { type: resourceTypes.podDisruptionBudget, namespace: pods.namespace, name: 'guarded' };
    const statusOf = async (): Promise<{ readonly currentHealthy?: number }> =>
      (await pods.cluster.get(at, call()))['status'] as { readonly currentHealthy?: number };
    await waitUntil('the budget counts the pod', statusOf, ({ currentHealthy }) => currentHealthy === 1);
    await assert.rejects(pods.cluster.evict(pods.at('guarded'), {}, call()), (error) =>
      hasCode(error, 'TooManyRequests'),
    );
    assert.equal((await pods.get('guarded')).metadata.deletionTimestamp, undefined);

    await pods.cluster.delete(at, {}, call());
    await pods.cluster.evict(pods.at('guarded'), {}, call());
    await pods.untilGone('guarded');
  });

  test('an eviction by the kubelet itself fails it', async () => {
    await pods.create('pressed', {});
    await pods.until('pressed', 'is ready', isReady);
    const message = 'The node was low on resource: memory.';
    const body = { metadata: { annotations: { 'simulation.sluice.dev/evict': message } } };
    await pods.cluster.patch(pods.at('pressed'), { kind: 'merge', body }, {}, call());
    const pod = await pods.until('pressed', 'has failed', (seen) => seen.status.phase === 'Failed');
    assert.deepEqual([pod.status.reason, pod.status.message], ['Evicted', message]);
    assert.equal(conditionOf(pod, 'DisruptionTarget').reason, 'TerminationByKubelet');
  });

  for (const [name, script, type, exitCode] of [
    ['good-job', 'sleep 1 && exit 0', 'Complete', 0],
    ['bad-job', 'sleep 1 && exit 42', 'Failed', 42],
  ] as const) {
    test(`a job whose container runs "${script}" is ${type}`, async () => {
      const container = { name: 'main', image: 'busybox', command: ['sh', '-c', script] };
      const job = {
        apiVersion: 'batch/v1',
        kind: 'Job',
        metadata: { name, namespace: pods.namespace },
        spec: { backoffLimit: 0, template: { spec: { restartPolicy: 'Never', containers: [container] } } },
      };
      await pods.cluster.create(resourceTypes.job, job, {}, call());
      const at = { type: resourceTypes.job, namespace: pods.namespace, name };
      await waitUntil(
        `job ${name} is ${type}`,
        async () => (await pods.cluster.get(at, call()))['status'] as Pod['status'],
        ({ conditions }) =>
          conditions?.some((condition) => condition.type === type && condition.status === 'True') === true,
      );
      const [pod] = await pods.list(`job-name=${name}`);
      assert.ok(pod !== undefined);
      assert.equal(mainOf(pod).state.terminated?.exitCode, exitCode);
    });
  }
});
