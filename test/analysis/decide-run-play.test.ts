import assert from 'node:assert/strict';
import { describe, test } from 'node:test';

import fastCheck from 'fast-check';

import { decideRun } from '../../src/analysis/decide-run.ts';
import type { Value } from '../../src/analysis/expression/value.ts';
import { type MeasurementOutcome, terminationOutcome } from '../../src/analysis/record-measurement.ts';
import type { AnalysisRunSpec, AnalysisRunStatus } from '../../src/api/analysis-run.ts';
import { readGolden } from '../golden/read-golden.ts';
import { type AnalysisInput, runAnalysis } from '../golden/run-analysis.ts';
import { bad, good, next, nothing, report, runOf, start, web } from './run-steps.ts';

describe('a run that is played', () => {
  test('comes to the verdict of the recorded plays, in no more time', () => {
    for (const { name, input } of readGolden<AnalysisInput, never>('analysis-assess.json')) {
      if (input.kind !== 'run' || input.terminateAfterPass !== undefined || input.maxPasses !== undefined) continue;
      const played = runAnalysis(input) as { final: { phase: string; message: string; completedAt?: number } };
      const { status, seconds } = playByDecisions(input);
      assert.equal(status.phase, played.final.phase, name);
      assert.equal(status.message ?? '', played.final.message, name);
      assert.equal(seconds <= (played.final.completedAt ?? seconds), true, name);
    }
  });

  test('never fails, whatever it is told, and a completed phase never changes', () => {
    const outcome: fastCheck.Arbitrary<MeasurementOutcome> = fastCheck.oneof(
      fastCheck.constantFrom<MeasurementOutcome>(good, bad, { kind: 'noData', reason: '' }, { kind: 'observing' }),
      fastCheck.record({ kind: fastCheck.constant('error' as const), message: fastCheck.string() }),
      fastCheck.record({
        kind: fastCheck.constant('sample' as const),
        value: fastCheck.jsonValue() as fastCheck.Arbitrary<Value>,
      }),
    );
    const numbers = fastCheck.oneof(
      fastCheck.integer({ min: -1, max: 3 }),
      fastCheck.constantFrom('2', 'x', undefined),
    );
    const metric = fastCheck.record({
      name: fastCheck.constantFrom('a', 'b'),
      provider: fastCheck.constant(web),
      count: numbers,
      failureLimit: numbers,
      interval: fastCheck.constantFrom('10s', 'x', undefined),
      successCondition: fastCheck.constantFrom('result > 1', 'result.a.b', 'len(result) > 0', undefined),
    });
    const steps = fastCheck.array(fastCheck.tuple(fastCheck.constantFrom('a', 'b'), outcome), { maxLength: 8 });
    fastCheck.assert(
      fastCheck.property(
        fastCheck.array(metric, { maxLength: 2 }),
        steps,
        fastCheck.boolean(),
        (metrics, rounds, dry) => {
          const spec: AnalysisRunSpec = { metrics, ...(dry ? { dryRun: [{ metricName: 'a' }] } : {}) };
          let decision = decideRun(runOf(spec), start, nothing);
          for (const [index, [name, result]] of rounds.entries()) {
            const before = decision.status.phase;
            const atMs = start + index * 11_000;
            decision = next(spec, decision, atMs, { reports: [report(name, result, atMs)] });
            if (before !== 'Running') assert.equal(decision.status.phase, before);
            assert.equal(decision.lookAgainAt === undefined || decision.lookAgainAt > atMs, true);
          }
        },
      ),
      { numRuns: 300 },
    );
  });
});

/** Plays a run with decideRun alone: what it asks for is answered from the script at once. */
function playByDecisions(input: AnalysisInput & { kind: 'run' }): { status: AnalysisRunStatus; seconds: number } {
  const calls = new Map<string, number>();
  let nowMs = start;
  let decision = decideRun(runOf(input.spec), nowMs, nothing);
  for (let round = 0; round < 200; round += 1) {
    const reports = decision.measurements.map(({ metric, kind }) => {
      const script = input.script[metric.name] ?? [];
      const call = calls.get(metric.name) ?? 0;
      calls.set(metric.name, call + 1);
      const scripted = script[Math.min(call, script.length - 1)] ?? { phase: 'Error', message: 'no provider' };
      return report(metric.name, kind === 'terminate' ? terminationOutcome(metric) : outcomeOf(scripted, nowMs), nowMs);
    });
    if (reports.length === 0) {
      if (decision.lookAgainAt === undefined) break;
      nowMs = Math.ceil(decision.lookAgainAt / 1_000) * 1_000;
    }
    decision = next(input.spec, decision, nowMs, { reports });
  }
  return { status: decision.status, seconds: Math.floor((nowMs - start) / 1_000) };
}

type Scripted = (AnalysisInput & { kind: 'run' })['script'][string][number];

function outcomeOf(
  { phase, message = '', result, resumeAfterSeconds = 10 }: Scripted,
  nowMs: number,
): MeasurementOutcome {
  if (phase === undefined) return { kind: 'sample', value: (result ?? null) as never };
  if (phase === 'Error') return { kind: 'error', message };
  if (phase === 'Running') return { kind: 'observing', resumeAtMs: nowMs + resumeAfterSeconds * 1_000 };
  return { kind: 'verdict', phase: phase as 'Successful', message };
}
