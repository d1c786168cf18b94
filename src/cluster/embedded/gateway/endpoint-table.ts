import type { CacheChange, ObjectCache } from '../workloads/object-cache.ts';
import { isPodTerminating } from '../workloads/pod-facts.ts';
import { serviceEndpoints } from '../workloads/service-endpoints.ts';
import type { Endpoint, EndpointPort, EndpointSlice, Pod, Service } from '../workloads/shapes.ts';
import type { BackendTarget } from './backend.ts';

/** One pod that can be sent requests. */
export interface PodEndpoint {
  readonly address: string;
  readonly port: number;
  /** Name of the pod; empty when the endpoint does not name one. */
  readonly pod: string;
  /** Pod-template hash of its revision; empty when the pod carries none. */
  readonly revision: string;
}

/** What stands behind a reference to a Service right now. */
export type BackendState =
  | { readonly kind: 'ready'; readonly endpoints: readonly PodEndpoint[] }
  | { readonly kind: 'missing'; readonly message: string };

type ServiceTarget = Extract<BackendTarget, { kind: 'service' }>;

/** The caches the table reads. */
export interface EndpointCaches {
  readonly services: ObjectCache;
  readonly endpointSlices: ObjectCache;
  readonly pods: ObjectCache;
}

/**
 * Which pods stand behind which Service port, from Services, EndpointSlices and pods. The pods are looked at too
 * because a pod that is being deleted must get no request from the moment its deletion is known, which is before its
 * slice says so, and for its revision.
 */
export class EndpointTable {
  readonly #caches: EndpointCaches;
  readonly #known = new Map<string, BackendState>();
  readonly #stops: readonly (() => void)[];

  constructor(caches: EndpointCaches) {
    this.#caches = caches;
    const forget = (): void => this.#known.clear();
    this.#stops = [
      caches.services.subscribe(forget),
      caches.endpointSlices.subscribe(forget),
      caches.pods.subscribe((change) => {
        if (matters(change)) forget();
      }),
    ];
  }

  /** The ready pods behind a Service port. */
  find(target: ServiceTarget): BackendState {
    const key = `${target.namespace}/${target.name}:${target.port}`;
    const known = this.#known.get(key);
    if (known !== undefined) return known;
    const state = this.#compute(target);
    this.#known.set(key, state);
    return state;
  }

  /** The same, from a Service and pods that were just read instead of from slices, which may lag behind. */
  fresh(target: ServiceTarget, service: Service, pods: readonly Pod[]): BackendState {
    const groups = serviceEndpoints(service, pods);
    return this.#collect(target, service, groups);
  }

  /** Stops following the caches. */
  close(): void {
    for (const stop of this.#stops) stop();
  }

  #compute(target: ServiceTarget): BackendState {
    const service: Service | undefined = this.#caches.services.get(target.namespace, target.name);
    if (service === undefined) {
      return { kind: 'missing', message: `Service "${target.namespace}/${target.name}" does not exist` };
    }
    const slices: readonly EndpointSlice[] = this.#caches.endpointSlices.withLabels(target.namespace, {
      'kubernetes.io/service-name': target.name,
    });
    const inOrder = slices.toSorted((left, right) => (left.metadata.name < right.metadata.name ? -1 : 1));
    return this.#collect(target, service, inOrder);
  }

  #collect(
    target: ServiceTarget,
    service: Service,
    groups: readonly {
      readonly ports?: readonly EndpointPort[] | null;
      readonly endpoints?: readonly Endpoint[] | null;
    }[],
  ): BackendState {
    const servicePort = service.spec?.ports?.find(({ port }) => port === target.port);
    if (servicePort === undefined) {
      const message = `Service "${target.namespace}/${target.name}" has no port ${target.port}`;
      return { kind: 'missing', message };
    }
    const endpoints = new Map<string, PodEndpoint>();
    for (const { ports, endpoints: members } of groups) {
      const port = ports?.find(({ name }) => (name ?? '') === (servicePort.name ?? ''))?.port;
      if (typeof port !== 'number') continue;
      for (const member of members ?? []) {
        const endpoint = this.#usable(target.namespace, member, port);
        if (endpoint !== undefined) endpoints.set(`${endpoint.address}:${port}`, endpoint);
      }
    }
    return { kind: 'ready', endpoints: [...endpoints.values()] };
  }

  #usable(namespace: string, endpoint: Endpoint, port: number): PodEndpoint | undefined {
    const [address] = endpoint.addresses;
    if (address === undefined || endpoint.conditions?.ready === false) return undefined;
    const { kind, name = '' } = endpoint.targetRef ?? {};
    if (kind !== 'Pod') return { address, port, pod: name, revision: '' };
    const pod: Pod | undefined = this.#caches.pods.get(namespace, name);
    if (pod === undefined || !isSamePod(endpoint, pod) || isPodTerminating(pod)) return undefined;
    return { address, port, pod: name, revision: revisionOf(pod) };
  }
}

function isSamePod({ targetRef }: Endpoint, pod: Pod): boolean {
  return targetRef?.uid === undefined || targetRef.uid === pod.metadata.uid;
}

/** The hash that a Rollout, or else a Deployment, gave the pod. */
function revisionOf({ metadata: { labels = {} } }: Pod): string {
  return labels['rollouts-pod-template-hash'] ?? labels['pod-template-hash'] ?? '';
}

/** Only a pod's coming, going, beginning to go and labels change what the table says. */
function matters({ before, after }: CacheChange): boolean {
  return (
    before?.metadata.uid !== after?.metadata.uid ||
    before?.metadata.deletionTimestamp !== after?.metadata.deletionTimestamp ||
    before?.metadata.labels !== after?.metadata.labels
  );
}
