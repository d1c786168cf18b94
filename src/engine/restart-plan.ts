import { parseInstant } from '../base/instant.ts';
import type { Effect } from './decision.ts';
import { resolveFenceposts } from './fenceposts.ts';
import { isIn, type Situation } from './situation.ts';
import type { PodView, ReplicaSetView, World } from './world.ts';

/** A restart that is asked for and not yet done. */
export interface Restart {
  /** Pods made before this are to go, in milliseconds since the epoch. */
  readonly at: number;
  readonly text: string;
  /** Pods that are still to go, in the order stable, current, older. */
  readonly remaining: readonly PodView[];
}

/** The restart that is due now, if any. */
export function dueRestart({ world, stable, current }: Situation): Restart | undefined {
  const { spec } = world.rollout;
  const { restartAt: text = '' } = spec;
  const at = parseInstant(text);
  if (at === undefined || !isRestartDue(world.rollout, world.now)) return undefined;
  const rank = ({ hash }: PodView): number => [stable?.hash, current?.hash].indexOf(hash) + 1 || 3;
  const remaining = world.pods
    .filter(({ createdAt, deleting }) => createdAt < at && !deleting)
    .toSorted((left, right) => rank(left) - rank(right) || left.createdAt - right.createdAt);
  return { at, text, remaining };
}

/** When a restart that is asked for a later time begins. */
export function restartStartsAt({ world }: Situation): number | undefined {
  const { spec, status } = world.rollout;
  return status.restartedAt === spec.restartAt ? undefined : parseInstant(spec.restartAt ?? '');
}

/** True when a restart is asked for and due, so that pods must be observed. */
export function isRestartDue({ spec, status }: World['rollout'], now: number): boolean {
  const at = parseInstant(spec.restartAt ?? '');
  return at !== undefined && at <= now && status.restartedAt !== spec.restartAt;
}

/**
 * Evicts old pods, never more at once than may be unavailable: available pods must stay at or above the larger of
 * spec.replicas and all pods, less maxUnavailable (at least 1).
 */
export function planRestart(situation: Situation): readonly Effect[] {
  const restart = dueRestart(situation);
  if (restart === undefined || isIn(situation, 'deleting', 'invalid', 'superseding')) return [];
  const { world, replicas } = situation;
  const { maxUnavailable } = resolveFenceposts(world.rollout.spec);
  const available = sum(world.replicaSets.map((set) => remainingPods(set, world.pods)));
  const total = sum(world.replicaSets.map(({ specReplicas }) => specReplicas));
  const budget = available - (Math.max(replicas, total) - Math.max(maxUnavailable, 1));
  // A pod that is not available costs nothing; those are let go first without using the budget up.
  const broken = restart.remaining.filter((pod) => !pod.available);
  const working = restart.remaining.filter((pod) => pod.available).slice(0, Math.max(0, budget));
  return [...broken, ...working].map(({ name, uid, available: isAvailable }): Effect => ({
    kind: 'evictPod',
    phase: 'shrink',
    name,
    uid,
    isBroken: !isAvailable,
  }));
}

/**
 * Available pods that a ReplicaSet keeps. It goes on counting pods that were let go a moment ago, and those that it
 * still has to delete because it was scaled down.
 */
function remainingPods({ hash, specReplicas, availableReplicas }: ReplicaSetView, pods: readonly PodView[]): number {
  const available = pods.filter((pod) => pod.hash === hash && pod.available && !pod.deleting).length;
  return Math.min(specReplicas, availableReplicas, available);
}

function sum(counts: readonly number[]): number {
  return counts.reduce((total, count) => total + count, 0);
}
