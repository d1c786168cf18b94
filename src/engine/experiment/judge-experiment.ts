import type { AnalysisPhase } from '../../api/analysis-run.ts';
import type { ExperimentTemplateStatus } from '../../api/experiment.ts';
import { parseInstant } from '../../base/instant.ts';
import { isFinished } from '../analysis-plan.ts';
import type { AnalysisPlace } from './assess-analyses.ts';
import { durationOf, isOver, isTimeOver, requiredAnalyses, type ExperimentSituation } from './experiment-situation.ts';
import type { ExperimentWorld } from './experiment-world.ts';

/** The phase of an Experiment, and why. */
export interface ExperimentVerdict {
  readonly phase: AnalysisPhase;
  /** Empty when there is nothing to say. */
  readonly message: string;
}

/**
 * The phase of an Experiment under way. A template that fails, or an analysis that speaks against it, ends it at once.
 * It ends well when its time is over and the templates are available, when its required analyses have passed, or when
 * somebody ends it; then every analysis that counts must have shown something.
 */
export function judgeExperiment(
  situation: ExperimentSituation,
  templates: readonly ExperimentTemplateStatus[],
  analyses: readonly AnalysisPlace[],
): ExperimentVerdict {
  const { experiment } = situation.world;
  const ended = templateFailure(templates) ?? analysisFailure(situation, analyses);
  if (ended !== undefined) return ended;
  const areRunning = templates.every(({ status }) => status === 'Running');
  const going: ExperimentVerdict = { phase: areRunning ? 'Running' : 'Pending', message: '' };
  if (experiment.spec.terminate === true || (areRunning && isDone(situation.world))) {
    return conclusion(situation, analyses) ?? going;
  }
  return areRunning && haveRequiredPassed(situation, analyses)
    ? { phase: 'Successful', message: 'Required AnalysisRuns completed' }
    : going;
}

function templateFailure(templates: readonly ExperimentTemplateStatus[]): ExperimentVerdict | undefined {
  for (const phase of ['Failed', 'Error'] as const) {
    const found = templates.find(({ status }) => status === phase);
    if (found !== undefined) return { phase, message: found.message ?? '' };
  }
  return undefined;
}

/** True when its time is over. One of analyses alone has no time of its own: it is done when they are. */
function isDone(world: ExperimentWorld): boolean {
  const { templates, spec, status } = world.experiment;
  const hasNoTime = templates.length === 0 && durationOf(spec.duration) === undefined;
  const beginsAt = parseInstant(status.availableAt ?? '');
  return isTimeOver(world) || (hasNoTime && beginsAt !== undefined && world.now >= beginsAt);
}

/** The worst that any analysis says; also one that has ended without having shown anything. */
function analysisFailure(
  situation: ExperimentSituation,
  analyses: readonly AnalysisPlace[],
): ExperimentVerdict | undefined {
  for (const phase of ['Failed', 'Error', 'Inconclusive'] as const) {
    const found = analyses.find(({ status }) => status.phase === phase);
    if (found !== undefined) return { phase, message: found.status.message ?? '' };
  }
  const silent = counting(situation, analyses).find((place) => isFinished(place.status) && !hasPassed(place));
  return silent === undefined ? undefined : withoutEvidence(silent);
}

/** What follows when nothing more is to come; undefined while runs still have to end. */
function conclusion(situation: ExperimentSituation, analyses: readonly AnalysisPlace[]): ExperimentVerdict | undefined {
  if (analyses.some(({ run, due }) => due !== undefined || (run !== undefined && !isFinished(run)))) return undefined;
  const silent = counting(situation, analyses).find((place) => !hasPassed(place));
  return silent === undefined ? { phase: 'Successful', message: '' } : withoutEvidence(silent);
}

function haveRequiredPassed(situation: ExperimentSituation, analyses: readonly AnalysisPlace[]): boolean {
  return requiredAnalyses(situation.world).length > 0 && counting(situation, analyses).every(hasPassed);
}

/** The analyses that must have shown something: the required ones, or all when none is. */
function counting({ world }: ExperimentSituation, analyses: readonly AnalysisPlace[]): readonly AnalysisPlace[] {
  const required = new Set(requiredAnalyses(world).map(({ name }) => name));
  return required.size === 0 ? analyses : analyses.filter(({ analysis }) => required.has(analysis.name));
}

/** Success counts only with evidence: a run that ended without a measurement passes nothing. */
function hasPassed({ run }: AnalysisPlace): boolean {
  return run?.phase === 'Successful' && run.measured;
}

function withoutEvidence({ analysis }: AnalysisPlace): ExperimentVerdict {
  return { phase: 'Inconclusive', message: `analysis '${analysis.name}' ended without a measurement` };
}

/** Runs to end now: all when somebody ends the Experiment; when its time is over all but the required. */
export function runsToEnd(
  situation: ExperimentSituation,
  analyses: readonly AnalysisPlace[],
): readonly AnalysisPlace[] {
  const { world, stage } = situation;
  if (stage === 'active' && !isOver(world)) return [];
  const isAll = stage === 'finished' || world.experiment.spec.terminate === true;
  return analyses.filter(
    ({ analysis, run }) =>
      run !== undefined && !isFinished(run) && !run.terminating && (isAll || analysis.requiredForCompletion !== true),
  );
}
