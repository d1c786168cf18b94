import { controllerOf } from '../../../api/controller-owner.ts';
import { resolveIntOrPercent, type IntOrPercent } from '../../../api/int-or-percent.ts';
import type { KubeObject } from '../../../api/object.ts';
import { resourceTypes } from '../../../api/resource-types.ts';
import { formatInstant, parseInstant } from '../../../base/instant.ts';
import type { Change } from '../change-log.ts';
import { asRecord, isList, isRecord, jsonAt, jsonOf, type JsonRecord } from '../json.ts';
import { finishUpdate } from '../update-object.ts';
import { budgetSelects } from './disruption-budget.ts';
import type { SystemPort } from './system-port.ts';

/** A pod that was evicted but is still there counts as gone for this long. Source: the disruption controller. */
const disruptionTimeoutMs = 120_000;

const watchedKinds: ReadonlySet<string> = new Set([
  'Pod',
  'PodDisruptionBudget',
  'ReplicaSet',
  'Deployment',
  'Rollout',
]);

/** Keeps the status of PodDisruptionBudgets up to date, which evictions are decided by. */
export class DisruptionController {
  readonly #port: SystemPort;
  readonly #due = new Set<string>();
  readonly #expiring = new Set<string>();
  #scheduled = false;

  constructor(port: SystemPort) {
    this.#port = port;
  }

  /** Takes up the present state and follows every change from now on. */
  start(): void {
    for (const budget of this.#port.context.store.table(resourceTypes.podDisruptionBudget).all()) {
      this.#schedule(budget.metadata.namespace ?? '');
    }
    this.#port.context.store.log.subscribe((change) => this.#observe(change));
  }

  #observe({ resource, object }: Change): void {
    if (!watchedKinds.has(resource.kind)) return;
    if (this.#port.context.store.table(resourceTypes.podDisruptionBudget).objects.size === 0) return;
    this.#schedule(object.metadata.namespace ?? '');
  }

  #schedule(namespace: string): void {
    this.#due.add(namespace);
    if (this.#scheduled) return;
    this.#scheduled = true;
    this.#port.later(0, () => this.#work());
  }

  /** Looks again when an eviction that came to nothing no longer counts. */
  #scheduleExpiry(namespace: string): void {
    if (this.#expiring.has(namespace)) return;
    this.#expiring.add(namespace);
    this.#port.later(disruptionTimeoutMs, () => {
      this.#expiring.delete(namespace);
      this.#schedule(namespace);
    });
  }

  #work(): void {
    this.#scheduled = false;
    const due = new Set(this.#due);
    this.#due.clear();
    for (const budget of this.#port.context.store.table(resourceTypes.podDisruptionBudget).all()) {
      if (due.has(budget.metadata.namespace ?? '')) this.#update(budget);
    }
  }

  #update(budget: KubeObject): void {
    const { context } = this.#port;
    const pods = [...context.store.table(resourceTypes.pod).all()].filter((pod) => budgetSelects(budget, pod));
    const nowMs = context.clock.now();
    const disruptedPods = stillDisrupted(budget, pods, nowMs);
    const { expectedPods, desiredHealthy } = this.#expectation(budget, pods);
    const currentHealthy = pods.filter((pod) => isHealthy(pod) && !(pod.metadata.name in disruptedPods)).length;
    const room = expectedPods <= 0 ? 0 : Math.max(currentHealthy - desiredHealthy, 0);
    const { disruptedPods: _, ...rest } = asRecord(jsonAt(budget, 'status')) ?? {};
    const status = {
      ...rest,
      ...(Object.keys(disruptedPods).length > 0 ? { disruptedPods } : {}),
      conditions: withCondition(jsonAt(budget, 'status', 'conditions'), budget, room > 0, formatInstant(nowMs)),
      currentHealthy,
      desiredHealthy,
      disruptionsAllowed: room,
      expectedPods,
      observedGeneration: budget.metadata.generation ?? 0,
    };
    const { traits } = context.store.table(resourceTypes.podDisruptionBudget);
    const next = { ...jsonOf(budget), status };
    finishUpdate(context, traits, budget, next, { manager: 'kube-controller-manager', subresource: 'status' });
    if (Object.keys(disruptedPods).length > 0) this.#scheduleExpiry(budget.metadata.namespace ?? '');
  }

  #expectation(budget: KubeObject, pods: readonly KubeObject[]): { expectedPods: number; desiredHealthy: number } {
    const spec = asRecord(jsonAt(budget, 'spec')) ?? {};
    const [minAvailable, maxUnavailable] = [countOf(spec['minAvailable']), countOf(spec['maxUnavailable'])];
    if (maxUnavailable !== undefined) {
      const expectedPods = this.#expectedScale(pods);
      return { expectedPods, desiredHealthy: Math.max(expectedPods - resolve(maxUnavailable, expectedPods), 0) };
    }
    if (typeof minAvailable === 'string') {
      const expectedPods = this.#expectedScale(pods);
      return { expectedPods, desiredHealthy: resolve(minAvailable, expectedPods) };
    }
    return { expectedPods: pods.length, desiredHealthy: minAvailable ?? 0 };
  }

  /** How many pods the controllers of these pods want. Pods without a controller that can be asked do not count. */
  #expectedScale(pods: readonly KubeObject[]): number {
    const scales = new Map<string, number>();
    for (const pod of pods) {
      const owner = this.#scaledOwner(pod);
      const replicas = jsonAt(owner, 'spec', 'replicas');
      if (owner !== undefined && typeof replicas === 'number') scales.set(owner.metadata.uid ?? '', replicas);
    }
    return [...scales.values()].reduce((sum, replicas) => sum + replicas, 0);
  }

  /** The controller of a pod; for a ReplicaSet of a Deployment, the Deployment. */
  #scaledOwner(pod: KubeObject): KubeObject | undefined {
    const owner = this.#controllerOf(pod);
    if (owner?.kind !== resourceTypes.replicaSet.kind) return owner;
    const above = this.#controllerOf(owner);
    return above?.kind === resourceTypes.deployment.kind ? above : owner;
  }

  #controllerOf(object: KubeObject): KubeObject | undefined {
    const { store } = this.#port.context;
    const reference = controllerOf(object);
    const traits = reference && store.findKind(reference.apiVersion, reference.kind);
    if (reference === undefined || traits === undefined) return undefined;
    const owner = store.find(traits.type, object.metadata.namespace, reference.name);
    return owner?.metadata.uid === reference.uid ? owner : undefined;
  }
}

function countOf(value: unknown): IntOrPercent | undefined {
  return typeof value === 'number' || typeof value === 'string' ? value : undefined;
}

function resolve(count: IntOrPercent, total: number): number {
  const resolved = resolveIntOrPercent(count, total, 'up');
  return resolved.ok ? resolved.value : total;
}

function isHealthy(pod: KubeObject): boolean {
  const conditions = jsonAt(pod, 'status', 'conditions');
  if (pod.metadata.deletionTimestamp !== undefined || !isList(conditions)) return false;
  return conditions.some((one) => isRecord(one) && one['type'] === 'Ready' && one['status'] === 'True');
}

/** Evicted pods that are still there and still running, for as long as the eviction may take. */
function stillDisrupted(budget: KubeObject, pods: readonly KubeObject[], nowMs: number): JsonRecord {
  const running = new Set(pods.filter((pod) => pod.metadata.deletionTimestamp === undefined).map(nameOf));
  const entries = Object.entries(asRecord(jsonAt(budget, 'status', 'disruptedPods')) ?? {});
  return Object.fromEntries(
    entries.filter(([name, time]) => {
      const sinceMs = typeof time === 'string' ? (parseInstant(time) ?? 0) : 0;
      return running.has(name) && sinceMs + disruptionTimeoutMs > nowMs;
    }),
  );
}

function nameOf(object: KubeObject): string {
  return object.metadata.name;
}

function withCondition(
  conditions: unknown,
  budget: KubeObject,
  isAllowed: boolean,
  now: string,
): readonly JsonRecord[] {
  const type = 'DisruptionAllowed';
  const status = isAllowed ? 'True' : 'False';
  const list = isList(conditions) ? conditions.filter(isRecord) : [];
  const current = list.find((one) => one['type'] === type);
  const condition: JsonRecord = {
    type,
    status,
    reason: isAllowed ? 'SufficientPods' : 'InsufficientPods',
    message: '',
    lastTransitionTime: current?.['status'] === status ? (current['lastTransitionTime'] ?? now) : now,
    observedGeneration: budget.metadata.generation ?? 0,
  };
  return [...list.filter((one) => one['type'] !== type), condition];
}
