import type { AnalysisRunSpec } from '../../api/analysis-run.ts';
import type { ExperimentAnalysis, ExperimentAnalysisStatus } from '../../api/experiment.ts';
import type { Result } from '../../base/result.ts';
import { isFinished } from '../analysis-plan.ts';
import { compact } from '../compact.ts';
import type { AnalysisRunView } from '../world.ts';
import { isTimeOver, type ExperimentSituation } from './experiment-situation.ts';
import { resolveExperimentRun } from './resolve-experiment-run.ts';

/** How one analysis stands, and the run that carries it out. */
export interface AnalysisPlace {
  readonly analysis: ExperimentAnalysis;
  readonly status: ExperimentAnalysisStatus;
  readonly run: AnalysisRunView | undefined;
  /** What its run is to do, or why it cannot be made; undefined when none is to be made now. */
  readonly due: Result<AnalysisRunSpec, readonly string[]> | undefined;
}

/** How each analysis stands. */
export function assessAnalyses(situation: ExperimentSituation): readonly AnalysisPlace[] {
  return (situation.world.experiment.spec.analyses ?? []).map((analysis) => assessAnalysis(analysis, situation));
}

/** Names of runs are deterministic, so that one whose creation was not noted is found again and none is made twice. */
export function analysisRunName(experiment: string, analysis: string): string {
  return `${experiment}-${analysis}`;
}

function assessAnalysis(analysis: ExperimentAnalysis, situation: ExperimentSituation): AnalysisPlace {
  const { experiment, analysisRuns } = situation.world;
  const stored = experiment.status.analysisRuns?.find(({ name }) => name === analysis.name);
  const recorded = stored?.analysisRun ?? '';
  const name = recorded === '' ? analysisRunName(experiment.name, analysis.name) : recorded;
  const run = analysisRuns.find((one) => one.name === name && !one.deleting);
  const due = run === undefined && recorded === '' ? dueRun(analysis, stored, situation) : undefined;
  const status = stored ?? { name: analysis.name, analysisRun: '', phase: '' };
  return { analysis, run, due, status: nextStatus({ analysis, run, due, status }, situation) };
}

function nextStatus(place: AnalysisPlace, { stage }: ExperimentSituation): ExperimentAnalysisStatus {
  const { analysis, run, due, status } = place;
  if (isFinished(status)) return status;
  if (run !== undefined) {
    return compact<ExperimentAnalysisStatus>({
      name: analysis.name,
      analysisRun: run.name,
      phase: run.phase === '' ? 'Pending' : run.phase,
      message: run.message === '' ? undefined : run.message,
    });
  }
  if (due?.ok === false) {
    const message = `Failed to create AnalysisRun for analysis '${analysis.name}': ${due.error.join('; ')}`;
    return { ...status, phase: 'Error', message };
  }
  const isGone = status.analysisRun !== '' && stage === 'active';
  return isGone ? { ...status, phase: 'Error', message: `AnalysisRun "${status.analysisRun}" is gone` } : status;
}

/** Runs begin when all templates are available, and that is stored. */
function dueRun(
  analysis: ExperimentAnalysis,
  stored: ExperimentAnalysisStatus | undefined,
  situation: ExperimentSituation,
): AnalysisPlace['due'] {
  const { experiment } = situation.world;
  const isBegun = situation.stage === 'active' && experiment.status.availableAt !== undefined;
  if (!isBegun || experiment.spec.terminate === true || isFinished({ phase: stored?.phase ?? '' })) return undefined;
  // What it cannot end without is begun even when its time is over already.
  if (isTimeOver(situation.world) && analysis.requiredForCompletion !== true) return undefined;
  return resolveExperimentRun(analysis, situation);
}
