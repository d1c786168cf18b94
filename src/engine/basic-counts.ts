import { canaryWeight } from './canary-weight.ts';
import { spareReplicas } from './compose-sizing.ts';
import { resolveFenceposts } from './fenceposts.ts';
import { isPatienceOver } from './patience.ts';
import { hasStableBeside, lastingReplicas, wantedReplicas, type SizedReplicaSet, type SizingInput } from './sizing.ts';

/** Pods that the new and the stable ReplicaSet should have. */
export interface CanaryCounts {
  readonly new: number;
  readonly stable: number;
}

/** Without a router the share of the traffic is the share of the pods, in percent. */
const weightMax = 100;

/** Limits that hold at every moment: pods in all, and available pods. */
interface Limits {
  readonly podsMax: number;
  readonly availableMin: number;
}

/**
 * Sizes of a canary without traffic router as far as they can be reached now: towards the split that comes nearest to
 * the weight, never with more pods than maxSurge allows, and never taking away an available pod that maxUnavailable
 * needs. Stable grows first. Nothing shrinks while older revisions still have pods, for they go first; where they
 * cannot go for long, because stable lacks pods that answer, those that do not make room for the new revision.
 */
export function basicCounts(input: SizingInput): CanaryCounts {
  const { spec, newReplicaSet, stableReplicaSet, olderReplicaSets } = input;
  const replicas = wantedReplicas(spec);
  const { maxSurge, maxUnavailable } = resolveFenceposts(spec);
  const limits = { podsMax: replicas + maxSurge, availableMin: replicas - maxUnavailable };
  const stable = hasStableBeside(input) ? stableReplicaSet : undefined;
  const target =
    stable === undefined ? { new: replicas, stable: 0 } : splitByWeight(replicas, canaryWeight(input), maxSurge > 0);

  const olderPods = sum(olderReplicaSets.map(({ specReplicas }) => specReplicas));
  const room = limits.podsMax - olderPods;
  const grown = grow(newReplicaSet, stable, target, room);
  if (olderPods > 0)
    return (olderIsNeeded(input) ? replaceOlder(newReplicaSet, stable, target, room) : undefined) ?? grown;
  const shrunk = shrink(newReplicaSet, stable, target, grown, limits);
  return { new: Math.max(shrunk.new, 0), stable: keptStable(input, Math.max(shrunk.stable, 0), limits) };
}

/**
 * The split of the pods that comes nearest to the weight, with one pod above `replicas` where that is allowed and comes
 * nearer. A weight that is neither nothing nor everything gives both sides a pod, unless there is but one pod in all.
 */
export function splitByWeight(replicas: number, weight: number, surges: boolean): CanaryCounts {
  if (replicas === 0) return { new: 0, stable: 0 };
  const up = Math.ceil((replicas * weight) / weightMax);
  const down = Math.floor((replicas * weight) / weightMax);
  const zeroAllowed = weight === weightMax || weight === 0 || (replicas === 1 && !surges);
  const downAllowed = down !== 0 || zeroAllowed;
  const options = [
    { canary: up, total: replicas, allowed: up < replicas || zeroAllowed },
    { canary: down, total: replicas, allowed: downAllowed && !isHalfway(replicas, weight) },
    { canary: up, total: replicas + 1, allowed: surges },
    { canary: down, total: replicas + 1, allowed: surges && downAllowed && !isHalfway(replicas + 1, weight) },
  ];
  const [first, ...others] = options.filter(({ allowed }) => allowed);
  if (first === undefined) return { new: 0, stable: replicas };
  const nearest = others.reduce(
    (best, option) => (distance(option, weight) < distance(best, weight) ? option : best),
    first,
  );
  return { new: nearest.canary, stable: nearest.total - nearest.canary };
}

function distance({ canary, total }: { readonly canary: number; readonly total: number }, weight: number): number {
  return Math.abs((canary * weightMax) / total - weight);
}

/** True when rounding up and down are equally far off; then the larger canary is taken. */
function isHalfway(total: number, weight: number): boolean {
  return (total * (weight / weightMax)) % 1 === 0.5;
}

/** Growth within the pods that are still allowed; stable comes first because it serves whatever happens. */
function grow(
  newReplicaSet: SizedReplicaSet | undefined,
  stable: SizedReplicaSet | undefined,
  target: CanaryCounts,
  podsMax: number,
): CanaryCounts {
  const newNow = newReplicaSet?.specReplicas ?? 0;
  const stableNow = stable?.specReplicas ?? 0;
  const room = Math.max(podsMax - newNow - stableNow, 0);
  const stableGain = stable === undefined ? 0 : Math.min(room, Math.max(target.stable - stableNow, 0));
  const newGain = newReplicaSet === undefined ? 0 : Math.min(room - stableGain, Math.max(target.new - newNow, 0));
  return { new: newNow + newGain, stable: stableNow + stableGain };
}

/** Whether older revisions have had to keep their pods for long, because too few others answer. */
export function olderIsNeeded(input: SizingInput): boolean {
  return isPatienceOver(input) && spareReplicas(input) <= 0;
}

/**
 * Sizes where only pods of the new revision can take the place of older ones: it grows before stable, and when there is
 * no room for it, stable's pods that do not answer make it. Undefined when that brings it nothing.
 */
function replaceOlder(
  newReplicaSet: SizedReplicaSet | undefined,
  stable: SizedReplicaSet | undefined,
  target: CanaryCounts,
  podsMax: number,
): CanaryCounts | undefined {
  if (newReplicaSet === undefined || stable === undefined || target.new <= newReplicaSet.specReplicas) return undefined;
  const { specReplicas: newNow } = newReplicaSet;
  const { specReplicas: stableNow } = stable;
  const fits = Math.min(target.new, podsMax - stableNow);
  if (fits > newNow) {
    return { new: fits, stable: Math.max(stableNow, Math.min(target.stable, podsMax - fits)) };
  }
  const idle = stableNow - lastingReplicas(stable);
  if (stableNow - idle + newNow >= podsMax) return undefined;
  return { new: newNow, stable: stableNow - Math.min(idle, stableNow + target.new - podsMax) };
}

/**
 * Takes pods from the side that has too many. Of that side the unavailable pods count too: they go first, so a side
 * that never becomes available cannot block the exchange.
 */
function shrink(
  newReplicaSet: SizedReplicaSet | undefined,
  stable: SizedReplicaSet | undefined,
  target: CanaryCounts,
  grown: CanaryCounts,
  limits: Limits,
): CanaryCounts {
  const newNow = newReplicaSet?.specReplicas ?? 0;
  const stableNow = stable?.specReplicas ?? 0;
  const canaryGrows = newReplicaSet === undefined || target.new >= newNow;
  const counted = canaryGrows ? lastingReplicas(newReplicaSet) + stableNow : newNow + lastingReplicas(stable);
  const spare = counted - limits.availableMin;
  if (spare <= 0) return grown;
  if (!canaryGrows) {
    const drained = Math.max(target.new, newNow - spare);
    const fitted = fitLimits(newReplicaSet, stable, drained, grown.stable, limits);
    return { new: fitted.drained, stable: fitted.other };
  }
  if (stable === undefined) return grown;
  const drained = stableNow > target.stable ? Math.max(target.stable, stableNow - spare) : grown.stable;
  const fitted = fitLimits(stable, newReplicaSet, drained, grown.new, limits);
  return { new: fitted.other, stable: fitted.drained };
}

/**
 * Brings both sides within the pods that are allowed in all: the other side gives up what is over, but no available pod
 * that is needed; what is still over goes from the side that is drained.
 */
function fitLimits(
  drainedSet: SizedReplicaSet | undefined,
  otherSet: SizedReplicaSet | undefined,
  drained: number,
  other: number,
  { podsMax, availableMin }: Limits,
): { readonly drained: number; readonly other: number } {
  if (otherSet === undefined) return { drained, other };
  const cut = other - Math.max(other + drained - podsMax, 0);
  const otherLasts = lastingReplicas(otherSet);
  const available = Math.min(lastingReplicas(drainedSet), drained) + Math.min(otherLasts, cut);
  const lost = Math.max(otherLasts - cut, 0);
  const kept = cut + Math.min(lost, Math.max(availableMin - available, 0));
  return { drained: drained - Math.max(kept + drained - podsMax, 0), other: kept };
}

/**
 * Stable keeps more than the arithmetic says in two cases. After an abort it never shrinks below spec.replicas, for the
 * users come back to it. And its last pod stays until a canary pod can answer, if the limits leave room for both.
 */
function keptStable(input: SizingInput, stable: number, { podsMax }: Limits): number {
  const { spec, status, newReplicaSet, stableReplicaSet } = input;
  if (!hasStableBeside(input) || stableReplicaSet === undefined) return stable;
  const now = stableReplicaSet.specReplicas;
  if (status.abort === true && status.promoteFull !== true) {
    return Math.max(stable, Math.min(now, wantedReplicas(spec)));
  }
  const isLastPod = stable === 0 && now > 0 && lastingReplicas(newReplicaSet) === 0 && wantedReplicas(spec) > 0;
  return isLastPod && podsMax > 1 ? 1 : stable;
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((total, number) => total + number, 0);
}
