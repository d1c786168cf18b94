import { decideRun, type RunDecision, type RunInput } from '../../src/analysis/decide-run.ts';
import type { MeasurementOutcome, MeasurementReport } from '../../src/analysis/record-measurement.ts';
import type { AnalysisRun, AnalysisRunSpec, AnalysisRunStatus } from '../../src/api/analysis-run.ts';

export const start = Date.UTC(2024, 0, 1, 12);
export const web = { web: { url: 'http://x' } };
export const nothing: RunInput = { reports: [], inFlight: new Set(), secrets: new Map() };

export function runOf(spec: AnalysisRunSpec, status?: AnalysisRunStatus): AnalysisRun {
  return { apiVersion: 'argoproj.io/v1alpha1', kind: 'AnalysisRun', metadata: { name: 'run' }, spec, status };
}

export function report(metric: string, outcome: MeasurementOutcome, atMs = start): MeasurementReport {
  return { metric, startedAtMs: atMs, finishedAtMs: atMs, outcome };
}

export const good: MeasurementOutcome = { kind: 'verdict', phase: 'Successful' };
export const bad: MeasurementOutcome = { kind: 'verdict', phase: 'Failed' };

/** Decides again with what came back, from the status that was stored. */
export function next(
  spec: AnalysisRunSpec,
  before: RunDecision,
  atMs: number,
  input: Partial<RunInput> = {},
): RunDecision {
  return decideRun(runOf(spec, before.status), atMs, { ...nothing, ...input });
}
