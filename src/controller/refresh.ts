import type { ResourceType } from '../api/object.ts';
import { resourceTypes } from '../api/resource-types.ts';
import { hasCode } from '../base/error.ts';
import type { Effect } from '../engine/decision.ts';
import type { ObjectCache } from './caches.ts';
import type { PerformContext } from './perform-context.ts';

/**
 * Reads the objects of an effect again whose answer was lost: it may have been done, and the next decision must know.
 * What is not there is forgotten. Rejects when the cluster still does not answer; the pass is then tried again.
 */
export async function refresh(effect: Effect, context: PerformContext, signal: AbortSignal): Promise<void> {
  const { caches } = context;
  switch (effect.kind) {
    case 'setTraffic':
      for (const { targets } of context.routers) {
        for (const target of targets) {
          if (target.kind === 'named') await readAgain(caches.routerObjects(target.type), target, context, signal);
        }
      }
      return;
    case 'switchService':
      await readAgain(caches.services, { namespace: context.namespace, name: effect.service }, context, signal);
      return;
    case 'createReplicaSet':
    case 'scaleReplicaSet':
    case 'annotateReplicaSet':
    case 'setPodMetadata':
    case 'deleteReplicaSet':
      await readAgain(caches.replicaSets, { namespace: context.namespace, name: effect.name }, context, signal);
      return;
    case 'createAnalysisRun':
    case 'terminateAnalysisRun':
    case 'deleteAnalysisRun':
      await readAgain(caches.analysisRuns, { namespace: context.namespace, name: effect.name }, context, signal);
      return;
    case 'scaleWorkload':
      await readAgain(
        caches.workloads(resourceTypes.deployment),
        { namespace: context.namespace, name: effect.name },
        context,
        signal,
      );
      return;
    case 'createExperiment':
    case 'terminateExperiment':
    case 'deleteExperiment':
      await readAgain(context.caches.experiments, { namespace: context.namespace, name: effect.name }, context, signal);
      return;
    case 'evictPod':
      await readAgain(caches.pods, { namespace: context.namespace, name: effect.name }, context, signal);
      return;
    case 'callStepPlugin':
      // Nothing of it is in the cluster.
      return;
    case 'annotateRollout':
      await refreshRollout(context, signal);
  }
}

/** Reads the Rollout again, after an answer to a write of its status was lost. */
export async function refreshRollout(context: PerformContext, signal: AbortSignal): Promise<void> {
  await readAgain(context.caches.rollouts, context, context, signal);
}

/** Reads one object again into its cache; what is not there is forgotten. */
export async function readAgain<View extends { readonly uid?: string } | object>(
  cache: ObjectCache<View>,
  { namespace, name }: { readonly namespace: string; readonly name: string },
  { cluster }: Pick<PerformContext, 'cluster'>,
  signal: AbortSignal,
): Promise<void> {
  const type: ResourceType = cache.type;
  try {
    cache.remember(await cluster.get({ type, namespace, name }, { signal }));
  } catch (error) {
    if (!hasCode(error, 'NotFound')) throw error;
    const known = cache.get(namespace, name) as { readonly uid?: string } | undefined;
    if (known?.uid !== undefined) cache.forget(namespace, name, known.uid);
  }
}
