import type { ExperimentAnalysisStatus, ExperimentStatus, ExperimentTemplateStatus } from '../../api/experiment.ts';
import { formatInstant, parseInstant } from '../../base/instant.ts';
import { isFinished } from '../analysis-plan.ts';
import { compact } from '../compact.ts';
import { orderEffects, type Reason } from '../decision.ts';
import { assessAnalyses, availableFrom } from './assess-analyses.ts';
import { assessTemplates, templateDeadlines } from './assess-templates.ts';
import { experimentConditions } from './experiment-conditions.ts';
import { experimentEffectText, type ExperimentDecision, type ExperimentEffect } from './experiment-decision.ts';
import { experimentNotices } from './experiment-notices.ts';
import { durationEndsAt, situateExperiment, type ExperimentSituation } from './experiment-situation.ts';
import type { ExperimentWorld } from './experiment-world.ts';
import { judgeExperiment, type ExperimentVerdict } from './judge-experiment.ts';
import { planExperiment, scaleDownTimes } from './plan-experiment.ts';

/**
 * Decides what to do about one Experiment: finds out from specification and status where it stands, assesses its
 * templates and analyses by what was observed, and derives effects, status and events. Pure and level-triggered: the
 * same world always gives the same decision.
 *
 * A pass that ends the Experiment does nothing else: what follows from the end is done once that is stored.
 */
export function decideExperiment(world: ExperimentWorld): ExperimentDecision {
  const situation = situateExperiment(world);
  const before = world.experiment.status;
  const analyses = assessAnalyses(situation);
  const status = nextStatus(situation, assessTemplates(situation), analyses);
  const ends = isFinished({ phase: status.phase ?? '' }) && situation.stage !== 'finished';
  const effects = ends ? [] : orderEffects(planExperiment(situation, analyses));
  return {
    reason: reasonOf(situation, status, effects),
    effects,
    status,
    events: experimentNotices(before, status, effects),
    ...lookAgain(situation, status, ends),
  };
}

function nextStatus(
  situation: ExperimentSituation,
  templates: readonly ExperimentTemplateStatus[],
  analyses: ReturnType<typeof assessAnalyses>,
): ExperimentStatus {
  const { stage, world } = situation;
  const before = world.experiment.status;
  if (stage === 'deleting') return before;
  if (stage === 'invalid' && world.experiment.owner === undefined) return withConditions(situation, before);
  const verdict = verdictOf(situation, templates, analyses);
  const observed = stage === 'invalid' ? (before.templateStatuses ?? []) : templates;
  const templateStatuses = isFinished(verdict) ? observed.map((one) => concluded(one, world)) : observed;
  return withConditions(situation, {
    ...before,
    phase: verdict.phase,
    message: verdict.message === '' ? undefined : verdict.message,
    availableAt: before.availableAt ?? (verdict.phase === 'Running' ? formatInstant(availableFrom(world)) : undefined),
    templateStatuses,
    analysisRuns: analyses.length === 0 ? undefined : analyses.map(({ status }): ExperimentAnalysisStatus => status),
  });
}

/** A status of which some fields are to go. */
type LooseStatus = { readonly [Field in keyof ExperimentStatus]?: ExperimentStatus[Field] | undefined };

function withConditions(situation: ExperimentSituation, status: LooseStatus): ExperimentStatus {
  const next = compact<ExperimentStatus>(status);
  return compact<ExperimentStatus>({ ...next, conditions: experimentConditions(situation, next) });
}

/** The specification of a step's Experiment was made by the Rollout, so nobody will mend it: the step must know. */
function verdictOf(
  situation: ExperimentSituation,
  templates: readonly ExperimentTemplateStatus[],
  analyses: ReturnType<typeof assessAnalyses>,
): ExperimentVerdict {
  const { stage, world } = situation;
  if (stage === 'invalid') {
    return { phase: 'Error', message: world.problems.map(({ field, message }) => `${field}: ${message}`).join('; ') };
  }
  const { phase = '', message = '' } = world.experiment.status;
  if (stage === 'finished') return { phase: phase as ExperimentVerdict['phase'], message };
  return judgeExperiment(situation, templates, analyses);
}

/** A template is done when its Experiment has ended, unless it is what ended it. */
function concluded(status: ExperimentTemplateStatus, { now }: ExperimentWorld): ExperimentTemplateStatus {
  const isDone = status.status === 'Successful' || status.status === 'Failed' || status.status === 'Error';
  return isDone ? status : { ...status, status: 'Successful', lastTransitionTime: formatInstant(now) };
}

function lookAgain(
  situation: ExperimentSituation,
  status: ExperimentStatus,
  ends: boolean,
): { readonly lookAgainAt?: number } {
  const { world, stage } = situation;
  if (ends) return { lookAgainAt: world.now };
  const isActive = stage === 'active';
  const times = [
    ...(isActive ? [parseInstant(status.availableAt ?? '')] : []),
    ...(isActive ? [durationEndsAt({ experiment: { ...world.experiment, status } })] : []),
    ...(isActive ? templateDeadlines(world, status.templateStatuses ?? []) : []),
    ...scaleDownTimes(situation),
  ].filter((time): time is number => time !== undefined && time > world.now);
  return times.length === 0 ? {} : { lookAgainAt: Math.min(...times) };
}

/** Why the decision is as it is, in one line. */
function reasonOf(
  { world, stage }: ExperimentSituation,
  { phase = '', message = '' }: ExperimentStatus,
  [effect]: readonly ExperimentEffect[],
): Reason {
  const { phase: before = '' } = world.experiment.status;
  if (effect !== undefined) {
    const code = effect.kind.charAt(0).toUpperCase() + effect.kind.slice(1);
    return { code, message: experimentEffectText(effect) };
  }
  if (phase !== before) {
    return { code: `Experiment${phase}`, message: message === '' ? `the Experiment is ${phase}` : message };
  }
  switch (stage) {
    case 'deleting':
      return { code: 'Deleting', message: 'the Experiment is being deleted' };
    case 'invalid':
      return {
        code: 'InvalidSpec',
        message: world.problems.map((problem) => `${problem.field}: ${problem.message}`).join('; '),
      };
    case 'active':
      return phase === 'Running'
        ? { code: 'Running', message: 'the templates are available' }
        : { code: 'WaitingForPods', message: 'the templates wait for their pods' };
    case 'finished':
      return { code: 'Settled', message: `the Experiment has ended: ${phase}` };
  }
}
