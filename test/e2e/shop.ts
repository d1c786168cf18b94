import { customResourceDefinitions } from '../../src/api/crd.ts';
import type { KubeObject, ResourceType } from '../../src/api/object.ts';
import { resourceTypes } from '../../src/api/resource-types.ts';
import type { RolloutStatus } from '../../src/api/rollout.ts';
import type { KubernetesCluster } from '../../src/cluster/kubernetes/kubernetes-cluster.ts';
import { applyObject } from '../control-plane/apply-manifests.ts';
import type { ControlPlane } from '../control-plane/control-plane.ts';
import { waitUntil } from './wait.ts';

const callTimeoutMs = 20_000;
const installTimeoutMs = 60_000;

/** Installs the kinds of Rollouts. */
export async function installKinds(plane: ControlPlane): Promise<void> {
  const signal = AbortSignal.timeout(installTimeoutMs);
  for (const definition of customResourceDefinitions) await applyObject(plane.cluster(), { ...definition }, signal);
}

/** A namespace with Rollouts, and the Events in it in the order in which they were made. */
export class Shop {
  readonly cluster: KubernetesCluster;
  readonly namespace: string;
  readonly events: KubeObject[] = [];
  readonly #stop = new AbortController();
  #failure: unknown;

  private constructor(cluster: KubernetesCluster, namespace: string) {
    this.cluster = cluster;
    this.namespace = namespace;
  }

  static async open(plane: ControlPlane): Promise<Shop> {
    const cluster = plane.cluster();
    const namespace = { apiVersion: 'v1', kind: 'Namespace', metadata: { name: '', generateName: 'shop-' } };
    const created = await cluster.create(resourceTypes.namespace, namespace, {}, call());
    const shop = new Shop(cluster, created.metadata.name);
    void shop.#follow();
    return shop;
  }

  close(): void {
    this.#stop.abort();
  }

  async #follow(): Promise<void> {
    const query = { namespace: this.namespace, resourceVersion: '' };
    try {
      for await (const event of this.cluster.watch(resourceTypes.event, query, this.#stop.signal)) {
        // The same Event again is told by a change of the one that is there.
        if (event.type === 'ADDED' || event.type === 'MODIFIED') this.events.push(event.object);
      }
    } catch (error) {
      this.#failure = error;
    }
  }

  /** Reasons of the Events about a Rollout, in order. */
  reasons(name: string): readonly string[] {
    if (this.#failure !== undefined) throw this.#failure;
    return this.events
      .filter((event) => {
        const { kind, name: about } = event['involvedObject'] as { readonly kind: string; readonly name: string };
        return kind === 'Rollout' && about === name;
      })
      .map((event) => String(event['reason']));
  }

  async create(type: ResourceType, name: string, content: object): Promise<KubeObject> {
    const apiVersion = type.group === '' ? type.version : `${type.group}/${type.version}`;
    const metadata = { name, namespace: this.namespace };
    return await this.cluster.create(type, { apiVersion, kind: type.kind, metadata, ...content }, {}, call());
  }

  /** A Rollout of pods that need no image. */
  async rollout(name: string, strategy: object, replicas = 2): Promise<KubeObject> {
    return await this.create(resourceTypes.rollout, name, {
      spec: { replicas, selector: { matchLabels: { app: name } }, template: template(name, 'v1'), strategy },
    });
  }

  async setImage(name: string, tag: string): Promise<void> {
    await this.patch(name, { spec: { template: template(name, tag) } });
  }

  async patch(name: string, body: object, subresource?: 'status'): Promise<void> {
    const at = { type: resourceTypes.rollout, namespace: this.namespace, name };
    const options = subresource === undefined ? {} : { subresource };
    await this.cluster.patch(at, { kind: 'merge', body }, options, call());
  }

  async get(type: ResourceType, name: string): Promise<KubeObject> {
    return await this.cluster.get({ type, namespace: this.namespace, name }, call());
  }

  /** Waits until a Rollout's status of its newest specification is as wanted. */
  async until(what: string, name: string, holds: (status: RolloutStatus) => boolean): Promise<RolloutStatus> {
    const found = await waitUntil(
      `${name}: ${what}`,
      async () => {
        const { metadata, status = {} } = await this.get(resourceTypes.rollout, name);
        const rolloutStatus = status as RolloutStatus;
        return { isCurrent: Number(rolloutStatus.observedGeneration) === metadata.generation, status: rolloutStatus };
      },
      ({ isCurrent, status }) => isCurrent && holds(status),
    );
    return found.status;
  }

  async untilHealthy(name: string): Promise<RolloutStatus> {
    return await this.until('is healthy', name, ({ phase }) => phase === 'Healthy');
  }

  async untilPaused(name: string): Promise<RolloutStatus> {
    return await this.until('is paused', name, ({ phase }) => phase === 'Paused');
  }
}

/** The pod template of a Rollout. */
export function template(name: string, tag: string): object {
  const containers = [{ name: 'web', image: `registry.k8s.io/pause:${tag}` }];
  return { metadata: { labels: { app: name } }, spec: { terminationGracePeriodSeconds: 0, containers } };
}

function call(): { readonly signal: AbortSignal; readonly timeoutMs: number } {
  return { signal: new AbortController().signal, timeoutMs: callTimeoutMs };
}
