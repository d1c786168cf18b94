import assert from 'node:assert/strict';
import { afterEach, beforeEach, describe, test } from 'node:test';

import { resourceTypes } from '../../../../src/api/resource-types.ts';
import type { Deployment, ReplicaSet } from '../../../../src/cluster/embedded/workloads/shapes.ts';
import { Field, template } from './field.ts';

const { deployment, replicaSet } = resourceTypes;

describe('the Deployment controller', () => {
  let field: Field;
  beforeEach(async () => {
    field = new Field();
    await field.start();
  });
  afterEach(() => field.stop());

  function spec(replicas: number, more: object = {}) {
    return {
      spec: { replicas, selector: { matchLabels: { app: 'web' } }, template: template({ app: 'web' }), ...more },
    };
  }

  async function sets(): Promise<readonly ReplicaSet[]> {
    const all: readonly ReplicaSet[] = await field.list(replicaSet);
    return all.toSorted((left, right) => revision(left) - revision(right));
  }

  function revision({ metadata }: ReplicaSet): number {
    return Number(metadata.annotations?.['deployment.kubernetes.io/revision']);
  }

  async function sizes(): Promise<readonly number[]> {
    return (await sets()).map((set) => set.spec?.replicas ?? -1);
  }

  async function state(): Promise<Deployment> {
    return field.get(deployment, 'web');
  }

  async function condition(type: string) {
    return (await state()).status?.conditions?.find((one) => one.type === type);
  }

  async function roll(image: string): Promise<void> {
    const { containers } = template({}, image).spec;
    await field.patch(deployment, 'web', { spec: { template: { spec: { containers } } } });
  }

  async function finish(): Promise<void> {
    for (let turn = 0; turn < 20; turn += 1) {
      await field.runAll();
      for (const pod of await field.pods()) {
        if (pod.metadata.deletionTimestamp === undefined) continue;
        await field.delete(resourceTypes.pod, pod.metadata.name, { gracePeriodSeconds: 0 });
      }
      await field.pass(1);
    }
  }

  test('makes a ReplicaSet for its template', async () => {
    await field.create(deployment, 'web', spec(3));
    const [set] = await sets();
    assert.equal(set!.spec!.replicas, 3);
    const hash = set!.metadata.labels!['pod-template-hash'];
    assert.equal(set!.metadata.name, `web-${hash}`);
    assert.equal(set!.spec!.selector!.matchLabels!['pod-template-hash'], hash);
    assert.equal((await field.pods()).length, 3);
  });

  test('becomes available with its pods', async () => {
    await field.create(deployment, 'web', spec(3));
    assert.equal((await condition('Available'))!.status, 'False');
    assert.equal((await condition('Progressing'))!.reason, 'ReplicaSetUpdated');
    await finish();
    const { observedGeneration, conditions, ...counts } = (await state()).status!;
    assert.deepEqual(counts, { replicas: 3, updatedReplicas: 3, readyReplicas: 3, availableReplicas: 3 });
    assert.equal(conditions!.length, 2);
    assert.equal((await condition('Available'))!.status, 'True');
    assert.equal((await condition('Progressing'))!.reason, 'NewReplicaSetAvailable');
    assert.equal(observedGeneration, (await state()).metadata.generation);
    assert.equal((await state()).metadata.annotations!['deployment.kubernetes.io/revision'], '1');
  });

  test('a rolling update never has fewer available nor more pods than allowed', async () => {
    await field.create(
      deployment,
      'web',
      spec(4, { strategy: { type: 'RollingUpdate', rollingUpdate: { maxSurge: 1, maxUnavailable: 1 } } }),
    );
    await finish();
    await roll('web:2');
    for (let turn = 0; turn < 30; turn += 1) {
      const pods = (await field.pods()).filter(({ metadata }) => metadata.deletionTimestamp === undefined);
      const ready = pods.filter(({ status }) => status?.conditions?.some(({ status: value }) => value === 'True'));
      assert.ok(pods.length <= 5, `${pods.length} pods`);
      assert.ok(ready.length >= 3, `${ready.length} ready`);
      const [next] = pods.filter(({ status }) => status?.phase === 'Pending');
      if (next !== undefined) await field.run(next.metadata.name);
      await field.pass(1);
    }
    assert.deepEqual(await sizes(), [0, 4]);
    assert.equal((await condition('Progressing'))?.reason, 'NewReplicaSetAvailable');
  });

  test('a pod of the old revision that does not serve goes first', async () => {
    await field.create(deployment, 'web', spec(4));
    const [sick, ...others] = await field.pods();
    for (const { metadata } of others) await field.run(metadata.name);
    await field.run(sick!.metadata.name, false);
    await roll('web:2');
    assert.deepEqual(await sizes(), [3, 2]);
    const going = (await field.pods()).filter(({ metadata }) => metadata.deletionTimestamp !== undefined);
    assert.deepEqual(
      going.map(({ metadata }) => metadata.name),
      [sick!.metadata.name],
    );
  });

  test('a template that comes back gets its ReplicaSet and a new revision', async () => {
    await field.create(deployment, 'web', spec(2));
    await finish();
    await roll('web:2');
    await finish();
    await roll('web:1');
    await finish();
    const all = await sets();
    assert.deepEqual(all.map(revision), [2, 3]);
    assert.equal(all[1]?.spec?.template?.spec?.containers?.[0]?.image, 'web:1');
    assert.deepEqual(await sizes(), [0, 2]);
  });

  test('a change of the count in the middle of an update is spread in proportion', async () => {
    await field.create(
      deployment,
      'web',
      spec(10, { strategy: { type: 'RollingUpdate', rollingUpdate: { maxSurge: 3, maxUnavailable: 2 } } }),
    );
    await finish();
    await roll('web:broken');
    await field.pass(5);
    assert.deepEqual(await sizes(), [8, 5]);
    await field.patch(deployment, 'web', { spec: { replicas: 15 } });
    assert.deepEqual(await sizes(), [11, 7]);
  });

  test('paused, it follows the count but not the template', async () => {
    await field.create(deployment, 'web', spec(2));
    await finish();
    await field.patch(deployment, 'web', { spec: { paused: true } });
    await roll('web:2');
    await field.patch(deployment, 'web', { spec: { replicas: 4 } });
    assert.deepEqual(await sizes(), [4]);
    assert.equal((await condition('Progressing'))?.reason, 'DeploymentPaused');
    await field.patch(deployment, 'web', { spec: { paused: false } });
    assert.equal((await sets()).length, 2);
  });

  test('Recreate starts the new revision when the last old pod is gone', async () => {
    await field.create(deployment, 'web', spec(2, { strategy: { type: 'Recreate' } }));
    await finish();
    await roll('web:2');
    assert.deepEqual(await sizes(), [0]);
    await finish();
    assert.deepEqual(await sizes(), [0, 2]);
  });

  test('a deadline that passes without progress is reported once and taken back by progress', async () => {
    await field.create(deployment, 'web', spec(1, { progressDeadlineSeconds: 30 }));
    await field.pass(29);
    assert.equal((await condition('Progressing'))?.status, 'True');
    await field.pass(5);
    assert.equal((await condition('Progressing'))?.reason, 'ProgressDeadlineExceeded');
    await finish();
    assert.equal((await condition('Progressing'))?.reason, 'NewReplicaSetAvailable');
  });

  test('only so many old ReplicaSets are kept as asked', async () => {
    await field.create(deployment, 'web', spec(1, { revisionHistoryLimit: 1 }));
    for (const image of ['web:2', 'web:3', 'web:4']) {
      await finish();
      await roll(image);
    }
    await finish();
    assert.deepEqual((await sets()).map(revision), [3, 4]);
  });

  test('scaled to 0 its pods go, and deleted everything goes', async () => {
    await field.create(deployment, 'web', spec(2));
    await finish();
    await field.patch(deployment, 'web', { spec: { replicas: 0 } });
    await finish();
    assert.equal((await field.pods()).length, 0);
    await field.patch(deployment, 'web', { spec: { replicas: 1 } });
    await finish();
    await field.delete(deployment, 'web', { propagation: 'Background' });
    await finish();
    assert.deepEqual([(await sets()).length, (await field.pods()).length], [0, 0]);
  });
});
