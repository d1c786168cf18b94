import assert from 'node:assert/strict';
import { describe, it } from 'node:test';

import type { AnalysisRunStatus, MetricResult } from '../../../src/api/analysis-run.ts';
import { WritePace } from '../../../src/controller/runs/write-pace.ts';

describe('the pace of writes', () => {
  const result = (phase: string, count: number): MetricResult => ({ name: 'm', phase, count });
  const status = (phase: string, ...metricResults: readonly MetricResult[]): AnalysisRunStatus => ({
    phase,
    startedAt: '2026-11-25T12:00:00Z',
    metricResults: [...metricResults],
  });
  const running = (count: number): AnalysisRunStatus => status('Running', result('Running', count));

  it('writes what decides at once, however much else is going on', () => {
    const pace = new WritePace();
    for (let run = 0; run < 1000; run += 1) pace.wrote(`run-${run}`, 0);
    for (const after of [
      status('Failed', result('Failed', 2)),
      status('Running', result('Failed', 2)),
      status('Running', result('Successful', 2)),
      { ...running(2), message: 'something is wrong' },
    ]) {
      assert.equal(pace.dueAt('run-1', { before: running(1), after, isAsking: true, nowMs: 1 }), 1);
    }
  });

  it('waits a little for answers that are under way, and no longer', () => {
    const pace = new WritePace();
    const before = { phase: '' };
    assert.equal(pace.dueAt('a', { before, after: running(1), isAsking: true, nowMs: 1000 }), 1250);
    assert.equal(pace.dueAt('a', { before, after: running(1), isAsking: true, nowMs: 1200 }), 1250);
    assert.equal(pace.startedAt('a'), '2026-11-25T12:00:00Z');
    assert.equal(pace.dueAt('a', { before, after: running(2), isAsking: false, nowMs: 1201 }), 1201);
    pace.wrote('a', 1201);
    assert.equal(pace.startedAt('a'), undefined);
    assert.equal(pace.dueAt('a', { before: running(2), after: running(3), isAsking: true, nowMs: 3000 }), 3250);
  });

  it('lets 10 s pass between two writes of a run when there are a thousand of them', () => {
    const pace = new WritePace();
    for (let run = 0; run < 1000; run += 1) pace.wrote(`run-${run}`, 5000);
    const facts = { before: running(1), after: running(2), isAsking: false };
    assert.equal(pace.dueAt('run-7', { ...facts, nowMs: 6000 }), 15_000);
    for (let run = 10; run < 1000; run += 1) pace.forget(`run-${run}`);
    assert.equal(pace.dueAt('run-7', { ...facts, nowMs: 6000 }), 6000);
  });
});
