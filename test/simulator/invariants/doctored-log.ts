import type { KubeObject, ResourceType } from '../../../src/api/object.ts';
import { apiVersionOf } from '../../../src/api/object.ts';
import { podTemplateHash } from '../../../src/api/pod-template-hash.ts';
import { resourceTypes } from '../../../src/api/resource-types.ts';
import { formatInstant } from '../../../src/base/instant.ts';
import { InvariantWatch } from '../../../src/simulator/invariants/invariant-watch.ts';
import { Ledger, type Commit } from '../../../src/simulator/ledger.ts';
import type { SentCall, WriterKind } from '../../../src/simulator/sent-call.ts';
import { simulationStartMs } from '../../../src/simulator/virtual-clock.ts';

export type Fields = Readonly<Record<string, unknown>>;

export const template = (image: string) => ({
  metadata: { labels: { app: 'web' } },
  spec: { containers: [{ name: 'web', image }] },
});
export const v1 = podTemplateHash(template('shop:1'));
export const v2 = podTemplateHash(template('shop:2'));
export const v3 = podTemplateHash(template('shop:3'));

/** A log that a test writes by hand, with an invariant watch that reads it. */
export class DoctoredLog {
  readonly ledger = new Ledger();
  readonly watch: InvariantWatch;
  nowMs = 100_000;
  #version = 0;
  /** Routes that proxies go on with; the others act on the stored one. */
  #kept: { readonly route: KubeObject | undefined; readonly by: 'all' | 'one' } | undefined;

  constructor() {
    this.watch = new InvariantWatch({
      ledger: this.ledger,
      nowMs: () => this.nowMs,
      proxiedRoutes: (namespace, name) => {
        const stored = this.#kept?.by === 'all' ? undefined : this.ledger.get('HTTPRoute', namespace, name);
        return [stored, this.#kept?.route].flatMap((route) => route ?? []);
      },
    });
  }

  /** Ids of the invariants that complained so far. */
  get broken(): readonly string[] {
    return [...new Set(this.watch.violations.map(({ id }) => id))];
  }

  /** From now on all proxies, or one of them, go on with the route as it is. */
  keepProxies(by: 'all' | 'one'): void {
    this.#kept = { route: this.ledger.get('HTTPRoute', 'shop', 'web'), by };
  }

  /** Lets time pass second by second. */
  wait(seconds: number): void {
    for (let second = 0; second < seconds; second += 1) {
      this.nowMs += 1000;
      this.watch.onTime();
    }
  }

  /** Stores an object; the call carries the version before as its precondition unless it is given. */
  put(
    writer: WriterKind,
    type: ResourceType,
    object: Fields & { metadata: Fields & { name: string } },
    call: Partial<SentCall> = {},
  ): void {
    const { name } = object.metadata;
    const previous = this.ledger.get(type.kind, 'shop', name);
    this.#version += 1;
    const metadata = {
      uid: `uid-${type.kind}-${name}`,
      namespace: 'shop',
      ...previous?.metadata,
      ...object.metadata,
      resourceVersion: String(this.#version),
    };
    const stored = { apiVersion: apiVersionOf(type), kind: type.kind, ...object, metadata } as KubeObject;
    this.#commit(writer, type, previous === undefined ? 'ADDED' : 'MODIFIED', stored, previous, call);
  }

  /** Changes fields of an object at their first two levels. */
  change(writer: WriterKind, type: ResourceType, name: string, fields: Fields, call: Partial<SentCall> = {}): void {
    const previous = this.ledger.get(type.kind, 'shop', name);
    if (previous === undefined) throw new Error(`${type.kind} ${name} is not in the log`);
    const merged = Object.fromEntries(
      Object.entries(fields).map(([field, value]) => [field, merge(previous[field], value)]),
    );
    this.put(writer, type, { ...previous, ...merged } as never, call);
  }

  remove(writer: WriterKind, type: ResourceType, name: string, call: Partial<SentCall> = {}): void {
    const previous = this.ledger.get(type.kind, 'shop', name);
    if (previous === undefined) throw new Error(`${type.kind} ${name} is not in the log`);
    this.#version += 1;
    this.#commit(writer, type, 'DELETED', previous, previous, call);
  }

  send(call: Partial<SentCall>): void {
    this.watch.onSend(this.#call('sluice', call.type ?? resourceTypes.replicaSet, 'web', undefined, call));
  }

  #commit(
    writer: WriterKind,
    type: ResourceType,
    kind: Commit['type'],
    object: KubeObject,
    previous: KubeObject | undefined,
    call: Partial<SentCall>,
  ): void {
    const commit: Commit = {
      atMs: this.nowMs,
      version: this.#version,
      type: kind,
      kind: type.kind,
      resource: type,
      namespace: 'shop',
      name: object.metadata.name,
      object,
      previous,
      writer,
      call: this.#call(writer, type, object.metadata.name, previous?.metadata.resourceVersion, call),
    };
    this.ledger.apply(commit);
    this.watch.onCommit(commit);
  }

  #call(
    writer: WriterKind,
    type: ResourceType,
    name: string,
    resourceVersion: string | undefined,
    call: Partial<SentCall>,
  ): SentCall {
    const sent = {
      writer,
      number: 1,
      verb: 'patch',
      type,
      namespace: 'shop',
      name,
      resourceVersion,
      uid: undefined,
    } as const;
    return { ...sent, body: {}, atMs: this.nowMs, ...call };
  }
}

/** Fields of a record are changed one by one; anything else is replaced. */
function merge(before: unknown, after: unknown): unknown {
  const isRecord = (value: unknown): value is Fields =>
    typeof value === 'object' && value !== null && !Array.isArray(value);
  return isRecord(before) && isRecord(after) ? { ...before, ...after } : after;
}

export interface Setting {
  readonly replicas?: number;
  readonly strategy?: Fields;
  readonly spec?: Fields;
  readonly status?: Fields;
  /** Pods of the two revisions that are wanted, and of these available. */
  readonly stable?: readonly [number, number];
  readonly canary?: readonly [number, number];
  /** Share of the canary in the route. */
  readonly weight?: number;
}

export const routing = {
  stableService: 'web-stable',
  canaryService: 'web-canary',
  trafficRouting: { plugins: { 'argoproj-labs/gatewayAPI': { httpRoute: 'web' } } },
};
const steps = [{ setWeight: 25 }, { pause: { duration: '10s' } }, { setWeight: 50 }, { pause: {} }];

/** A Rollout in the middle of an update from v1 to v2, at its first step with a quarter of the users. */
export function setting(given: Setting = {}): DoctoredLog {
  const log = new DoctoredLog();
  const { replicas = 4, strategy = { canary: { ...routing, steps } }, weight = 25 } = given;
  service(log, 'web-stable', v1);
  service(log, 'web-canary', v2);
  route(log, 'person', weight);
  log.put('person', resourceTypes.rollout, {
    metadata: { name: 'web' },
    spec: { replicas, strategy, template: template('shop:2'), ...given.spec },
    status: { currentPodHash: v2, stableRS: v1, currentStepIndex: 0, ...given.status },
  });
  replicaSet(log, v1, ...(given.stable ?? [4, 4]));
  replicaSet(log, v2, ...(given.canary ?? [1, 1]));
  return log;
}

export function service(log: DoctoredLog, name: string, hash: string): void {
  const selector = { app: 'web', 'rollouts-pod-template-hash': hash };
  log.put('person', resourceTypes.service, { metadata: { name }, spec: { selector } });
}

export function route(
  log: DoctoredLog,
  writer: WriterKind,
  canary: unknown,
  stable: unknown = 100 - Number(canary),
  call: Partial<SentCall> = {},
): void {
  const backendRefs = [
    { name: 'web-stable', port: 80, weight: stable },
    { name: 'web-canary', port: 80, weight: canary },
  ];
  log.put(writer, resourceTypes.httpRoute, { metadata: { name: 'web' }, spec: { rules: [{ backendRefs }] } }, call);
}

export function replicaSet(
  log: DoctoredLog,
  hash: string,
  replicas: number,
  available: number,
  annotations: Fields = {},
): void {
  const owner = {
    apiVersion: 'argoproj.io/v1alpha1',
    kind: 'Rollout',
    name: 'web',
    uid: 'uid-Rollout-web',
    controller: true,
  };
  const name = `web-${hash}`;
  log.put('cluster', resourceTypes.replicaSet, {
    metadata: { name, labels: { 'rollouts-pod-template-hash': hash }, annotations, ownerReferences: [owner] },
    spec: { replicas },
    status: { replicas, availableReplicas: available },
  });
  for (let pod = 0; pod < replicas; pod += 1) {
    const ready = {
      type: 'Ready',
      status: pod < available ? 'True' : 'False',
      lastTransitionTime: formatInstant(simulationStartMs),
    };
    log.put('cluster', resourceTypes.pod, {
      metadata: {
        name: `${name}-${pod}`,
        labels: { 'rollouts-pod-template-hash': hash },
        ownerReferences: [
          { apiVersion: 'apps/v1', kind: 'ReplicaSet', name, uid: `uid-ReplicaSet-${name}`, controller: true },
        ],
      },
      status: { phase: 'Running', conditions: [ready] },
    });
  }
}

/** Annotations of a ReplicaSet whose scale-down delay is over at this time of the log. */
export const scaleDownAt = (atMs: number) => ({
  'scale-down-deadline': formatInstant(simulationStartMs + atMs),
});

/** The controller gives a ReplicaSet another size. */
export function scale(log: DoctoredLog, hash: string, replicas: number, call: Partial<SentCall> = {}): void {
  log.change('sluice', resourceTypes.replicaSet, `web-${hash}`, { spec: { replicas } }, call);
}

/** The controller writes the status. */
export function status(log: DoctoredLog, fields: Fields, writer: WriterKind = 'sluice'): void {
  log.change(writer, resourceTypes.rollout, 'web', { status: fields }, { subresource: 'status' });
}

/** The controller switches a Service. */
export function switchTo(log: DoctoredLog, name: string, hash: string): void {
  const selector = { app: 'web', 'rollouts-pod-template-hash': hash };
  log.change('sluice', resourceTypes.service, name, { spec: { selector } });
}

/** An AnalysisRun of the Rollout. */
export function analysisRun(log: DoctoredLog, name: string, labels: Fields, runStatus: Fields): void {
  const owner = {
    apiVersion: 'argoproj.io/v1alpha1',
    kind: 'Rollout',
    name: 'web',
    uid: 'uid-Rollout-web',
    controller: true,
  };
  log.put('sluice', resourceTypes.analysisRun, {
    metadata: { name, labels, ownerReferences: [owner] },
    spec: { metrics: [{ name: 'errors' }] },
    status: runStatus,
  });
}
