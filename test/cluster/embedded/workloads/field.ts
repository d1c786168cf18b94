import type { KubeObject, ResourceType } from '../../../../src/api/object.ts';
import { resourceTypes } from '../../../../src/api/resource-types.ts';
import type { Log } from '../../../../src/base/log.ts';
import { silentLog } from '../../../../src/base/log.ts';
import { seededRandom } from '../../../../src/base/random.ts';
import { createEmbeddedCluster } from '../../../../src/cluster/embedded/embedded-cluster.ts';
import type { Pod, ReplicaSet } from '../../../../src/cluster/embedded/workloads/shapes.ts';
import { startWorkloads, type Workloads } from '../../../../src/cluster/embedded/workloads/workloads.ts';
import type { ClusterPort } from '../../../../src/cluster/port.ts';
import { VirtualClock } from '../virtual-clock.ts';

export const call = { signal: new AbortController().signal };

/** A cluster in virtual time with the workload controllers; pods change only when a test says so. */
export class Field {
  readonly clock = new VirtualClock();
  readonly cluster = createEmbeddedCluster({ clock: this.clock, random: seededRandom(7), freeze: true });
  readonly warnings: object[] = [];
  #workloads: Workloads | undefined;

  /** Starts the controllers, on the cluster itself or on something in front of it. */
  async start(cluster: ClusterPort = this.cluster): Promise<void> {
    const log: Log = { ...silentLog, warn: (fields) => this.warnings.push(fields) };
    this.#workloads = startWorkloads({ cluster, clock: this.clock, random: seededRandom(8), log });
    await this.pass();
  }

  async stop(): Promise<void> {
    const stopping = this.#workloads?.stop();
    await this.pass(1);
    await stopping;
    this.cluster.close();
  }

  /** Lets time pass; everything that waits only for a turn of the clock is done in it. */
  async pass(seconds = 0): Promise<void> {
    await this.clock.advance(seconds * 1000 + 1);
  }

  async create(type: ResourceType, name: string, content: object, metadata: object = {}): Promise<KubeObject> {
    const { group, version, kind } = type;
    const apiVersion = group === '' ? version : `${group}/${version}`;
    const created = this.cluster.create(
      type,
      { apiVersion, kind, metadata: { name, namespace: 'shop', ...metadata }, ...content },
      {},
      call,
    );
    await this.pass();
    return created;
  }

  async patch(type: ResourceType, name: string, body: object, subresource?: 'status'): Promise<void> {
    const options = subresource === undefined ? {} : { subresource };
    const patched = this.cluster.patch({ type, namespace: 'shop', name }, { kind: 'merge', body }, options, call);
    await this.pass();
    await patched;
  }

  async delete(type: ResourceType, name: string, options: object = {}): Promise<void> {
    const deleted = this.cluster.delete({ type, namespace: 'shop', name }, options, call);
    await this.pass();
    await deleted;
  }

  async get(type: ResourceType, name: string): Promise<KubeObject> {
    const got = this.cluster.get({ type, namespace: 'shop', name }, call);
    await this.pass();
    return got;
  }

  async list(type: ResourceType): Promise<readonly KubeObject[]> {
    const got = this.cluster.list(type, { namespace: 'shop' }, call);
    await this.pass();
    return (await got).items;
  }

  pods(): Promise<readonly Pod[]> {
    return this.list(resourceTypes.pod);
  }

  /** Makes a pod run and, unless told otherwise, ready. */
  async run(name: string, ready = true): Promise<void> {
    const { metadata }: Pod = await this.get(resourceTypes.pod, name);
    await this.patch(resourceTypes.pod, name, { spec: { nodeName: 'here' } });
    const lastTransitionTime = new Date(this.clock.now()).toISOString().replace(/\.\d+/, '');
    const conditions = [{ type: 'Ready', status: ready ? 'True' : 'False', lastTransitionTime }];
    const podIP = `10.0.0.${Number(metadata.resourceVersion) % 250}`;
    await this.patch(resourceTypes.pod, name, { status: { phase: 'Running', podIP, conditions } }, 'status');
  }

  async runAll(): Promise<void> {
    for (const pod of await this.pods()) if (pod.status?.phase === 'Pending') await this.run(pod.metadata.name);
  }

  async replicaSet(name: string): Promise<ReplicaSet> {
    return this.get(resourceTypes.replicaSet, name);
  }
}

/** A pod template with one container and these labels. */
export function template(labels: Readonly<Record<string, string>>, image = 'web:1') {
  return { metadata: { labels }, spec: { containers: [{ name: 'main', image }] } };
}

export function replicaSetSpec(replicas: number, more: object = {}) {
  return { spec: { replicas, selector: { matchLabels: { app: 'web' } }, template: template({ app: 'web' }), ...more } };
}
