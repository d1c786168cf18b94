import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';

import type { KubeObject } from '../../src/api/object.ts';
import { resourceTypes } from '../../src/api/resource-types.ts';
import type { ClusterPort } from '../../src/cluster/port.ts';
import { delegate } from '../cluster/delegate.ts';
import { askedBy, lifeMetrics, type AskedCounts } from '../golden/lives/life-metrics.ts';
import { LifeStage, type LifeChange, type Replay } from '../golden/lives/life-stage.ts';
import type { RecordedLife } from '../golden/lives/life.ts';
import { lifeNamespace } from '../golden/lives/replay-life.ts';

/** Host of the scripted metric server, as recordings name it. */
const metricHost = 'METRICS';
const call = { signal: new AbortController().signal };

/** A recorded life in a namespace of its own on a real API server; the namespace has the name of the life. */
export class RealLife {
  readonly #life: RecordedLife;
  readonly #asked: AskedCounts = new Map();
  readonly #versions = new Map<string, bigint>();
  readonly #metrics: Server;
  readonly #cluster: ClusterPort;
  readonly #stage: LifeStage;

  private constructor(life: RecordedLife, cluster: ClusterPort, metrics: Server) {
    this.#metrics = metrics;
    serveMetrics(metrics, life, this.#asked);
    this.#life = JSON.parse(JSON.stringify(life).replaceAll(metricHost, this.#host)) as RecordedLife;
    this.#cluster = witnessed(cluster, (object) => this.take({ type: 'MODIFIED', object }));
    this.#stage = new LifeStage(this.#life, {
      cluster: this.#cluster,
      namespace: life.name,
      now: () => Date.now(),
      advance: (durationMs) => delay(durationMs),
      during: (work) => work,
    });
  }

  static async open(life: RecordedLife, cluster: ClusterPort): Promise<RealLife> {
    const metrics = createServer().listen(0, '127.0.0.1');
    await once(metrics, 'listening');
    return new RealLife(life, cluster, metrics);
  }

  close(): void {
    this.#metrics.closeAllConnections();
    this.#metrics.close();
  }

  get #host(): string {
    // A server that listens on a port has an address with one.
    return `127.0.0.1:${(this.#metrics.address() as AddressInfo).port}`;
  }

  /** Takes in what a watch says of an object in the namespace, unless an answer to a write said more already. */
  take(change: LifeChange): void {
    const { uid = '', resourceVersion = '0' } = change.object.metadata;
    const version = BigInt(resourceVersion);
    if (version <= (this.#versions.get(uid) ?? -1n)) return;
    this.#versions.set(uid, version);
    this.#stage.take(change);
  }

  /** Does what was recorded, up to this entry, at the times at which it was. */
  async follow(entries: number): Promise<void> {
    const metadata = { name: this.#life.name };
    const namespace = { apiVersion: 'v1', kind: 'Namespace', metadata };
    await this.#cluster.create(resourceTypes.namespace, namespace, {}, call);
    // Stored times are whole seconds, as a life begins at one.
    await delay(1000 - (Date.now() % 1000));
    await this.#stage.begin();
    await this.#stage.follow(this.#life.trace.slice(0, entries));
    for (const [key, count] of askedBy(this.#stage.objects.values())) this.#asked.set(key, count);
  }

  /** Objects that are there, by `Kind/name`. */
  get objects(): ReadonlyMap<string, KubeObject> {
    return this.#stage.objects;
  }

  /** What changed until now. */
  get changes(): readonly LifeChange[] {
    return this.#stage.replay(undefined).changes;
  }

  /** Goes on to the end, and tells what happened as if it had been in the place of other replays. */
  async goOn(): Promise<Replay> {
    const replay = this.#stage.replay(await this.#stage.play());
    return {
      ...replay,
      changes: replay.changes.map((change) => ({ ...change, object: this.#moved(change.object) })),
      moments: replay.moments.map((objects) => new Map([...objects].map(([key, one]) => [key, this.#moved(one)]))),
    };
  }

  #moved(object: KubeObject): KubeObject {
    const text = JSON.stringify(object)
      .replaceAll(this.#host, metricHost)
      .replaceAll(`"namespace":"${this.#life.name}"`, `"namespace":"${lifeNamespace}"`);
    return JSON.parse(text) as KubeObject;
  }
}

/** Answers as the metric server of the recording did. */
function serveMetrics(server: Server, life: RecordedLife, asked: AskedCounts): void {
  const http = lifeMetrics(life, asked);
  const limits = { timeoutMs: 1000, bodyBytesMax: 2 ** 20 };
  server.on('request', (request, response) => {
    const url = `http://${metricHost}${request.url ?? '/'}`;
    void http.send({ id: '', method: 'GET', url, headers: {}, ...limits }, call.signal).then((answer) => {
      if (answer.kind === 'failure') response.destroy();
      else response.writeHead(answer.status, { 'content-type': 'application/json' }).end(answer.body);
    });
  });
}

/** A cluster whose answers to writes are told at once: the next one may need them before a watch brings them. */
function witnessed(cluster: ClusterPort, onObject: (object: KubeObject) => void): ClusterPort {
  const told = async (answer: Promise<KubeObject>): Promise<KubeObject> => {
    const object = await answer;
    onObject(object);
    return object;
  };
  return {
    ...delegate(cluster),
    create: (...rest) => told(cluster.create(...rest)),
    update: (...rest) => told(cluster.update(...rest)),
    patch: (...rest) => told(cluster.patch(...rest)),
  };
}
