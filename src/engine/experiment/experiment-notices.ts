import type { ExperimentStatus } from '../../api/experiment.ts';
import type { Notice } from '../decision.ts';
import type { ExperimentEffect } from './experiment-decision.ts';

/** The Kubernetes Events of a pass over an Experiment, in the order in which clients know them. */
export function experimentNotices(
  before: ExperimentStatus,
  next: ExperimentStatus,
  effects: readonly ExperimentEffect[],
): readonly Notice[] {
  const templates = templateNotices(before, next);
  const analyses = analysisNotices(before, next);
  const whole = phaseNotice(before, next);
  // The templates of an Experiment that an analysis ends are done because it has ended; else it is the other way.
  const isEndedByAnalysis = badPhases.has(next.phase ?? '') && analyses.some(({ type }) => type === 'Warning');
  return [
    ...(isEndedByAnalysis ? [] : templates),
    ...effectNotices(effects),
    ...analyses,
    ...whole,
    ...(isEndedByAnalysis ? templates : []),
  ];
}

/** What the effects alone tell: it is true once they are done, whatever becomes of the rest of the pass. */
export function effectNotices(effects: readonly ExperimentEffect[]): readonly Notice[] {
  return effects.flatMap(effectNotice);
}

/** One notice for each analysis whose phase has changed. */
export function analysisNotices(before: ExperimentStatus, next: ExperimentStatus): readonly Notice[] {
  return (next.analysisRuns ?? []).flatMap(({ name, phase, message }) => {
    const previous = before.analysisRuns?.find((run) => run.name === name)?.phase ?? '';
    if (phase === '' || phase === previous) return [];
    return [notice('AnalysisRun', phase, `AnalysisRun '${name}' transitioned from ${previous} -> ${phase}`, message)];
  });
}

function templateNotices(before: ExperimentStatus, next: ExperimentStatus): readonly Notice[] {
  return (next.templateStatuses ?? []).flatMap(({ name, status = '', message }) => {
    const previous = before.templateStatuses?.find((template) => template.name === name)?.status ?? '';
    if (status === '' || status === previous) return [];
    return [notice('Template', status, `Template '${name}' transitioned from ${previous} -> ${status}`, message)];
  });
}

function phaseNotice({ phase: previous = '' }: ExperimentStatus, { phase = '' }: ExperimentStatus): readonly Notice[] {
  if (phase === '' || phase === previous) return [];
  return [notice('Experiment', phase, `Experiment transitioned from ${previous} -> ${phase}`, undefined)];
}

const badPhases: ReadonlySet<string> = new Set(['Failed', 'Error', 'Inconclusive']);

function notice(what: string, phase: string, text: string, detail: string | undefined): Notice {
  const message = detail === undefined || detail === '' ? text : `${text}: ${detail}`;
  return { type: badPhases.has(phase) ? 'Warning' : 'Normal', reason: `${what}${phase}`, message };
}

function effectNotice(effect: ExperimentEffect): readonly Notice[] {
  switch (effect.kind) {
    case 'scaleReplicaSet': {
      const direction = effect.to > effect.from ? 'up' : 'down';
      const message = `Scaled ${direction} ReplicaSet ${effect.name} from ${effect.from} to ${effect.to}`;
      return [{ type: 'Normal', reason: 'ScalingReplicaSet', message }];
    }
    case 'terminateAnalysisRun':
      return [{ type: 'Normal', reason: 'AnalysisRunTerminating', message: `Terminating ${effect.name}` }];
    default:
      return [];
  }
}
