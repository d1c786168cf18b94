import type { AnalysisRunSpec } from '../../api/analysis-run.ts';
import type { ExperimentAnalysis, ExperimentAnalysisStatus } from '../../api/experiment.ts';
import { parseInstant } from '../../base/instant.ts';
import type { Result } from '../../base/result.ts';
import { freeName, isFinished } from '../analysis-plan.ts';
import { compact } from '../compact.ts';
import type { AnalysisRunView } from '../world.ts';
import { isTimeOver, type ExperimentSituation } from './experiment-situation.ts';
import type { ExperimentWorld } from './experiment-world.ts';
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

/**
 * The name of the run that an analysis gets next. Names are deterministic, so that one whose creation was not noted is
 * found again and none is made twice; runs of attempts before this one keep theirs, and the next one is counted.
 */
export function analysisRunName(analysis: string, { experiment, analysisRuns }: ExperimentWorld): string {
  return freeName(`${experiment.name}-${analysis}`, new Set(analysisRuns.map(({ name }) => name)));
}

/** The run of this attempt that the status does not tell of yet. */
function unrecordedRun(analysis: string, { experiment, analysisRuns }: ExperimentWorld): AnalysisRunView | undefined {
  const { availableAt } = experiment.status;
  if (availableAt === undefined) return undefined;
  const name = `${experiment.name}-${analysis}`;
  const beganAt = parseInstant(availableAt) ?? 0;
  const isOfThisAttempt = (run: AnalysisRunView): boolean =>
    isFinished(run) ? (run.completedAt ?? run.createdAt) >= beganAt : !run.terminating;
  const isNamed = (run: AnalysisRunView): boolean =>
    run.name === name || (run.name.startsWith(`${name}.`) && /^\d+$/u.test(run.name.slice(name.length + 1)));
  return analysisRuns.find((run) => isNamed(run) && !run.deleting && isOfThisAttempt(run));
}

/**
 * When templates that are available now are said to be so. A time that is cut to whole seconds must be later than the
 * end of every run of an attempt before, because only that tells the runs of attempts apart.
 */
export function availableFrom({ now, analysisRuns }: ExperimentWorld): number {
  const ends = analysisRuns.filter(isFinished).map((run) => (run.completedAt ?? run.createdAt) + 1000);
  return Math.max(now, ...ends);
}

function assessAnalysis(analysis: ExperimentAnalysis, situation: ExperimentSituation): AnalysisPlace {
  const { experiment, analysisRuns } = situation.world;
  const stored = experiment.status.analysisRuns?.find(({ name }) => name === analysis.name);
  const recorded = stored?.analysisRun ?? '';
  const run =
    recorded === ''
      ? unrecordedRun(analysis.name, situation.world)
      : analysisRuns.find((one) => one.name === recorded && !one.deleting);
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
  const beginsAt = parseInstant(experiment.status.availableAt ?? '');
  const isBegun = situation.stage === 'active' && beginsAt !== undefined && situation.world.now >= beginsAt;
  if (!isBegun || experiment.spec.terminate === true || isFinished({ phase: stored?.phase ?? '' })) return undefined;
  // What it cannot end without is begun even when its time is over already.
  if (isTimeOver(situation.world) && analysis.requiredForCompletion !== true) return undefined;
  return resolveExperimentRun(analysis, situation);
}
