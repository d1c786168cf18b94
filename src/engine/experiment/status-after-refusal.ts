import type { ExperimentStatus } from '../../api/experiment.ts';
import type { SluiceError } from '../../base/error.ts';
import type { ExperimentEffect } from './experiment-decision.ts';

/**
 * The status after an effect failed. What was not done is tried again. What the cluster refuses for good will never be
 * done, so its template has failed.
 */
export function statusAfterRefusal(
  status: ExperimentStatus,
  effect: ExperimentEffect,
  error: SluiceError,
): ExperimentStatus {
  if (error.code !== 'Invalid' || (effect.kind !== 'createReplicaSet' && effect.kind !== 'createService'))
    return status;
  const what = effect.kind === 'createReplicaSet' ? 'ReplicaSet' : 'Service';
  const message = `Failed to create ${what} for template '${effect.template}': ${error.message}`;
  const templateStatuses = (status.templateStatuses ?? []).map((template) =>
    template.name === effect.template ? { ...template, status: 'Error', message } : template,
  );
  return { ...status, templateStatuses };
}
