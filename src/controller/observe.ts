import type { AnalysisTemplateReference, RolloutAnalysis } from '../api/analysis-reference.ts';
import type { AnalysisTemplateSpec } from '../api/analysis-template.ts';
import { isRestartDue } from '../engine/restart-plan.ts';
import {
  templateKey,
  type Hold,
  type ReplicaSetView,
  type RolloutView,
  type RouterView,
  type ServiceView,
  type SpecProblem,
  type World,
} from '../engine/world.ts';
import type { Caches } from './caches.ts';
import { stepExperimentView } from './experiments/step-experiment-view.ts';
import type { ConfiguredRouter } from './routers.ts';
import { objectsOf } from './write-traffic.ts';

/** What observing needs besides the Rollout. */
export interface ObserveSources {
  readonly caches: Caches;
  readonly routers: readonly ConfiguredRouter[];
  /** What is wrong with the specification and with what it refers to. */
  readonly problems: readonly SpecProblem[];
  readonly holds: readonly Hold[];
  /** Wall time in milliseconds since the epoch. */
  readonly now: number;
}

/** Puts together, from the caches alone, everything one decision is made from. Reads nothing over the network. */
export function observe(rollout: RolloutView, sources: ObserveSources): World {
  const { caches, routers, now, holds } = sources;
  const services = observeServices(rollout, caches);
  const templates = observeTemplates(rollout, caches);
  return {
    now,
    rollout,
    replicaSets: caches.replicaSets.ownedBy(rollout.uid).map((set) => withoutLeaving(set, caches)),
    services,
    traffic: routers.map((router) => observeRouter(router, caches)),
    analysisRuns: caches.analysisRuns.ownedBy(rollout.uid),
    experiments: caches.experiments.ownedBy(rollout.uid).map((experiment) => stepExperimentView(experiment, caches)),
    templates,
    pods: isRestartDue(rollout, now)
      ? caches.replicaSets.ownedBy(rollout.uid).flatMap(({ uid }) => caches.pods.ownedBy(uid))
      : [],
    problems: sources.problems,
    holds,
  };
}

/**
 * A ReplicaSet goes on counting pods that were evicted a moment ago, and nothing may be built on them. Those that it is
 * to lose anyhow are known from its size.
 */
function withoutLeaving(replicaSet: ReplicaSetView, { pods }: Caches): ReplicaSetView {
  const owned = pods.ownedBy(replicaSet.uid);
  if (!owned.some(({ deleting }) => deleting)) return replicaSet;
  const staying = owned.filter(({ available, deleting }) => available && !deleting).length;
  return staying < Math.min(replicaSet.specReplicas, replicaSet.availableReplicas)
    ? { ...replicaSet, availableReplicas: staying }
    : replicaSet;
}

function observeRouter(router: ConfiguredRouter, caches: Caches): RouterView {
  const objects = objectsOf(router, caches);
  return {
    router: router.name,
    reading: router.read(objects),
    fresh: true,
    says: (plan) => {
      const changes = router.write(objects, plan);
      return changes.ok && changes.value.length === 0;
    },
  };
}

/** Names of the Services that a specification names. */
export function namedServices({ spec }: RolloutView): readonly string[] {
  const { canary, blueGreen } = spec.strategy ?? {};
  return [
    canary?.stableService,
    canary?.canaryService,
    canary?.pingPong?.pingService,
    canary?.pingPong?.pongService,
    blueGreen?.activeService,
    blueGreen?.previewService,
  ].filter((name): name is string => name !== undefined && name !== '');
}

function observeServices(rollout: RolloutView, caches: Caches): ReadonlyMap<string, ServiceView> {
  const found = namedServices(rollout).flatMap((name) => {
    const service = caches.services.get(rollout.namespace, name);
    return service === undefined ? [] : [[name, service] as const];
  });
  return new Map(found);
}

/** The templates that the Rollout names, and those that these name. */
export function observeTemplates(rollout: RolloutView, caches: Caches): ReadonlyMap<string, AnalysisTemplateSpec> {
  return findTemplates(
    rollout.namespace,
    analysesOf(rollout).flatMap(({ templates = [] }) => templates),
    caches,
  );
}

/** The templates of a namespace that are named, and those that these name. One that does not exist is left out. */
export function findTemplates(
  namespace: string,
  references: readonly AnalysisTemplateReference[],
  caches: Caches,
): ReadonlyMap<string, AnalysisTemplateSpec> {
  return collectTemplates(references, (reference) => lookUp(caches, namespace, reference));
}

/** The templates that are named, and those that these name, from wherever they are looked up. */
export function collectTemplates(
  references: readonly AnalysisTemplateReference[],
  lookUpOne: (reference: AnalysisTemplateReference) => AnalysisTemplateSpec | undefined,
): ReadonlyMap<string, AnalysisTemplateSpec> {
  const found = new Map<string, AnalysisTemplateSpec>();
  const open = [...references];
  // Every turn either takes a reference away for good or adds those of one template that was not there before.
  for (let reference = open.pop(); reference !== undefined; reference = open.pop()) {
    const { templateName = '', clusterScope = false } = reference;
    const key = templateKey(templateName, clusterScope);
    const spec = found.has(key) ? undefined : lookUpOne(reference);
    if (spec === undefined) continue;
    found.set(key, spec);
    open.push(...(spec.templates ?? []));
  }
  return found;
}

function lookUp(
  caches: Caches,
  namespace: string,
  { templateName = '', clusterScope = false }: AnalysisTemplateReference,
): AnalysisTemplateSpec | undefined {
  return clusterScope
    ? caches.clusterAnalysisTemplates.get('', templateName)
    : caches.analysisTemplates.get(namespace, templateName);
}

/** Every analysis that a specification asks for. */
export function analysesOf({ spec }: RolloutView): readonly RolloutAnalysis[] {
  const { canary, blueGreen } = spec.strategy ?? {};
  return [
    canary?.analysis,
    ...(canary?.steps ?? []).map(({ analysis }) => analysis),
    blueGreen?.prePromotionAnalysis,
    blueGreen?.postPromotionAnalysis,
  ].filter((analysis) => analysis !== undefined);
}
