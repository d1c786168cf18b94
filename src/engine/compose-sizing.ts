import { resolveFenceposts } from './fenceposts.ts';
import {
  hasStableBeside,
  lastingReplicas,
  wantedReplicas,
  type DeadlineChange,
  type SizedReplicaSet,
  type SizeChange,
  type Sizing,
  type SizingInput,
  type SizingStage,
} from './sizing.ts';

/**
 * Puts groups of sizes together for one pass. Growth comes first, in all groups at once: they were counted to fit
 * beside what is there now. Only a pass without growth shrinks, and only the first group that can, because each group
 * was counted as if the others kept their pods. Whatever shrinks shares one budget of available pods.
 */
export function composeSizing(input: SizingInput, stages: readonly SizingStage[]): Sizing {
  const growth = stages.flatMap(({ sizes }) => sizes.filter(({ phase }) => phase === 'grow'));
  const shrinking = stages.map(({ sizes }) => withinBudget(input, sizes)).find(({ length }) => length > 0) ?? [];
  const firstChanged = stages.findIndex(({ sizes }) => sizes.length > 0);
  const due = firstChanged === -1 ? stages : stages.slice(0, firstChanged + 1);
  const sizes = growth.length > 0 ? growth : shrinking;
  const deadlines = due.flatMap((stage) => stage.deadlines);
  return { sizes, deadlines, scaled: sizes.length > 0, lookAgainAt: nextDeadline(input, sizes, deadlines) };
}

/** Available pods of all revisions beyond those that maxUnavailable requires; never negative. */
export function spareReplicas(input: SizingInput): number {
  const available = replicaSetsOf(input).reduce((total, replicaSet) => total + lastingReplicas(replicaSet), 0);
  const required = wantedReplicas(input.spec) - resolveFenceposts(input.spec).maxUnavailable;
  return Math.max(available - required, 0);
}

/**
 * What shrinks, as far as enough available pods remain, in all and in one ReplicaSet that could carry everybody. Pods
 * that do not answer go first and cost nothing.
 */
function withinBudget(input: SizingInput, sizes: readonly SizeChange[]): readonly SizeChange[] {
  const answering = new Map(replicaSetsOf(input).map((replicaSet) => [replicaSet.name, lastingReplicas(replicaSet)]));
  let spare = spareReplicas(input);
  return sizes.flatMap((change) => {
    if (change.phase === 'grow') return [];
    const available = answering.get(change.name) ?? 0;
    const to = Math.max(change.to, available - spare, keptWhole(input, change.name, answering));
    spare -= Math.max(available - to, 0);
    answering.set(change.name, Math.min(available, to));
    if (to >= change.from) return [];
    // A deadline that goes with the last pod stays while there is one.
    return [{ ...change, to, clearScaleDownAt: change.clearScaleDownAt && (to === change.to || change.to > 0) }];
  });
}

/**
 * Pods that a ReplicaSet keeps because it is the only one that could carry everybody: there is always one to go back
 * to. Where revisions share the users by their pods, none of them need be complete.
 */
function keptWhole({ spec }: SizingInput, name: string, answering: ReadonlyMap<string, number>): number {
  const { blueGreen, canary } = spec.strategy ?? {};
  const isShared =
    blueGreen === undefined && (canary?.trafficRouting === undefined || canary.dynamicStableScale === true);
  const replicas = wantedReplicas(spec);
  if (isShared || replicas === 0) return 0;
  const needed = Math.max(1, replicas - resolveFenceposts(spec).maxUnavailable);
  const isOnly = [...answering].every(([other, pods]) => (other === name ? pods >= needed : pods < needed));
  return isOnly ? needed : 0;
}

/** All ReplicaSets, each once. */
function replicaSetsOf(input: SizingInput): readonly SizedReplicaSet[] {
  const { newReplicaSet, stableReplicaSet, olderReplicaSets } = input;
  const stable = hasStableBeside(input) ? stableReplicaSet : undefined;
  return [newReplicaSet, stable, ...olderReplicaSets].filter((replicaSet) => replicaSet !== undefined);
}

/** When the next deadline of a ReplicaSet with pods is over, after the changes. */
function nextDeadline(
  input: SizingInput,
  sizes: readonly SizeChange[],
  deadlines: readonly DeadlineChange[],
): number | undefined {
  const times = replicaSetsOf(input).flatMap((replicaSet) => deadlineOf(replicaSet, sizes, deadlines) ?? []);
  const coming = times.filter((time) => time > input.now);
  return coming.length === 0 ? undefined : Math.min(...coming);
}

function deadlineOf(
  { name, specReplicas, scaleDownAt }: SizedReplicaSet,
  sizes: readonly SizeChange[],
  deadlines: readonly DeadlineChange[],
): number | undefined {
  const size = sizes.find((change) => change.name === name);
  if ((size?.to ?? specReplicas) === 0 || size?.clearScaleDownAt === true) return undefined;
  const change = deadlines.find((deadline) => deadline.name === name);
  return change === undefined ? scaleDownAt : change.scaleDownAt;
}
