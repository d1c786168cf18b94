import { randomBytes } from 'node:crypto';

import type { FastifyInstance } from 'fastify';

import { resourceSchemas } from '../../src/api/crd.ts';
import type { KubeObject, ResourceType } from '../../src/api/object.ts';
import { podTemplateHash, stepsHash } from '../../src/api/pod-template-hash.ts';
import { resourceTypes } from '../../src/api/resource-types.ts';
import type { RolloutSpec, RolloutStatus } from '../../src/api/rollout.ts';
import { systemClock, type Clock } from '../../src/base/clock.ts';
import { parseInstant } from '../../src/base/instant.ts';
import { silentLog } from '../../src/base/log.ts';
import { seededRandom } from '../../src/base/random.ts';
import { createEmbeddedCluster, type EmbeddedCluster } from '../../src/cluster/embedded/embedded-cluster.ts';
import { createMemoryJournal } from '../../src/controller/journal.ts';
import { credentialOf } from '../../src/server/credential.ts';
import { createDecisionBoard } from '../../src/server/decision-board.ts';
import { createServer, type ServerOptions } from '../../src/server/server.ts';

export const call = { signal: new AbortController().signal };

/** A clock whose wall time the test moves; timers run in real time. */
export class StageClock implements Clock {
  #now = parseInstant('2026-03-01T12:00:00Z') ?? 0;

  now(): number {
    return this.#now;
  }

  monotonic(): number {
    return systemClock.monotonic();
  }

  schedule(delayMs: number, wake: () => void): () => void {
    return systemClock.schedule(delayMs, wake);
  }

  advance(seconds: number): void {
    this.#now += seconds * 1000;
  }
}

/** An embedded cluster that a test fills by hand, and the API on it. No controller runs. */
export class Stage {
  readonly clock = new StageClock();
  readonly cluster: EmbeddedCluster;
  readonly journal = createMemoryJournal();
  readonly decisions = createDecisionBoard();
  readonly token = randomBytes(24).toString('base64url');
  readonly viewerToken = randomBytes(24).toString('base64url');
  readonly server: FastifyInstance;

  constructor(options: Partial<ServerOptions> = {}) {
    this.cluster = createEmbeddedCluster({
      clock: this.clock,
      random: seededRandom(1),
      resources: [...Object.values(resourceSchemas), { type: resourceTypes.httpRoute, subresources: { status: {} } }],
      freeze: true,
    });
    this.server = createServer({
      cluster: this.cluster,
      journal: this.journal,
      clock: this.clock,
      log: silentLog,
      credentials: [
        credentialOf(this.token, { name: 'owner', role: 'operator' }),
        credentialOf(this.viewerToken, { name: 'guest', role: 'viewer' }),
      ],
      decisions: this.decisions,
      version: '0.0.0-test',
      ...options,
    });
  }

  async close(): Promise<void> {
    await this.server.close();
    this.cluster.close();
  }

  /** Listens on a free port and answers with the address. */
  async listen(): Promise<string> {
    return this.server.listen({ host: '127.0.0.1', port: 0 });
  }

  create(type: ResourceType, object: Omit<KubeObject, 'apiVersion' | 'kind'>): Promise<KubeObject> {
    const apiVersion = type.group === '' ? type.version : `${type.group}/${type.version}`;
    return this.cluster.create(type, { apiVersion, kind: type.kind, ...object } as KubeObject, {}, call);
  }

  get(type: ResourceType, name: string): Promise<KubeObject> {
    return this.cluster.get({ type, namespace: 'shop', name }, call);
  }

  async setStatus(type: ResourceType, name: string, status: object): Promise<KubeObject> {
    const subresource = type === resourceTypes.analysisRun ? {} : ({ subresource: 'status' } as const);
    const at = { type, namespace: 'shop', name };
    return this.cluster.patch(at, { kind: 'merge', body: { status } }, subresource, call);
  }

  patchSpec(name: string, spec: object): Promise<KubeObject> {
    const at = { type: resourceTypes.rollout, namespace: 'shop', name };
    return this.cluster.patch(at, { kind: 'merge', body: { spec } }, {}, call);
  }

  /** Asks the API without a connection. */
  async ask(method: 'GET' | 'POST', url: string, body?: object, token = this.token) {
    const answer = await this.server.inject({
      method,
      url,
      headers: { host: '127.0.0.1:1', authorization: `Bearer ${token}` },
      ...(body === undefined ? {} : { payload: body }),
    });
    return { status: answer.statusCode, body: answer.json<Record<string, never>>() };
  }
}

/** A pod template with one container. */
export function template(image: string): NonNullable<RolloutSpec['template']> {
  return {
    metadata: { labels: { app: 'web' } },
    spec: { containers: [{ name: 'web', image, ports: [{ containerPort: 80, protocol: 'TCP' }] }] },
  };
}

/** Hash of `template(image)`. */
export function hashOf(image: string): string {
  return podTemplateHash(template(image));
}

export const canarySpec: RolloutSpec = {
  replicas: 4,
  selector: { matchLabels: { app: 'web' } },
  template: template('shop/web:v2'),
  strategy: {
    canary: {
      stableService: 'web-stable',
      canaryService: 'web-canary',
      steps: [
        { setWeight: 25 },
        { pause: { duration: '2m' } },
        { analysis: { templates: [{ templateName: 'errors' }] } },
      ],
      trafficRouting: { plugins: { 'argoproj-labs/gatewayAPI': { httpRoute: 'web', namespace: 'shop' } } },
    },
  },
};

const pauseStart = '2026-03-01T12:02:00Z';

/** Status of a canary that pauses at its second step. */
export function pausedStatus(): RolloutStatus {
  return {
    observedGeneration: '1',
    currentPodHash: hashOf('shop/web:v2'),
    stableRS: hashOf('shop/web:v1'),
    currentStepHash: stepsHash(canarySpec.strategy?.canary?.steps),
    currentStepIndex: 1,
    pauseConditions: [{ reason: 'CanaryPauseStep', startTime: pauseStart }],
    controllerPause: true,
    phase: 'Paused',
    message: 'CanaryPauseStep',
    replicas: 5,
    updatedReplicas: 1,
    readyReplicas: 5,
    availableReplicas: 5,
    canary: {
      weights: {
        canary: { weight: 25, serviceName: 'web-canary', podTemplateHash: hashOf('shop/web:v2') },
        stable: { weight: 75, serviceName: 'web-stable', podTemplateHash: hashOf('shop/web:v1') },
      },
    },
    conditions: [
      {
        type: 'Paused',
        status: 'True',
        reason: 'RolloutPaused',
        message: 'Rollout is paused',
        lastUpdateTime: pauseStart,
        lastTransitionTime: pauseStart,
      },
    ],
  };
}

/** Puts a canary in the middle of its update on the stage: two revisions, five pods. Takes 150 seconds of its clock. */
export async function raiseCanary(stage: Stage, name = 'web'): Promise<KubeObject> {
  const rollout = await stage.create(resourceTypes.rollout, {
    metadata: { name, namespace: 'shop', annotations: { 'rollout.argoproj.io/revision': '2' } },
    spec: canarySpec,
  });
  await raiseRevision(stage, rollout, { number: 1, image: 'shop/web:v1', pods: 4 });
  stage.clock.advance(90);
  await raiseRevision(stage, rollout, { number: 2, image: 'shop/web:v2', pods: 1 });
  stage.clock.advance(60);
  return stage.setStatus(resourceTypes.rollout, name, pausedStatus());
}

interface RaisedRevision {
  readonly number: number;
  readonly image: string;
  readonly pods: number;
}

/** Puts a ReplicaSet and its pods on the stage; all of them are ready. */
export async function raiseRevision(stage: Stage, rollout: KubeObject, { number, image, pods }: RaisedRevision) {
  const hash = hashOf(image);
  const labels = { app: 'web', 'rollouts-pod-template-hash': hash };
  const name = `${rollout.metadata.name}-${hash}`;
  const replicaSet = await stage.create(resourceTypes.replicaSet, {
    metadata: {
      name,
      namespace: 'shop',
      labels,
      annotations: { 'rollout.argoproj.io/revision': String(number) },
      ownerReferences: [ownerOf(rollout)],
    },
    spec: {
      replicas: pods,
      selector: { matchLabels: labels },
      template: { ...template(image), metadata: { labels } },
    },
  });
  await stage.setStatus(resourceTypes.replicaSet, name, {
    replicas: pods,
    readyReplicas: pods,
    availableReplicas: pods,
  });
  for (let index = 0; index < pods; index += 1) {
    await raisePod(stage, replicaSet, `${name}-${'abcdefgh'.charAt(index)}`, labels, image);
  }
}

async function raisePod(
  stage: Stage,
  replicaSet: KubeObject,
  name: string,
  labels: Readonly<Record<string, string>>,
  image: string,
): Promise<void> {
  await stage.create(resourceTypes.pod, {
    metadata: { name, namespace: 'shop', labels, ownerReferences: [ownerOf(replicaSet)] },
    spec: template(image).spec ?? {},
  });
  await stage.setStatus(resourceTypes.pod, name, {
    phase: 'Running',
    podIP: '127.0.0.9',
    conditions: [{ type: 'Ready', status: 'True' }],
    containerStatuses: [
      { name: 'web', image, imageID: image, ready: true, started: true, restartCount: 0, state: { running: {} } },
    ],
  });
}

/** The owner reference of an object that controls another. */
export function ownerOf({ apiVersion, kind, metadata }: KubeObject) {
  return { apiVersion, kind, name: metadata.name, uid: metadata.uid ?? '', controller: true };
}
