import { resourceTypes } from '../../../api/resource-types.ts';
import type { Clock } from '../../../base/clock.ts';
import { hasCode, messageOf } from '../../../base/error.ts';
import type { Log } from '../../../base/log.ts';
import type { ClusterPort } from '../../port.ts';
import { keyQueue, type KeyQueue } from '../workloads/key-queue.ts';
import { keyOf, type CacheChange } from '../workloads/object-cache.ts';
import type { Service } from '../workloads/shapes.ts';
import type { GatewayCaches } from './backend-lookup.ts';
import type { BackendTarget } from './backend.ts';
import type { HttpRoute } from './http-route.ts';
import type { RoutedRequest } from './request-match.ts';
import { isAttached, ownParents, routeParents, type BackendProblem, type GatewayIdentity } from './route-status.ts';
import { compileRoute, routeTable, type CompiledRoute, type FoundRule } from './route-table.ts';

interface RouteDirectoryOptions {
  readonly cluster: ClusterPort;
  readonly clock: Clock;
  readonly caches: GatewayCaches;
  readonly gateway: GatewayIdentity;
  readonly signal: AbortSignal;
  readonly log: Log;
}

/** The routes of the gateway: compiled when they change, found by requests, and told their status. */
export class RouteDirectory {
  readonly #options: RouteDirectoryOptions;
  readonly #compiled = new Map<string, CompiledRoute>();
  readonly #queue: KeyQueue;
  readonly #stops: readonly (() => void)[];
  #isStarted = false;
  #find: ((request: RoutedRequest) => FoundRule | undefined) | undefined;

  constructor(options: RouteDirectoryOptions) {
    this.#options = options;
    const { caches, clock, log } = options;
    this.#queue = keyQueue({ clock, log, work: (key) => this.#writeStatus(key) });
    this.#stops = [
      caches.routes.subscribe((change) => this.#onRoute(change)),
      caches.services.subscribe((change) => this.#onService(change)),
    ];
  }

  /** The rule for a request, by the newest routes. */
  find(request: RoutedRequest): FoundRule | undefined {
    this.#find ??= routeTable([...this.#compiled.values()]);
    return this.#find(request);
  }

  /** Begins to write statuses; before, a Service that is only not listed yet would be reported as missing. */
  start(): void {
    this.#isStarted = true;
    for (const route of this.#options.caches.routes.all()) this.#ask(keyOf(route));
  }

  async stop(): Promise<void> {
    for (const stop of this.#stops) stop();
    await this.#queue.stop();
  }

  #onRoute({ before, after }: CacheChange): void {
    const object = after ?? before;
    if (object === undefined) return;
    const key = keyOf(object);
    if (after === undefined || !isSameSpec(before, after)) {
      this.#find = undefined;
      this.#compile(key, after);
    }
    this.#ask(key);
  }

  #compile(key: string, route: HttpRoute | undefined): void {
    if (route === undefined || !isAttached(route, this.#options.gateway)) this.#compiled.delete(key);
    else this.#compiled.set(key, compileSafely(route));
  }

  #ask(key: string): void {
    if (this.#isStarted) this.#queue.add(key);
  }

  /** Whether a Service exists decides over ResolvedRefs. */
  #onService({ before, after }: CacheChange): void {
    const { namespace = '' } = (after ?? before)?.metadata ?? {};
    for (const [key, { route }] of this.#compiled) {
      if ((route.metadata.namespace ?? '') === namespace) this.#ask(key);
    }
  }

  async #writeStatus(key: string): Promise<undefined> {
    const { cluster, caches, gateway, clock, signal } = this.#options;
    const [namespace = '', name = ''] = key.split('/');
    const route: HttpRoute | undefined = caches.routes.get(namespace, name);
    if (route === undefined || ownParents(route, gateway).length === 0) return;
    const compiled = { ...(this.#compiled.get(key) ?? compileSafely(route)), route };
    const parents = routeParents(compiled, gateway, (target) => this.#problemOf(target), clock.now());
    if (parents === undefined) return;
    const at = { type: resourceTypes.httpRoute, namespace, name };
    const { resourceVersion } = route.metadata;
    const body = { metadata: { resourceVersion }, status: { parents } };
    try {
      const options = { subresource: 'status', fieldManager: 'sluice-gateway' } as const;
      caches.routes.put(await cluster.patch(at, { kind: 'merge', body }, options, { signal }));
    } catch (error) {
      // A newer version, or the deletion, is on its way through the watch and leads here again.
      if (!hasCode(error, 'Conflict', 'NotFound')) throw error;
    }
  }

  #problemOf(target: BackendTarget): BackendProblem | undefined {
    if (target.kind === 'invalid') return target;
    const { namespace, name, port } = target;
    const service: Service | undefined = this.#options.caches.services.get(namespace, name);
    if (service === undefined) return { reason: 'BackendNotFound', message: `Service "${name}" does not exist` };
    if (service.spec?.ports?.some((candidate) => candidate.port === port) === true) return undefined;
    return { reason: 'BackendNotFound', message: `Service "${name}" has no port ${port}` };
  }
}

/** A change of the status alone leaves the compiled rules as they are. */
function isSameSpec(before: HttpRoute | undefined, after: HttpRoute): boolean {
  return before?.metadata.uid === after.metadata.uid && JSON.stringify(before?.spec) === JSON.stringify(after.spec);
}

/** A route whose fields have wrong types must not take the others with it. */
function compileSafely(route: HttpRoute): CompiledRoute {
  try {
    return compileRoute(route);
  } catch (error) {
    return { route, entries: [], problems: [`spec: ${messageOf(error)}`], ruleCount: 1 };
  }
}
