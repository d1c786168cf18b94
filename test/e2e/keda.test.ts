import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { after, before, test } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';

import { recordOf } from '../../src/api/json-access.ts';
import type { KubeObject } from '../../src/api/object.ts';
import type { RolloutStatus } from '../../src/api/rollout.ts';
import { hasCode } from '../../src/base/error.ts';
import { applyObject } from '../control-plane/apply-manifests.ts';
import type { Build } from '../control-plane/cached-build.ts';
import type { OwnControlPlane } from '../control-plane/control-plane.ts';
import { findKeda, startKeda, type Keda } from '../control-plane/keda.ts';
import { MetricsApi } from './metrics-api.ts';
import { call } from './pods.ts';
import { shopSuite } from './shop-suite.ts';
import type { Shop } from './shop.ts';
import { startedSuite, unavailable, type Started } from './suite.ts';
import { waitUntil } from './wait.ts';

const title = 'KEDA on a real control plane';
const name = 'queue';
const selector = `scaledobject.keda.sh/name=${name}`;
const pausedAnnotation = 'autoscaling.keda.sh/paused';
const report = (line: string): boolean => process.stderr.write(`keda: ${line}\n`);

// Without a control plane nothing is built for nothing.
const built = unavailable === undefined ? await findKeda({ report }) : { ok: false as const, error: unavailable };
if (built.ok) shopSuite(title, {}, (plane, shop) => define(built.value, plane, shop));
else
  startedSuite(
    title,
    1,
    built.error,
    () => Promise.reject(new Error(built.error)),
    () => undefined,
  );

/** The operator of KEDA scales a Rollout from and to no pods by itself, and beyond by an autoscaler that it makes. */
function define(keda: Build, plane: Started<OwnControlPlane>, shop: Started<Shop>): void {
  const work = { length: 0 };
  let server: Server;
  let metrics: MetricsApi;
  let operator: Keda;

  before(async () => {
    metrics = await MetricsApi.start(plane(), shop().namespace);
    server = createServer((_, response) => response.end(JSON.stringify({ length: work.length })));
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    operator = await startKeda(keda, plane(), report);
  });
  after(async () => {
    await operator.stop();
    server.close();
    metrics.close();
  });

  /** So much waits in the queue, as both KEDA and its autoscaler see it. */
  function queue(length: number): void {
    work.length = length;
    metrics.externalMillis.set(selector, length * 1000);
  }

  async function apply(object: KubeObject): Promise<void> {
    await applyObject(plane().cluster(), object, AbortSignal.timeout(20_000));
  }

  async function autoscaler(): Promise<KubeObject | undefined> {
    const path = `/apis/autoscaling/v2/namespaces/${shop().namespace}/horizontalpodautoscalers/keda-hpa-${name}`;
    try {
      return (await plane().cluster().send({ method: 'GET', path }, call())) as KubeObject;
    } catch (error) {
      if (hasCode(error, 'NotFound')) return undefined;
      throw error;
    }
  }

  async function untilSizes(pods: number, updated: number): Promise<RolloutStatus> {
    return await shop().until(
      `has ${pods} pods, ${updated} of them new`,
      name,
      ({ replicas = 0, availableReplicas = 0, updatedReplicas = 0 }) =>
        replicas === pods && availableReplicas === pods && updatedReplicas === updated,
    );
  }

  test('scales a Rollout from no pods to many and back, also in the middle of an update', async () => {
    queue(0);
    await shop().rollout(name, { canary: { steps: [{ setWeight: 50 }, { pause: {} }] } }, 1);
    const first = await shop().untilHealthy(name);
    const { port } = server.address() as AddressInfo;
    await apply(scaledObject(shop().namespace, `http://127.0.0.1:${port}/`));
    assert.equal((await untilSizes(0, 0)).stableRS, first.stableRS);
    const made = await waitUntil('it makes an autoscaler', autoscaler, (found) => found !== undefined);
    assert.equal(made?.metadata.labels?.['app.kubernetes.io/managed-by'], 'keda-operator');
    assert.equal(recordOf(recordOf(made?.['spec'])['scaleTargetRef'])['kind'], 'Rollout');

    queue(4);
    await untilSizes(4, 4);
    assert.ok(metrics.selectors.has(selector), 'the autoscaler asks for what KEDA measures');
    await shop().setImage(name, 'v2');
    const paused = await shop().untilPaused(name);
    queue(8);
    assert.equal((await untilSizes(8, 4)).currentStepIndex, 1);
    queue(0);
    const none = await untilSizes(0, 0);
    assert.deepEqual([none.currentStepIndex, none.currentPodHash], [1, paused.currentPodHash]);
    queue(2);
    const back = await untilSizes(2, 1);
    assert.deepEqual([back.phase, back.currentStepIndex, back.stableRS], ['Paused', 1, first.stableRS]);

    await shop().patch(name, { status: { pauseConditions: null } }, 'status');
    const isDone = (status: RolloutStatus): boolean => status.phase === 'Healthy' && status.stableRS !== first.stableRS;
    assert.equal((await shop().until('is promoted', name, isDone)).availableReplicas, 2);
  });

  test('leaves the size alone while it is paused by its annotation', async () => {
    const { port } = server.address() as AddressInfo;
    const { metadata, ...scaled } = scaledObject(shop().namespace, `http://127.0.0.1:${port}/`);
    await apply({ ...scaled, metadata: { ...metadata, annotations: { [pausedAnnotation]: 'true' } } });
    await waitUntil('the autoscaler goes', autoscaler, (made) => made === undefined);
    queue(6);
    await plane().kubectl(['-n', shop().namespace, 'scale', `rollout/${name}`, '--replicas=3']);
    await untilSizes(3, 3);
    // It would look every second.
    await delay(2000);
    await untilSizes(3, 3);
    await apply({ ...scaled, metadata: { ...metadata, annotations: {} } });
    await untilSizes(6, 6);
  });
}

/** Looks every second, and waits for no more than that before the last pod goes. */
function scaledObject(namespace: string, url: string): KubeObject {
  const atOnce = { stabilizationWindowSeconds: 0, policies: [{ type: 'Pods', value: 100, periodSeconds: 1 }] };
  return {
    apiVersion: 'keda.sh/v1alpha1',
    kind: 'ScaledObject',
    metadata: { name, namespace },
    spec: {
      scaleTargetRef: { apiVersion: 'argoproj.io/v1alpha1', kind: 'Rollout', name },
      pollingInterval: 1,
      cooldownPeriod: 1,
      minReplicaCount: 0,
      maxReplicaCount: 10,
      advanced: { horizontalPodAutoscalerConfig: { behavior: { scaleUp: atOnce, scaleDown: atOnce } } },
      triggers: [{ type: 'metrics-api', metadata: { url, valueLocation: 'length', targetValue: '1' } }],
    },
  };
}
