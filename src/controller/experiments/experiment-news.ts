import { resourceTypes } from '../../api/resource-types.ts';
import type { RolloutView } from '../../engine/world.ts';
import type { ObservedExperiment } from './project-experiment.ts';

/**
 * Everything that an Experiment names, as `Kind/namespace/name`, so that news about it wake the Experiment. What its
 * templates name in turn is not among it: they are read when a run is made.
 */
export function experimentReferences({ namespace, spec }: ObservedExperiment): readonly string[] {
  return (spec.analyses ?? []).map(({ templateName, clusterScope = false }) =>
    clusterScope
      ? `${resourceTypes.clusterAnalysisTemplate.kind}//${templateName}`
      : `${resourceTypes.analysisTemplate.kind}/${namespace}/${templateName}`,
  );
}

/** Whether a change of an Experiment may move the Rollout whose step it is. */
export function isNewsForRollout(
  before: ObservedExperiment | undefined,
  after: ObservedExperiment | undefined,
): boolean {
  if (before === undefined || after === undefined) return true;
  const [was, is] = [before.status, after.status];
  const isHere = before.deleting === after.deleting && before.spec.terminate === after.spec.terminate;
  return !isHere || was.phase !== is.phase || was.message !== is.message || serviceText(was) !== serviceText(is);
}

function serviceText({ templateStatuses = [] }: ObservedExperiment['status']): string {
  return templateStatuses
    .map(({ name, serviceName, podTemplateHash }) => `${name}=${serviceName ?? ''}/${podTemplateHash ?? ''}`)
    .join();
}

/** Whether routers lead to other Services of Experiments than before, as the status of a Rollout tells it. */
export function haveAdditionalChanged(before: RolloutView | undefined, after: RolloutView | undefined): boolean {
  const [was, is] = [before, after].map((rollout) => rollout?.status.canary?.weights?.additional ?? []);
  return JSON.stringify(was) !== JSON.stringify(is);
}
