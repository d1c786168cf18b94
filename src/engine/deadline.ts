import { approvalStepName } from '../api/approval-step.ts';
import { getCondition } from '../api/condition.ts';
import { progressDeadline } from '../api/progress-deadline.ts';
import { isIn, stepsOf, type Situation } from './situation.ts';
import { lastingReplicas } from './sizing.ts';
import type { ReplicaSetView } from './world.ts';

/**
 * True when the update made no progress for longer than it may. Time does not count while the update waits for people,
 * for evidence or for an old ReplicaSet to leave, or when it is done: nothing is expected to progress then.
 */
export function deadlineExceeded(situation: Situation): boolean {
  return deadlineOf(situation).kind === 'exceeded';
}

/** When the deadline is over, in milliseconds since the epoch; undefined while it does not count. */
export function deadlineEndsAt(situation: Situation): number | undefined {
  const deadline = deadlineOf(situation);
  return deadline.kind === 'running' ? deadline.endsAtMs : undefined;
}

function deadlineOf(situation: Situation): ReturnType<typeof progressDeadline> {
  const { world, stored, older } = situation;
  const { status } = stored.rollout;
  const waits =
    isIn(situation, 'deleting', 'invalid', 'superseding', 'aborted', ...statesThatWait) ||
    isComplete(situation) ||
    isAtApproval(situation) ||
    stored.specPaused ||
    getCondition(status.conditions, 'Paused')?.status === 'True' ||
    older.some(isLeaving);
  return waits ? { kind: 'suspended' } : progressDeadline(world.rollout.spec, status, world.now);
}

/** An older ReplicaSet that keeps its pods for a while. */
function isLeaving({ scaleDownAt, specReplicas }: ReplicaSetView): boolean {
  return scaleDownAt !== undefined && specReplicas > 0;
}

/** The current revision is stable and lacks no pod: what is left is that some go, and nobody waits for that. */
function isComplete(situation: Situation): boolean {
  return isIn(situation, 'settled') && lastingReplicas(situation.current) >= situation.replicas;
}

/** A person may take any time; any other plug-in is expected to come to an end. */
function isAtApproval(situation: Situation): boolean {
  const { plugin } = stepsOf(situation)[situation.stepIndex] ?? {};
  return isIn(situation, 'canary.step.plugin') && plugin?.name === approvalStepName;
}

const statesThatWait: readonly string[] = [
  'canary.step.pause',
  'canary.step.analysis',
  'canary.step.experiment',
  'canary.inconclusive',
  'blueGreen.preAnalysis',
  'blueGreen.waiting',
  'blueGreen.inconclusive',
  'blueGreen.postAnalysis',
];
