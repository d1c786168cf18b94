import { isControlledBy } from '../../api/controller-owner.ts';
import { recordOf, textOf } from '../../api/json-access.ts';
import type { KubeObject } from '../../api/object.ts';
import { hashLabel } from '../../api/pod-template-hash.ts';
import { PerRollout, type Invariant } from './invariant.ts';
import type { RolloutPicture } from './rollout-picture.ts';
import { statusChange } from './written-by.ts';

/** I14: a revision is judged by its own runs, and runs that no longer matter end. */
export function ownAnalyses(boundMs: number): Invariant {
  const idleSince = new PerRollout(() => new Map<string, number>());
  return {
    id: 'I14',
    rule: 'the status names only runs of this revision and Rollout, and others are stopped',
    onCommit(commit, picture) {
      const change = statusChange(commit);
      if (change === undefined || !change.byController) return undefined;
      for (const name of namedRuns(change.after)) {
        const run = picture.scene.ledger.get('AnalysisRun', picture.namespace, name);
        const problem = run === undefined ? undefined : foreignness(run, picture);
        if (problem !== undefined) return `the status names the run ${name}, which ${problem}`;
      }
      return undefined;
    },
    onTime(picture) {
      const since = idleSince.of(picture);
      for (const run of picture.scene.ledger.ownedBy('AnalysisRun', picture.uid)) {
        const { name } = run.metadata;
        if (!isIdle(run, picture)) {
          since.delete(name);
          continue;
        }
        const sinceMs = since.get(name) ?? picture.nowMs;
        since.set(name, sinceMs);
        if (picture.nowMs - sinceMs > boundMs) return `the run ${name} no longer matters and is not stopped`;
      }
      return undefined;
    },
  };
}

const runFields = [
  ['canary', 'currentStepAnalysisRunStatus'],
  ['canary', 'currentBackgroundAnalysisRunStatus'],
  ['blueGreen', 'prePromotionAnalysisRunStatus'],
  ['blueGreen', 'postPromotionAnalysisRunStatus'],
] as const;

function namedRuns(status: Readonly<Record<string, unknown>>): readonly string[] {
  return runFields
    .map(([part, field]) => textOf(recordOf(recordOf(status[part])[field])['name']))
    .filter((name) => name !== '');
}

function foreignness(run: KubeObject, picture: RolloutPicture): string | undefined {
  if (!isControlledBy(run, picture.uid)) return 'belongs to something else';
  const hash = run.metadata.labels?.[hashLabel];
  return hash === picture.currentHash ? undefined : `is about ${hash ?? 'no revision'}, not ${picture.currentHash}`;
}

/** Under way, not stopped, and about another revision or an aborted update. */
function isIdle(run: KubeObject, picture: RolloutPicture): boolean {
  const isUnderWay =
    textOf(recordOf(run['status'])['completedAt']) === '' && run.metadata.deletionTimestamp === undefined;
  const isStopped = recordOf(run['spec'])['terminate'] === true;
  const role = run.metadata.labels?.['rollout-type'] ?? '';
  const isOther = run.metadata.labels?.[hashLabel] !== picture.currentHash || picture.isAborted;
  return isUnderWay && !isStopped && role !== '' && isOther;
}
