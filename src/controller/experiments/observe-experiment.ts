import type { ExperimentAnalysis } from '../../api/experiment.ts';
import type { ExperimentWorld } from '../../engine/experiment/experiment-world.ts';
import { templateKey, type SpecProblem } from '../../engine/world.ts';
import type { Caches } from '../caches.ts';
import { findTemplates } from '../observe.ts';
import { routersOf, type RouterRegistry } from '../routers.ts';
import { objectsOf } from '../write-traffic.ts';
import type { ObservedExperiment } from './project-experiment.ts';

/** What observing needs besides the Experiment. */
export interface ObserveExperimentSources {
  readonly caches: Caches;
  readonly routers: RouterRegistry;
  /** Wall time in milliseconds since the epoch. */
  readonly now: number;
}

/** Puts together, from the caches alone, everything one decision about an Experiment is made from. */
export function observeExperiment(
  experiment: ObservedExperiment,
  { caches, routers, now }: ObserveExperimentSources,
): ExperimentWorld {
  const { namespace, uid, spec } = experiment;
  const templates = findTemplates(namespace, spec.analyses ?? [], caches);
  return {
    now,
    experiment,
    replicaSets: caches.replicaSets.ownedBy(uid),
    services: caches.services.ownedBy(uid),
    analysisRuns: caches.analysisRuns.ownedBy(uid),
    templates,
    problems: [...experiment.problems, ...missingTemplates(experiment, templates)],
    servicesInUse: servicesInUse(experiment, caches, routers),
  };
}

/** Once it has begun, a template that is missing is an error of its analysis and of nothing else. */
function missingTemplates(
  { spec, status }: ObservedExperiment,
  templates: ExperimentWorld['templates'],
): readonly SpecProblem[] {
  return status.availableAt === undefined ? missingAnalyses(spec.analyses ?? [], templates) : [];
}

/** The analyses of an Experiment whose templates are not there. */
export function missingAnalyses(
  analyses: readonly ExperimentAnalysis[],
  templates: ExperimentWorld['templates'],
): readonly SpecProblem[] {
  return analyses.flatMap(({ templateName, clusterScope = false }, index) => {
    const kind = clusterScope ? 'ClusterAnalysisTemplate' : 'AnalysisTemplate';
    return templates.has(templateKey(templateName, clusterScope))
      ? []
      : [{ field: `spec.analyses[${index}].templateName`, message: `there is no ${kind} "${templateName}"` }];
  });
}

/**
 * The Services to which the routers of its Rollout were read to lead users. A router that has not taken its object as
 * it stands goes on as before, so it may still lead to any of them.
 */
function servicesInUse(
  { owner, uid }: ObservedExperiment,
  caches: Caches,
  registry: RouterRegistry,
): ReadonlySet<string> {
  const rollout = owner === undefined ? undefined : caches.rollouts.find(owner);
  if (rollout === undefined) return new Set();
  return new Set(
    routersOf(rollout, registry).flatMap((router) => {
      const { acceptance, additionalWeights } = router.read(objectsOf(router, caches));
      if (acceptance === 'pending' || acceptance === 'refused') {
        return caches.services.ownedBy(uid).map(({ name }) => name);
      }
      return Object.entries(additionalWeights).flatMap(([service, weight]) => (weight > 0 ? [service] : []));
    }),
  );
}
