import { removeCondition, setCondition, refreshCondition, type ConditionReport } from '../../../api/condition.ts';
import { parseInstant } from '../../../base/instant.ts';
import { desiredReplicas, replicasOf, rollingLimits, type DeploymentSets } from './deployment-scale.ts';
import { conditionOf, type Condition, type Deployment, type DeploymentStatus, type ReplicaSet } from './shapes.ts';

/** What a pass did that counts as progress. */
export type DeploymentProgress = { readonly reason: 'NewReplicaSetCreated'; readonly name: string } | undefined;

/** The status of a Deployment, from its ReplicaSets. Counts of 0 are left out, as the API server prints them. */
export function deploymentStatus(
  deployment: Deployment,
  sets: DeploymentSets,
  progress: DeploymentProgress,
  collisionCount: number,
  nowMs: number,
): DeploymentStatus {
  const all = [...sets.old, ...(sets.current === undefined ? [] : [sets.current])];
  const available = total(all, 'availableReplicas');
  const counts = {
    observedGeneration: deployment.metadata.generation ?? 0,
    replicas: total(all, 'replicas'),
    updatedReplicas: sets.current?.status?.replicas ?? 0,
    readyReplicas: total(all, 'readyReplicas'),
    availableReplicas: available,
    unavailableReplicas: Math.max(all.reduce((count, set) => count + replicasOf(set), 0) - available, 0),
    collisionCount,
  };
  const visible = Object.fromEntries(Object.entries(counts).filter(([, count]) => count > 0));
  const status: DeploymentStatus = { ...visible, conditions: [] };
  return { ...status, conditions: conditionsOf(deployment, sets, status, progress, nowMs) };
}

/** The whole Deployment runs the current template, with every pod available and no old one left. */
export function isComplete(deployment: Deployment, status: DeploymentStatus): boolean {
  const desired = desiredReplicas(deployment);
  return (
    (status.updatedReplicas ?? 0) === desired &&
    (status.replicas ?? 0) === desired &&
    (status.availableReplicas ?? 0) === desired &&
    (status.observedGeneration ?? 0) >= (deployment.metadata.generation ?? 0)
  );
}

/** Time until the progress deadline passes; undefined when there is nothing to wait for. */
export function deadlineMs(deployment: Deployment, status: DeploymentStatus, nowMs: number): number | undefined {
  const seconds = deployment.spec?.progressDeadlineSeconds ?? 600;
  const progressing = conditionOf(status.conditions, 'Progressing');
  if (isComplete(deployment, status) || progressing?.status !== 'True') return undefined;
  const since = parseInstant(progressing.lastUpdateTime ?? '');
  return since === undefined ? undefined : Math.max(since + seconds * 1000 - nowMs, 0) + 1;
}

function conditionsOf(
  deployment: Deployment,
  sets: DeploymentSets,
  status: DeploymentStatus,
  progress: DeploymentProgress,
  nowMs: number,
): readonly Condition[] {
  const before = (deployment.status?.conditions ?? []).map(withTexts);
  const available = setCondition(before, availability(deployment, status), nowMs);
  const report = progressReport(deployment, sets, status, progress, nowMs);
  const progressed = report === undefined ? available : setProgress(available, report, deployment, status, nowMs);
  const failure = conditionOf(sets.current?.status?.conditions, 'ReplicaFailure');
  if (failure === undefined) return removeCondition(progressed, 'ReplicaFailure');
  const { reason = '', message = '' } = failure;
  return setCondition(progressed, { type: 'ReplicaFailure', status: 'True', reason, message }, nowMs);
}

/** News of progress restart the deadline even when the condition itself stays as it is. */
function setProgress(
  conditions: Parameters<typeof setCondition>[0],
  report: ConditionReport,
  deployment: Deployment,
  status: DeploymentStatus,
  nowMs: number,
): ReturnType<typeof setCondition> {
  const isNews = report.reason === 'ReplicaSetUpdated' && hasProgressed(deployment.status ?? {}, status);
  return isNews ? refreshCondition(conditions, report, nowMs) : setCondition(conditions, report, nowMs);
}

function availability(deployment: Deployment, status: DeploymentStatus): ConditionReport {
  const minAvailable = desiredReplicas(deployment) - rollingLimits(deployment).maxUnavailable;
  return (status.availableReplicas ?? 0) >= minAvailable
    ? {
        type: 'Available',
        status: 'True',
        reason: 'MinimumReplicasAvailable',
        message: 'Deployment has minimum availability.',
      }
    : {
        type: 'Available',
        status: 'False',
        reason: 'MinimumReplicasUnavailable',
        message: 'Deployment does not have minimum availability.',
      };
}

function progressReport(
  deployment: Deployment,
  { current }: DeploymentSets,
  status: DeploymentStatus,
  progress: DeploymentProgress,
  nowMs: number,
): ConditionReport | undefined {
  const { name } = deployment.metadata;
  const subject = current === undefined ? `Deployment "${name}"` : `ReplicaSet "${current.metadata.name}"`;
  if (deployment.spec?.paused === true) return progressing('Unknown', 'DeploymentPaused', 'Deployment is paused');
  if (progress !== undefined) {
    return progressing('True', progress.reason, `Created new replica set "${progress.name}"`);
  }
  if (isComplete(deployment, status)) {
    return progressing('True', 'NewReplicaSetAvailable', `${subject} has successfully progressed.`);
  }
  if (hasProgressed(deployment.status ?? {}, status)) {
    return progressing('True', 'ReplicaSetUpdated', `${subject} is progressing.`);
  }
  if (isTimedOut(deployment, nowMs)) {
    return progressing('False', 'ProgressDeadlineExceeded', `${subject} has timed out progressing.`);
  }
  return isBeginning(deployment) ? progressing('True', 'ReplicaSetUpdated', `${subject} is progressing.`) : undefined;
}

function progressing(status: ConditionReport['status'], reason: string, message: string): ConditionReport {
  return { type: 'Progressing', status, reason, message };
}

/** An update that starts anew after a finished one, or is no longer paused, begins its deadline again. */
function isBeginning({ status }: Deployment): boolean {
  const before = conditionOf(status?.conditions, 'Progressing');
  return before === undefined || before.reason === 'NewReplicaSetAvailable' || before.status === 'Unknown';
}

/** More pods are updated, available or ready than before, or fewer old ones are left. */
function hasProgressed(before: DeploymentStatus, after: DeploymentStatus): boolean {
  const old = (status: DeploymentStatus): number => (status.replicas ?? 0) - (status.updatedReplicas ?? 0);
  return (
    (after.updatedReplicas ?? 0) > (before.updatedReplicas ?? 0) ||
    old(after) < old(before) ||
    (after.readyReplicas ?? 0) > (before.readyReplicas ?? 0) ||
    (after.availableReplicas ?? 0) > (before.availableReplicas ?? 0)
  );
}

function isTimedOut(deployment: Deployment, nowMs: number): boolean {
  const progressing = conditionOf(deployment.status?.conditions, 'Progressing');
  if (progressing?.status === 'False') return true;
  if (progressing === undefined || progressing.reason === 'NewReplicaSetAvailable') return false;
  if (progressing.status === 'Unknown') return false;
  const since = parseInstant(progressing.lastUpdateTime ?? '');
  return since !== undefined && nowMs >= since + (deployment.spec?.progressDeadlineSeconds ?? 600) * 1000;
}

/** The same condition with every field present. */
function withTexts(condition: Condition): NonNullable<Parameters<typeof setCondition>[0]>[number] {
  const { reason = '', message = '', lastUpdateTime = '', lastTransitionTime = '' } = condition;
  return { type: condition.type, status: condition.status, reason, message, lastUpdateTime, lastTransitionTime };
}

function total(sets: readonly ReplicaSet[], field: 'replicas' | 'readyReplicas' | 'availableReplicas'): number {
  return sets.reduce((count, { status }) => count + (status?.[field] ?? 0), 0);
}
