import type { AnalysisRun } from '../../api/analysis-run.ts';
import { controllerUid } from '../../api/controller-owner.ts';
import { hashLabel } from '../../api/pod-template-hash.ts';
import { experimentTemplateAnnotation } from '../../engine/experiment/experiment-world.ts';
import type { RolloutView } from '../../engine/world.ts';
import type { MetricTarget } from '../../providers/metrics/contract.ts';
import type { Caches } from '../caches.ts';
import type { ObservedExperiment } from '../experiments/project-experiment.ts';
import { type ObservedReplicaSet } from '../project.ts';

/** A side of a comparison. */
type Side = MetricTarget['role'];

/** The ReplicaSets whose pods are measured, each with its side, and the revision that is judged. */
export interface MeasuredSides {
  readonly replicaSets: readonly { readonly replicaSet: ObservedReplicaSet; readonly side: Side }[];
  /** Pod-template hash of the pods that are judged; empty when there is not exactly one. */
  readonly revision: string;
}

/**
 * Whose pods a run compares. For a run of a Rollout these are the revision of the run and the one that is stable now.
 * For a run of an Experiment they are its templates: those made after the stable revision, or called so, against the
 * others. An Experiment of a step that has none of the first is compared with the stable pods of its Rollout.
 */
export function measuredSides(run: AnalysisRun, caches: Caches): MeasuredSides {
  const owner = controllerUid(run) ?? '';
  const experiment = caches.experiments.find(owner);
  if (experiment !== undefined) return sidesOfExperiment(experiment, caches);
  const rollout = caches.rollouts.find(owner);
  const revision = run.metadata.labels?.[hashLabel] ?? '';
  const replicaSets = caches.replicaSets.ownedBy(owner).flatMap((replicaSet): MeasuredSides['replicaSets'] => {
    if (replicaSet.hash === revision) return [{ replicaSet, side: 'canary' }];
    return replicaSet.hash === stableHashOf(rollout) ? [{ replicaSet, side: 'stable' }] : [];
  });
  return { replicaSets: rollout === undefined ? [] : replicaSets, revision };
}

function sidesOfExperiment(experiment: ObservedExperiment, caches: Caches): MeasuredSides {
  const rollout = caches.rollouts.find(experiment.owner ?? '');
  const own = caches.replicaSets.ownedBy(experiment.uid).flatMap((replicaSet) => {
    const name = replicaSet.annotations[experimentTemplateAnnotation];
    const template = experiment.templates.find((one) => one.name === name);
    return template === undefined
      ? []
      : [{ replicaSet, side: sideOf(template.name, template.revisionHash, stableHashOf(rollout)) }];
  });
  const judged = own.filter(({ side }) => side === 'canary').map(({ replicaSet }) => replicaSet.hash);
  const hasStable = own.some(({ side }) => side === 'stable');
  const stable = caches.replicaSets
    .ownedBy(rollout?.uid ?? '')
    .filter(({ hash }) => !hasStable && hash === stableHashOf(rollout))
    .map((replicaSet) => ({ replicaSet, side: 'stable' as const }));
  return { replicaSets: [...own, ...stable], revision: judged.length === 1 ? (judged[0] ?? '') : '' };
}

/** Names that people give to the side that is compared with. */
const stableNames: ReadonlySet<string> = new Set(['baseline', 'stable', 'control']);

function sideOf(name: string, revisionHash: string, stableHash: string): Side {
  if (revisionHash !== '' && stableHash !== '') return revisionHash === stableHash ? 'stable' : 'canary';
  return stableNames.has(name) ? 'stable' : 'canary';
}

function stableHashOf(rollout: RolloutView | undefined): string {
  return rollout?.status.stableRS ?? '';
}
