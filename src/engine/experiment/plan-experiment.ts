import { scaleDownDeadline } from '../../api/scale-down-delay.ts';
import { instanceLabel } from '../analysis-plan.ts';
import { scaleDownDeadlineAnnotation } from '../revision.ts';
import type { ReplicaSetView } from '../world.ts';
import { analysisRunName, type AnalysisPlace } from './assess-analyses.ts';
import type { ExperimentEffect } from './experiment-decision.ts';
import type { ExperimentSituation, TemplatePlace } from './experiment-situation.ts';
import { experimentTemplateAnnotation, type ExperimentServiceView, type ExperimentWorld } from './experiment-world.ts';
import { runsToEnd } from './judge-experiment.ts';

/** What the stored state of an Experiment asks for. */
export function planExperiment(
  situation: ExperimentSituation,
  analyses: readonly AnalysisPlace[],
): readonly ExperimentEffect[] {
  const { stage, templates, leftReplicaSets, world } = situation;
  switch (stage) {
    case 'deleting':
    case 'invalid':
      return [];
    case 'active':
      return [
        ...templates.flatMap((place) => planTemplate(place, world)),
        ...leftReplicaSets.flatMap((replicaSet) => planEnd(replicaSet, world)),
        ...leftServices(situation).flatMap((service) => planServiceEnd(service, world)),
        ...analyses.flatMap((place) => startRun(place, world)),
        ...endRuns(situation, analyses),
      ];
    case 'finished':
      return [
        ...[...templates.flatMap(({ replicaSet }) => replicaSet ?? []), ...leftReplicaSets].flatMap((replicaSet) =>
          planEnd(replicaSet, world),
        ),
        ...world.services.flatMap((service) => planServiceEnd(service, world)),
        ...endRuns(situation, analyses),
      ];
  }
}

/** When a scale-down is due that nobody will tell of, in milliseconds since the epoch. */
export function scaleDownTimes({ stage, world, leftReplicaSets }: ExperimentSituation): readonly number[] {
  if (stage === 'deleting' || stage === 'invalid') return [];
  return (stage === 'finished' ? world.replicaSets : leftReplicaSets).flatMap(({ specReplicas, scaleDownAt }) =>
    specReplicas > 0 ? (scaleDownAt ?? []) : [],
  );
}

/** Services of templates that are no longer in the specification. */
function leftServices({ templates, world }: ExperimentSituation): readonly ExperimentServiceView[] {
  const names = new Set(templates.map(({ template }) => template.name));
  return world.services.filter(({ template }) => !names.has(template));
}

/** A ReplicaSet is made without pods; it gets them when the status tells of it, behind its Service. */
function planTemplate(place: TemplatePlace, world: ExperimentWorld): readonly ExperimentEffect[] {
  const { template, replicaSet, service, stored } = place;
  const { experiment } = world;
  if (experiment.spec.terminate === true) return [];
  if (replicaSet === undefined) {
    const name = `${experiment.name}-${template.name}`;
    return [{ kind: 'createReplicaSet', phase: 'grow', name, template: template.name, hash: template.hash }];
  }
  if (stored === undefined) return [];
  const { specReplicas: from, name } = replicaSet;
  const to = template.replicas;
  return [
    ...(replicaSet.scaleDownAt === undefined ? [] : [keepPods(name)]),
    ...(template.service === undefined || service !== undefined ? [] : [createService(place, replicaSet)]),
    ...(from === to ? [] : [scale(name, from, to)]),
  ];
}

/** Another attempt uses the pods of the one before, whose end no longer counts. */
function keepPods(name: string): ExperimentEffect {
  return { kind: 'annotateReplicaSet', phase: 'record', name, annotations: { [scaleDownDeadlineAnnotation]: null } };
}

function createService({ template }: TemplatePlace, { name, hash }: ReplicaSetView): ExperimentEffect {
  const { service, podLabels } = template;
  return {
    kind: 'createService',
    phase: 'grow',
    name: service === undefined || service.name === '' ? name : service.name,
    template: template.name,
    selector: { ...podLabels, 'rollouts-pod-template-hash': hash },
    ports: service?.ports ?? [],
  };
}

function scale(name: string, from: number, to: number): ExperimentEffect {
  return { kind: 'scaleReplicaSet', phase: to > from ? 'grow' : 'shrink', name, from, to };
}

const delaySecondsDefault = 30;

/** Pods go after their delay, and not while a router still leads users to them. */
function planEnd(replicaSet: ReplicaSetView, world: ExperimentWorld): readonly ExperimentEffect[] {
  const { name, specReplicas, scaleDownAt } = replicaSet;
  if (specReplicas === 0) return [];
  const delaySeconds = world.experiment.spec.scaleDownDelaySeconds ?? delaySecondsDefault;
  if (scaleDownAt === undefined && delaySeconds > 0) {
    const annotations = { [scaleDownDeadlineAnnotation]: scaleDownDeadline(world.now, delaySeconds) };
    return [{ kind: 'annotateReplicaSet', phase: 'record', name, annotations }];
  }
  return world.now < (scaleDownAt ?? 0) || isInUse(replicaSet, world) ? [] : [scale(name, specReplicas, 0)];
}

function isInUse({ annotations }: ReplicaSetView, { services, servicesInUse }: ExperimentWorld): boolean {
  const template = annotations[experimentTemplateAnnotation];
  return services.some((service) => service.template === template && servicesInUse.has(service.name));
}

/** A Service goes when it leads to no pods any more. */
function planServiceEnd(
  { name, uid, template }: ExperimentServiceView,
  { replicaSets, servicesInUse }: ExperimentWorld,
): readonly ExperimentEffect[] {
  const hasPods = replicaSets.some(
    ({ annotations, specReplicas }) => annotations[experimentTemplateAnnotation] === template && specReplicas > 0,
  );
  return hasPods || servicesInUse.has(name) ? [] : [{ kind: 'deleteService', phase: 'shrink', name, uid }];
}

function startRun({ analysis, due }: AnalysisPlace, world: ExperimentWorld): readonly ExperimentEffect[] {
  if (due?.ok !== true) return [];
  const { experiment } = world;
  const { labels = {}, annotations = {} } = experiment.spec.analysisRunMetadata ?? {};
  return [
    {
      kind: 'createAnalysisRun',
      phase: 'analyse',
      name: analysisRunName(analysis.name, world),
      labels: { ...labels, ...instanceLabel(experiment.labels) },
      annotations,
      spec: due.value,
    },
  ];
}

function endRuns(situation: ExperimentSituation, analyses: readonly AnalysisPlace[]): readonly ExperimentEffect[] {
  return runsToEnd(situation, analyses).flatMap(({ run }) =>
    run === undefined ? [] : [{ kind: 'terminateAnalysisRun', phase: 'analyse', name: run.name }],
  );
}
