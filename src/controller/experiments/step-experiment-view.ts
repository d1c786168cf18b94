import { hashLabel } from '../../api/pod-template-hash.ts';
import { isFinished } from '../../engine/analysis-plan.ts';
import { experimentTemplateAnnotation } from '../../engine/experiment/experiment-world.ts';
import type { StepExperimentTemplate, StepExperimentView } from '../../engine/world.ts';
import type { Caches } from '../caches.ts';
import type { ObservedExperiment } from './project-experiment.ts';

/** An Experiment as its Rollout sees it. */
export function stepExperimentView(experiment: ObservedExperiment, caches: Caches): StepExperimentView {
  const { name, uid, createdAt, deleting, labels, spec, status } = experiment;
  return {
    name,
    uid,
    hash: labels[hashLabel] ?? '',
    createdAt,
    deleting,
    terminating: spec.terminate === true,
    phase: (status.phase ?? '') as StepExperimentView['phase'],
    message: status.message ?? '',
    measured: status.phase === 'Successful' && haveAnalysesPassed(experiment, caches),
    templates: templatesOf(experiment, caches),
  };
}

/** The required analyses, or all when none is, must have shown something: without evidence no gate is passed. */
function haveAnalysesPassed({ uid, spec, status }: ObservedExperiment, { analysisRuns }: Caches): boolean {
  const analyses = spec.analyses ?? [];
  const required = analyses.filter(({ requiredForCompletion }) => requiredForCompletion === true);
  const runs = analysisRuns.ownedBy(uid);
  return (required.length === 0 ? analyses : required).every(({ name }) => {
    const run = status.analysisRuns?.find((one) => one.name === name)?.analysisRun;
    const found = runs.find((one) => one.name === run);
    return found !== undefined && isFinished(found) && found.measured;
  });
}

function templatesOf(
  { uid, templates, status }: ObservedExperiment,
  caches: Caches,
): readonly StepExperimentTemplate[] {
  const replicaSets = caches.replicaSets.ownedBy(uid);
  return templates.map(({ name, replicas }) => {
    const replicaSet = replicaSets.find(({ annotations }) => annotations[experimentTemplateAnnotation] === name);
    const stored = status.templateStatuses?.find((one) => one.name === name);
    return {
      name,
      service: stored?.serviceName ?? '',
      hash: replicaSet?.hash ?? '',
      replicas,
      specReplicas: replicaSet?.specReplicas ?? 0,
      available: replicaSet?.availableReplicas ?? 0,
    };
  });
}
