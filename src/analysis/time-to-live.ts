import type { AnalysisRunSpec, AnalysisRunStatus } from '../api/analysis-run.ts';
import { parseInstant } from '../base/instant.ts';
import { isCompleted } from './assess.ts';

/**
 * When a completed run is to be deleted, in milliseconds since the epoch; undefined when it stays. A rule for success
 * or failure goes before the one for completion; an error is a failure here, an inconclusive run is neither.
 */
export function expiresAt({ ttlStrategy }: AnalysisRunSpec, status: AnalysisRunStatus): number | undefined {
  const completedAt = parseInstant(status.completedAt ?? '');
  if (ttlStrategy === undefined || completedAt === undefined || !isCompleted(status.phase)) return undefined;
  const seconds = secondsFor(ttlStrategy, status.phase) ?? ttlStrategy.secondsAfterCompletion;
  return seconds === undefined ? undefined : completedAt + seconds * 1000;
}

function secondsFor(strategy: NonNullable<AnalysisRunSpec['ttlStrategy']>, phase: string): number | undefined {
  if (phase === 'Successful') return strategy.secondsAfterSuccess;
  return phase === 'Inconclusive' ? undefined : strategy.secondsAfterFailure;
}
