import assert from 'node:assert/strict';

import type { AnalysisRun } from '../../../src/api/analysis-run.ts';
import { resourceSchemas } from '../../../src/api/crd.ts';
import type { KubeObject, ResourceType } from '../../../src/api/object.ts';
import { resourceTypes } from '../../../src/api/resource-types.ts';
import { silentLog } from '../../../src/base/log.ts';
import { seededRandom } from '../../../src/base/random.ts';
import { createEmbeddedCluster, type EmbeddedCluster } from '../../../src/cluster/embedded/embedded-cluster.ts';
import { startNodeAgent } from '../../../src/cluster/embedded/runtime/node-agent.ts';
import { startWorkloads } from '../../../src/cluster/embedded/workloads/workloads.ts';
import { createController, type Controller, type ControllerOptions } from '../../../src/controller/controller.ts';
import type { HttpPort } from '../../../src/controller/http-port.ts';
import { createMemoryJournal } from '../../../src/controller/journal.ts';
import { metricProviders } from '../../../src/providers/metrics/registry.ts';
import { trafficRouters } from '../../../src/providers/traffic/registry.ts';
import { VirtualClock } from '../../cluster/embedded/virtual-clock.ts';
import { lifePods } from '../../golden/lives/life-pods.ts';

/** A server that cannot be reached. */
export const nobody: HttpPort = {
  send: ({ id }) => Promise.resolve({ kind: 'failure', id, code: 'MetricUnreachable', message: 'nobody is there' }),
};

/** A cluster in virtual time with everything that AnalysisRuns need. */
export class AnalysisStage {
  readonly clock = new VirtualClock();
  readonly cluster: EmbeddedCluster;
  readonly #http: HttpPort;
  #more: Partial<ControllerOptions>;
  readonly #signal = new AbortController().signal;
  readonly #stops: (() => Promise<unknown>)[] = [];
  #controller: Controller | undefined;

  constructor(http: HttpPort = nobody, more: Partial<ControllerOptions> = {}) {
    this.#http = http;
    this.#more = more;
    const parts = { clock: this.clock, log: silentLog };
    this.cluster = createEmbeddedCluster({
      ...parts,
      random: seededRandom(1),
      freeze: true,
      resources: Object.values(resourceSchemas),
    });
    const agent = startNodeAgent({
      ...parts,
      cluster: this.cluster,
      random: seededRandom(2),
      runtime: lifePods(this.clock, seededRandom(3)),
    });
    const workloads = startWorkloads({ ...parts, cluster: this.cluster, random: seededRandom(4) });
    this.#stops.push(
      () => agent.stop('end'),
      () => workloads.stop(),
    );
  }

  /** Options of controllers that are started from now on. */
  add(more: Partial<ControllerOptions>): void {
    this.#more = { ...this.#more, ...more };
  }

  async startController(): Promise<void> {
    this.#controller = createController({
      cluster: this.cluster,
      clock: this.clock,
      log: silentLog,
      random: seededRandom(5),
      journal: createMemoryJournal(),
      routers: trafficRouters,
      metricProviders,
      http: this.#http,
      ...this.#more,
    });
    await this.#during(this.#controller.start());
  }

  async stopController(): Promise<void> {
    await this.#during(this.#controller?.stop() ?? Promise.resolve());
    this.#controller = undefined;
  }

  async close(): Promise<void> {
    await this.stopController();
    await this.#during(Promise.all(this.#stops.map((stop) => stop())));
    this.cluster.close();
  }

  /** Creates an object in the namespace of the stage. */
  create(
    type: ResourceType,
    object: Pick<KubeObject, 'apiVersion' | 'kind'> & { name: string; [field: string]: unknown },
  ) {
    const { name, annotations, ...rest } = object;
    const metadata = { name, namespace: 'shop', ...(annotations === undefined ? {} : { annotations }) };
    const whole = { ...rest, metadata } as unknown as KubeObject;
    return this.#during(this.cluster.create(type, whole, {}, { signal: this.#signal }));
  }

  patch(type: ResourceType, name: string, body: object, subresource?: 'status'): Promise<KubeObject> {
    const at = { type, namespace: 'shop', name };
    const options = subresource === undefined ? {} : { subresource };
    return this.#during(this.cluster.patch(at, { kind: 'merge', body }, options, { signal: this.#signal }));
  }

  read(type: ResourceType, name: string): Promise<KubeObject> {
    return this.#during(this.cluster.get({ type, namespace: 'shop', name }, { signal: this.#signal }));
  }

  async createRun(name: string, spec: object): Promise<void> {
    const object: KubeObject = {
      apiVersion: 'argoproj.io/v1alpha1',
      kind: 'AnalysisRun',
      metadata: { name, namespace: 'shop' },
      spec,
    };
    await this.#during(this.cluster.create(resourceTypes.analysisRun, object, {}, { signal: this.#signal }));
  }

  async createSecret(name: string, texts: Readonly<Record<string, string>>): Promise<void> {
    const entries = Object.entries(texts).map(([key, text]) => [key, Buffer.from(text).toString('base64')] as const);
    const metadata = { name, namespace: 'shop' };
    const object: KubeObject = { apiVersion: 'v1', kind: 'Secret', metadata, data: Object.fromEntries(entries) };
    await this.#during(this.cluster.create(resourceTypes.secret, object, {}, { signal: this.#signal }));
  }

  patchRun(name: string, body: object): Promise<KubeObject> {
    const at = { type: resourceTypes.analysisRun, namespace: 'shop', name };
    return this.#during(this.cluster.patch(at, { kind: 'merge', body }, {}, { signal: this.#signal }));
  }

  deleteOne(type: ResourceType, name: string): Promise<unknown> {
    return this.#during(this.cluster.delete({ type, namespace: 'shop', name }, {}, { signal: this.#signal }));
  }

  async run(name: string): Promise<AnalysisRun> {
    const at = { type: resourceTypes.analysisRun, namespace: 'shop', name };
    return (await this.#during(this.cluster.get(at, { signal: this.#signal }))) as unknown as AnalysisRun;
  }

  async list(type: ResourceType): Promise<readonly KubeObject[]> {
    const page = await this.#during(this.cluster.list(type, { namespace: 'shop' }, { signal: this.#signal }));
    return page.items;
  }

  /** Lets time pass until the run is over. */
  async ended(name: string, secondsMax = 120): Promise<NonNullable<AnalysisRun['status']>> {
    for (let second = 0; second < secondsMax; second += 1) {
      const { status } = await this.run(name);
      if (status?.completedAt !== undefined) return status;
      await this.clock.advance(1000);
    }
    assert.fail(`${name} does not end: ${JSON.stringify((await this.run(name)).status)}`);
  }

  /** Waits for an answer while time goes on. */
  async #during<T>(work: Promise<T>): Promise<T> {
    const progress = { isSettled: false };
    const settle = (): void => {
      progress.isSettled = true;
    };
    work.then(settle, settle);
    for (let step = 0; !progress.isSettled && step < 10_000; step += 1) await this.clock.advance(10);
    return work;
  }
}
