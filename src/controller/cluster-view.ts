import type { AnalysisTemplateSpec } from '../api/analysis-template.ts';
import type { KubeObject, ResourceType } from '../api/object.ts';
import { resourceTypes } from '../api/resource-types.ts';
import type { RouterCapabilitiesByName } from '../api/validate-rollout.ts';
import { workloadTypes } from '../api/workload.ts';
import type { Clock } from '../base/clock.ts';
import { invariant } from '../base/invariant.ts';
import type { Log } from '../base/log.ts';
import type { Random } from '../base/random.ts';
import type { CacheChange } from '../cluster/object-index.ts';
import type { ClusterPort } from '../cluster/port.ts';
import type { CacheStanding } from '../cluster/reflector.ts';
import type { FollowedCache } from './cache-group.ts';
import type { Caches } from './caches.ts';
import { projectExperiment } from './experiments/project-experiment.ts';
import { followKind, type Following } from './follow-kind.ts';
import { projectWorkload, type ObservedWorkload } from './project-workload.ts';
import { projectAnalysisRun, projectPod, projectReplicaSet, projectService } from './project.ts';
import { rolloutProjector, type ObservedRollout } from './rollout-projector.ts';
import { instanceSelector, type Scope } from './scope.ts';

/** How a cluster is looked at. */
export interface ClusterViewOptions {
  readonly cluster: ClusterPort;
  /** Only this namespace; all when absent. */
  readonly namespace?: string;
  /** The part of the cluster that is looked after, when it is more or less than `namespace` says. */
  readonly scope?: Scope;
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
  /** Resolves when the objects of a router's kind are known; they are followed from the first time this is asked. */
  followed(type: ResourceType): Promise<void>;
  /** The same for a kind that `workloadRef` may name. */
  followedWorkloads(type: ResourceType): Promise<void>;
  /** How well the caches of the kinds that are followed keep up, by kind. */
  standing(): ReadonlyMap<string, CacheStanding>;
}

/** Makes the view of a cluster. Nothing is read before it is started. */
export function createClusterView(options: ClusterViewOptions): ClusterView {
  const projector = rolloutProjector(options.routers);
  const forgetRollout = (gone: unknown): void => projector.forget((gone as ObservedRollout | undefined)?.uid ?? '');
  const scope = options.scope ?? { namespaces: options.namespace === undefined ? [] : [options.namespace] };
  const reflect = <View>(
    type: ResourceType,
    project: (object: KubeObject) => View,
    more: Pick<Following<View>, 'optional' | 'labelSelector'> = {},
  ): FollowedCache<View> =>
    followKind(options, scope, type, {
      project,
      ...more,
      onChange: (change) => {
        if (type === resourceTypes.rollout && change.after === undefined) forgetRollout(change.before);
        options.onChange(type, change);
      },
    });
  const instances = instanceSelector(scope);
  const ours = instances === undefined ? {} : { labelSelector: instances };
  const caches = {
    rollouts: reflect(resourceTypes.rollout, (object) => projector.project(object), ours),
    replicaSets: reflect(resourceTypes.replicaSet, projectReplicaSet),
    services: reflect(resourceTypes.service, projectService),
    pods: reflect(resourceTypes.pod, projectPod),
    analysisRuns: reflect(resourceTypes.analysisRun, projectAnalysisRun, ours),
    experiments: reflect(resourceTypes.experiment, projectExperiment, ours),
    analysisTemplates: reflect(resourceTypes.analysisTemplate, templateSpec),
    clusterAnalysisTemplates: reflect(resourceTypes.clusterAnalysisTemplate, templateSpec),
  };
  const routers = new Map(
    options.routerTypes.map((type) => [nameOf(type), reflect(type, (object) => object, { optional: true })] as const),
  );
  const routerOf = (type: ResourceType): FollowedCache<KubeObject> => declared(routers, type);
  const workloads = new Map(workloadTypes.map((type) => [nameOf(type), reflect(type, projectWorkload)] as const));
  const workloadsOf = (type: ResourceType): FollowedCache<ObservedWorkload> => declared(workloads, type);
  const runs = new Map<FollowedCache<unknown>, Promise<void>>();
  let running: AbortSignal | undefined;
  const run = (reflector: FollowedCache<unknown>): void => {
    if (running !== undefined && !runs.has(reflector)) runs.set(reflector, reflector.run(running));
  };
  const follow = async (reflector: FollowedCache<unknown>): Promise<void> => {
    run(reflector);
    await reflector.synced;
  };
  return {
    ...caches,
    routerObjects: routerOf,
    workloads: workloadsOf,
    followed: (type) => follow(routerOf(type)),
    followedWorkloads: (type) => follow(workloadsOf(type)),
    standing: () => new Map([...runs.keys()].map(({ type, standing }) => [nameOf(type), standing])),
    start(signal) {
      running = signal;
      const reflectors = Object.values(caches);
      for (const reflector of reflectors) run(reflector);
      return {
        synced: Promise.all(reflectors.map(({ synced }) => synced)).then(() => undefined),
        ended: aborted(signal)
          .then(() => Promise.all(runs.values()))
          .then(() => undefined),
      };
    },
  };
}

/** Routers declare the kinds that they use; those of workloads are listed. */
function declared<View>(caches: ReadonlyMap<string, FollowedCache<View>>, type: ResourceType): FollowedCache<View> {
  const cache = caches.get(nameOf(type));
  invariant(cache !== undefined, `${type.kind} is a kind that was declared`);
  return cache;
}

function aborted(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    signal.addEventListener('abort', () => resolve(), { once: true });
  });
}

function nameOf({ plural, group }: ResourceType): string {
  return `${plural}.${group}`;
}

function templateSpec(object: KubeObject): AnalysisTemplateSpec {
  return object['spec'] ?? {};
}
