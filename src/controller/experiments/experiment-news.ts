import { resourceTypes } from '../../api/resource-types.ts';
import { isFinished } from '../../engine/analysis-plan.ts';
import type { Caches } from '../caches.ts';
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

/** Whether an Experiment has ended and still has pods or Services, which may have to wait for routers. */
export function isEnding({ uid, status }: ObservedExperiment, { replicaSets, services }: Caches): boolean {
  if (!isFinished({ phase: status.phase ?? '' })) return false;
  return services.ownedBy(uid).length > 0 || replicaSets.ownedBy(uid).some(({ specReplicas }) => specReplicas > 0);
}
