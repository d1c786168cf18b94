import { resourceTypes } from '../../../api/resource-types.ts';
import { hasCode } from '../../../base/error.ts';
import type { ClusterPort } from '../../port.ts';
import type { ObjectCache } from '../workloads/object-cache.ts';
import type { Service } from '../workloads/shapes.ts';
import type { BackendTarget } from './backend.ts';
import type { BackendState, EndpointCaches, EndpointTable } from './endpoint-table.ts';

type ServiceTarget = Extract<BackendTarget, { kind: 'service' }>;

/** The caches of the gateway. */
export interface GatewayCaches extends EndpointCaches {
  readonly routes: ObjectCache;
}

const readMsMax = 2000;

/**
 * Reads a route and what stands behind one of its Services from the store itself. Asked before a request is refused:
 * watches of several kinds arrive independently and slices follow their pods a moment later, so right after a change
 * the caches can show a weight without the pod that was already ready for it. Calls for the same backend share one
 * read.
 */
export class BackendLookup {
  readonly #cluster: ClusterPort;
  readonly #caches: GatewayCaches;
  readonly #endpoints: EndpointTable;
  readonly #signal: AbortSignal;
  readonly #running = new Map<string, Promise<BackendState>>();

  constructor(cluster: ClusterPort, caches: GatewayCaches, endpoints: EndpointTable, signal: AbortSignal) {
    this.#cluster = cluster;
    this.#caches = caches;
    this.#endpoints = endpoints;
    this.#signal = signal;
  }

  /**
   * The state of the backend in the store; the route in the cache is up to date afterwards. Rejects when unreadable.
   */
  read(route: { readonly namespace: string; readonly name: string }, target: ServiceTarget): Promise<BackendState> {
    const key = `${route.namespace}/${route.name}/${target.name}:${target.port}`;
    const running = this.#running.get(key);
    if (running !== undefined) return running;
    const reading = this.#read(route, target).finally(() => this.#running.delete(key));
    this.#running.set(key, reading);
    return reading;
  }

  async #read(
    route: { readonly namespace: string; readonly name: string },
    target: ServiceTarget,
  ): Promise<BackendState> {
    const call = { signal: this.#signal, timeoutMs: readMsMax };
    const { namespace, name } = target;
    const [routeObject, service] = await Promise.all([
      this.#cluster.get({ type: resourceTypes.httpRoute, ...route }, call).catch(absentWhenNotFound),
      this.#cluster.get({ type: resourceTypes.service, namespace, name }, call).catch(absentWhenNotFound),
    ]);
    if (routeObject !== undefined) this.#caches.routes.put(routeObject);
    if (service === undefined) return { kind: 'missing', message: `Service "${namespace}/${name}" does not exist` };
    this.#caches.services.put(service);
    const { spec }: Service = service;
    const labelSelector = Object.entries(spec?.selector ?? {})
      .map(([label, value]) => `${label}=${value}`)
      .join();
    // Without a selector somebody else writes the slices, and the cache is all there is to know.
    if (labelSelector === '') return this.#endpoints.find(target);
    const { items } = await this.#cluster.list(resourceTypes.pod, { namespace, labelSelector }, call);
    for (const pod of items) this.#caches.pods.put(pod);
    return this.#endpoints.fresh(target, service, items);
  }
}

function absentWhenNotFound(error: unknown): undefined {
  if (hasCode(error, 'NotFound')) return undefined;
  throw error;
}
