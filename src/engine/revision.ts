import type { Situation } from './situation.ts';

/** Annotation with the number of a revision, on Rollout, ReplicaSet, AnalysisRun and Experiment. */
export const revisionAnnotation = 'rollout.argoproj.io/revision';
/** Annotation with the earlier numbers of a ReplicaSet that is used again, separated by commas. */
export const revisionHistoryAnnotation = 'rollout.argoproj.io/revision-history';
/** Annotation with spec.replicas of the Rollout when the ReplicaSet was last scaled. */
export const desiredReplicasAnnotation = 'rollout.argoproj.io/desired-replicas';
/** Annotation of a ReplicaSet to which all users of a blue/green Rollout were led once: its gates were passed. */
export const promotedAnnotation = 'sluice.dev/promoted';
/** Annotation with the time from which on a ReplicaSet may be scaled down, RFC 3339. */
export const scaleDownDeadlineAnnotation = 'scale-down-deadline';

/** Annotation of Rollout and ReplicaSet with the generation of the workload that `workloadRef` names. */
export const workloadGenerationAnnotation = 'rollout.argoproj.io/workload-generation';

/** Number of the current revision: one more than every other's, unless it is the newest already. */
export function revisionOf({ world, current }: Situation): number {
  const others = world.replicaSets.filter(({ uid }) => uid !== current?.uid).map(({ revision }) => revision);
  const newest = Math.max(0, ...others);
  return current !== undefined && current.revision > newest ? current.revision : newest + 1;
}
