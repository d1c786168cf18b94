import { listOf, numberOf, recordOf, textOf, type JsonRecord } from '../api/json-access.ts';
import type { KubeObject } from '../api/object.ts';
import { hashLabel } from '../api/pod-template-hash.ts';
import { resourceTypes } from '../api/resource-types.ts';
import type { Commit } from './ledger.ts';
import { Proxies, type RouteWrite } from './proxies.ts';
import type { VirtualTime } from './virtual-clock.ts';

/** Where the users of one Rollout come in. */
export interface Frontend {
  /** `namespace/name` of the Rollout. */
  readonly rollout: string;
  readonly namespace: string;
  readonly entry: { readonly kind: 'route' | 'service'; readonly name: string };
}

/** Who answers the users of a frontend. Shares sum to 1. */
export interface Flow {
  readonly pods: readonly PodShare[];
  /** Share of the requests for which there was nobody to send them to. */
  readonly unserved: number;
}

export interface PodShare {
  readonly pod: string;
  readonly hash: string;
  readonly share: number;
}

/** A pod as the data plane knows it. */
export interface ServingPod {
  readonly key: string;
  readonly hash: string;
  readonly image: string;
  readonly address: string;
  readonly isRunning: boolean;
}

/** How a data plane is set up. */
export interface DataPlaneOptions {
  readonly time: VirtualTime;
  /** Milliseconds from the write of a route until one proxy acts on it; proxies count from 0. */
  readonly routeDelayMs: (proxy: number) => number;
  /** Whether the gateway takes routes now. */
  readonly takesRoutes: () => boolean;
  /** Told when every proxy acts on a route, or when the gateway has refused it. */
  readonly onRoute: (route: KubeObject) => void;
  /** Told of a frontend before its flow may change. */
  readonly beforeChange: (frontend: Frontend) => void;
  /** Told of a frontend after its flow may have changed. */
  readonly afterChange: (frontend: Frontend, flow: Flow) => void;
}

/**
 * The proxies: they know routes some time after these were written, and Services by their EndpointSlices. Users of a
 * Rollout come through its route, through its active Service, or through the Service of its own name.
 */
export class DataPlane {
  readonly #options: DataPlaneOptions;
  readonly #proxies = new Proxies();
  readonly #pods = new Map<string, ServingPod>();
  readonly #podByAddress = new Map<string, ServingPod>();
  /** Slices by Service, then by their own name. */
  readonly #slices = new Map<string, Map<string, KubeObject>>();
  readonly #frontends = new Map<string, Frontend>();
  readonly #frontendsOfService = new Map<string, Set<Frontend>>();
  readonly #frontendsOfRoute = new Map<string, Set<Frontend>>();
  readonly #routesOfService = new Map<string, Set<string>>();
  readonly #servicesOfPod = new Map<string, Set<string>>();

  constructor(options: DataPlaneOptions) {
    this.#options = options;
  }

  get frontends(): Iterable<Frontend> {
    return this.#frontends.values();
  }

  frontend(rollout: string): Frontend | undefined {
    return this.#frontends.get(rollout);
  }

  pod(key: string): ServingPod | undefined {
    return this.#pods.get(key);
  }

  podAt(address: string): ServingPod | undefined {
    return this.#podByAddress.get(address);
  }

  /** Adds a way in that no Rollout has by itself, such as that of testers to a preview. */
  addFrontend(frontend: Frontend): void {
    this.#frontends.set(frontend.rollout, frontend);
    put(this.#indexOf(frontend), `${frontend.namespace}/${frontend.entry.name}`, frontend);
    this.#options.afterChange(frontend, this.flow(frontend));
  }

  /** The route as proxies act on it now: more than one while they do not agree. */
  routes(namespace: string, name: string): readonly KubeObject[] {
    return this.#proxies.copiesOf(`${namespace}/${name}`).flatMap(({ route }) => route ?? []);
  }

  /** Takes a write in. */
  apply(commit: Commit): void {
    switch (commit.kind) {
      case resourceTypes.rollout.kind:
        this.#takeRollout(commit);
        return;
      case resourceTypes.httpRoute.kind:
        this.#takeRoute(commit);
        return;
      case resourceTypes.endpointSlice.kind:
        this.#takeSlice(commit);
        return;
      case resourceTypes.pod.kind:
        this.#takePod(commit);
        return;
      default:
    }
  }

  /** Who answers the users of a frontend now. */
  flow({ namespace, entry }: Frontend): Flow {
    const { shares, lost } =
      entry.kind === 'service'
        ? { shares: new Map([[entry.name, 1]]), lost: 0 }
        : this.#sharesBy(`${namespace}/${entry.name}`);
    const pods: PodShare[] = [];
    let unserved = lost;
    for (const [service, share] of shares) {
      const ready = this.#readyPods(namespace, service);
      for (const pod of ready) {
        if (pod.isRunning) pods.push({ pod: pod.key, hash: pod.hash, share: share / ready.length });
        else unserved += share / ready.length;
      }
      if (ready.length === 0) unserved += share;
    }
    return { pods, unserved };
  }

  /** Shares of the Services behind a route, over all proxies, and the share of those that lead nowhere. */
  #sharesBy(key: string): { readonly shares: ReadonlyMap<string, number>; readonly lost: number } {
    const shares = new Map<string, number>();
    let lost = 0;
    for (const { route, share: part } of this.#proxies.copiesOf(key)) {
      const split = splitOf(route);
      if (split.length === 0) lost += part;
      for (const { service, share } of split) shares.set(service, (shares.get(service) ?? 0) + share * part);
    }
    return { shares, lost };
  }

  #readyPods(namespace: string, service: string): readonly ServingPod[] {
    const slices = this.#slices.get(`${namespace}/${service}`)?.values() ?? [];
    return [...slices].flatMap((slice) =>
      listOf(slice['endpoints'])
        .map(recordOf)
        .filter((endpoint) => recordOf(endpoint['conditions'])['ready'] === true)
        .map((endpoint) => this.#podOf(namespace, endpoint)),
    );
  }

  #podOf(namespace: string, endpoint: JsonRecord): ServingPod {
    const key = `${namespace}/${textOf(recordOf(endpoint['targetRef'])['name'])}`;
    return this.#pods.get(key) ?? { key, hash: '', image: '', address: '', isRunning: false };
  }

  #takeRollout({ object, type, namespace, name }: Commit): void {
    const key = `${namespace}/${name}`;
    const known = this.#frontends.get(key);
    const entry = type === 'DELETED' ? undefined : entryOf(object);
    if (known !== undefined && known.entry.name === entry?.name && known.entry.kind === entry.kind) return;
    if (known !== undefined) {
      this.#options.beforeChange(known);
      this.#indexOf(known).get(`${namespace}/${known.entry.name}`)?.delete(known);
      this.#frontends.delete(key);
    }
    if (entry === undefined) return;
    this.addFrontend({ rollout: key, namespace, entry });
  }

  #indexOf({ entry }: Frontend): Map<string, Set<Frontend>> {
    return entry.kind === 'route' ? this.#frontendsOfRoute : this.#frontendsOfService;
  }

  #takeRoute({ object, type, previous, namespace, name, version }: Commit): void {
    if (type === 'MODIFIED' && previous?.metadata.generation === object.metadata.generation) return;
    const { time, routeDelayMs } = this.#options;
    const write = { key: `${namespace}/${name}`, version, route: type === 'DELETED' ? undefined : object };
    const delays = Map.groupBy(this.#proxies.all, (proxy) => (previous === undefined ? 0 : routeDelayMs(proxy)));
    for (const [delayMs, proxies] of delays) time.at(time.nowMs + delayMs, () => this.#tell(write, proxies));
  }

  /** Gives a route to the gateway and at once to all proxies. */
  offer(route: KubeObject): void {
    const { name, namespace = '', resourceVersion } = route.metadata;
    this.#tell({ key: `${namespace}/${name}`, version: Number(resourceVersion), route }, this.#proxies.all);
  }

  /** Proxies go on as before when the gateway does not take a route. */
  #tell(write: RouteWrite, proxies: readonly number[]): void {
    const { takesRoutes, onRoute } = this.#options;
    const news = this.#proxies.tell(write, proxies);
    const isTaken = write.route === undefined || takesRoutes();
    if (news.length === 0) return;
    if (isTaken) {
      this.#change(this.#frontendsOfRoute.get(write.key), () => this.#setRoute(write, news));
    }
    if (write.route !== undefined && (!isTaken || this.#proxies.haveAllHeard(write))) onRoute(write.route);
  }

  #setRoute(write: RouteWrite, proxies: readonly number[]): void {
    const { key } = write;
    const [namespace = ''] = key.split('/');
    for (const service of this.#sharesBy(key).shares.keys()) {
      this.#routesOfService.get(`${namespace}/${service}`)?.delete(key);
    }
    this.#proxies.set(write, proxies);
    for (const service of this.#sharesBy(key).shares.keys()) put(this.#routesOfService, `${namespace}/${service}`, key);
  }

  #takeSlice({ object, type, namespace, name }: Commit): void {
    const service = object.metadata.labels?.['kubernetes.io/service-name'] ?? '';
    const key = `${namespace}/${service}`;
    this.#change(this.#frontendsBehind(key), () => {
      const slices = this.#slices.get(key) ?? new Map<string, KubeObject>();
      for (const pod of podsIn(namespace, slices.get(name))) this.#servicesOfPod.get(pod)?.delete(key);
      if (type === 'DELETED') slices.delete(name);
      else slices.set(name, object);
      for (const pod of podsIn(namespace, slices.get(name))) put(this.#servicesOfPod, pod, key);
      this.#slices.set(key, slices);
    });
  }

  /** A pod that is gone stays in the slices for a moment; requests to it fail until then. */
  #takePod({ object, type, namespace, name }: Commit): void {
    const key = `${namespace}/${name}`;
    const before = this.#pods.get(key);
    const after = type === 'DELETED' ? undefined : servingPod(key, object);
    if (before?.isRunning === after?.isRunning && before?.address === after?.address) return;
    const services = [...(this.#servicesOfPod.get(key) ?? [])];
    if (after === undefined) this.#servicesOfPod.delete(key);
    this.#change(
      services.flatMap((service) => [...this.#frontendsBehind(service)]),
      () => this.#replacePod(key, before, after),
    );
  }

  #replacePod(key: string, before: ServingPod | undefined, after: ServingPod | undefined): void {
    if (before !== undefined) this.#podByAddress.delete(before.address);
    if (after === undefined) {
      this.#pods.delete(key);
      return;
    }
    this.#pods.set(key, after);
    if (after.address !== '') this.#podByAddress.set(after.address, after);
  }

  *#frontendsBehind(service: string): Iterable<Frontend> {
    yield* this.#frontendsOfService.get(service) ?? [];
    for (const route of this.#routesOfService.get(service) ?? []) yield* this.#frontendsOfRoute.get(route) ?? [];
  }

  #change(frontends: Iterable<Frontend> | undefined, change: () => void): void {
    const concerned = new Set(frontends);
    for (const frontend of concerned) this.#options.beforeChange(frontend);
    change();
    for (const frontend of concerned) this.#options.afterChange(frontend, this.flow(frontend));
  }
}

function put<Value>(index: Map<string, Set<Value>>, key: string, value: Value): void {
  index.set(key, (index.get(key) ?? new Set()).add(value));
}

function podsIn(namespace: string, slice: KubeObject | undefined): readonly string[] {
  return listOf(slice?.['endpoints']).map(
    (endpoint) => `${namespace}/${textOf(recordOf(recordOf(endpoint)['targetRef'])['name'])}`,
  );
}

function servingPod(key: string, { metadata, ...pod }: KubeObject): ServingPod {
  const status = recordOf(pod['status']);
  const [container] = listOf(recordOf(pod['spec'])['containers']).map(recordOf);
  return {
    key,
    hash: metadata.labels?.[hashLabel] ?? '',
    image: textOf(container?.['image']),
    address: textOf(status['podIP']),
    isRunning: status['phase'] === 'Running',
  };
}

function entryOf({ metadata, spec }: KubeObject): Frontend['entry'] | undefined {
  const strategy = recordOf(recordOf(spec)['strategy']);
  const { activeService } = recordOf(strategy['blueGreen']);
  if (activeService !== undefined) return { kind: 'service', name: textOf(activeService) };
  const { trafficRouting, stableService } = recordOf(strategy['canary']);
  const plugins = recordOf(recordOf(trafficRouting)['plugins']);
  const route = textOf(recordOf(plugins['argoproj-labs/gatewayAPI'])['httpRoute']);
  if (route !== '') return { kind: 'route', name: route };
  return { kind: 'service', name: textOf(stableService) || metadata.name };
}

/** Backends of ordinary requests, which carry no special header. */
export function splitOf(
  route: KubeObject | undefined,
): readonly { readonly service: string; readonly share: number }[] {
  const rules = listOf(recordOf(route?.['spec'])['rules']).map(recordOf);
  const rule = rules.find(
    ({ matches }) =>
      listOf(matches).length === 0 || listOf(matches).some((match) => listOf(recordOf(match)['headers']).length === 0),
  );
  const backends = listOf(rule?.['backendRefs']).map(recordOf);
  const weights = backends.map(({ weight }) => numberOf(weight) ?? 1);
  const sum = weights.reduce((total, weight) => total + weight, 0);
  return backends.flatMap(({ name }, index) => {
    const weight = weights[index] ?? 0;
    return weight > 0 ? [{ service: textOf(name), share: weight / sum }] : [];
  });
}
