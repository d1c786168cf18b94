import type { ExperimentAnalysis, ExperimentTemplateStatus } from '../../api/experiment.ts';
import { parseDuration } from '../../base/duration.ts';
import { parseInstant } from '../../base/instant.ts';
import { isFinished } from '../analysis-plan.ts';
import type { ReplicaSetView } from '../world.ts';
import {
  experimentTemplateAnnotation,
  type ExperimentServiceView,
  type ExperimentTemplateView,
  type ExperimentWorld,
} from './experiment-world.ts';

/** Where an Experiment stands, by specification and status alone. */
export type ExperimentStage = 'deleting' | 'invalid' | 'active' | 'finished';

/** An Experiment, where it stands, and what there is of each of its templates. */
export interface ExperimentSituation {
  readonly world: ExperimentWorld;
  readonly stage: ExperimentStage;
  readonly templates: readonly TemplatePlace[];
  /** ReplicaSets of templates that are no longer in the specification. */
  readonly leftReplicaSets: readonly ReplicaSetView[];
}

/** One template with what was made of it, and with what the status says about it. */
export interface TemplatePlace {
  readonly template: ExperimentTemplateView;
  readonly replicaSet: ReplicaSetView | undefined;
  readonly service: ExperimentServiceView | undefined;
  readonly stored: ExperimentTemplateStatus | undefined;
}

/** Puts an Experiment and its surroundings together. */
export function situateExperiment(world: ExperimentWorld): ExperimentSituation {
  const { experiment, services } = world;
  const live = world.replicaSets.filter(({ deleting }) => !deleting);
  const templateOf = ({ annotations }: ReplicaSetView): string => annotations[experimentTemplateAnnotation] ?? '';
  const names = new Set(experiment.templates.map(({ name }) => name));
  return {
    world,
    stage: stageOf(world),
    templates: experiment.templates.map((template) => ({
      template,
      replicaSet: live.find((replicaSet) => templateOf(replicaSet) === template.name),
      service: services.find((service) => service.template === template.name),
      stored: experiment.status.templateStatuses?.find(({ name }) => name === template.name),
    })),
    leftReplicaSets: live.filter((replicaSet) => !names.has(templateOf(replicaSet))),
  };
}

/** Whatever has ended stays so; a wrong specification freezes everything else where it is. */
function stageOf({ experiment, problems }: ExperimentWorld): ExperimentStage {
  if (experiment.deleting) return 'deleting';
  if (isFinished({ phase: experiment.status.phase ?? '' })) return 'finished';
  return problems.length > 0 ? 'invalid' : 'active';
}

/** When the time of the Experiment is over, in milliseconds since the epoch; undefined while that is not known. */
export function durationEndsAt({ experiment }: Pick<ExperimentWorld, 'experiment'>): number | undefined {
  const availableAt = parseInstant(experiment.status.availableAt ?? '');
  const duration = durationOf(experiment.spec.duration);
  // The stored time is cut to whole seconds; the second is counted in, so that no Experiment is cut short.
  return availableAt === undefined || duration === undefined ? undefined : availableAt + duration + 1000;
}

/** Milliseconds; undefined when there is no limit. */
export function durationOf(text: string | undefined): number | undefined {
  if (text === undefined || text === '') return undefined;
  const parsed = parseDuration(text);
  return parsed.ok ? parsed.value : undefined;
}

/** True once the templates have been available for as long as was asked for. */
export function isTimeOver(world: ExperimentWorld): boolean {
  const endsAt = durationEndsAt(world);
  return endsAt !== undefined && world.now >= endsAt;
}

/** True when nothing new is to be begun, because somebody ended it or because its time is over. */
export function isOver(world: ExperimentWorld): boolean {
  return world.experiment.spec.terminate === true || isTimeOver(world);
}

/** The analyses that it may not end without. */
export function requiredAnalyses({ experiment }: ExperimentWorld): readonly ExperimentAnalysis[] {
  return (experiment.spec.analyses ?? []).filter(({ requiredForCompletion }) => requiredForCompletion === true);
}
