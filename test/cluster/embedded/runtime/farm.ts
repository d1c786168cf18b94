import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { delimiter, dirname, join } from 'node:path';

import type { KubeObject, ResourceType } from '../../../../src/api/object.ts';
import { resourceTypes } from '../../../../src/api/resource-types.ts';
import { systemClock, type Clock } from '../../../../src/base/clock.ts';
import { silentLog } from '../../../../src/base/log.ts';
import { seededRandom } from '../../../../src/base/random.ts';
import { createEmbeddedCluster, type EmbeddedCluster } from '../../../../src/cluster/embedded/embedded-cluster.ts';
import { findProgram, parseImageMap } from '../../../../src/cluster/embedded/runtime/image-map.ts';
import {
  localProcesses,
  type LocalProcessesOptions,
} from '../../../../src/cluster/embedded/runtime/local-processes.ts';
import { startNodeAgent, type NodeAgent } from '../../../../src/cluster/embedded/runtime/node-agent.ts';
import type { ContainerStatus, Pod } from '../../../../src/cluster/embedded/workloads/shapes.ts';
import { until } from '../shop.ts';

export const call = { signal: new AbortController().signal };

const imageMap = parseImageMap(
  `
images:
  example.com/web: { command: [node, web-program.mjs] }
  shell: { command: [sh, -c, "exit 0"], env: { GREETING: "hello from $(HOSTNAME)" } }
`,
  'images.yaml',
);

const quickness = 4;

/** Real time that passes four times as fast, for waits of whole seconds. */
export const quickClock: Clock = {
  now: () => startedAtMs + (systemClock.now() - startedAtMs) * quickness,
  monotonic: () => systemClock.monotonic() * quickness,
  schedule: (delayMs, wake) => systemClock.schedule(delayMs / quickness, wake),
};

const startedAtMs = systemClock.now();

/** A cluster whose pods are processes of this machine. */
export class Farm {
  readonly cluster: EmbeddedCluster;
  readonly #clock: Clock;
  #directory = '';
  #agent: NodeAgent | undefined;

  constructor(clock: Clock = systemClock) {
    this.#clock = clock;
    this.cluster = createEmbeddedCluster({
      clock,
      random: seededRandom(11),
      resources: [{ type: resourceTypes.httpRoute, subresources: { status: {} } }],
    });
  }

  get directory(): string {
    return this.#directory;
  }

  async open(more: Partial<LocalProcessesOptions> = {}): Promise<void> {
    if (this.#directory === '') this.#directory = await mkdtemp(join(tmpdir(), 'sluice-farm-'));
    const cluster = this.cluster;
    const clock = this.#clock;
    const random = seededRandom(process.pid);
    const path = [dirname(process.execPath), process.env['PATH'] ?? ''].join(delimiter);
    const runtime = localProcesses({
      cluster,
      clock,
      random,
      log: silentLog,
      directory: this.#directory,
      programFolder: import.meta.dirname,
      programFor: (image) => findProgram(imageMap, image),
      environment: { PATH: path },
      firstRestartWaitMs: 100,
      ...more,
    });
    this.#agent = startNodeAgent({ cluster, clock, random, log: silentLog, runtime });
    await this.#agent.synced;
  }

  /** Ends the agent, as if its process came to its end; the pods go on. */
  async leave(): Promise<void> {
    await this.#agent?.stop('leave');
    this.#agent = undefined;
  }

  async close(): Promise<void> {
    await this.#agent?.stop('end');
    this.cluster.close();
    await rm(this.#directory, { recursive: true, force: true });
  }

  async create(type: ResourceType, name: string, content: object, metadata: object = {}): Promise<KubeObject> {
    const { group, version, kind } = type;
    const apiVersion = group === '' ? version : `${group}/${version}`;
    const object = { apiVersion, kind, metadata: { name, namespace: 'farm', ...metadata }, ...content };
    return this.cluster.create(type, object, {}, call);
  }

  /** A pod with one container. */
  async pod(name: string, container: object, spec: object = {}): Promise<void> {
    const containers = [{ name: 'main', image: 'shell:1', ...container }];
    await this.create(resourceTypes.pod, name, { spec: { containers, terminationGracePeriodSeconds: 5, ...spec } });
  }

  /** A pod whose container runs a shell command. */
  async shell(name: string, script: string, container: object = {}, spec: object = {}): Promise<void> {
    await this.pod(name, { command: ['sh', '-c', script], ...container }, spec);
  }

  async get(name: string): Promise<Pod | undefined> {
    try {
      return await this.cluster.get({ type: resourceTypes.pod, namespace: 'farm', name }, call);
    } catch {
      return undefined;
    }
  }

  async main(name: string): Promise<ContainerStatus | undefined> {
    return (await this.get(name))?.status?.containerStatuses?.[0];
  }

  async delete(name: string, options: object = {}): Promise<void> {
    await this.cluster.delete({ type: resourceTypes.pod, namespace: 'farm', name }, options, call);
  }

  async untilPod(name: string, condition: (pod: Pod) => boolean, what: string): Promise<Pod> {
    let found: Pod | undefined;
    await until(async () => {
      found = await this.get(name);
      return found !== undefined && condition(found);
    }, `pod ${name} ${what}`);
    return found!;
  }

  untilReady(name: string): Promise<Pod> {
    return this.untilPod(name, isReady, 'is ready');
  }

  untilPhase(name: string, phase: string): Promise<Pod> {
    return this.untilPod(name, ({ status }) => status?.phase === phase, `is ${phase}`);
  }

  untilGone(name: string): Promise<void> {
    return until(async () => (await this.get(name)) === undefined, `pod ${name} is gone`);
  }
}

export function isReady({ status }: Pod): boolean {
  return status?.conditions?.some(({ type, status: state }) => type === 'Ready' && state === 'True') === true;
}

/** The number in `process://4711-99`. */
export function pidOf(status: ContainerStatus | undefined): number {
  return Number(/^process:\/\/(\d+)-/.exec(status?.containerID ?? '')?.[1]);
}
