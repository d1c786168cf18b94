import type { Effect } from './decision.ts';
import { revisionOf } from './revision.ts';
import { isIn, type Situation } from './situation.ts';
import { isFullyAvailable } from './size-plan.ts';

/**
 * Annotation of a Deployment that gives its pods up step by step: how many it had before. It is there from the first
 * step to the last, so that the Deployment can get them back, and never more than it had.
 */
export const scaledDownFromAnnotation = 'sluice.dev/scaled-down-from';

/**
 * How many pods the Deployment that `workloadRef` names is to keep. Only the first revision replaces the Deployment:
 * afterwards its size is what people make of it. A Rollout that wants no pods replaces nothing.
 */
export function planWorkload(situation: Situation): readonly Effect[] {
  const { world, replicas } = situation;
  const { workload, spec } = world.rollout;
  const isTakingOver = replicas > 0 && revisionOf(situation) === 1 && !isIn(situation, 'deleting', 'invalid');
  if (workload?.replicas === undefined || !isTakingOver) return [];
  switch (spec.workloadRef?.scaleDown) {
    case 'onsuccess':
      return isIn(situation, 'settled') && isFullyAvailable(situation) ? scale(situation, 0, undefined) : [];
    case 'progressively':
      return shareOut(situation);
    default:
      return [];
  }
}

/**
 * The Deployment keeps the share of its pods that the Rollout's available ones do not make up for, rounded up. When
 * pods of the Rollout fail it gets back what they carried, until it has given up its last.
 */
function shareOut(situation: Situation): readonly Effect[] {
  const { world, current, replicas } = situation;
  const { replicas: now = 0, scaledDownFrom } = world.rollout.workload ?? {};
  const before = scaledDownFrom ?? now;
  // Pods that the ReplicaSet still has to delete carry nobody for long.
  const serving = Math.min(current?.availableReplicas ?? 0, current?.specReplicas ?? 0);
  const missing = Math.max(0, replicas - serving);
  const keep = Math.ceil((before * missing) / replicas);
  return scale(situation, keep, keep === 0 ? undefined : before);
}

function scale({ world }: Situation, to: number, scaledDownFrom: number | undefined): readonly Effect[] {
  const { name = '', replicas: from = 0, scaledDownFrom: noted } = world.rollout.workload ?? {};
  if (from === to && (noted === scaledDownFrom || to === scaledDownFrom)) return [];
  return [{ kind: 'scaleWorkload', phase: to > from ? 'grow' : 'shrink', name, from, to, scaledDownFrom }];
}
