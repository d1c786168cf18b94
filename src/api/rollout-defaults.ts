import type { IntOrPercent } from './int-or-percent.ts';
import type { RolloutSpec } from './rollout.ts';

/**
 * What an absent field means. The stored object keeps the field absent; these functions answer as if it were there.
 * Values: the Rollout API reference.
 */

/** Pods wanted; 1 when absent. */
export function replicasOf(spec: Pick<RolloutSpec, 'replicas'>): number {
  return spec.replicas ?? 1;
}

/** Old ReplicaSets that are kept; 10 when absent. */
export function revisionHistoryLimit(spec: Pick<RolloutSpec, 'revisionHistoryLimit'>): number {
  return spec.revisionHistoryLimit ?? 10;
}

/** Seconds without progress until an update counts as stuck; 600 when absent. */
export function progressDeadlineSeconds(spec: Pick<RolloutSpec, 'progressDeadlineSeconds'>): number {
  return spec.progressDeadlineSeconds ?? 600;
}

/** Pods above replicas during a canary update; 25 % when absent. Blue/green has no such limit. */
export function maxSurge(spec: Pick<RolloutSpec, 'strategy'>): IntOrPercent {
  return spec.strategy?.canary?.maxSurge ?? '25%';
}

/** Pods that may be unavailable during a canary update, and in a restart; 25 % when absent. */
export function maxUnavailable(spec: Pick<RolloutSpec, 'strategy'>): IntOrPercent {
  return spec.strategy?.canary?.maxUnavailable ?? spec.strategy?.blueGreen?.maxUnavailable ?? '25%';
}

/** The weight that means all traffic; 100 when absent. */
export function trafficWeightMax(spec: Pick<RolloutSpec, 'strategy'>): number {
  return spec.strategy?.canary?.trafficRouting?.maxTrafficWeight ?? 100;
}
