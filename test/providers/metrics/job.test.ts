import assert from 'node:assert/strict';
import { describe, it } from 'node:test';

import type { AnalysisRun } from '../../../src/api/analysis-run.ts';
import type { JobRequest, JobResponse, MetricWindow } from '../../../src/providers/metrics/contract.ts';
import { composeJob, jobName } from '../../../src/providers/metrics/job-object.ts';
import { job } from '../../../src/providers/metrics/job.ts';
import { metricProviderSuite } from '../../contract/metric-provider.ts';

const startedAtMs = Date.parse('2026-11-25T12:00:00Z');
const window = (round: number): MetricWindow => ({
  nowMs: startedAtMs + round * 2000,
  startedAtMs,
  mode: 'inline',
  targets: [],
});
const template = { spec: { restartPolicy: 'Never', containers: [{ name: 'main', image: 'check' }] } };
const seen = (state: Extract<JobResponse, { kind: 'job' }>['state'], message = ''): JobResponse => ({
  kind: 'job',
  id: 'job',
  name: 'a-job',
  state,
  message,
});

metricProviderSuite(job, {
  valid: [
    { spec: { template } },
    { metadata: { labels: { a: 'b' }, annotations: { c: 'd' } }, spec: { backoffLimit: 1, template } },
  ],
  invalid: [
    { configuration: { metadata: 'a' }, field: 'metadata' },
    { configuration: { spec: 3 }, field: 'spec' },
    { configuration: { spec: { template: { spec: null } } }, field: 'spec.template.spec' },
  ],
  window,
  answer: (_, round) => seen(round < 3 ? 'running' : 'complete'),
  roundsMax: 4,
  outcome: (outcome) => assert.ok(outcome.kind === 'verdict' && outcome.phase === 'Successful'),
});

describe('a metric that is a Job', () => {
  const parsed = job.parse({ spec: { template } });
  assert.ok(parsed.ok);
  const config = parsed.value;
  const begin = () => job.start(config, window(0));
  const fold = (state: ReturnType<typeof begin>, round: number, ...responses: readonly JobResponse[]) =>
    job.fold(config, window(round), state, responses);

  it('is made once, and only looked at from then on', () => {
    const action = (state: ReturnType<typeof begin>) => job.requests(config, window(0), state)[0]?.action;
    assert.equal(action(begin()), 'create');
    assert.equal(action(fold(begin(), 0, seen('running')).state), 'look');
    const kept = { 'job-name': 'a-job' };
    assert.equal(action(job.start(config, { ...window(0), kept })), 'look');
  });

  it('has the outcome of the Job, and names it', () => {
    const metadata = { 'job-name': 'a-job' };
    for (const [state, outcome] of [
      ['complete', { kind: 'verdict', phase: 'Successful', value: '', message: '', metadata }],
      ['failed', { kind: 'verdict', phase: 'Failed', value: '', message: '', metadata }],
      ['unstartable', { kind: 'verdict', phase: 'Inconclusive', value: '', message: '', metadata }],
      ['gone', { kind: 'error', code: 'NotFound', message: 'the Job a-job is gone', metadata }],
    ] as const) {
      assert.deepEqual(fold(begin(), 1, seen(state)).outcome, outcome);
    }
  });

  it('is looked at less and less often', () => {
    const waits = [0, 1, 8, 50, 1800].map((seconds) => {
      const at = { ...window(0), nowMs: startedAtMs + seconds * 1000 };
      const { outcome } = job.fold(config, at, begin(), [seen('running')]);
      return outcome.kind === 'observing' ? outcome.resumeAtMs - at.nowMs : assert.fail();
    });
    assert.deepEqual(waits, [1000, 1414, 4000, 10_000, 60_000]);
  });

  it('goes on while the cluster does not answer, for a minute', () => {
    const silent: JobResponse = { kind: 'failure', id: 'job', code: 'Unavailable', message: 'no connection' };
    let state = fold(begin(), 0, seen('running')).state;
    for (let round = 1; round <= 30; round += 1) {
      const folded = fold(state, round, ...(round % 2 === 0 ? [silent] : []));
      assert.equal(folded.outcome.kind, 'observing', String(round));
      state = folded.state;
    }
    const late = fold(state, 31, silent).outcome;
    assert.ok(late.kind === 'error' && late.code === 'Unavailable');
    assert.equal(fold(fold(state, 30, seen('running')).state, 31, silent).outcome.kind, 'observing');
  });

  it('is an error at once when it may not be made', () => {
    const refused: JobResponse = { kind: 'failure', id: 'job', code: 'Forbidden', message: 'jobs may not be made' };
    const { outcome } = fold(begin(), 0, refused);
    assert.deepEqual(outcome, { kind: 'error', code: 'Forbidden', message: 'jobs may not be made' });
  });
});

describe('the Job of a measurement', () => {
  const uid = 'd4a6f1c2-0000-4000-8000-1234567890ab';
  const run: AnalysisRun = {
    apiVersion: 'argoproj.io/v1alpha1',
    kind: 'AnalysisRun',
    metadata: { name: 'web-1', namespace: 'shop', uid },
    spec: { metrics: [] },
  };
  const request: JobRequest = {
    kind: 'job',
    id: 'job',
    action: 'create',
    labels: { team: 'a', 'analysisrun.argoproj.io/uid': 'foreign' },
    annotations: { note: 'b' },
    spec: { backoffLimit: 0, template },
  };

  it('is named after run, metric and number, belongs to the run, and says so', () => {
    assert.deepEqual(composeJob(request, { run, metric: 'smoke-test', number: 3 }), {
      apiVersion: 'batch/v1',
      kind: 'Job',
      metadata: {
        name: `${uid}.smoke-test.3`,
        namespace: 'shop',
        labels: { team: 'a', 'analysisrun.argoproj.io/uid': uid },
        annotations: {
          note: 'b',
          'analysisrun.argoproj.io/name': 'web-1',
          'analysisrun.argoproj.io/namespace': 'shop',
          'analysisrun.argoproj.io/metric-name': 'smoke-test',
        },
        ownerReferences: [
          {
            apiVersion: 'argoproj.io/v1alpha1',
            kind: 'AnalysisRun',
            name: 'web-1',
            uid,
            controller: true,
            blockOwnerDeletion: true,
          },
        ],
      },
      spec: request.spec,
    });
  });

  it('has a name that every cluster takes, whatever the metric is called', () => {
    const names = ['A check', 'a check', 'x'.repeat(100), `${'x'.repeat(100)}y`, 'ü', 'a.b', '-'].map((metric) =>
      jobName({ run, metric, number: 1_000_000 }),
    );
    assert.equal(new Set(names).size, names.length);
    for (const name of names) {
      assert.ok(name.length <= 63, name);
      assert.match(name, /^[a-z0-9](?:[-a-z0-9]*[a-z0-9])?(?:\.[a-z0-9](?:[-a-z0-9]*[a-z0-9])?)*$/);
      assert.ok(name.startsWith(`${uid}.`) && name.endsWith('.1000000'));
    }
  });
});
