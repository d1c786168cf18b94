import { listOf, numberOf, recordOf, textMapOf, textOf, type JsonRecord } from '../../api/json-access.ts';
import type { KubeObject } from '../../api/object.ts';
import { hashLabel } from '../../api/pod-template-hash.ts';
import { workloadTemplate } from '../../api/workload.ts';
import { parseInstant } from '../../base/instant.ts';
import type { Ledger } from '../ledger.ts';
import { simulationStartMs } from '../virtual-clock.ts';
import { isPodServing, readySince, type PodLosses } from './pod-losses.ts';
import { readRouteWeights, type RouteWeights } from './route-weights.ts';

/** What a picture is made from. */
export interface Scene {
  readonly ledger: Ledger;
  readonly losses: PodLosses;
  /** Milliseconds since the simulation began. */
  nowMs(): number;
  /** The route as proxies act on it now: more than one while they do not agree. */
  proxiedRoutes(namespace: string, name: string): readonly KubeObject[];
  /** Smallest and largest spec.replicas of the last moments, because a controller hears of a change a little later. */
  replicasLately(uid: string, now: number): { readonly least: number; readonly most: number };
}

/** One ReplicaSet of a Rollout. */
export interface PicturedSet {
  readonly name: string;
  readonly uid: string;
  readonly hash: string;
  readonly replicas: number;
  /** Available pods that it will keep, with those that were lost a moment ago. */
  readonly available: number;
  readonly statusReplicas: number;
  /** End of its scale-down delay, in milliseconds since the simulation began. */
  readonly deadlineMs: number | undefined;
}

/** One Rollout and what belongs to it, read from the log alone. */
export class RolloutPicture {
  readonly rollout: KubeObject;
  readonly namespace: string;
  readonly key: string;
  readonly uid: string;
  readonly spec: JsonRecord;
  readonly status: JsonRecord;
  readonly scene: Scene;
  #sets: readonly PicturedSet[] | undefined;

  constructor(rollout: KubeObject, scene: Scene) {
    const { name, namespace = '', uid = '' } = rollout.metadata;
    this.rollout = rollout;
    this.namespace = namespace;
    this.key = `${namespace}/${name}`;
    this.uid = uid;
    this.spec = recordOf(rollout['spec']);
    this.status = recordOf(rollout['status']);
    this.scene = scene;
  }

  get nowMs(): number {
    return this.scene.nowMs();
  }

  get canary(): JsonRecord {
    return recordOf(recordOf(this.spec['strategy'])['canary']);
  }

  get blueGreen(): JsonRecord | undefined {
    const { blueGreen } = recordOf(this.spec['strategy']);
    return blueGreen === undefined ? undefined : recordOf(blueGreen);
  }

  /** A canary whose traffic is split by a router. */
  get isRouted(): boolean {
    return this.canary['trafficRouting'] !== undefined;
  }

  get isDynamic(): boolean {
    return this.canary['dynamicStableScale'] === true;
  }

  /** The pod template in force: its own, or that of the workload it refers to; empty without the workload. */
  get template(): JsonRecord {
    const { workloadRef } = this.spec;
    if (workloadRef === undefined) return recordOf(this.spec['template']);
    const { kind, name } = recordOf(workloadRef);
    const workload = this.scene.ledger.get(textOf(kind), this.namespace, textOf(name));
    return workload === undefined ? {} : workloadTemplate(workload);
  }

  /** spec.replicas; 1 when absent. */
  get replicas(): number {
    return numberOf(this.spec['replicas']) ?? 1;
  }

  get replicasLately(): { readonly least: number; readonly most: number } {
    return this.scene.replicasLately(this.uid, this.replicas);
  }

  /** Pods that may be unavailable. */
  get maxUnavailable(): number {
    return this.#fenceposts().maxUnavailable;
  }

  /** Pods above spec.replicas that a canary without a router may have. */
  get maxSurge(): number {
    return this.#fenceposts().maxSurge;
  }

  get steps(): readonly JsonRecord[] {
    return listOf(this.canary['steps']).map(recordOf);
  }

  /** The step that the status names; the number of steps when it names none. */
  get stepIndex(): number {
    return numberOf(this.status['currentStepIndex']) ?? this.steps.length;
  }

  get weightMax(): number {
    return numberOf(recordOf(this.canary['trafficRouting'])['maxTrafficWeight']) ?? 100;
  }

  get currentHash(): string {
    return textOf(this.status['currentPodHash']);
  }

  get stableHash(): string {
    return textOf(this.status['stableRS']);
  }

  get isAborted(): boolean {
    return this.status['abort'] === true;
  }

  /** The current revision is stable and has all its pods: nothing has to progress. */
  get isComplete(): boolean {
    return this.currentHash === this.stableHash && (this.setOf(this.currentHash)?.available ?? 0) >= this.replicas;
  }

  /** All ReplicaSets. */
  get sets(): readonly PicturedSet[] {
    this.#sets ??= [...this.scene.ledger.ownedBy('ReplicaSet', this.uid)].map((set) => this.#pictureSet(set));
    return this.#sets;
  }

  setOf(hash: string): PicturedSet | undefined {
    return hash === '' ? undefined : this.sets.find((set) => set.hash === hash);
  }

  /** The revision that a Service leads to; empty when it selects all, undefined when it is not there. */
  serviceHash(name: unknown): string | undefined {
    const service = this.scene.ledger.get('Service', this.namespace, textOf(name));
    return service === undefined ? undefined : selectedHash(service);
  }

  get canaryService(): string {
    return textOf(this.canary['canaryService']);
  }

  get stableService(): string {
    return textOf(this.canary['stableService']);
  }

  /** Names of the Services that its Experiments have made. */
  get experimentServices(): ReadonlySet<string> {
    const { ledger } = this.scene;
    const experiments = [...ledger.ownedBy('Experiment', this.uid)];
    const services = experiments.flatMap(({ metadata }) => [...ledger.ownedBy('Service', metadata.uid ?? '')]);
    return new Set(services.map(({ metadata }) => metadata.name));
  }

  /** Names of the routes that split its traffic. */
  get routeNames(): readonly string[] {
    const config = recordOf(recordOf(recordOf(this.canary['trafficRouting'])['plugins'])['argoproj-labs/gatewayAPI']);
    const names = [config['httpRoute'], ...listOf(config['httpRoutes']).map((route) => recordOf(route)['name'])];
    return names.map(textOf).filter((name) => name !== '');
  }

  /** Weights of a route by this Rollout's two Services. */
  weightsIn(route: KubeObject | undefined): RouteWeights {
    return readRouteWeights(route, this.canaryService, this.stableService, this.experimentServices);
  }

  /** What the routes say that proxies act on. */
  get weightsOfProxies(): readonly RouteWeights[] {
    return this.#proxiedRoutes().map((route) => this.weightsIn(route));
  }

  /** What the stored routes say. */
  get weightsOfRoutes(): readonly RouteWeights[] {
    return this.#storedRoutes().map((route) => this.weightsIn(route));
  }

  /** The gateway says that it does not take a route. */
  get isRefused(): boolean {
    return this.#storedRoutes().some((route) =>
      listOf(recordOf(route['status'])['parents'])
        .flatMap((parent) => listOf(recordOf(parent)['conditions']).map(recordOf))
        .some(({ type, status }) => type === 'Accepted' && status === 'False'),
    );
  }

  /** Largest share of the canary side in the stored routes; 0 without any. */
  get canaryWeight(): number {
    return Math.max(0, ...this.#storedRoutes().map((route) => this.weightsIn(route).canary));
  }

  /** Largest share of the canary side that any proxy acts on. */
  get proxiedCanaryWeight(): number {
    return Math.max(0, ...this.weightsOfProxies.map(({ canary }) => canary));
  }

  /** Largest share of the stable side that any proxy acts on. */
  get proxiedStableWeight(): number {
    return Math.max(0, ...this.weightsOfProxies.map(({ stable }) => stable));
  }

  /** Share of a revision out of `weightMax`, by stored routes and Services. */
  weightOf(hash: string): number {
    return Math.max(0, ...this.#sharesOf(hash, this.weightsOfRoutes));
  }

  /** Largest share of a revision out of `weightMax` that any proxy acts on. */
  proxiedWeightOf(hash: string): number {
    return Math.max(0, ...this.#sharesOf(hash, this.weightsOfProxies));
  }

  /** Whether every proxy gives a revision all users. */
  isGivenAll(hash: string): boolean {
    const shares = this.#sharesOf(hash, this.weightsOfProxies);
    return shares.length > 0 && shares.every((share) => share === this.weightMax);
  }

  #sharesOf(hash: string, weights: readonly RouteWeights[]): readonly number[] {
    if (this.blueGreen !== undefined) {
      return [this.serviceHash(this.blueGreen['activeService']) === hash ? this.weightMax : 0];
    }
    const leads = (service: string): boolean => this.serviceHash(service) === hash;
    const [isCanary, isStable] = [leads(this.canaryService), leads(this.stableService)];
    return weights.map(({ canary, stable }) => (isCanary ? canary : 0) + (isStable ? stable : 0));
  }

  /** Least number of available pods that a share of the traffic needs. */
  podsFor(weight: number): number {
    const { least } = this.replicasLately;
    if (least === 0) return 0;
    return Math.ceil((weight / this.weightMax) * Math.max(least - this.maxUnavailable, 0));
  }

  #storedRoutes(): readonly KubeObject[] {
    return this.routeNames.flatMap((name) => this.scene.ledger.get('HTTPRoute', this.namespace, name) ?? []);
  }

  #proxiedRoutes(): readonly KubeObject[] {
    return this.routeNames.flatMap((name) => this.scene.proxiedRoutes(this.namespace, name));
  }

  #fenceposts(): { readonly maxSurge: number; readonly maxUnavailable: number } {
    const strategy = this.blueGreen ?? this.canary;
    const surge = countOf(strategy['maxSurge'] ?? '25%', this.replicas, Math.ceil);
    const unavailable = countOf(strategy['maxUnavailable'] ?? '25%', this.replicas, Math.floor);
    const freed = surge === 0 && unavailable === 0 ? 1 : unavailable;
    return { maxSurge: surge, maxUnavailable: Math.min(freed, this.replicas) };
  }

  #pictureSet(set: KubeObject): PicturedSet {
    const { name, uid = '', labels = {}, annotations = {} } = set.metadata;
    const replicas = numberOf(recordOf(set['spec'])['replicas']) ?? 1;
    const deadline = parseInstant(annotations['scale-down-deadline'] ?? '');
    return {
      name,
      uid,
      hash: labels[hashLabel] ?? '',
      replicas,
      available: Math.min(replicas, this.#availablePods(uid) + this.scene.losses.recent(uid, this.nowMs)),
      statusReplicas: numberOf(recordOf(set['status'])['replicas']) ?? 0,
      deadlineMs: deadline === undefined ? undefined : deadline - simulationStartMs,
    };
  }

  #availablePods(uid: string): number {
    const minReadyMs = (numberOf(this.spec['minReadySeconds']) ?? 0) * 1000;
    let available = 0;
    for (const pod of this.scene.ledger.ownedBy('Pod', uid)) {
      const sinceMs = isPodServing(pod) ? readySince(pod) : undefined;
      if (sinceMs !== undefined && sinceMs + minReadyMs <= this.nowMs) available += 1;
    }
    return available;
  }
}

/** The revision in a Service's selector; empty when it selects all. */
export function selectedHash(service: KubeObject): string {
  return textMapOf(recordOf(service['spec'])['selector'])[hashLabel] ?? '';
}

/** A number of pods, or a percentage of them. */
function countOf(value: unknown, replicas: number, round: (count: number) => number): number {
  if (typeof value === 'number') return Math.max(value, 0);
  const percent = /^(\d+)%$/.exec(textOf(value))?.[1];
  return percent === undefined ? 0 : round((Number(percent) * replicas) / 100);
}
