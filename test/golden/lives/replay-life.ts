import type { KubeObject } from '../../../src/api/object.ts';
import { SluiceError } from '../../../src/base/error.ts';
import { formatInstant } from '../../../src/base/instant.ts';
import { silentLog, type Log } from '../../../src/base/log.ts';
import { seededRandom } from '../../../src/base/random.ts';
import { createEmbeddedCluster, type EmbeddedCluster } from '../../../src/cluster/embedded/embedded-cluster.ts';
import { startNodeAgent } from '../../../src/cluster/embedded/runtime/node-agent.ts';
import { startWorkloads } from '../../../src/cluster/embedded/workloads/workloads.ts';
import { createController } from '../../../src/controller/controller.ts';
import type { HttpPort } from '../../../src/controller/http-port.ts';
import { createMemoryJournal } from '../../../src/controller/journal.ts';
import { metricProviders } from '../../../src/providers/metrics/registry.ts';
import { trafficRouters } from '../../../src/providers/traffic/registry.ts';
import { VirtualClock } from '../../cluster/embedded/virtual-clock.ts';
import { findObjects, isConditionMet, type LifeCondition } from './life-condition.ts';
import { servedKinds, typeOf, typeOfKind } from './life-kinds.ts';
import { askedBy, lifeMetrics, type AskedCounts } from './life-metrics.ts';
import { lifePods } from './life-pods.ts';
import type { Life, LifeRequest, RecordedLife, TraceEntry } from './life.ts';
import { playRecorded, type RecordedPlace } from './play-recorded.ts';

/** A change of one object. */
export interface LifeChange {
  readonly type: 'ADDED' | 'MODIFIED' | 'DELETED';
  readonly object: KubeObject;
}

/** What happened in a replay. */
export interface Replay {
  /** In the order of the store. */
  readonly changes: readonly LifeChange[];
  /** Objects just before each action, and at the end, by `Kind/name`. */
  readonly moments: readonly ReadonlyMap<string, KubeObject>[];
  /** HTTP status of the answer to each action. */
  readonly answers: readonly number[];
  /** Why it was not played to its end. */
  readonly problem: string | undefined;
}

/** The namespace in which lives are replayed. */
export const lifeNamespace = 'golden-life';

/** How often conditions are looked at, and how much later than recorded one may hold at most. */
const [stepMs, patienceMs] = [50, 60_000];

/** Kinds whose changes do not break the quiet that a condition waits for: they were not recorded. */
const unrecorded: ReadonlySet<string> = new Set(['Pod', 'Event', 'EndpointSlice']);

/** Replays a life: the same manifests and actions, on the embedded cluster, in virtual time. */
export async function replayLife(life: Life, log: Log = silentLog): Promise<Replay> {
  const stage = new Stage(life, log);
  await stage.start();
  const problem = await stage.play();
  await stage.stop();
  return stage.replay(problem);
}

/**
 * Replays a life of which somebody else did the first part: the first `entries` entries of the recording are written as
 * they were recorded; then Sluice's controller is started, and goes on.
 */
export async function takeOverLife(life: RecordedLife, entries: number, log: Log = silentLog): Promise<Replay> {
  const stage = new Stage(life, log);
  await stage.followRecording(life.trace.slice(0, entries));
  const problem = await stage.play();
  await stage.stop();
  return stage.replay(problem);
}

class Stage {
  readonly #life: Life;
  readonly #clock = new VirtualClock();
  readonly #cluster: EmbeddedCluster;
  readonly #actors: ReturnType<typeof startActors>;
  readonly #signal = new AbortController().signal;
  readonly #changes: LifeChange[] = [];
  readonly #objects = new Map<string, KubeObject>();
  readonly #moments: ReadonlyMap<string, KubeObject>[] = [];
  readonly #answers: number[] = [];
  readonly #asked: AskedCounts = new Map();
  #changedAtMs = 0;
  #startMs = 0;
  #heldSinceMs = -1;

  constructor(life: Life, log: Log) {
    const random = seededRandom(7);
    this.#life = life;
    this.#cluster = createEmbeddedCluster({
      clock: this.#clock,
      random: random.fork('cluster'),
      freeze: true,
      resources: servedKinds(),
    });
    this.#cluster.log.subscribe((change) => this.#take(change));
    this.#actors = startActors(lifeMetrics(life, this.#asked), this.#cluster, this.#clock, random, log);
  }

  /** A life begins at a whole second, so that stored times are cut as they were. */
  async start(): Promise<void> {
    const started = this.#actors.controller.start();
    await this.#clock.advance(1000);
    await started;
    await this.#begin();
  }

  /** Does what was recorded at the times at which it was, and only then starts the controller. */
  async followRecording(trace: readonly TraceEntry[]): Promise<void> {
    await this.#clock.advance(1000);
    await this.#begin();
    for (const entry of trace) {
      const dueMs = this.#startMs + entry.t * 1000 - this.#clock.now();
      if (dueMs > 0) await this.#clock.advance(dueMs);
      const request = entry.kind === 'Action' ? this.#life.actions[entry.index ?? 0]?.do : undefined;
      if (request === undefined) await this.#during(playRecorded(entry, this.#place()));
      else await this.#act(request);
    }
    for (const [key, count] of askedBy(this.#objects.values())) this.#asked.set(key, count);
    const started = this.#actors.controller.start();
    await this.#clock.advance(stepMs);
    await started;
  }

  async #begin(): Promise<void> {
    this.#startMs = this.#clock.now();
    for (const manifest of this.#life.manifests) await this.#during(this.#create(manifest));
  }

  #place(): RecordedPlace {
    return { cluster: this.#cluster, namespace: lifeNamespace, startMs: this.#startMs, objects: this.#objects };
  }

  async #act(request: LifeRequest): Promise<void> {
    this.#moments.push(new Map(this.#objects));
    this.#answers.push(await this.#answer(request));
    this.#changedAtMs = this.#clock.now();
  }

  async play(): Promise<string | undefined> {
    const { actions, end, duration } = this.#life;
    for (const { when, request } of [
      ...actions.map((action) => ({ when: action.when, request: action.do })).slice(this.#answers.length),
      { when: end, request: undefined },
    ]) {
      this.#heldSinceMs = -1;
      while (!this.#isReady(when)) {
        if (this.#clock.now() - this.#startMs > duration * 1000 + patienceMs) return `waits for ever for: ${when.text}`;
        await this.#clock.advance(stepMs);
      }
      if (request !== undefined) await this.#act(request);
    }
    this.#moments.push(new Map(this.#objects));
    return undefined;
  }

  async stop(): Promise<void> {
    const { controller, workloads, agent } = this.#actors;
    const stops = Promise.all([controller.stop(), workloads.stop(), agent.stop('end')]);
    await this.#clock.advance(60_000);
    await stops;
    this.#cluster.close();
  }

  replay(problem: string | undefined): Replay {
    return { changes: this.#changes, moments: this.#moments, answers: this.#answers, problem };
  }

  #take({ type, object }: LifeChange): void {
    const key = `${object.kind}/${object.metadata.name}`;
    if (type === 'DELETED') this.#objects.delete(key);
    else this.#objects.set(key, object);
    this.#changes.push({ type, object });
    if (!unrecorded.has(object.kind)) this.#changedAtMs = this.#clock.now();
  }

  #isReady(when: LifeCondition): boolean {
    const now = this.#clock.now();
    if (!isConditionMet(when, this.#objects)) {
      this.#heldSinceMs = -1;
      return false;
    }
    if (this.#heldSinceMs < 0) this.#heldSinceMs = now;
    const held = now - this.#heldSinceMs >= (when.after ?? 0) * 1000;
    return held && now - this.#changedAtMs >= (when.quiet ?? 0) * 1000;
  }

  /** Waits for an answer while time goes on. */
  async #during<T>(work: Promise<T>): Promise<T> {
    const settled = Promise.allSettled([work]);
    await this.#clock.advance(1);
    await settled;
    return work;
  }

  async #answer(request: LifeRequest): Promise<number> {
    try {
      await this.#during(this.#send(request));
      return request.verb === 'create' ? 201 : 200;
    } catch (error) {
      if (error instanceof SluiceError) return error.traits.httpStatus;
      throw error;
    }
  }

  #create(object: KubeObject): Promise<KubeObject> {
    const placed = { ...object, metadata: { ...object.metadata, namespace: lifeNamespace } };
    return this.#cluster.create(typeOf(object), placed, {}, { signal: this.#signal });
  }

  #send(request: LifeRequest): Promise<KubeObject> {
    const { verb, kind = '', subresource, type, object } = request;
    const call = { signal: this.#signal };
    if (verb === 'create' && object !== undefined) return this.#create(object);
    const at = { type: typeOfKind(kind), namespace: lifeNamespace, name: this.#nameOf(request) };
    if (verb === 'delete') return this.#cluster.delete(at, {}, call);
    const body = fillTimes(request.body, this.#clock.now());
    const options = subresource === undefined ? {} : { subresource };
    return type === 'json'
      ? this.#cluster.patch(at, { kind: 'json', operations: body as never }, options, call)
      : this.#cluster.patch(at, { kind: 'merge', body: body as object }, options, call);
  }

  /** `*` and `@image` stand for the newest object that fits. */
  #nameOf({ kind = '', name = '' }: LifeRequest): string {
    if (name !== '*' && !name.startsWith('@')) return name;
    // Objects are kept in the order in which they were made.
    return findObjects(`${kind}/${name}`, this.#objects).at(-1)?.metadata.name ?? name;
  }
}

/** Whoever acts on the cluster: the controllers of the built-in kinds, the node, and Sluice's own controller. */
function startActors(
  http: HttpPort,
  cluster: EmbeddedCluster,
  clock: VirtualClock,
  random: ReturnType<typeof seededRandom>,
  log: Log,
) {
  const common = { cluster, clock, log: silentLog };
  return {
    workloads: startWorkloads({ ...common, random: random.fork('workloads') }),
    agent: startNodeAgent({
      ...common,
      random: random.fork('agent'),
      runtime: lifePods(clock, random.fork('pods')),
    }),
    controller: createController({
      cluster,
      clock,
      log,
      random: random.fork('controller'),
      journal: createMemoryJournal(),
      routers: trafficRouters,
      metricProviders,
      http,
    }),
  };
}

/** `$NOW` and `$NOW+5s` are the time of the request. */
function fillTimes(body: unknown, now: number): unknown {
  const text = JSON.stringify(body ?? null).replaceAll(/\$NOW(?:\+(\d+)s)?/gu, (_, seconds?: string) =>
    formatInstant(now + Number(seconds ?? 0) * 1000),
  );
  return JSON.parse(text) as unknown;
}
