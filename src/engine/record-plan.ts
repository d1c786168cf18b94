import { isFinished, recordedRun, runRoles } from './analysis-plan.ts';
import type { Effect } from './decision.ts';
import { initialPodMetadata } from './metadata-plan.ts';
import { revisionAnnotation, revisionHistoryAnnotation, revisionOf, workloadGenerationAnnotation } from './revision.ts';
import { isIn, type Situation } from './situation.ts';
import type { AnalysisRunView, ReplicaSetView, RolloutView, StepExperimentView } from './world.ts';

/**
 * The ReplicaSet of the current template, created with no pods, and its number. A ReplicaSet that is used again gets a
 * new number and remembers the old one.
 */
export function planRevision(situation: Situation): readonly Effect[] {
  if (isIn(situation, 'deleting', 'invalid')) return [];
  const { world, current, replicas } = situation;
  const { rollout } = world;
  const revision = revisionOf(situation);
  const effects: Effect[] = [];
  if (current === undefined) {
    const { templateHash: hash } = rollout;
    const name = `${rollout.name}-${hash}`;
    effects.push({
      kind: 'createReplicaSet',
      phase: 'grow',
      name,
      hash,
      revision,
      desiredReplicas: replicas,
      podMetadata: initialPodMetadata(situation),
    });
  } else {
    const annotations = { ...renumber(current, revision), ...workloadGeneration(rollout, current.annotations) };
    if (Object.keys(annotations).length > 0) {
      effects.push({ kind: 'annotateReplicaSet', phase: 'record', name: current.name, annotations });
    }
  }
  const annotations = {
    ...(rollout.annotations[revisionAnnotation] === String(revision) ? {} : { [revisionAnnotation]: String(revision) }),
    ...workloadGeneration(rollout, rollout.annotations),
  };
  if (Object.keys(annotations).length > 0) effects.push({ kind: 'annotateRollout', phase: 'record', annotations });
  return effects;
}

/** The generation of the workload that the template comes from, where it is not noted already. */
function workloadGeneration(
  { workload }: RolloutView,
  annotations: Readonly<Record<string, string>>,
): Readonly<Record<string, string>> {
  const generation = workload === undefined ? undefined : String(workload.generation);
  if (generation === undefined || annotations[workloadGenerationAnnotation] === generation) return {};
  return { [workloadGenerationAnnotation]: generation };
}

function renumber({ annotations, revision }: ReplicaSetView, next: number): Readonly<Record<string, string>> {
  const number = { [revisionAnnotation]: String(next) };
  if (revision === next) return {};
  if (revision === 0) return number;
  const earlier = annotations[revisionHistoryAnnotation];
  return {
    ...number,
    [revisionHistoryAnnotation]: earlier === undefined ? String(revision) : `${earlier},${revision}`,
  };
}

/** Old ReplicaSets without pods beyond the history limit, and finished runs beyond theirs. */
export function planHistory(situation: Situation): readonly Effect[] {
  if (!isIn(situation, 'settled', 'canary', 'blueGreen', 'aborted')) return [];
  return [...pruneReplicaSets(situation), ...pruneRuns(situation), ...pruneExperiments(situation)];
}

function pruneReplicaSets({ world, older }: Situation): readonly Effect[] {
  const limit = world.rollout.spec.revisionHistoryLimit ?? 10;
  const empty = older.filter(({ specReplicas, statusReplicas }) => specReplicas === 0 && statusReplicas === 0);
  const surplus = empty.length - limit;
  if (surplus <= 0) return [];
  return empty
    .toSorted((left, right) => left.createdAt - right.createdAt || left.revision - right.revision)
    .slice(0, surplus)
    .map(({ name, uid }): Effect => ({ kind: 'deleteReplicaSet', phase: 'shrink', name, uid }));
}

function pruneRuns(situation: Situation): readonly Effect[] {
  const { world, stored } = situation;
  const reported = new Set(runRoles.map((role) => recordedRun(stored.rollout.status, role)?.name));
  const runs = world.analysisRuns.filter((run) => run.role !== '' && !reported.has(run.name));
  return beyondLimits(situation, runs).map(({ name, uid }) => ({
    kind: 'deleteAnalysisRun',
    phase: 'record',
    name,
    uid,
  }));
}

/** With an Experiment its pods go, so it stays until it has none. */
function pruneExperiments(situation: Situation): readonly Effect[] {
  const { currentExperiment } = situation.stored.rollout.status.canary ?? {};
  const experiments = situation.world.experiments.filter(
    ({ name, templates }) => name !== currentExperiment && templates.every(({ specReplicas }) => specReplicas === 0),
  );
  return beyondLimits(situation, experiments).map(({ name, uid }) => ({
    kind: 'deleteExperiment',
    phase: 'record',
    name,
    uid,
  }));
}

/**
 * What has ended of revisions that are still kept stays within the two limits, and while its revision is in use; that
 * of pruned revisions all goes.
 */
function beyondLimits<Judged extends AnalysisRunView | StepExperimentView>(
  { world, current, stable }: Situation,
  all: readonly Judged[],
): readonly Judged[] {
  const { successfulRunHistoryLimit = 5, unsuccessfulRunHistoryLimit = 5 } = world.rollout.spec.analysis ?? {};
  const inUse = new Set([current?.hash, stable?.hash]);
  const hashes = new Set(world.replicaSets.map(({ hash }) => hash));
  const finished = all
    .filter((one) => isFinished(one) && !one.deleting)
    .toSorted((left, right) => right.createdAt - left.createdAt);
  const orphaned = finished.filter(({ hash }) => !hashes.has(hash));
  const old = finished.filter(({ hash }) => hashes.has(hash) && !inUse.has(hash));
  const successful = old.filter(({ phase }) => phase === 'Successful').slice(successfulRunHistoryLimit);
  const unsuccessful = old.filter(({ phase }) => phase !== 'Successful').slice(unsuccessfulRunHistoryLimit);
  return [...orphaned, ...successful, ...unsuccessful];
}
