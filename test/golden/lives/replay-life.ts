import { resourceSchemas } from '../../../src/api/crd.ts';
import { apiVersionOf, type KubeObject, type ResourceType } from '../../../src/api/object.ts';
import { resourceTypes } from '../../../src/api/resource-types.ts';
import { formatInstant } from '../../../src/base/instant.ts';
import { silentLog, type Log } from '../../../src/base/log.ts';
import { seededRandom } from '../../../src/base/random.ts';
import { createEmbeddedCluster } from '../../../src/cluster/embedded/embedded-cluster.ts';
import { modelledPods } from '../../../src/cluster/embedded/runtime/modelled-pods.ts';
import { startNodeAgent } from '../../../src/cluster/embedded/runtime/node-agent.ts';
import { startWorkloads } from '../../../src/cluster/embedded/workloads/workloads.ts';
import { createController } from '../../../src/controller/controller.ts';
import { createMemoryJournal } from '../../../src/controller/journal.ts';
import { metricProviders } from '../../../src/providers/metrics/registry.ts';
import { trafficRouters } from '../../../src/providers/traffic/registry.ts';
import { VirtualClock } from '../../cluster/embedded/virtual-clock.ts';
import { findObjects, isConditionMet, readPath, type LifeCondition } from './life-condition.ts';

/** A recorded life, as far as it is replayed. */
export interface Life {
  readonly name: string;
  readonly manifests: readonly KubeObject[];
  readonly actions: readonly { readonly when: LifeCondition; readonly do: LifeRequest }[];
  readonly end: LifeCondition;
  readonly duration: number;
}

/** What a user did. */
export interface LifeRequest {
  readonly as: string;
  readonly verb: 'create' | 'patch' | 'delete';
  readonly kind: string;
  readonly name: string;
  readonly subresource?: 'status' | 'scale';
  readonly type?: 'merge' | 'json';
  readonly body?: unknown;
  readonly object?: KubeObject;
}

/** A change of one object. */
export interface LifeChange {
  readonly atMs: number;
  readonly object: KubeObject;
  readonly type: string;
}

/** What happened in a replay. */
export interface Replay {
  /** In the order of the store. */
  readonly changes: readonly LifeChange[];
  /** Objects just before each action, and at the end, by `Kind/name`. */
  readonly moments: readonly ReadonlyMap<string, KubeObject>[];
  /** Reasons of the Events about the Rollout, in the order in which they were emitted. */
  readonly reasons: readonly string[];
  readonly problem: string | undefined;
}

/** Kinds whose changes do not break the quiet that a condition waits for: they were not recorded. */
const unrecorded: ReadonlySet<string> = new Set(['Pod', 'Event', 'EndpointSlice']);

const namespace = 'life';
const stepMs = 50;

/** Replays a life: the same manifests and actions, on the embedded cluster, in virtual time. */
export async function replayLife(life: Life, log: Log = silentLog): Promise<Replay> {
  const clock = new VirtualClock();
  const random = seededRandom(7);
  const cluster = createEmbeddedCluster({
    clock,
    random: random.fork('cluster'),
    freeze: true,
    resources: servedKinds(),
  });
  const common = { cluster, clock, log: silentLog };
  const born = new Map<string, { at: number; count: number }>();
  const runtime = modelledPods({
    clock,
    random: random.fork('pods'),
    modelOf: (pod) => ({ startMs: 0, readyMs: readyAfter(pod, born, clock.now()), endMs: 200 }),
  });
  const workloads = startWorkloads({ ...common, random: random.fork('workloads') } as Parameters<
    typeof startWorkloads
  >[0]);
  const agent = startNodeAgent({ ...common, random: random.fork('agent'), runtime } as Parameters<
    typeof startNodeAgent
  >[0]);
  const controller = createController({
    cluster,
    clock,
    log,
    random: random.fork('controller'),
    journal: createMemoryJournal(),
    routers: trafficRouters,
    metricProviders,
    http: { send: ({ id }) => Promise.resolve({ kind: 'failure', id, code: 'MetricUnreachable', message: 'none' }) },
  });
  const changes: LifeChange[] = [];
  const objects = new Map<string, KubeObject>();
  let recordedAtMs = 0;
  let startMs = clock.now();
  cluster.log.subscribe(({ type, object }) => {
    const key = `${object.kind}/${object.metadata.name}`;
    if (type === 'DELETED') objects.delete(key);
    else objects.set(key, object);
    changes.push({ atMs: clock.now() - startMs, type, object });
    if (!unrecorded.has(object.kind)) recordedAtMs = clock.now();
  });
  const started = controller.start();
  await clock.advance(100);
  await started;

  const { signal } = new AbortController();
  const run = async <T>(work: Promise<T>): Promise<T> => {
    const settled = work.then(
      () => undefined,
      () => undefined,
    );
    await clock.advance(1);
    await settled;
    return work;
  };
  for (const manifest of life.manifests) {
    const object = { ...manifest, metadata: { ...manifest.metadata, namespace } };
    await run(cluster.create(typeOf(manifest), object, {}, { signal }));
  }

  startMs = clock.now();
  const moments: ReadonlyMap<string, KubeObject>[] = [];
  let heldSinceMs = -1;
  const problem = await follow();
  await controllerStop();
  return { changes, moments, reasons: reasonsOf(), problem };

  async function follow(): Promise<string | undefined> {
    for (const { when, do: request } of [...life.actions, { when: life.end, do: undefined }]) {
      heldSinceMs = -1;
      while (!isReady(when)) {
        if (clock.now() - startMs > (life.duration + 60) * 1000) return `waits for ever for: ${when.text}`;
        await clock.advance(stepMs);
      }
      moments.push(new Map(objects));
      if (request === undefined) return undefined;
      await run(send(request));
      recordedAtMs = clock.now();
    }
    return undefined;
  }

  function isReady(when: LifeCondition): boolean {
    const now = clock.now();
    if (!isConditionMet(when, objects)) {
      heldSinceMs = -1;
      return false;
    }
    if (heldSinceMs < 0) heldSinceMs = now;
    const held = now - heldSinceMs >= (when.after ?? 0) * 1000;
    return held && now - recordedAtMs >= (when.quiet ?? 0) * 1000;
  }

  async function send(request: LifeRequest): Promise<unknown> {
    const type = typeOfKind(request.kind);
    const name = nameOf(request);
    const at = { type, namespace, name };
    const body = fillTimes(request.body, clock.now());
    const options = request.subresource === undefined ? {} : { subresource: request.subresource };
    if (request.verb === 'delete') return cluster.delete(at, {}, { signal });
    if (request.verb === 'create') {
      const object = { ...(request.object as KubeObject), metadata: { ...request.object!.metadata, namespace } };
      return cluster.create(type, object, {}, { signal });
    }
    return request.type === 'json'
      ? cluster.patch(at, { kind: 'json', operations: body as never }, options, { signal })
      : cluster.patch(at, { kind: 'merge', body: body as object }, options, { signal });
  }

  /** `*` and `@image` stand for the newest object that fits. */
  function nameOf({ kind, name }: LifeRequest): string {
    if (name !== '*' && !name.startsWith('@')) return name;
    const fitting = findObjects(`${kind}/${name}`, objects);
    return fitting.toSorted(byVersion).at(-1)?.metadata.name ?? name;
  }

  async function controllerStop(): Promise<void> {
    const stops = Promise.all([controller.stop(), workloads.stop(), agent.stop('end')]);
    await clock.advance(60_000);
    await stops;
    cluster.close();
  }

  function reasonsOf(): readonly string[] {
    return changes
      .filter(({ type, object }) => type === 'ADDED' && object.kind === 'Event')
      .filter(({ object }) => String(readPath(object, 'involvedObject.kind')) === 'Rollout')
      .map(({ object }) => String(object['reason']));
  }
}

function byVersion(left: KubeObject, right: KubeObject): number {
  return Number(left.metadata.resourceVersion) - Number(right.metadata.resourceVersion);
}

function servedKinds() {
  const open = [resourceTypes.httpRoute, resourceTypes.grpcRoute, resourceTypes.gateway];
  return [...Object.values(resourceSchemas), ...open.map((type) => ({ type, subresources: { status: {} } }))];
}

function typeOf({ apiVersion, kind }: KubeObject): ResourceType {
  const type = Object.values(resourceTypes).find((known) => known.kind === kind && apiVersionOf(known) === apiVersion);
  return type ?? typeOfKind(kind);
}

function typeOfKind(kind: string): ResourceType {
  const type = Object.values(resourceTypes).find((known) => known.kind === kind);
  if (type === undefined) throw new Error(`the kind ${kind} is not served here`);
  return type;
}

/** Pods that one owner makes together become ready a quarter of a second apart, from 1 s to 2 s. */
function readyAfter(pod: unknown, born: Map<string, { at: number; count: number }>, now: number): number | undefined {
  const { metadata, spec } = pod as {
    metadata: { ownerReferences?: { uid: string }[] };
    spec: { containers: { image?: string }[] };
  };
  if (spec.containers.some(({ image }) => image === 'demo:does-not-exist')) return undefined;
  const owner = metadata.ownerReferences?.[0]?.uid ?? '';
  const batch = born.get(owner);
  const count = batch !== undefined && now - batch.at < 200 ? batch.count + 1 : 0;
  born.set(owner, { at: count === 0 ? now : (batch?.at ?? now), count });
  return 1000 + Math.min(count, 4) * 250;
}

function fillTimes(body: unknown, now: number): unknown {
  const text = JSON.stringify(body ?? null).replaceAll(/\$NOW(?:\+(\d+)s)?/g, (_, seconds?: string) =>
    formatInstant(now + Number(seconds ?? 0) * 1000),
  );
  return JSON.parse(text) as unknown;
}
