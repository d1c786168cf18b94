import { controllerOf } from '../../../api/controller-owner.ts';
import type { KubeObject, ResourceType } from '../../../api/object.ts';
import { resourceTypes } from '../../../api/resource-types.ts';
import { SluiceError } from '../../../base/error.ts';
import { CachedCluster } from './cached-cluster.ts';
import { reconcileDeployment } from './deployment.ts';
import { reconcileEndpointSlices } from './endpoint-slice.ts';
import { reconcileJob } from './job.ts';
import { keyQueue, type KeyQueue } from './key-queue.ts';
import { keyOf, type CacheChange, type FollowOptions } from './object-cache.ts';
import { reconcileReplicaSet, type WorkloadContext } from './replica-set.ts';
import { SelectorIndex } from './selector-index.ts';
import type { ReplicaSet, Service } from './shapes.ts';

/** Running workload controllers. */
export interface Workloads {
  /** Resolves when every kind has been listed once and work has begun. */
  readonly synced: Promise<void>;
  /** Starts nothing any more and resolves when what was running is done. */
  stop(): Promise<void>;
}

/**
 * Runs the controllers of the built-in kinds on a cluster: ReplicaSet, Deployment, Job, and EndpointSlices of Services.
 * Each is level-triggered: a change only says which object to look at. They wait only on the given clock, so that they
 * run in virtual time too. The embedded store itself sees to garbage collection and to disruption budgets.
 */
export function startWorkloads(options: FollowOptions): Workloads {
  const { clock, log } = options;
  const ending = new AbortController();
  const cluster = new CachedCluster(followedTypes, options, ending.signal, 'sluice-workloads');
  const context: WorkloadContext = { cluster, clock };
  const indexes = indexSelectors(cluster);
  const stops: (() => void)[] = [];
  const queues: KeyQueue[] = [];
  const { synced, ended } = cluster.follow();
  const begin = (): void => {
    if (ending.signal.aborted) return;
    for (const { work, triggers } of controllersWith(indexes, cluster)) {
      const queue = keyQueue({ clock, work: (key) => work(key, context), log });
      queues.push(queue);
      for (const { type, keys } of triggers) {
        const cache = cluster.of(type);
        stops.push(cache.subscribe((change) => keysOf(change, keys).forEach((key) => queue.add(key))));
        for (const object of cache.all()) keys(object).forEach((key) => queue.add(key));
      }
    }
  };
  return {
    synced: synced.then(begin),
    async stop() {
      ending.abort(new SluiceError('Cancelled', 'the workload controllers are stopping'));
      for (const stop of stops) stop();
      await Promise.all([ended, ...queues.map((queue) => queue.stop())]);
    },
  };
}

const followedTypes: readonly ResourceType[] = [
  resourceTypes.pod,
  resourceTypes.replicaSet,
  resourceTypes.deployment,
  resourceTypes.job,
  resourceTypes.service,
  resourceTypes.endpointSlice,
];

interface Controller {
  readonly work: (key: string, context: WorkloadContext) => Promise<number | undefined>;
  /** For every kind that matters: the keys of the objects that one of it concerns. */
  readonly triggers: readonly { readonly type: ResourceType; readonly keys: KeysOf }[];
}

type KeysOf = (object: KubeObject) => readonly string[];

interface Indexes {
  readonly replicaSets: SelectorIndex;
  readonly services: SelectorIndex;
}

function indexSelectors(cluster: CachedCluster): Indexes {
  const replicaSets = new SelectorIndex(({ spec }: ReplicaSet) => spec?.selector?.matchLabels ?? {});
  const services = new SelectorIndex(({ spec }: Service) => spec?.selector ?? {});
  cluster.of(resourceTypes.replicaSet).subscribe((change) => replicaSets.update(change));
  cluster.of(resourceTypes.service).subscribe((change) => services.update(change));
  return { replicaSets, services };
}

function controllersWith({ replicaSets, services }: Indexes, cluster: CachedCluster): readonly Controller[] {
  const { pod, replicaSet, deployment, job, service, endpointSlice } = resourceTypes;
  const selectedBy =
    (index: SelectorIndex): KeysOf =>
    ({ metadata: { namespace = '', labels = {} } }) =>
      index.candidates(namespace, labels);
  return [
    {
      work: reconcileReplicaSet,
      triggers: [
        { type: replicaSet, keys: ownKey },
        // An orphan may be adopted by whoever selects it.
        { type: pod, keys: (object) => controllerKey(object, 'ReplicaSet') ?? selectedBy(replicaSets)(object) },
      ],
    },
    {
      work: reconcileDeployment,
      triggers: [
        { type: deployment, keys: ownKey },
        { type: replicaSet, keys: (object) => controllerKey(object, 'Deployment') ?? [] },
        // Recreate waits for the last pod of the old revision.
        { type: pod, keys: (object) => grandparentKey(object, cluster) },
      ],
    },
    {
      work: reconcileJob,
      triggers: [
        { type: job, keys: ownKey },
        { type: pod, keys: (object) => controllerKey(object, 'Job') ?? [] },
      ],
    },
    {
      work: reconcileEndpointSlices,
      triggers: [
        { type: service, keys: ownKey },
        { type: pod, keys: selectedBy(services) },
        { type: endpointSlice, keys: serviceKey },
      ],
    },
  ];
}

/** A change concerns whom the object concerned before and whom it concerns now. */
function keysOf({ before, after }: CacheChange, keys: KeysOf): ReadonlySet<string> {
  return new Set([before, after].flatMap((object) => (object === undefined ? [] : keys(object))));
}

function ownKey(object: KubeObject): readonly string[] {
  return [keyOf(object)];
}

/** The key of the controller of an object; none when it is of another kind; undefined when there is no controller. */
function controllerKey(object: KubeObject, kind: string): readonly string[] | undefined {
  const owner = controllerOf(object);
  if (owner === undefined) return undefined;
  return owner.kind === kind ? [`${object.metadata.namespace ?? ''}/${owner.name}`] : [];
}

function grandparentKey(object: KubeObject, cluster: CachedCluster): readonly string[] {
  const owner = controllerOf(object);
  if (owner?.kind !== 'ReplicaSet') return [];
  const parent = cluster.of(resourceTypes.replicaSet).get(object.metadata.namespace ?? '', owner.name);
  return parent === undefined ? [] : (controllerKey(parent, 'Deployment') ?? []);
}

function serviceKey({ metadata: { namespace = '', labels = {} } }: KubeObject): readonly string[] {
  const name = labels['kubernetes.io/service-name'];
  return name === undefined ? [] : [`${namespace}/${name}`];
}
