import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';

import { recordOf } from '../../src/api/json-access.ts';
import type { KubeObject } from '../../src/api/object.ts';
import { resourceTypes } from '../../src/api/resource-types.ts';
import type { RolloutStatus } from '../../src/api/rollout.ts';
import { applyObject } from '../control-plane/apply-manifests.ts';
import { MetricsApi } from './metrics-api.ts';
import { call } from './pods.ts';
import { shopSuite } from './shop-suite.ts';
import { waitUntil } from './wait.ts';

const halfAndPause = [{ setWeight: 50 }, { pause: {} }];
/** Each pod asks for 100 millicores and is to use half of them. */
const podMillis = 50;
const cpu = { type: 'Resource', resource: { name: 'cpu', target: { type: 'Utilization', averageUtilization: 50 } } };
const atOnce = { stabilizationWindowSeconds: 0, policies: [{ type: 'Pods', value: 100, periodSeconds: 1 }] };

/** The HorizontalPodAutoscaler controller of Kubernetes at work on Rollouts, by their scale subresource. */
shopSuite('autoscalers on a real control plane', { gatewayApi: true }, (plane, shop) => {
  let metrics: MetricsApi;

  before(async () => {
    metrics = await MetricsApi.start(plane(), shop().namespace);
  });
  after(() => metrics.close());

  /** A Rollout of two pods that ask for CPU, and an autoscaler for it. */
  async function scaled(name: string, strategy: object, metric: object): Promise<RolloutStatus> {
    const spec = { replicas: 2, selector: { matchLabels: { app: name } }, template: template(name, 'v1'), strategy };
    await shop().create(resourceTypes.rollout, name, { spec });
    const status = await shop().untilHealthy(name);
    const signal = AbortSignal.timeout(20_000);
    await applyObject(plane().cluster(), autoscaler(name, shop().namespace, metric), signal);
    return status;
  }

  async function update(name: string): Promise<RolloutStatus> {
    await shop().patch(name, { spec: { template: template(name, 'v2') } });
    return await shop().untilPaused(name);
  }

  async function promote(name: string, stableRS: string | undefined): Promise<RolloutStatus> {
    await shop().patch(name, { status: { pauseConditions: null } }, 'status');
    const isDone = (status: RolloutStatus): boolean => status.phase === 'Healthy' && status.stableRS !== stableRS;
    return await shop().until('is promoted', name, isDone);
  }

  /** What the autoscaler says about itself. */
  async function saysAutoscaler(name: string): Promise<Readonly<Record<string, unknown>>> {
    const path = `/apis/autoscaling/v2/namespaces/${shop().namespace}/horizontalpodautoscalers/${name}`;
    const { status } = (await plane().cluster().send({ method: 'GET', path }, call())) as KubeObject;
    const conditions = (recordOf(status)['conditions'] ?? []) as readonly { type: string; status: string }[];
    return { ...recordOf(status), ...Object.fromEntries(conditions.map((one) => [one.type, one.status])) };
  }

  test('scale a canary up and down by what its pods use, also in the middle of an update', async () => {
    metrics.cpuMillis.set('web', 2 * podMillis);
    const first = await scaled('web', { canary: { steps: halfAndPause } }, cpu);
    metrics.cpuMillis.set('web', 4 * podMillis);
    await shop().until('has four pods', 'web', ({ availableReplicas }) => availableReplicas === 4);
    const said = await waitUntil(
      'the autoscaler sees them',
      () => saysAutoscaler('web'),
      ({ currentReplicas, desiredReplicas }) => currentReplicas === 4 && desiredReplicas === 4,
    );
    assert.deepEqual([said['AbleToScale'], said['ScalingActive']], ['True', 'True']);
    assert.ok(metrics.selectors.has('app=web'), 'it asks by status.selector');

    assert.equal((await update('web')).updatedReplicas, 2);
    metrics.cpuMillis.set('web', 8 * podMillis);
    const grown = await untilSizes('web', 8, 4);
    assert.deepEqual([grown.phase, grown.currentStepIndex, grown.stableRS], ['Paused', 1, first.stableRS]);
    assert.deepEqual([grown.HPAReplicas, grown.selector], [8, 'app=web']);
    metrics.cpuMillis.set('web', 2 * podMillis);
    const shrunk = await untilSizes('web', 2, 1);
    assert.deepEqual([shrunk.phase, shrunk.currentStepIndex], ['Paused', 1]);

    const done = await promote('web', first.stableRS);
    assert.equal(done.availableReplicas, 2);
    metrics.cpuMillis.set('web', 6 * podMillis);
    await untilSizes('web', 6, 6);
  });

  /** Waits until all pods, and those of the new revision, are as many as these, and all available. */
  async function untilSizes(name: string, pods: number, updated: number): Promise<RolloutStatus> {
    return await shop().until(
      `has ${pods} pods, ${updated} of them new`,
      name,
      ({ replicas, availableReplicas, updatedReplicas = 0 }) =>
        replicas === pods && availableReplicas === pods && updatedReplicas === updated,
    );
  }

  test('scale a canary behind a router by an outside metric; weights stay what the step says', async () => {
    const half = { 'shop-stable': 50, 'shop-canary': 50 };
    metrics.externalMillis.set('shop-requests', 2000);
    const first = await scaled('shop', await behindRoute('shop'), perPod('shop-requests'));
    const paused = await update('shop');
    assert.deepEqual(await weights('shop'), half);
    assert.equal(paused.canary?.weights?.canary.weight, 50);

    metrics.externalMillis.set('shop-requests', 6000);
    await untilSizes('shop', 9, 3);
    assert.deepEqual(await weights('shop'), half);
    metrics.externalMillis.set('shop-requests', 2000);
    const shrunk = await untilSizes('shop', 3, 1);
    assert.deepEqual([shrunk.phase, shrunk.currentStepIndex, shrunk.stableRS], ['Paused', 1, first.stableRS]);
    assert.deepEqual(await weights('shop'), half);

    await promote('shop', first.stableRS);
    await untilAllStable('shop');
  });

  test('scale both sides of a canary whose stable side shrinks with its weight', async () => {
    metrics.externalMillis.set('dynamic-requests', 4000);
    const strategy = await behindRoute('dynamic', { dynamicStableScale: true });
    const first = await scaled('dynamic', strategy, perPod('dynamic-requests'));
    await untilSizes('dynamic', 4, 4);
    await update('dynamic');
    await untilSizes('dynamic', 4, 2);
    metrics.externalMillis.set('dynamic-requests', 8000);
    await untilSizes('dynamic', 8, 4);
    assert.deepEqual(await weights('dynamic'), { 'dynamic-stable': 50, 'dynamic-canary': 50 });
    metrics.externalMillis.set('dynamic-requests', 4000);
    await untilSizes('dynamic', 4, 2);
    await shop().patch('dynamic', { status: { abort: true } }, 'status');
    await untilAllStable('dynamic');
    const aborted = await untilSizes('dynamic', 4, 0);
    assert.deepEqual([aborted.phase, aborted.stableRS], ['Degraded', first.stableRS]);
  });

  /** A canary behind an HTTPRoute, with the route and the Services. */
  async function behindRoute(name: string, more: object = {}): Promise<object> {
    const [stable, canary] = [`${name}-stable`, `${name}-canary`];
    for (const service of [stable, canary]) {
      const spec = { selector: { app: name }, ports: [{ port: 80 }] };
      await shop().create(resourceTypes.service, service, { spec });
    }
    const backendRefs = [stable, canary].map((service) => ({ name: service, port: 80 }));
    await shop().create(resourceTypes.httpRoute, name, { spec: { rules: [{ backendRefs }] } });
    const trafficRouting = { plugins: { 'argoproj-labs/gatewayAPI': { httpRoute: name } } };
    const services = { stableService: stable, canaryService: canary };
    return { canary: { ...services, trafficRouting, steps: halfAndPause, ...more } };
  }

  async function untilAllStable(route: string): Promise<void> {
    const isStable = (shares: Readonly<Record<string, number>>): boolean => shares[`${route}-stable`] === 100;
    await waitUntil(`all of ${route} goes to stable`, () => weights(route), isStable);
  }

  async function weights(route: string): Promise<Readonly<Record<string, number>>> {
    const { spec } = await shop().get(resourceTypes.httpRoute, route);
    const { rules = [] } = spec as { readonly rules?: readonly { readonly backendRefs: readonly Backend[] }[] };
    return Object.fromEntries(
      rules.flatMap(({ backendRefs }) => backendRefs).map((one) => [one.name, one.weight ?? 1]),
    );
  }

  test('see of a blue/green Rollout the pods that users reach, and size the preview with them', async () => {
    await shop().create(resourceTypes.service, 'green', {
      spec: { selector: { app: 'green' }, ports: [{ port: 80 }] },
    });
    metrics.cpuMillis.set('green', 2 * podMillis);
    const strategy = { blueGreen: { activeService: 'green', autoPromotionEnabled: false, scaleDownDelaySeconds: 1 } };
    const first = await scaled('green', strategy, cpu);
    const active = (hash = ''): string => `app=green,rollouts-pod-template-hash=${hash}`;
    assert.equal(first.selector, active(first.stableRS));
    await update('green');
    metrics.cpuMillis.set('green', 4 * podMillis);
    const grown = await shop().until(
      'has four pods of each',
      'green',
      ({ replicas, availableReplicas, updatedReplicas }) =>
        replicas === 8 && availableReplicas === 4 && updatedReplicas === 4,
    );
    assert.deepEqual([grown.HPAReplicas, grown.selector, grown.phase], [4, active(first.stableRS), 'Paused']);
    const done = await promote('green', first.stableRS);
    await waitUntil(
      'it asks for the pods of the new revision',
      async () => [...metrics.selectors],
      (asked) => asked.includes(active(done.stableRS)),
    );
    assert.ok(metrics.selectors.has(active(first.stableRS)));
    assert.ok(!metrics.selectors.has('app=green'), 'never for those of both');
  });
});

interface Backend {
  readonly name: string;
  readonly weight?: number;
}

/** One for each pod. */
function perPod(name: string): object {
  return { type: 'External', external: { metric: { name }, target: { type: 'AverageValue', averageValue: '1' } } };
}

function autoscaler(name: string, namespace: string, metric: object): KubeObject {
  return {
    apiVersion: 'autoscaling/v2',
    kind: 'HorizontalPodAutoscaler',
    metadata: { name, namespace },
    spec: {
      scaleTargetRef: { apiVersion: 'argoproj.io/v1alpha1', kind: 'Rollout', name },
      minReplicas: 2,
      maxReplicas: 10,
      metrics: [metric],
      behavior: { scaleUp: atOnce, scaleDown: atOnce },
    },
  };
}

function template(name: string, tag: string): object {
  const requests = { cpu: `${2 * podMillis}m` };
  const containers = [{ name: 'web', image: `registry.k8s.io/pause:${tag}`, resources: { requests } }];
  return { metadata: { labels: { app: name } }, spec: { terminationGracePeriodSeconds: 0, containers } };
}
