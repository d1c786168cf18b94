import { replicasOf } from '../api/rollout-defaults.ts';
import type { RolloutSpec, RolloutStatus } from '../api/rollout.ts';
import type { ReplicaSetView } from './world.ts';

/** What sizing needs to know of a ReplicaSet. */
export type SizedReplicaSet = Pick<
  ReplicaSetView,
  'name' | 'hash' | 'revision' | 'createdAt' | 'specReplicas' | 'statusReplicas' | 'availableReplicas' | 'scaleDownAt'
>;

/** Everything that the sizes of the ReplicaSets are a function of. */
export interface SizingInput {
  readonly spec: Pick<RolloutSpec, 'replicas' | 'strategy' | 'paused' | 'progressDeadlineSeconds'>;
  readonly status: RolloutStatus;
  /** The ReplicaSet of the current template; undefined before it exists. */
  readonly newReplicaSet: SizedReplicaSet | undefined;
  /** The stable ReplicaSet; of the same name as the new one when the current revision is stable. */
  readonly stableReplicaSet: SizedReplicaSet | undefined;
  /** All others. */
  readonly olderReplicaSets: readonly SizedReplicaSet[];
  /**
   * Shares that the routers were read with, out of the maximum weight; undefined when they were never set. While they
   * cannot be read, carry out nothing that shrinks.
   */
  readonly weights: { readonly canary: number; readonly stable: number } | undefined;
  /** Pod-template hashes that a Service or a router still leads to: older ReplicaSets of these keep their pods. */
  readonly referencedHashes: ReadonlySet<string>;
  /** Pod-template hash in the selector of blue/green's active Service; undefined for a canary, or when it has none. */
  readonly activeHash: string | undefined;
  /** True while no pod of the new revision may be added: it would get users whom no step gives it. */
  readonly holdsNew?: boolean;
  /** True when spec.replicas changed since the ReplicaSets were last scaled: sizes follow it even while held. */
  readonly scalingEvent: boolean;
  /** Milliseconds since the epoch. */
  readonly now: number;
}

/** One ReplicaSet that is to have another number of pods. */
export interface SizeChange {
  readonly name: string;
  readonly phase: 'grow' | 'shrink';
  readonly from: number;
  readonly to: number;
  /** Take away the scale-down deadline in the same write. */
  readonly clearScaleDownAt: boolean;
}

/** A scale-down deadline that is to be set (milliseconds since the epoch, a whole second), or taken away. */
export interface DeadlineChange {
  readonly name: string;
  readonly scaleDownAt: number | undefined;
}

/** What one pass does about the sizes. */
export interface Sizing {
  /** Either only growth or only shrinking. */
  readonly sizes: readonly SizeChange[];
  readonly deadlines: readonly DeadlineChange[];
  /** True when a size changes. */
  readonly scaled: boolean;
  /** When the next deadline is over, in milliseconds since the epoch. */
  readonly lookAgainAt: number | undefined;
}

/** One group of ReplicaSets: how large they are to be and which deadlines they are to have. */
export interface SizingStage {
  readonly sizes: readonly SizeChange[];
  readonly deadlines: readonly DeadlineChange[];
}

/** Nothing to do. */
export const emptyStage: SizingStage = { sizes: [], deadlines: [] };

/** spec.replicas with its default; a negative value, which validation refuses, counts as 0. */
export function wantedReplicas(spec: Pick<RolloutSpec, 'replicas'>): number {
  return Math.max(replicasOf(spec), 0);
}

/**
 * Available pods that stay: those above the wanted count are about to be deleted, so nothing may be built on them.
 * 0 without a ReplicaSet.
 */
export function lastingReplicas(replicaSet: SizedReplicaSet | undefined): number {
  return replicaSet === undefined ? 0 : Math.min(replicaSet.availableReplicas, replicaSet.specReplicas);
}

/** True when there is a stable revision beside the new one. */
export function hasStableBeside({ newReplicaSet, stableReplicaSet }: SizingInput): boolean {
  return stableReplicaSet !== undefined && stableReplicaSet.name !== newReplicaSet?.name;
}

/** The change of one ReplicaSet to a size; empty when it has that size. */
export function resize(replicaSet: SizedReplicaSet, to: number, clearsDeadline: boolean): readonly SizeChange[] {
  const { name, specReplicas: from, scaleDownAt } = replicaSet;
  if (from === to) return [];
  const clearScaleDownAt = clearsDeadline && scaleDownAt !== undefined;
  return [{ name, phase: to > from ? 'grow' : 'shrink', from, to, clearScaleDownAt }];
}
