import type { AnalysisRunSpec, AnalysisRunStatus, MetricResult } from '../api/analysis-run.ts';
import { dryRunNames } from './metric-rules.ts';
import { terminatedMessage } from './record-measurement.ts';

/**
 * Whether a run lets a step go on: it is Successful, and each metric that counts has at least one real sample. A run
 * that was ended before it had measured anything is Successful for clients too, but shows nothing.
 */
export function passesGate(spec: AnalysisRunSpec, status: AnalysisRunStatus): boolean {
  if (status.phase !== 'Successful') return false;
  const dryRun = dryRunNames(spec);
  const counting = spec.metrics.filter(({ name }) => !dryRun.has(name));
  return counting.every(({ name }) => {
    const result = status.metricResults?.find((candidate) => candidate.name === name);
    return result !== undefined && sampleCount(result) > 0;
  });
}

/** Number of completed measurements that show something: errors do not, nor does one that was ended early. */
export function sampleCount(result: MetricResult): number {
  const last = result.measurements?.at(-1);
  return (result.count ?? 0) - (last?.message === terminatedMessage && last.phase !== 'Error' ? 1 : 0);
}
