import type { RolloutSpec } from '../api/rollout.ts';
import type { ReplicaSetView } from './world.ts';

/** Whether only the router knows the two sides: it splits by pod-template hash, and no Service leads to either. */
export function splitsByHash({ strategy }: Pick<RolloutSpec, 'strategy'>): boolean {
  const { canaryService = '', stableService = '', trafficRouting } = strategy?.canary ?? {};
  return trafficRouting?.istio?.destinationRule !== undefined && canaryService === '' && stableService === '';
}

/** What of a ReplicaSet counts when traffic is turned to it. */
export type SwitchTarget = Pick<ReplicaSetView, 'hash' | 'specReplicas' | 'availableReplicas'>;

/**
 * Whether a router that splits by pod-template hash must wait: it is turned to other hashes only when every pod behind
 * them can answer. After an abort nobody waits for the canary.
 */
export function waitsForPods(
  hashes: { readonly canary: string; readonly stable: string },
  aborted: boolean,
  replicaSets: readonly SwitchTarget[],
): boolean {
  return replicaSets.some(
    ({ hash, specReplicas, availableReplicas }) =>
      (hash === hashes.stable || (hash === hashes.canary && !aborted)) && availableReplicas < specReplicas,
  );
}
