import type { BlueGreenStrategy } from '../api/blue-green-strategy.ts';
import {
  getCondition,
  refreshCondition,
  removeCondition,
  setCondition,
  type ConditionReport,
} from '../api/condition.ts';
import { replicasOf } from '../api/rollout-defaults.ts';
import type { Condition } from '../api/rollout-status.ts';
import type { RolloutSpec, RolloutStatus } from '../api/rollout.ts';
import { isFullyPromoted } from './phase.ts';
import { progressReport } from './progress-report.ts';

/** What happened in a pass, as far as the conditions tell it. */
export interface ConditionFacts {
  /** Name of the Rollout. */
  readonly name: string;
  readonly generation: number;
  readonly spec: Pick<RolloutSpec, 'replicas' | 'paused' | 'strategy'>;
  /** The status as it is stored, with its conditions. */
  readonly previous: RolloutStatus;
  /** The complete next status; its conditions do not count. */
  readonly next: RolloutStatus;
  /** What is wrong with the specification, field first; undefined when all is well. */
  readonly problem: string | undefined;
  /** Name of the ReplicaSet of the current template; undefined before it has one. */
  readonly replicaSetName: string | undefined;
  /** That ReplicaSet is created in this pass. */
  readonly replicaSetCreated: boolean;
  /** Why it could not be created. */
  readonly replicaSetError: string | undefined;
  /** Revision of the current template. */
  readonly revision: number;
  /** Why the update is aborted in this pass; undefined when a person did it. */
  readonly abortCause: string | undefined;
  /** There was no progress for longer than progressDeadlineSeconds, in a state in which time counts. */
  readonly deadlineExceeded: boolean;
  /** The ReplicaFailure condition of a ReplicaSet that has one. */
  readonly replicaFailure: { readonly reason: string; readonly message: string } | undefined;
}

/** Facts with what follows from them. */
export interface JudgedFacts extends ConditionFacts {
  readonly healthy: boolean;
  readonly paused: boolean;
  /** It was healthy at the last pass and is not any more. */
  readonly becameUnhealthy: boolean;
}

/**
 * The conditions after a pass. A condition is only touched when its status, reason or message changes, and Progressing
 * when there is progress, so that a pass without news leaves the list as it is. An invalid specification is added to
 * what is there: nothing else was looked at.
 */
export function nextConditions(facts: ConditionFacts, now: number): readonly Condition[] {
  const { conditions } = facts.previous;
  if (facts.problem !== undefined) return put(conditions, invalidReport(facts, facts.problem), now);
  const judged = judge(facts);
  const valid = removeCondition(conditions, 'InvalidSpec');
  const reports = [
    healthyReport(judged),
    pausedReport(judged),
    availableReport(judged),
    completedReport(judged),
    failureReport(judged),
  ].filter((report) => report !== undefined);
  const reported = reports.reduce<readonly Condition[]>((list, report) => put(list, report, now), valid);
  const progressed = putProgress(reported, judged, now);
  return facts.replicaFailure === undefined ? removeCondition(progressed, 'ReplicaFailure') : progressed;
}

/**
 * Whether the current revision has all its pods available and the strategy has brought it where it should be. A canary
 * is stable then, with all steps done and no other pods left, because those might still get traffic. Blue/green has
 * switched its Services; that the analysis after the switch may still lead back is told by the phase.
 */
export function isHealthy({ spec, generation, next }: ConditionFacts): boolean {
  const replicas = replicasOf(spec);
  return (
    next.observedGeneration === String(generation) &&
    (next.updatedReplicas ?? 0) === replicas &&
    (next.availableReplicas ?? 0) === replicas &&
    isStrategyDone(spec, next, replicas)
  );
}

function isStrategyDone({ strategy }: ConditionFacts['spec'], next: RolloutStatus, replicas: number): boolean {
  if (strategy?.blueGreen !== undefined) return areServicesSwitched(strategy.blueGreen, next);
  const stepCount = strategy?.canary?.steps?.length ?? 0;
  const stepsDone = (next.currentStepIndex ?? stepCount) === stepCount;
  return isFullyPromoted(next) && (next.replicas ?? 0) === replicas && stepsDone;
}

function areServicesSwitched(
  { previewService }: BlueGreenStrategy,
  { currentPodHash, blueGreen }: RolloutStatus,
): boolean {
  if ((currentPodHash ?? '') === '' || blueGreen?.activeSelector !== currentPodHash) return false;
  return previewService === undefined || blueGreen?.previewSelector === currentPodHash;
}

function judge(facts: ConditionFacts): JudgedFacts {
  const paused = facts.spec.paused === true || (facts.next.pauseConditions ?? []).length > 0;
  const healthy = !paused && isHealthy(facts);
  const wasHealthy = getCondition(facts.previous.conditions, 'Healthy')?.status === 'True';
  return { ...facts, paused, healthy, becameUnhealthy: wasHealthy && !healthy };
}

/** A stale message would mislead, so a changed one counts as news too. */
function put(conditions: readonly Condition[] | undefined, report: ConditionReport, now: number): readonly Condition[] {
  const current = getCondition(conditions, report.type);
  return current?.message === report.message
    ? setCondition(conditions, report, now)
    : refreshCondition(conditions, report, now);
}

function putProgress(conditions: readonly Condition[], facts: JudgedFacts, now: number): readonly Condition[] {
  const progress = progressReport(facts);
  if (progress === undefined) return conditions;
  return progress.restartsDeadline
    ? refreshCondition(conditions, progress.report, now)
    : put(conditions, progress.report, now);
}

function invalidReport({ name }: ConditionFacts, problem: string): ConditionReport {
  const message = `The Rollout "${name}" is invalid: ${problem}`;
  return { type: 'InvalidSpec', status: 'True', reason: 'InvalidSpec', message };
}

/** It appears when the Rollout is healthy for the first time. */
function healthyReport({ healthy, previous }: JudgedFacts): ConditionReport | undefined {
  if (!healthy && getCondition(previous.conditions, 'Healthy') === undefined) return undefined;
  return report('Healthy', healthy, 'RolloutHealthy', healthy ? 'Rollout is healthy' : 'Rollout is not healthy');
}

/** It appears with the first pause. An abort leaves it as it was, which clients are used to. */
function pausedReport({ paused, next, previous }: JudgedFacts): ConditionReport | undefined {
  const known = getCondition(previous.conditions, 'Paused') !== undefined;
  if (next.abort === true || (!paused && !known)) return undefined;
  return report('Paused', paused, 'RolloutPaused', 'Rollout is paused');
}

function availableReport({ spec, next }: JudgedFacts): ConditionReport {
  const serves = spec.strategy?.blueGreen === undefined || (next.blueGreen?.activeSelector ?? '') !== '';
  const available = serves && (next.availableReplicas ?? 0) >= replicasOf(spec);
  const message = available ? 'Rollout has minimum availability' : 'Rollout does not have minimum availability';
  return report('Available', available, 'AvailableReason', message);
}

function completedReport({ next }: JudgedFacts): ConditionReport {
  return report('Completed', isFullyPromoted(next), 'RolloutCompleted', 'RolloutCompleted');
}

function failureReport({ replicaFailure }: JudgedFacts): ConditionReport | undefined {
  return replicaFailure === undefined
    ? undefined
    : report('ReplicaFailure', true, replicaFailure.reason, replicaFailure.message);
}

function report(type: string, isTrue: boolean, reason: string, message: string): ConditionReport {
  return { type, status: isTrue ? 'True' : 'False', reason, message };
}
