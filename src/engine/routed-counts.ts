import type { CanaryCounts } from './basic-counts.ts';
import { canaryScale, podsForWeight, weightMaxOf } from './canary-weight.ts';
import { hasStableBeside, wantedReplicas, type SizingInput } from './sizing.ts';

/**
 * Sizes of a canary with a traffic router. The canary's pods come on top of stable's, which stay complete. With
 * dynamicStableScale stable shrinks as traffic leaves it: it keeps the pods for the share it has and for the share it
 * is to have; after an abort the canary does too, and stable never shrinks. minPodsPerReplicaSet is the least that a
 * ReplicaSet with any pods has, within spec.replicas; a count that a step fixes is taken as it is.
 */
export function routedCounts(input: SizingInput): CanaryCounts {
  const { spec, status, weights } = input;
  const replicas = wantedReplicas(spec);
  const scale = canaryScale(input);
  const pods = (weight: number): number => podsForWeight(weight, replicas, weightMaxOf(input));
  const canary = scale.kind === 'replicas' ? scale.replicas : atLeast(spec, pods(scale.weight));
  if (spec.strategy?.canary?.dynamicStableScale !== true) return { new: canary, stable: replicas };

  const weight = scale.kind === 'replicas' ? 0 : scale.weight;
  const aborted = status.abort === true;
  return {
    new: atLeast(spec, aborted ? Math.max(canary, pods(weights?.canary ?? 0)) : canary),
    stable: keptStable(input, atLeast(spec, Math.max(pods(weightMaxOf(input) - weight), pods(weights?.stable ?? 0)))),
  };
}

/** After an abort users come back to stable, so it never shrinks below spec.replicas. */
function keptStable(input: SizingInput, stable: number): number {
  const { spec, status, stableReplicaSet } = input;
  if (status.abort !== true || status.promoteFull === true || !hasStableBeside(input)) return stable;
  return Math.max(stable, Math.min(stableReplicaSet?.specReplicas ?? 0, wantedReplicas(spec)));
}

function atLeast(spec: SizingInput['spec'], pods: number): number {
  if (pods <= 0) return 0;
  return Math.max(pods, Math.min(spec.strategy?.canary?.minPodsPerReplicaSet ?? 0, wantedReplicas(spec)));
}
