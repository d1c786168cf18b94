import { resolveIntOrPercent } from '../api/int-or-percent.ts';
import { maxSurge, maxUnavailable, replicasOf } from '../api/rollout-defaults.ts';
import type { RolloutSpec } from '../api/rollout.ts';

/** How far a Rollout may leave its size while pods are exchanged. Both are pods and never negative. */
export interface Fenceposts {
  /** Pods allowed above spec.replicas. */
  readonly maxSurge: number;
  /** Pods below spec.replicas that may be unavailable; at most spec.replicas. */
  readonly maxUnavailable: number;
}

/**
 * Resolves maxSurge (rounded up) and maxUnavailable (rounded down) against spec.replicas. When both come out as zero
 * nothing could ever move, so one pod may be unavailable. A value that cannot be read makes both zero, which moves
 * nothing; negative values count as zero. Validation refuses both.
 */
export function resolveFenceposts(spec: Pick<RolloutSpec, 'replicas' | 'strategy'>): Fenceposts {
  const replicas = Math.max(replicasOf(spec), 0);
  const surge = resolveIntOrPercent(maxSurge(spec), replicas, 'up');
  const unavailable = resolveIntOrPercent(maxUnavailable(spec), replicas, 'down');
  if (!surge.ok || !unavailable.ok) return { maxSurge: 0, maxUnavailable: 0 };
  const freed = surge.value === 0 && unavailable.value === 0 ? 1 : unavailable.value;
  return { maxSurge: Math.max(surge.value, 0), maxUnavailable: Math.min(Math.max(freed, 0), replicas) };
}
