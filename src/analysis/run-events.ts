import type { AnalysisRunStatus } from '../api/analysis-run.ts';
import { isCompleted } from './assess.ts';

/** A Kubernetes event about a run. */
export interface RunEvent {
  readonly type: 'Normal' | 'Warning';
  readonly reason: string;
  readonly message: string;
}

/** The events of a change of status: one for each metric that has ended, and one when the run has. */
export function runEvents(before: AnalysisRunStatus, after: AnalysisRunStatus): readonly RunEvent[] {
  const ended = (after.metricResults ?? []).filter(({ name, phase }) => {
    const earlier = before.metricResults?.find((result) => result.name === name);
    return isCompleted(phase) && earlier?.phase !== phase;
  });
  const events = ended.map(({ name, phase }) =>
    event(`Metric${phase}`, `Metric '${name}' Completed. Result: ${phase}`),
  );
  if (!isCompleted(after.phase) || before.phase === after.phase) return events;
  return [...events, event(`AnalysisRun${after.phase}`, `Analysis Completed. Result: ${after.phase}`)];
}

function event(reason: string, message: string): RunEvent {
  const isBad = reason.endsWith('Failed') || reason.endsWith('Error');
  return { type: isBad ? 'Warning' : 'Normal', reason, message };
}
