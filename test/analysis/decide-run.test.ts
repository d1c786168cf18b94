import assert from 'node:assert/strict';
import { describe, test } from 'node:test';

import { decideRun } from '../../src/analysis/decide-run.ts';
import { passesGate } from '../../src/analysis/passes-gate.ts';
import { type MeasurementOutcome, terminationOutcome } from '../../src/analysis/record-measurement.ts';
import type { AnalysisRunSpec } from '../../src/api/analysis-run.ts';
import { bad, good, next, nothing, report, runOf, start, web } from './run-steps.ts';

describe('a run', () => {
  test('is started, measured, and completed in the decision in which its last measurement comes back', () => {
    const spec: AnalysisRunSpec = { metrics: [{ name: 'm', count: 2, interval: '10s', provider: web }] };
    const first = decideRun(runOf(spec), start, nothing);
    assert.deepEqual(
      first.measurements.map(({ metric, kind }) => [metric.name, kind]),
      [['m', 'start']],
    );
    assert.equal(first.status.phase, 'Running');
    assert.equal(first.lookAgainAt, undefined);

    const second = next(spec, first, start, { reports: [report('m', good)] });
    assert.deepEqual(second.measurements, []);
    assert.equal(second.lookAgainAt, start + 10_001);

    const third = next(spec, second, start + 10_001);
    assert.equal(third.measurements.length, 1);
    const last = next(spec, third, start + 10_100, { reports: [report('m', good, start + 10_050)] });
    assert.equal(last.status.phase, 'Successful');
    assert.equal(last.status.completedAt, '2024-01-01T12:00:10Z');
    assert.deepEqual(
      last.events.map(({ reason, message }) => `${reason}: ${message}`),
      [
        "MetricSuccessful: Metric 'm' Completed. Result: Successful",
        'AnalysisRunSuccessful: Analysis Completed. Result: Successful',
      ],
    );
    assert.equal(passesGate(spec, last.status), true);
  });

  test('does not ask twice for a measurement that is under way', () => {
    const spec: AnalysisRunSpec = { metrics: [{ name: 'm', provider: web }] };
    const decision = decideRun(runOf(spec), start, { ...nothing, inFlight: new Set(['m']) });
    assert.deepEqual(decision.measurements, []);
    assert.equal(decision.lookAgainAt, undefined);
  });

  test('ends at once when a metric fails, and the other metrics with it', () => {
    const metric = { count: 5, interval: '1h', provider: web };
    const spec: AnalysisRunSpec = {
      metrics: [
        { name: 'a', ...metric },
        { name: 'b', ...metric },
      ],
    };
    const first = decideRun(runOf(spec), start, nothing);
    const second = next(spec, first, start, { reports: [report('b', good), report('a', bad)] });
    assert.equal(second.status.phase, 'Failed');
    assert.equal(second.status.message, 'Metric "a" assessed Failed due to failed (1) > failureLimit (0)');
    assert.deepEqual(second.status.runSummary, { count: 2, successful: 1, failed: 1 });
    assert.equal(passesGate(spec, second.status), false);
  });

  test('keeps a long measurement with its evidence, resumes it, and takes its verdict', () => {
    const spec: AnalysisRunSpec = { metrics: [{ name: 'm', provider: { plugin: { 'sluice.dev/judge': {} } } }] };
    const observing = (resumeAtMs: number): MeasurementOutcome => ({
      kind: 'observing',
      resumeAtMs,
      value: 'log evidence 1.2',
      message: '500 requests seen',
    });
    const first = decideRun(runOf(spec), start, nothing);
    const metricMetadata = { state: '{"looks":1}' };
    const second = next(spec, first, start, {
      reports: [{ ...report('m', observing(start + 5_000)), metricMetadata }],
    });
    const result = second.status.metricResults?.[0];
    assert.deepEqual(result?.metadata, metricMetadata);
    assert.deepEqual(result?.measurements, [
      {
        phase: 'Running',
        startedAt: '2024-01-01T12:00:00Z',
        resumeAt: '2024-01-01T12:00:05Z',
        value: 'log evidence 1.2',
        message: '500 requests seen',
      },
    ]);
    assert.equal(result?.count, undefined);
    assert.equal(second.lookAgainAt, start + 5_001);
    assert.deepEqual(next(spec, second, start + 5_000).measurements, []);

    const third = next(spec, second, start + 5_001);
    assert.equal(third.measurements[0]?.kind, 'resume');
    assert.deepEqual(third.measurements[0].result?.metadata, metricMetadata);

    const verdict: MeasurementOutcome = {
      kind: 'verdict',
      phase: 'Failed',
      value: '9.1',
      message: '5 times the errors',
    };
    const last = next(spec, third, start + 6_000, { reports: [report('m', verdict, start + 6_000)] });
    assert.equal(last.status.phase, 'Failed');
    assert.match(last.status.message ?? '', /"Error Message: 5 times the errors"/);
    assert.deepEqual(last.status.metricResults?.[0]?.measurements, [
      {
        phase: 'Failed',
        startedAt: '2024-01-01T12:00:00Z',
        finishedAt: '2024-01-01T12:00:06Z',
        value: '9.1',
        message: '5 times the errors',
      },
    ]);
  });

  test('ends a running measurement when it is terminated, and then shows nothing', () => {
    const spec: AnalysisRunSpec = { metrics: [{ name: 'm', provider: web }] };
    const first = decideRun(runOf(spec), start, nothing);
    const observing: MeasurementOutcome = { kind: 'observing', resumeAtMs: start + 60_000 };
    const second = next(spec, first, start, { reports: [report('m', observing)] });
    const terminated = { ...spec, terminate: true };
    const third = next(terminated, second, start + 1_000);
    assert.equal(third.measurements[0]?.kind, 'terminate');
    const outcome = terminationOutcome(third.measurements[0].metric);
    const last = next(terminated, third, start + 1_000, { reports: [report('m', outcome, start + 1_000)] });
    assert.equal(last.status.phase, 'Successful');
    assert.equal(last.status.message, 'Run Terminated');
    assert.equal(passesGate(spec, last.status), false);
  });

  test('that is terminated with some samples lets the gate pass only when each metric has one', () => {
    const metric = { count: 5, interval: '10s', provider: web };
    const spec: AnalysisRunSpec = {
      metrics: [
        { name: 'a', ...metric },
        { name: 'b', ...metric, initialDelay: '1h' },
      ],
    };
    const first = decideRun(runOf(spec), start, nothing);
    const measured = next(spec, first, start, { reports: [report('a', good)] });
    const both = next({ ...spec, terminate: true }, measured, start + 1_000);
    assert.equal(both.status.phase, 'Successful');
    assert.equal(passesGate(spec, both.status), false);

    const alone = { metrics: spec.metrics.slice(0, 1) };
    const one = next({ ...alone, terminate: true }, measured, start + 1_000);
    assert.equal(passesGate(alone, one.status), true);
  });

  test('of a Job that was terminated is inconclusive', () => {
    const outcome = terminationOutcome({ name: 'm', provider: { job: { spec: {} as never } } });
    assert.deepEqual(outcome, { kind: 'verdict', phase: 'Inconclusive', message: 'Metric Terminated' });
  });

  test('measures again ten seconds after an error, and is an Error after five', () => {
    const spec: AnalysisRunSpec = { metrics: [{ name: 'm', interval: '1h', count: 3, provider: web }] };
    let decision = decideRun(runOf(spec), start, nothing);
    let nowMs = start;
    for (let errors = 1; errors <= 5; errors += 1) {
      const reports = [report('m', { kind: 'error', message: 'connection refused' }, nowMs)];
      decision = next(spec, decision, nowMs, { reports });
      if (errors === 5) break;
      assert.equal(decision.status.phase, 'Running');
      assert.equal(decision.lookAgainAt, nowMs + 10_001);
      nowMs += 11_000;
      assert.equal(next(spec, decision, nowMs).measurements.length, 1);
    }
    assert.equal(decision.status.phase, 'Error');
    assert.equal(passesGate(spec, decision.status), false);
  });

  test('with missing data is no success unless its condition speaks of it', () => {
    const phaseOf = (conditions: object, outcome: MeasurementOutcome): string | undefined => {
      const spec: AnalysisRunSpec = { metrics: [{ name: 'm', provider: web, ...conditions }] };
      const first = decideRun(runOf(spec), start, nothing);
      const second = next(spec, first, start, { reports: [report('m', outcome)] });
      return second.status.metricResults?.[0]?.measurements?.[0]?.phase;
    };
    const noData: MeasurementOutcome = { kind: 'noData', reason: 'no series' };
    const sample = (value: unknown): MeasurementOutcome => ({ kind: 'sample', value: value as never });
    assert.equal(phaseOf({}, noData), 'Error');
    assert.equal(phaseOf({}, sample(null)), 'Error');
    assert.equal(phaseOf({ successCondition: 'all(result, # < 5)' }, sample([])), 'Error');
    assert.equal(phaseOf({ failureCondition: 'any(result, # > 5)' }, sample([])), 'Error');
    assert.equal(phaseOf({ successCondition: 'default(result, 0) < 5' }, noData), 'Successful');
    assert.equal(phaseOf({ successCondition: 'len(result) == 0 || result[0] < 5' }, sample([])), 'Successful');
    assert.equal(phaseOf({ failureCondition: 'result >= 5' }, sample(Number.NaN)), 'Error');
    assert.equal(phaseOf({ successCondition: 'result < 5' }, sample(Number.NaN)), 'Failed');
    assert.equal(phaseOf({ successCondition: 'isNaN(result) || result < 5' }, sample(Number.NaN)), 'Successful');
    assert.equal(phaseOf({ failureCondition: 'any(result, # > 5)' }, sample([1, Number.NaN])), 'Error');
    assert.equal(phaseOf({ successCondition: 'result < 5' }, sample(4)), 'Successful');
  });

  test('with an unusable specification is an Error that says what is wrong', () => {
    const message = (spec: AnalysisRunSpec): string | undefined => {
      const { status, measurements, events } = decideRun(runOf(spec), start, nothing);
      assert.equal(status.phase, 'Error');
      assert.deepEqual(measurements, []);
      assert.deepEqual(
        events.map(({ reason, type }) => [reason, type]),
        [['AnalysisRunError', 'Warning']],
      );
      return status.message;
    };
    const metric = { name: 'm', provider: web, successCondition: 'result < {{args.limit}}' };
    assert.equal(
      message({ metrics: [metric], args: [{ name: 'limit' }] }),
      'Unable to resolve metric arguments: argument "limit" was not supplied',
    );
    assert.match(message({ metrics: [metric] }) ?? '', /metric "m": failed to resolve \{\{args.limit\}\}/);
    assert.match(message({ metrics: [] }) ?? '', /^Analysis spec invalid: spec.metrics: /);
    assert.match(message({ metrics: [{ name: 'm' } as never] }) ?? '', /spec.metrics\[0\].provider: give one of/);
    const secretKeyRef = { name: 'token', key: 'value' };
    assert.match(
      message({ metrics: [metric], args: [{ name: 'limit', valueFrom: { secretKeyRef } }] }) ?? '',
      /there is no key "value" in the Secret "token"/,
    );
  });

  test('never stores a secret', () => {
    const spec: AnalysisRunSpec = {
      metrics: [{ name: 'm', provider: { web: { url: 'http://x?t={{args.token}}' } }, consecutiveErrorLimit: 0 }],
      args: [{ name: 'token', valueFrom: { secretKeyRef: { name: 's', key: 'k' } } }],
    };
    const secrets = new Map([['s/k', 'p4ssw0rd']]);
    const first = decideRun(runOf(spec), start, { ...nothing, secrets });
    assert.equal(first.measurements[0]?.metric.provider.web?.url, 'http://x?t=p4ssw0rd');
    const outcome: MeasurementOutcome = { kind: 'error', message: 'GET http://x?t=p4ssw0rd: refused' };
    const second = next(spec, first, start, { secrets, reports: [report('m', outcome)] });
    assert.equal(JSON.stringify([first.status, second.status, second.events]).includes('p4ssw0rd'), false);
    assert.match(second.status.message ?? '', /t=\*\*\*\*\*: refused/);
  });

  test('keeps ten measurements of a metric, or as many as a rule says, and all totals', () => {
    const metric = { count: 30, interval: '1s', provider: web };
    const spec: AnalysisRunSpec = {
      metrics: [
        { name: 'many', ...metric },
        { name: 'few', ...metric },
      ],
      measurementRetention: [{ metricName: 'fe.*', limit: 3 }],
    };
    let decision = decideRun(runOf(spec), start, nothing);
    for (let round = 0; round < 12; round += 1) {
      const atMs = start + round * 2_000;
      decision = next(spec, decision, atMs, { reports: [report('many', good, atMs), report('few', good, atMs)] });
    }
    const results = decision.status.metricResults ?? [];
    assert.deepEqual(
      results.map(({ name, count, measurements }) => [name, count, measurements?.length]),
      [
        ['many', 12, 10],
        ['few', 12, 3],
      ],
    );
  });

  test('cuts values and messages that would bloat the status', () => {
    const spec: AnalysisRunSpec = { metrics: [{ name: 'm', provider: web, successCondition: 'len(result) > 0' }] };
    const outcome: MeasurementOutcome = { kind: 'sample', value: 'x'.repeat(1_000_000) };
    const first = decideRun(runOf(spec), start, nothing);
    const second = next(spec, first, start, { reports: [report('m', outcome)] });
    assert.equal((second.status.metricResults?.[0]?.measurements?.[0]?.value ?? '').length, 1_024);
    assert.equal(second.status.phase, 'Successful');
  });

  test('is deleted when its time to live is over, and is looked at then', () => {
    const spec: AnalysisRunSpec = {
      metrics: [{ name: 'm', provider: web }],
      ttlStrategy: { secondsAfterCompletion: 60, secondsAfterFailure: 10 },
    };
    const first = decideRun(runOf(spec), start, nothing);
    const success = next(spec, first, start, { reports: [report('m', good)] });
    assert.equal(success.lookAgainAt, start + 60_000);
    assert.equal(success.expired, false);
    const failure = next(spec, first, start, { reports: [report('m', bad)] });
    assert.equal(failure.lookAgainAt, start + 10_000);
    assert.equal(next(spec, failure, start + 9_999).expired, false);
    assert.equal(next(spec, failure, start + 10_000).expired, true);
    assert.equal(next({ metrics: spec.metrics }, failure, start + 10_000).expired, false);
  });

  test('that is completed stays as it is', () => {
    const spec: AnalysisRunSpec = { metrics: [{ name: 'm', provider: web }] };
    const first = decideRun(runOf(spec), start, nothing);
    const done = next(spec, first, start, { reports: [report('m', good)] });
    const later = next(spec, done, start + 60_000, { reports: [report('m', bad)] });
    assert.deepEqual(later.status, done.status);
    assert.deepEqual(later.events, []);
  });

  test('drops reports of metrics that are unknown or have ended', () => {
    const spec: AnalysisRunSpec = {
      metrics: [
        { name: 'a', provider: web },
        { name: 'b', provider: web },
      ],
    };
    const first = decideRun(runOf(spec), start, nothing);
    const second = next(spec, first, start, { reports: [report('a', good), report('zz', bad)] });
    const third = next(spec, second, start, { reports: [report('a', bad)] });
    assert.equal(third.status.metricResults?.[0]?.phase, 'Successful');
    assert.equal(third.status.metricResults.length, 1);
  });
});
