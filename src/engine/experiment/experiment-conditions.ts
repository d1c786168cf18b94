import { refreshCondition, removeCondition, setCondition, type ConditionReport } from '../../api/condition.ts';
import type { ExperimentStatus } from '../../api/experiment.ts';
import type { Condition } from '../../api/rollout-status.ts';
import { isFinished } from '../analysis-plan.ts';
import type { ExperimentSituation } from './experiment-situation.ts';

/** The conditions of an Experiment with the next status; the list stays as it is when a pass brings no news. */
export function experimentConditions(
  { world, stage }: ExperimentSituation,
  next: ExperimentStatus,
): readonly Condition[] | undefined {
  const { experiment, problems, now } = world;
  const { conditions } = experiment.status;
  if (stage === 'deleting') return conditions;
  const { name } = experiment;
  if (stage === 'invalid' && next.phase !== 'Error') {
    const texts = problems.map(({ field, message }) => `${field}: ${message}`).join('; ');
    const message = `The Experiment "${name}" is invalid: ${texts}`;
    return put(conditions, { type: 'InvalidSpec', status: 'True', reason: 'InvalidSpec', message }, now);
  }
  const valid = removeCondition(conditions, 'InvalidSpec');
  const progress = progressReport(name, next);
  const progressed = hasProgressed(experiment.status, next)
    ? refreshCondition(valid, progress, now)
    : put(valid, progress, now);
  return withFailure(progressed, world);
}

function progressReport(name: string, { phase = '', message = '', templateStatuses = [] }: ExperimentStatus) {
  const report = (status: 'True' | 'False', reason: string, text: string): ConditionReport => ({
    type: 'Progressing',
    status,
    reason,
    message: `Experiment "${name}" ${text}`,
  });
  if (phase === 'Successful') return report('False', 'ExperimentCompleted', 'has successfully ran and completed.');
  if (phase === 'Failed' && templateStatuses.some(({ status }) => status === 'Failed')) {
    return report('False', 'ProgressDeadlineExceeded', 'has timed out.');
  }
  if (isFinished({ phase })) return report('False', `Experiment${phase}`, `has ended: ${message}`);
  return phase === 'Running'
    ? report('True', 'NewReplicaSetAvailable', 'is running.')
    : report('True', 'ReplicaSetUpdated', 'is progressing.');
}

/** While pods come up, each change of their counts is progress. */
function hasProgressed({ templateStatuses: before = [] }: ExperimentStatus, next: ExperimentStatus): boolean {
  if (next.phase !== 'Pending') return false;
  return (next.templateStatuses ?? []).some(
    ({ name, lastTransitionTime }) =>
      before.find((template) => template.name === name)?.lastTransitionTime !== lastTransitionTime,
  );
}

function withFailure(
  conditions: readonly Condition[],
  { replicaSets, now }: ExperimentSituation['world'],
): readonly Condition[] {
  const failed = replicaSets.find(({ failure }) => failure !== undefined);
  if (failed === undefined) return removeCondition(conditions, 'ReplicaFailure');
  const message = failed.failure ?? '';
  return put(conditions, { type: 'ReplicaFailure', status: 'True', reason: 'FailedCreate', message }, now);
}

/** A stale message would mislead, so a changed one counts as news too. */
function put(conditions: readonly Condition[] | undefined, report: ConditionReport, now: number): readonly Condition[] {
  const current = conditions?.find(({ type }) => type === report.type);
  return current?.message === report.message
    ? setCondition(conditions, report, now)
    : refreshCondition(conditions, report, now);
}
