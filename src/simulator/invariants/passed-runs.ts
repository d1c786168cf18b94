import { listOf, numberOf, recordOf, textOf } from '../../api/json-access.ts';
import type { KubeObject } from '../../api/object.ts';
import { hashLabel } from '../../api/pod-template-hash.ts';
import { parseInstant } from '../../base/instant.ts';
import { simulationStartMs, truncationMs } from '../virtual-clock.ts';
import type { RolloutPicture } from './rollout-picture.ts';

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

/**
 * Whether an Experiment of this revision and step that was made since a time passed, each analysis that counts by real
 * measurements. The time is one of the simulation: what the status says of it is told by another clock than that which
 * dates objects.
 */
export function hasPassedExperiment(picture: RolloutPicture, step: number, sinceMs: number): boolean {
  const { ledger } = picture.scene;
  const earliest = simulationStartMs + sinceMs - truncationMs;
  return [...ledger.ownedBy('Experiment', picture.uid)].some((experiment) => {
    const { metadata, spec, status } = experiment;
    const isOurs =
      metadata.labels?.[hashLabel] === picture.currentHash &&
      new RegExp(`-\\d+-${step}(-\\d+)?$`, 'u').test(metadata.name) &&
      (parseInstant(metadata.creationTimestamp ?? '') ?? 0) >= earliest;
    if (!isOurs || recordOf(status)['phase'] !== 'Successful') return false;
    const analyses = listOf(recordOf(spec)['analyses']).map(recordOf);
    const required = analyses.filter(({ requiredForCompletion }) => requiredForCompletion === true);
    const runs = [...ledger.ownedBy('AnalysisRun', metadata.uid ?? '')];
    return (required.length === 0 ? analyses : required).every(({ name }) =>
      runs.some((run) => run.metadata.name === `${metadata.name}-${textOf(name)}` && hasPassed(run)),
    );
  });
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
