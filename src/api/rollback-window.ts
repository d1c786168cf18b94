import type { RolloutSpec } from './rollout.ts';

/** What counts of a ReplicaSet when rollbacks are judged. */
export interface RevisionAge {
  readonly hash: string;
  readonly createdAtMs: number;
  /** True for a ReplicaSet that belongs to an Experiment; it is no revision of the Rollout. */
  readonly experiment?: boolean | undefined;
}

/** Whether the new revision goes back, and whether it may skip steps and analyses. */
export interface Rollback {
  /** The new revision is older than the stable one, or is the stable one. */
  readonly rollback: boolean;
  /** Older than stable, with fewer revisions in between than spec.rollbackWindow allows. */
  readonly withinWindow: boolean;
  /** Steps and analyses may be skipped: within the window, or back to what is stable. */
  readonly fastRollback: boolean;
}

/**
 * Judges a rollback by creation times: revisions created strictly between the new and the stable one count against
 * spec.rollbackWindow.revisions. ReplicaSets of experiments do not count.
 */
export function rollbackOf(
  spec: Pick<RolloutSpec, 'rollbackWindow'>,
  revisions: readonly RevisionAge[],
  newRevision: RevisionAge | undefined,
  stableRevision: RevisionAge | undefined,
): Rollback {
  if (newRevision === undefined || stableRevision === undefined) {
    return { rollback: false, withinWindow: false, fastRollback: false };
  }
  const backToStable = newRevision.hash === stableRevision.hash;
  const older = newRevision.createdAtMs < stableRevision.createdAtMs;
  const between = revisions.filter(
    ({ experiment, createdAtMs }) =>
      experiment !== true && createdAtMs > newRevision.createdAtMs && createdAtMs < stableRevision.createdAtMs,
  );
  const withinWindow = older && between.length < (spec.rollbackWindow?.revisions ?? 0);
  return { rollback: older || backToStable, withinWindow, fastRollback: withinWindow || backToStable };
}
