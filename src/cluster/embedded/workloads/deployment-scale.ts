import { resolveIntOrPercent } from '../../../api/int-or-percent.ts';
import { SluiceError } from '../../../base/error.ts';
import type { Deployment, ReplicaSet } from './shapes.ts';

/** Annotations by which a Deployment remembers, on each ReplicaSet, for which size its count was meant. */
export const deploymentAnnotations = {
  revision: 'deployment.kubernetes.io/revision',
  desiredReplicas: 'deployment.kubernetes.io/desired-replicas',
  maxReplicas: 'deployment.kubernetes.io/max-replicas',
} as const;

/** A ReplicaSet and the count it is to get. */
export interface ScaleChange {
  readonly replicaSet: ReplicaSet;
  readonly replicas: number;
}

/** The ReplicaSets of a Deployment; old ones oldest first. */
export interface DeploymentSets {
  readonly current: ReplicaSet | undefined;
  readonly old: readonly ReplicaSet[];
}

/** How far a rolling update may leave the wanted count, in pods. */
export interface RollingLimits {
  readonly maxSurge: number;
  readonly maxUnavailable: number;
}

export function desiredReplicas(deployment: Deployment): number {
  return deployment.spec?.replicas ?? 1;
}

export function replicasOf(replicaSet: ReplicaSet | undefined): number {
  return replicaSet?.spec?.replicas ?? (replicaSet === undefined ? 0 : 1);
}

export function availableOf(replicaSet: ReplicaSet | undefined): number {
  return replicaSet?.status?.availableReplicas ?? 0;
}

/** Surge is rounded up and unavailability down; when both come out as 0, one pod may be unavailable. */
export function rollingLimits(deployment: Deployment): RollingLimits {
  if (deployment.spec?.strategy?.type === 'Recreate') return { maxSurge: 0, maxUnavailable: 0 };
  const { maxSurge = '25%', maxUnavailable = '25%' } = deployment.spec?.strategy?.rollingUpdate ?? {};
  const total = desiredReplicas(deployment);
  const surge = resolveCount(maxSurge, total, 'up', 'maxSurge');
  const unavailable = resolveCount(maxUnavailable, total, 'down', 'maxUnavailable');
  const isStuck = surge === 0 && unavailable === 0;
  return { maxSurge: surge, maxUnavailable: isStuck ? 1 : Math.min(unavailable, total) };
}

function resolveCount(value: number | string, total: number, rounding: 'up' | 'down', field: string): number {
  const resolved = resolveIntOrPercent(value, total, rounding);
  if (!resolved.ok) throw new SluiceError('Invalid', `spec.strategy.rollingUpdate.${field}: ${resolved.error}`);
  return Math.max(resolved.value, 0);
}

/** The next count of the current ReplicaSet in a rolling update: as much as the surge leaves room for. */
export function rollUp(deployment: Deployment, { current, old }: DeploymentSets): readonly ScaleChange[] {
  if (current === undefined) return [];
  const desired = desiredReplicas(deployment);
  const own = replicasOf(current);
  if (own >= desired) return own === desired ? [] : [{ replicaSet: current, replicas: desired }];
  const total = own + sum(old.map(replicasOf));
  const room = desired + rollingLimits(deployment).maxSurge - total;
  return room <= 0 ? [] : [{ replicaSet: current, replicas: own + Math.min(room, desired - own) }];
}

/**
 * The next counts of the old ReplicaSets in a rolling update. First the pods go that do not serve anyway, then healthy
 * ones as far as the budget of unavailable pods allows; oldest ReplicaSets first.
 */
export function rollDown(deployment: Deployment, { current, old }: DeploymentSets): readonly ScaleChange[] {
  const { maxUnavailable } = rollingLimits(deployment);
  const minAvailable = desiredReplicas(deployment) - maxUnavailable;
  const total = replicasOf(current) + sum(old.map(replicasOf));
  const currentUnavailable = Math.max(replicasOf(current) - availableOf(current), 0);
  const budget = total - minAvailable - currentUnavailable;
  if (budget <= 0) return [];
  const counts = new Map(old.map((replicaSet) => [replicaSet, replicasOf(replicaSet)]));
  takeFrom(counts, budget, (replicaSet, count) => count - Math.min(availableOf(replicaSet), count));
  const spare = availableOf(current) + sum(old.map(availableOf)) - minAvailable;
  takeFrom(counts, Math.max(spare, 0), (_replicaSet, count) => count);
  return [...counts]
    .filter(([replicaSet, replicas]) => replicas !== replicasOf(replicaSet))
    .map(([replicaSet, replicas]) => ({ replicaSet, replicas }));
}

function takeFrom(
  counts: Map<ReplicaSet, number>,
  budget: number,
  removable: (replicaSet: ReplicaSet, count: number) => number,
): void {
  let left = budget;
  for (const [replicaSet, count] of counts) {
    const taken = Math.min(removable(replicaSet, count), left);
    counts.set(replicaSet, count - taken);
    left -= taken;
  }
}

/**
 * New counts after `spec.replicas` changed in the middle of an update or while paused: the difference is spread over
 * the ReplicaSets in proportion to their sizes, the rounding error goes to the largest.
 */
export function proportionalScale(deployment: Deployment, sets: DeploymentSets): readonly ScaleChange[] {
  const all = [...sets.old, ...(sets.current === undefined ? [] : [sets.current])];
  const active = all.filter((replicaSet) => replicasOf(replicaSet) > 0);
  const desired = desiredReplicas(deployment);
  const [only = all.at(-1)] = active;
  if (active.length <= 1) {
    return only === undefined || replicasOf(only) === desired ? [] : [{ replicaSet: only, replicas: desired }];
  }
  if (isSaturated(deployment, sets.current)) {
    return sets.old
      .filter((replicaSet) => replicasOf(replicaSet) > 0)
      .map((replicaSet) => ({ replicaSet, replicas: 0 }));
  }
  if (deployment.spec?.strategy?.type === 'Recreate') return [];
  return spread(deployment, active);
}

function spread(deployment: Deployment, active: readonly ReplicaSet[]): readonly ScaleChange[] {
  const desired = desiredReplicas(deployment);
  const allowed = desired > 0 ? desired + rollingLimits(deployment).maxSurge : 0;
  const toAdd = allowed - sum(active.map(replicasOf));
  // Largest first; among equals the newer one grows and the older one shrinks. `active` is oldest first.
  const inOrder = (toAdd > 0 ? active.toReversed() : [...active]).sort(
    (left, right) => replicasOf(right) - replicasOf(left),
  );
  let added = 0;
  const counts = inOrder.map((replicaSet) => {
    const part = partOf(replicaSet, allowed, toAdd, added);
    added += part;
    return { replicaSet, replicas: replicasOf(replicaSet) + part };
  });
  const [largest, ...others] = counts;
  if (largest === undefined) return [];
  const corrected = [{ ...largest, replicas: Math.max(largest.replicas + toAdd - added, 0) }, ...others];
  return corrected.filter(({ replicaSet, replicas }) => replicas !== replicasOf(replicaSet));
}

function partOf(replicaSet: ReplicaSet, allowed: number, toAdd: number, added: number): number {
  if (replicasOf(replicaSet) === 0 || toAdd === added) return 0;
  const meantFor = Number(replicaSet.metadata.annotations?.[deploymentAnnotations.maxReplicas] ?? allowed);
  const isUsable = Number.isInteger(meantFor) && meantFor > 0;
  const size = Math.round((replicasOf(replicaSet) * allowed) / (isUsable ? meantFor : Math.max(allowed, 1)));
  const part = size - replicasOf(replicaSet);
  return toAdd > 0 ? Math.min(part, toAdd - added) : Math.max(part, toAdd - added);
}

/** The current ReplicaSet alone does what the Deployment is there for. */
function isSaturated(deployment: Deployment, current: ReplicaSet | undefined): boolean {
  const desired = desiredReplicas(deployment);
  return (
    current !== undefined &&
    Number(current.metadata.annotations?.[deploymentAnnotations.desiredReplicas]) === desired &&
    replicasOf(current) === desired &&
    availableOf(current) === desired
  );
}

/** True when `spec.replicas` is not the number for which the active ReplicaSets were sized. */
export function isScaling(deployment: Deployment, { current, old }: DeploymentSets): boolean {
  const desired = desiredReplicas(deployment);
  return [...old, ...(current === undefined ? [] : [current])]
    .filter((replicaSet) => replicasOf(replicaSet) > 0)
    .some(({ metadata: { annotations = {} } }) => {
      const meantFor = annotations[deploymentAnnotations.desiredReplicas];
      return meantFor !== undefined && Number(meantFor) !== desired;
    });
}

function sum(counts: readonly number[]): number {
  return counts.reduce((total, count) => total + count, 0);
}
