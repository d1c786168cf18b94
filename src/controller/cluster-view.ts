import type { AnalysisTemplateSpec } from '../api/analysis-template.ts';
import type { KubeObject, ResourceType } from '../api/object.ts';
import { resourceTypes } from '../api/resource-types.ts';
import type { RouterCapabilitiesByName } from '../api/validate-rollout.ts';
import type { Clock } from '../base/clock.ts';
import { invariant } from '../base/invariant.ts';
import type { Log } from '../base/log.ts';
import type { Random } from '../base/random.ts';
import type { CacheChange } from '../cluster/object-index.ts';
import type { ClusterPort } from '../cluster/port.ts';
import { Reflector } from '../cluster/reflector.ts';
import type { Caches } from './caches.ts';
import { projectAnalysisRun, projectPod, projectReplicaSet, projectService } from './project.ts';
import { rolloutProjector } from './rollout-projector.ts';

/** How a cluster is looked at. */
export interface ClusterViewOptions {
  readonly cluster: ClusterPort;
  /** Only this namespace; all when absent. */
  readonly namespace?: string;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Log;
  readonly routers: RouterCapabilitiesByName;
  /** Kinds that routers may touch. */
  readonly routerTypes: readonly ResourceType[];
  /** Told of every change, with the object's kind and its owner's identity where it has one. */
  onChange(type: ResourceType, change: CacheChange<unknown>): void;
}

/** The caches of one cluster and the watches that feed them. */
export interface ClusterView extends Caches {
  /** Starts following; resolves when every kind was read once. `ended` resolves after the signal aborted. */
  start(signal: AbortSignal): { readonly synced: Promise<void>; readonly ended: Promise<void> };
}

/** Makes the view of a cluster. Nothing is read before it is started. */
export function createClusterView(options: ClusterViewOptions): ClusterView {
  const reflect = <View>(type: ResourceType, project: (object: KubeObject) => View): Reflector<View> =>
    new Reflector<View>({
      ...options,
      ...(type.namespaced ? {} : { namespace: undefined }),
      random: options.random.fork(type.plural),
      type,
      project,
      onChange: (change) => options.onChange(type, change),
    } as ConstructorParameters<typeof Reflector<View>>[0]);
  const caches = {
    rollouts: reflect(resourceTypes.rollout, rolloutProjector(options.routers)),
    replicaSets: reflect(resourceTypes.replicaSet, projectReplicaSet),
    services: reflect(resourceTypes.service, projectService),
    pods: reflect(resourceTypes.pod, projectPod),
    analysisRuns: reflect(resourceTypes.analysisRun, projectAnalysisRun),
    analysisTemplates: reflect(resourceTypes.analysisTemplate, templateSpec),
    clusterAnalysisTemplates: reflect(resourceTypes.clusterAnalysisTemplate, templateSpec),
  };
  const routerCaches = new Map(
    options.routerTypes.map((type) => [nameOf(type), reflect(type, (object) => object)] as const),
  );
  const reflectors = [...Object.values(caches), ...routerCaches.values()];
  return {
    ...caches,
    routerObjects(type) {
      const cache = routerCaches.get(nameOf(type));
      invariant(cache !== undefined, `routers declare the kind ${type.kind} that they use`);
      return cache;
    },
    start(signal) {
      const runs = reflectors.map((reflector) => reflector.run(signal));
      return {
        synced: Promise.all(reflectors.map(({ synced }) => synced)).then(() => undefined),
        ended: Promise.all(runs).then(() => undefined),
      };
    },
  };
}

function nameOf({ plural, group }: ResourceType): string {
  return `${plural}.${group}`;
}

function templateSpec(object: KubeObject): AnalysisTemplateSpec {
  return object['spec'] ?? {};
}
