import type { AnalysisRun } from '../../api/analysis-run.ts';
import type { Experiment } from '../../api/experiment.ts';
import { fail, succeed, type Result } from '../../base/result.ts';
import { isFinished } from '../analysis-plan.ts';
import type { CommandRefusal } from '../command.ts';

/** What a command does to an Experiment or an AnalysisRun: a merge patch, none when everything is as asked already. */
export interface RunCommandPlan {
  readonly body?: object;
  /** One line for the person, e.g. `terminated`. */
  readonly message: string;
}

/** Ends an Experiment or an AnalysisRun, by the patch that `kubectl argo rollouts terminate` makes. */
export function planTermination({ spec, status }: Pick<Experiment | AnalysisRun, 'spec' | 'status'>): RunCommandPlan {
  const { phase = '' } = status ?? {};
  if (isFinished({ phase })) return { message: `has ended already: ${phase}` };
  if (spec.terminate === true) return { message: 'is being terminated already' };
  return { body: { spec: { terminate: true } }, message: 'is being terminated' };
}

/**
 * Starts an Experiment that has ended anew, by the patch that `kubectl argo rollouts retry` makes. One that was
 * terminated would end at once, so that goes too. `position` is what `experimentPosition` said when the person looked:
 * the command given twice starts it once.
 */
export function planExperimentRetry(
  { metadata, spec, status = {} }: Experiment,
  position: string,
): Result<RunCommandPlan, CommandRefusal> {
  const now = experimentPosition({ status });
  if (now !== position) {
    const message = `${metadata.name} has moved on from "${position}" to "${now}"; look again and repeat the command if it is still wanted`;
    return fail({ code: 'StaleCommand', message });
  }
  if (!isFinished({ phase: status.phase ?? '' })) {
    return succeed({ message: 'has not ended, so there is nothing to retry' });
  }
  const again = spec.terminate === true ? { spec: { terminate: null } } : {};
  return succeed({ body: { ...again, status: null }, message: 'is tried again' });
}

/** Where an Experiment stands, as text to compare: it changes with its phase and with every attempt. */
export function experimentPosition({ status = {} }: Pick<Experiment, 'status'>): string {
  return `${status.phase ?? '-'}@${status.availableAt ?? '-'}`;
}
