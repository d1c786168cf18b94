import { listOf, numberOf, recordOf, textOf } from '../../api/json-access.ts';
import type { KubeObject } from '../../api/object.ts';
import { parseInstant } from '../../base/instant.ts';
import { hashLabel, type RolloutPicture } from './rollout-picture.ts';

/** Whether a run of this revision, role, step and attempt passed by real measurements. */
export function hasPassedRun(picture: RolloutPicture, role: string, step?: number): boolean {
  const startedAt = textOf(recordOf(picture.status['duration'])['rolloutStartedAt']);
  for (const run of picture.scene.ledger.ownedBy('AnalysisRun', picture.uid)) {
    const { labels = {} } = run.metadata;
    const isOurs =
      labels[hashLabel] === picture.currentHash &&
      labels['rollout-type'] === role &&
      (step === undefined || labels['step-index'] === String(step));
    const completedAt = textOf(recordOf(run['status'])['completedAt']);
    const isOfAttempt = (parseInstant(completedAt) ?? 0) >= (parseInstant(startedAt) ?? 0);
    if (isOurs && isOfAttempt && hasPassed(run)) return true;
  }
  return false;
}

/** Successful, with as many real measurements as each metric asks for. */
function hasPassed(run: KubeObject): boolean {
  const status = recordOf(run['status']);
  if (status['phase'] !== 'Successful') return false;
  const results = listOf(status['metricResults']).map(recordOf);
  const metrics = listOf(recordOf(run['spec'])['metrics']).map(recordOf);
  return metrics.every((metric) => {
    const result = results.find(({ name }) => name === metric['name']);
    if (result?.['dryRun'] === true) return true;
    return (numberOf(result?.['successful']) ?? 0) >= 1;
  });
}
