import assert from 'node:assert/strict';
import { describe, it } from 'node:test';

import { resourceTypes } from '../../../src/api/resource-types.ts';
import { AnalysisStage } from './analysis-stage.ts';

const { signal } = new AbortController();
const measurementRetention = [{ metricName: 'check', limit: 2 }];

describe('analysis by Jobs', () => {
  it('succeeds when the Job is complete, and fails when it has failed', async () => {
    const stage = await started();
    await stage.createRun('good', { metrics: [metric('sleep 3')] });
    await stage.createRun('bad', { metrics: [metric('sleep 3 && exit 1')] });
    await stage.clock.advance(2000);
    const running = (await stage.run('good')).status?.metricResults?.[0]?.measurements?.[0];
    const { uid } = (await stage.run('good')).metadata;
    assert.equal(running?.phase, 'Running');
    assert.deepEqual(running.metadata, { 'job-name': `${uid}.check.1` });
    const good = await stage.ended('good');
    assert.equal(good.phase, 'Successful');
    assert.deepEqual(good.metricResults?.[0]?.measurements?.[0]?.metadata, { 'job-name': `${uid}.check.1` });
    const bad = await stage.ended('bad');
    assert.equal(bad.phase, 'Failed');
    assert.match(bad.message ?? '', /failed \(1\) > failureLimit \(0\)/);
    await stage.close();
  });

  it('is inconclusive when the image of the Job cannot be had', async () => {
    const stage = await started();
    await stage.createRun('lost', { metrics: [metric('', 'demo:does-not-exist')] });
    const { phase, metricResults } = await stage.ended('lost');
    assert.equal(phase, 'Inconclusive');
    assert.match(metricResults?.[0]?.measurements?.[0]?.message ?? '', /^(?:ErrImagePull|ImagePullBackOff)/);
    await stage.close();
  });

  it('takes the Job away when the run is told to end, which shows nothing', async () => {
    const stage = await started();
    await stage.createRun('long', { metrics: [metric('sleep 3600')] });
    await stage.clock.advance(5000);
    assert.equal((await stage.list(resourceTypes.job)).length, 1);
    await stage.patchRun('long', { spec: { terminate: true } });
    const { phase, metricResults } = await stage.ended('long', 10);
    assert.equal(phase, 'Inconclusive');
    assert.equal(metricResults?.[0]?.measurements?.[0]?.phase, 'Inconclusive');
    await stage.clock.advance(5000);
    assert.deepEqual(await stage.list(resourceTypes.job), []);
    assert.deepEqual(await stage.list(resourceTypes.pod), []);
    await stage.close();
  });

  it('ends the Job of one metric when another one fails', async () => {
    const stage = await started();
    await stage.createRun('two', {
      metrics: [
        { ...metric('sleep 3600'), name: 'long' },
        { ...metric('sleep 2 && exit 1'), name: 'short' },
      ],
    });
    assert.equal((await stage.ended('two', 30)).phase, 'Failed');
    await stage.clock.advance(5000);
    const names = (await stage.list(resourceTypes.job)).map(({ metadata }) => metadata.name);
    assert.ok(names.length === 1 && names[0]?.endsWith('.short.1'), names.join(' '));
    await stage.close();
  });

  it('makes a Job for every measurement, keeps as many as measurements, and lets them go with the run', async () => {
    const stage = await started();
    await stage.createRun('many', {
      metrics: [{ ...metric('sleep 1'), count: 4, interval: '1s' }],
      measurementRetention,
    });
    const { phase, metricResults } = await stage.ended('many');
    assert.equal(phase, 'Successful');
    assert.equal(metricResults?.[0]?.measurements?.length, 2);
    await stage.clock.advance(5000);
    const numbers = (await stage.list(resourceTypes.job)).map(({ metadata }) => metadata.name.split('.').at(-1));
    assert.deepEqual(new Set(numbers), new Set(['3', '4']));
    await stage.deleteOne(resourceTypes.analysisRun, 'many');
    await stage.clock.advance(10_000);
    assert.deepEqual(await stage.list(resourceTypes.job), []);
    await stage.close();
  });

  it('goes on with the Job of a process that has ended', async () => {
    const stage = await started();
    await stage.createRun('kept', { metrics: [metric('sleep 20')] });
    await stage.clock.advance(5000);
    await stage.stopController();
    await stage.clock.advance(5000);
    assert.equal((await stage.list(resourceTypes.job)).length, 1);
    await stage.startController();
    assert.equal((await stage.ended('kept')).phase, 'Successful');
    assert.equal((await stage.list(resourceTypes.job)).length, 1);
    await stage.close();
  });

  it('does not make a Job again that was taken away', async () => {
    const stage = await started();
    await stage.createRun('taken', { metrics: [{ ...metric('sleep 3600'), consecutiveErrorLimit: 0 }] });
    await stage.clock.advance(5000);
    const [job] = await stage.list(resourceTypes.job);
    await stage.deleteOne(resourceTypes.job, job?.metadata.name ?? '');
    const { phase, message } = await stage.ended('taken', 30);
    assert.equal(phase, 'Error');
    assert.match(message ?? '', /the Job .*\.check\.1 is gone/);
    await stage.close();
  });

  it('makes Jobs in a namespace or a cluster of their own, which no run can own', async () => {
    const other = new AnalysisStage();
    const stage = new AnalysisStage();
    stage.add({ metricJobs: { cluster: other.cluster, namespace: 'checks' } });
    await stage.startController();
    await stage.createRun('good', {
      metrics: [{ ...metric('sleep 1'), count: 3, interval: '1s' }],
      measurementRetention,
    });
    const { metadata } = await stage.run('good');
    // Each cluster has a clock of its own here.
    for (let second = 0; second < 30; second += 1) {
      await stage.clock.advance(1000);
      await other.clock.advance(1000);
    }
    assert.equal((await stage.run('good')).status?.phase, 'Successful');
    assert.deepEqual(await stage.list(resourceTypes.job), []);
    const listed = other.cluster.list(resourceTypes.job, { namespace: 'checks' }, { signal });
    await other.clock.advance(1000);
    const jobs = (await listed).items;
    assert.equal(jobs.length, 2);
    for (const job of jobs) {
      assert.equal(job.metadata.ownerReferences, undefined);
      assert.equal(job.metadata.labels?.['analysisrun.argoproj.io/uid'], metadata.uid);
      assert.equal(job.metadata.annotations?.['analysisrun.argoproj.io/namespace'], 'shop');
    }
    await stage.close();
    await other.close();
  });
});

async function started(): Promise<AnalysisStage> {
  const stage = new AnalysisStage();
  await stage.startController();
  return stage;
}

function metric(command: string, image = 'demo:check') {
  const container = { name: 'main', image, command: ['sh', '-c', command] };
  const template = { spec: { restartPolicy: 'Never', containers: [container] } };
  return { name: 'check', provider: { job: { spec: { backoffLimit: 0, template } } } };
}
