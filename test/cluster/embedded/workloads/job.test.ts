import assert from 'node:assert/strict';
import { afterEach, beforeEach, describe, test } from 'node:test';

import { resourceTypes } from '../../../../src/api/resource-types.ts';
import type { Job, Pod } from '../../../../src/cluster/embedded/workloads/shapes.ts';
import { Field } from './field.ts';

const { job, pod } = resourceTypes;

describe('the Job controller', () => {
  let field: Field;
  beforeEach(async () => {
    field = new Field();
    await field.start();
  });
  afterEach(() => field.stop());

  function spec(more: object = {}) {
    const containers = [{ name: 'main', image: 'check:1' }];
    return { spec: { template: { spec: { restartPolicy: 'Never', containers } }, ...more } };
  }

  async function state(): Promise<Job> {
    return field.get(job, 'check');
  }

  async function ends(): Promise<readonly string[]> {
    const conditions = (await state()).status?.conditions ?? [];
    return conditions.filter(({ status }) => status === 'True').map(({ type, reason }) => `${type} ${reason}`);
  }

  async function active(): Promise<readonly Pod[]> {
    const pods = await field.pods();
    return pods.filter(
      ({ status, metadata }) =>
        status?.phase !== 'Failed' && status?.phase !== 'Succeeded' && !metadata.deletionTimestamp,
    );
  }

  async function end(phase: 'Succeeded' | 'Failed'): Promise<void> {
    const [first] = await active();
    const finishedAt = new Date(field.clock.now()).toISOString().replace(/\.\d+/, '');
    const containerStatuses = [{ name: 'main', state: { terminated: { exitCode: 1, reason: 'Error', finishedAt } } }];
    await field.patch(pod, first!.metadata.name, { status: { phase, containerStatuses } }, 'status');
  }

  test('is complete when its pod has succeeded', async () => {
    await field.create(job, 'check', spec());
    const [only] = await active();
    assert.equal(only?.metadata.labels?.['batch.kubernetes.io/job-name'], 'check');
    assert.equal((await state()).status?.active, 1);
    await end('Succeeded');
    const { status } = await state();
    assert.deepEqual([status?.succeeded, status?.failed, status?.active], [1, undefined, undefined]);
    assert.ok(status?.completionTime);
    assert.deepEqual(await ends(), ['SuccessCriteriaMet CompletionsReached', 'Complete CompletionsReached']);
    assert.deepEqual((await field.pods())[0]?.metadata.finalizers ?? [], []);
  });

  test('runs as many pods at a time as allowed until there are enough successes', async () => {
    await field.create(job, 'check', spec({ completions: 3, parallelism: 2 }));
    assert.equal((await active()).length, 2);
    await end('Succeeded');
    assert.equal((await active()).length, 2);
    await end('Succeeded');
    assert.equal((await active()).length, 1);
    await end('Succeeded');
    assert.equal((await state()).status?.succeeded, 3);
    assert.match((await ends()).join(), /Complete/);
  });

  test('replaces failed pods after growing waits and fails beyond its limit', async () => {
    await field.create(job, 'check', spec({ backoffLimit: 2 }));
    await end('Failed');
    assert.equal((await active()).length, 0);
    await field.pass(9);
    assert.equal((await active()).length, 0);
    await field.pass(2);
    assert.equal((await active()).length, 1);
    await end('Failed');
    await field.pass(18);
    assert.equal((await active()).length, 0);
    await field.pass(3);
    await end('Failed');
    assert.deepEqual(await ends(), ['FailureTarget BackoffLimitExceeded', 'Failed BackoffLimitExceeded']);
    assert.equal((await state()).status?.failed, 3);
    await field.pass(3600);
    assert.equal((await active()).length, 0);
  });

  test('a pod is counted once although the controllers are started anew in between', async () => {
    await field.create(job, 'check', spec({ completions: 2, parallelism: 1 }));
    await end('Succeeded');
    await field.start();
    assert.equal((await state()).status?.succeeded, 1);
    await end('Succeeded');
    assert.equal((await state()).status?.succeeded, 2);
  });

  test('a pod that somebody deletes counts as failed and is replaced', async () => {
    await field.create(job, 'check', spec());
    await field.run((await active())[0]!.metadata.name);
    await field.delete(pod, (await active())[0]!.metadata.name);
    await field.pass(20);
    assert.equal((await state()).status?.failed, 1);
    assert.equal((await active()).length, 1);
  });

  test('fails when its deadline passes, and its pods go', async () => {
    await field.create(job, 'check', spec({ activeDeadlineSeconds: 60 }));
    await field.run((await active())[0]!.metadata.name);
    await field.pass(59);
    assert.deepEqual(await ends(), []);
    await field.pass(2);
    assert.deepEqual(await ends(), ['FailureTarget DeadlineExceeded', 'Failed DeadlineExceeded']);
    assert.equal((await active()).length, 0);
  });

  test('is deleted with its pods when its time to live is over', async () => {
    await field.create(job, 'check', spec({ ttlSecondsAfterFinished: 30 }));
    await end('Succeeded');
    await field.pass(28);
    assert.equal((await field.list(job)).length, 1);
    await field.pass(3);
    assert.deepEqual([(await field.list(job)).length, (await field.pods()).length], [0, 0]);
  });

  test('deleted in the middle of its work it leaves no pod behind', async () => {
    await field.create(job, 'check', spec());
    await field.run((await active())[0]!.metadata.name);
    await field.delete(job, 'check', { propagation: 'Background' });
    await field.pass(1);
    for (const { metadata } of await field.pods()) await field.delete(pod, metadata.name, { gracePeriodSeconds: 0 });
    assert.deepEqual(await field.pods(), []);
  });

  test('suspended it runs nothing, and goes on when it is resumed', async () => {
    await field.create(job, 'check', spec({ suspend: true }));
    assert.equal((await active()).length, 0);
    await field.patch(job, 'check', { spec: { suspend: false } });
    assert.equal((await active()).length, 1);
  });
});
