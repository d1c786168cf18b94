import assert from 'node:assert/strict';
import { afterEach, beforeEach, describe, test } from 'node:test';

import { resourceTypes } from '../../../../src/api/resource-types.ts';
import { silentLog } from '../../../../src/base/log.ts';
import { seededRandom } from '../../../../src/base/random.ts';
import { modelledPods, type PodModel } from '../../../../src/cluster/embedded/runtime/modelled-pods.ts';
import { startNodeAgent, type NodeAgent } from '../../../../src/cluster/embedded/runtime/node-agent.ts';
import type { ContainerStatus, Pod } from '../../../../src/cluster/embedded/workloads/shapes.ts';
import { Field, replicaSetSpec } from '../workloads/field.ts';

const { pod, replicaSet } = resourceTypes;

describe('modelled pods', () => {
  let field: Field;
  let agent: NodeAgent;
  let models: Readonly<Record<string, Partial<PodModel>>> = {};
  beforeEach(() => {
    field = new Field();
    const { clock, cluster } = field;
    const modelOf = (one: Pod): PodModel => ({
      startMs: 1000,
      readyMs: 2000,
      endMs: 500,
      ...models[one.spec?.containers?.[0]?.image ?? ''],
    });
    const runtime = modelledPods({ clock, random: seededRandom(3), modelOf });
    agent = startNodeAgent({ cluster, clock, random: seededRandom(4), log: silentLog, runtime });
  });
  afterEach(async () => {
    const stopping = agent.stop('end');
    await field.pass(1);
    await stopping;
    await field.stop();
  });

  async function make(image: string, more: object = {}): Promise<void> {
    const containers = [{ name: 'main', image }];
    await field.create(pod, 'one', { spec: { containers, ...more } });
  }

  async function one(): Promise<Pod> {
    return field.get(pod, 'one');
  }

  async function container(): Promise<ContainerStatus> {
    return (await one()).status!.containerStatuses![0]!;
  }

  async function phase(): Promise<string | undefined> {
    return (await one()).status?.phase;
  }

  async function ready(): Promise<string | undefined> {
    return (await one()).status?.conditions?.find(({ type }) => type === 'Ready')?.status;
  }

  test('a pod is bound, starts, becomes ready after its time, and keeps its transition times', async () => {
    await make('web:1');
    await field.pass(0.1);
    assert.equal((await one()).spec?.nodeName, 'local');
    assert.equal(await phase(), 'Pending');
    assert.equal((await container()).state.waiting?.reason, 'ContainerCreating');
    await field.pass(1.5);
    assert.deepEqual([await phase(), await ready()], ['Running', 'False']);
    assert.match((await one()).status?.podIP ?? '', /^10\.\d+\.\d+\.\d+$/);
    await field.pass(2);
    assert.equal(await ready(), 'True');
    const before = (await one()).status?.conditions;
    const { version } = field.cluster.log;
    await field.pass(3600);
    assert.equal(field.cluster.log.version, version);
    assert.deepEqual((await one()).status?.conditions, before);
  });

  test('deleted, it is gone after its time or its grace period, whichever is shorter', async () => {
    models = { 'web:slow': { endMs: 20_000 } };
    for (const [grace, goneAfter] of [
      [30, 20],
      [5, 5],
    ] as const) {
      await make('web:slow', { terminationGracePeriodSeconds: grace });
      await field.pass(10);
      await field.delete(pod, 'one');
      await field.pass(goneAfter - 1.5);
      assert.ok((await one()).metadata.deletionTimestamp);
      await field.pass(2);
      assert.deepEqual(await field.pods(), []);
    }
  });

  test('one that never becomes ready, and one whose image is missing, stay so and say why', async () => {
    models = { 'web:never': { readyMs: undefined }, 'web:missing': { isImageMissing: true } };
    await make('web:never');
    await field.pass(3600);
    assert.deepEqual([await phase(), await ready()], ['Running', 'False']);
    await field.delete(pod, 'one', { gracePeriodSeconds: 0 });
    await make('web:missing');
    await field.pass(3600);
    assert.equal(await phase(), 'Pending');
    assert.equal((await container()).state.waiting?.reason, 'ImagePullBackOff');
  });

  test('an image that is missing is asked for again with growing waits, and found once it is there', async () => {
    models = { 'web:missing': { isImageMissing: true } };
    await make('web:missing');
    await field.pass(25);
    models = { 'web:missing': { readyMs: 1000 } };
    await field.pass(4);
    assert.equal((await container()).state.waiting?.reason, 'ImagePullBackOff');
    await field.pass(12);
    assert.deepEqual([await phase(), await ready()], ['Running', 'True']);
  });

  test('a crashing container is restarted after growing waits', async () => {
    models = { 'web:crash': { readyMs: 0, exit: { afterMs: 5000, exitCode: 3 } } };
    await make('web:crash');
    await field.pass(4);
    assert.equal(await ready(), 'True');
    await field.pass(4);
    assert.equal((await container()).restartCount, 1);
    await field.pass(5);
    const status = await container();
    assert.equal(status.state.waiting?.reason, 'CrashLoopBackOff');
    assert.equal(status.lastState?.terminated?.exitCode, 3);
    assert.deepEqual([await phase(), await ready()], ['Running', 'False']);
    await field.pass(10);
    assert.equal((await container()).restartCount, 2);
  });

  test('one that is never restarted ends as its exit code says', async () => {
    models = {
      'job:good': { exit: { afterMs: 1000, exitCode: 0 } },
      'job:bad': { exit: { afterMs: 1000, exitCode: 1 } },
    };
    for (const [image, expected] of [
      ['job:good', 'Succeeded'],
      ['job:bad', 'Failed'],
    ] as const) {
      await make(image, { restartPolicy: 'Never' });
      await field.pass(5);
      assert.equal(await phase(), expected);
      await field.delete(pod, 'one');
      await field.pass(1);
    }
  });

  test('a readiness gate keeps a pod unready until somebody opens it', async () => {
    await make('web:1', { readinessGates: [{ conditionType: 'example.com/traffic' }] });
    await field.pass(10);
    assert.equal(await ready(), 'False');
    const conditions = [...((await one()).status?.conditions ?? []), { type: 'example.com/traffic', status: 'True' }];
    await field.patch(pod, 'one', { status: { conditions } }, 'status');
    await field.pass(1);
    assert.equal(await ready(), 'True');
    assert.equal((await one()).status?.conditions?.at(-1)?.type, 'example.com/traffic');
  });

  test('with the workload controllers a ReplicaSet comes and goes, the same way every time', async () => {
    const logs: string[] = [];
    for (let run = 0; run < 2; run += 1) {
      const other = new Field();
      const { clock, cluster } = other;
      const modelOf = (_pod: Pod, random: { next(): number }): PodModel => ({
        startMs: random.next() * 1000,
        readyMs: random.next() * 3000,
        endMs: 100,
      });
      const runtime = modelledPods({ clock, random: seededRandom(5), modelOf });
      const node = startNodeAgent({ cluster, clock, random: seededRandom(6), log: silentLog, runtime });
      await other.start();
      await other.create(replicaSet, 'web', replicaSetSpec(5));
      await other.pass(10);
      assert.equal((await other.replicaSet('web')).status?.availableReplicas, 5);
      await other.patch(replicaSet, 'web', { spec: { replicas: 0 } });
      await other.pass(10);
      assert.deepEqual(await other.pods(), []);
      logs.push(JSON.stringify(other.cluster.log.after(0)));
      const stopping = node.stop('end');
      await other.pass(1);
      await stopping;
      await other.stop();
    }
    assert.equal(logs[0], logs[1]);
  });
});
