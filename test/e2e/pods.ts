import type { KubeObject } from '../../src/api/object.ts';
import { resourceTypes } from '../../src/api/resource-types.ts';
import { hasCode } from '../../src/base/error.ts';
import type { KubernetesCluster } from '../../src/cluster/kubernetes/kubernetes-cluster.ts';
import { waitUntil } from './wait.ts';

const callTimeoutMs = 20_000;

/** A pod as the API server shows it; only what the tests look at. */
export interface Pod extends KubeObject {
  readonly spec: { readonly nodeName?: string };
  readonly status: PodStatus;
}

export interface PodStatus {
  readonly phase?: string;
  readonly reason?: string;
  readonly message?: string;
  readonly podIP?: string;
  readonly hostIP?: string;
  readonly startTime?: string;
  readonly observedGeneration?: number;
  readonly conditions?: readonly PodCondition[];
  readonly containerStatuses?: readonly ContainerStatus[];
  readonly initContainerStatuses?: readonly ContainerStatus[];
}

export interface PodCondition {
  readonly type: string;
  readonly status: string;
  readonly reason?: string;
  readonly message?: string;
}

export interface ContainerStatus {
  readonly name: string;
  readonly ready: boolean;
  readonly started?: boolean;
  readonly restartCount: number;
  readonly state: ContainerState;
  readonly lastState: ContainerState;
}

export interface ContainerState {
  readonly waiting?: { readonly reason: string; readonly message?: string };
  readonly running?: { readonly startedAt: string };
  readonly terminated?: {
    readonly exitCode: number;
    readonly reason: string;
    readonly message?: string;
    readonly startedAt: string;
    readonly finishedAt: string;
  };
}

/** The pods of one namespace. */
export class Pods {
  readonly cluster: KubernetesCluster;
  readonly namespace: string;

  constructor(cluster: KubernetesCluster, namespace: string) {
    this.cluster = cluster;
    this.namespace = namespace;
  }

  /** A new namespace whose pods these are. */
  static async inNewNamespace(cluster: KubernetesCluster): Promise<Pods> {
    const namespace = { apiVersion: 'v1', kind: 'Namespace', metadata: { name: '', generateName: 'e2e-' } };
    const created = await cluster.create(resourceTypes.namespace, namespace, {}, call());
    const pods = new Pods(cluster, created.metadata.name);
    const account = `/api/v1/namespaces/${pods.namespace}/serviceaccounts/default`;
    await waitUntil(
      'the namespace gets its service account',
      () => cluster.send({ method: 'GET', path: account }, call()).then(Boolean, () => false),
      Boolean,
    );
    return pods;
  }

  /** Creates a pod of one container `main`, which `container` describes further. */
  async create(name: string, container: object, more: PodParts = {}): Promise<Pod> {
    const containers = [{ name: 'main', image: 'example.com/app:1', ...container }];
    const metadata = { name, namespace: this.namespace, ...more.metadata };
    const spec = { containers, terminationGracePeriodSeconds: 5, ...more.spec };
    const pod = { apiVersion: 'v1', kind: 'Pod', metadata, spec };
    return (await this.cluster.create(resourceTypes.pod, pod, {}, call())) as Pod;
  }

  async get(name: string): Promise<Pod> {
    return (await this.cluster.get(this.at(name), call())) as Pod;
  }

  async find(name: string): Promise<Pod | undefined> {
    try {
      return await this.get(name);
    } catch (error) {
      if (hasCode(error, 'NotFound')) return undefined;
      throw error;
    }
  }

  async list(labelSelector?: string): Promise<readonly Pod[]> {
    const query = { namespace: this.namespace, ...(labelSelector !== undefined && { labelSelector }) };
    const page = await this.cluster.list(resourceTypes.pod, query, call());
    return page.items as readonly Pod[];
  }

  async until(name: string, what: string, holds: (pod: Pod) => boolean, waitMs?: number): Promise<Pod> {
    return await waitUntil(`pod ${name} ${what}`, () => this.get(name), holds, waitMs);
  }

  async untilGone(name: string, waitMs?: number): Promise<void> {
    await waitUntil(
      `pod ${name} is gone`,
      () => this.find(name),
      (pod) => pod === undefined,
      waitMs,
    );
  }

  at(name: string): { readonly type: typeof resourceTypes.pod; readonly namespace: string; readonly name: string } {
    return { type: resourceTypes.pod, namespace: this.namespace, name };
  }

  async delete(name: string, gracePeriodSeconds?: number): Promise<void> {
    await this.cluster.delete(this.at(name), gracePeriodSeconds === undefined ? {} : { gracePeriodSeconds }, call());
  }
}

/** What a test adds to a pod. */
export interface PodParts {
  readonly metadata?: object;
  readonly spec?: object;
}

export function call(): { readonly signal: AbortSignal; readonly timeoutMs: number } {
  return { signal: new AbortController().signal, timeoutMs: callTimeoutMs };
}

/** The status of a condition; `None` when the pod has no such condition. */
export function conditionOf(pod: Pod, type: string): PodCondition {
  return pod.status.conditions?.find((condition) => condition.type === type) ?? { type, status: 'None' };
}

export function isReady(pod: Pod): boolean {
  return conditionOf(pod, 'Ready').status === 'True';
}

/** The status of the pod's only (or first) container. */
export function mainOf(pod: Pod): ContainerStatus {
  const none = { name: '', ready: false, restartCount: 0, state: {}, lastState: {} };
  return pod.status.containerStatuses?.[0] ?? none;
}

/** Seconds between two timestamps of the API. */
export function secondsBetween(earlier: string | undefined, later: string | undefined): number {
  return (Date.parse(later ?? '') - Date.parse(earlier ?? '')) / 1000;
}
