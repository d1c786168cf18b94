import { basicCounts, olderIsNeeded, type CanaryCounts } from './basic-counts.ts';
import { routedCounts } from './routed-counts.ts';
import { lastingReplicas, type SizedReplicaSet, type SizingInput } from './sizing.ts';

/** Pods that the new and the stable ReplicaSet should have now: with a router as asked, without as far as allowed. */
export function canaryCounts(input: SizingInput): CanaryCounts {
  return isRouted(input) ? routedCounts(input) : basicCounts(input);
}

/** True when the canary's traffic is split by a router. */
export function isRouted({ spec }: Pick<SizingInput, 'spec'>): boolean {
  return spec.strategy?.canary?.trafficRouting !== undefined;
}

/**
 * Whether the ReplicaSets satisfy the current step: the new one has its size and enough of it is available, stable has
 * its size, and without a router no older revision still answers, unless it has to stand in for stable.
 */
export function atDesiredCounts(input: SizingInput): boolean {
  const counts = canaryCounts(input);
  if (!isReady(input, input.newReplicaSet, counts.new)) return false;
  if (isRouted(input)) {
    return input.spec.strategy?.canary?.dynamicStableScale === true || isCreated(input.stableReplicaSet, counts.stable);
  }
  if (!isCreated(input.stableReplicaSet, counts.stable)) return false;
  return input.olderReplicaSets.every(({ availableReplicas }) => availableReplicas === 0) || standsIn(input);
}

/** Pods of older revisions serve the users of stable pods that do not answer. */
function standsIn(input: SizingInput): boolean {
  return olderIsNeeded(input) && lastingReplicas(input.stableReplicaSet) < (input.stableReplicaSet?.specReplicas ?? 0);
}

/**
 * Whether a ReplicaSet has a size and enough of its pods are available: all of them, or what replicaProgressThreshold
 * says: a percentage of the size, or a number of pods. A threshold that validation refuses counts as absent.
 */
export function isReady(
  { spec }: Pick<SizingInput, 'spec'>,
  replicaSet: SizedReplicaSet | undefined,
  replicas: number,
): boolean {
  if (replicaSet?.specReplicas !== replicas) return false;
  return replicaSet.availableReplicas === replicas || reachesThreshold(spec, replicaSet.availableReplicas, replicas);
}

function reachesThreshold(spec: SizingInput['spec'], available: number, replicas: number): boolean {
  const threshold = spec.strategy?.canary?.replicaProgressThreshold;
  if (threshold === undefined || threshold.value === undefined || threshold.value < 0 || replicas === 0) return false;
  if (threshold.type === 'Pods') return available >= threshold.value;
  return threshold.type === 'Percent' && (available / replicas) * 100 >= threshold.value;
}

function isCreated(replicaSet: SizedReplicaSet | undefined, replicas: number): boolean {
  return replicaSet?.specReplicas === replicas && replicaSet.statusReplicas === replicas;
}
