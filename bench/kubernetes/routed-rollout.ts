import { resourceTypes } from '../../src/api/resource-types.ts';
import type { Shop } from '../../test/e2e/shop.ts';
import type { RolloutWatch } from './rollout-watch.ts';
import { inTurns } from './stage.ts';

const atOnce = 4;

/**
 * Makes a Rollout of one pod with two Services and a route, that stops at half of the traffic. `more` goes into its
 * canary strategy.
 */
export async function routedRollout(shop: Shop, name: string, more: object = {}): Promise<void> {
  const [stableService, canaryService] = [`${name}-stable`, `${name}-canary`];
  for (const service of [stableService, canaryService]) {
    await shop.create(resourceTypes.service, service, { spec: { selector: { app: name }, ports: [{ port: 80 }] } });
  }
  const backendRefs = [
    { name: stableService, port: 80, weight: 100 },
    { name: canaryService, port: 80, weight: 0 },
  ];
  await shop.create(resourceTypes.httpRoute, name, { spec: { rules: [{ backendRefs }] } });
  const plugins = { 'argoproj-labs/gatewayAPI': { httpRoute: name, namespace: shop.namespace } };
  const steps = [{ setWeight: 50 }, { pause: {} }];
  const canary = { stableService, canaryService, trafficRouting: { plugins }, steps, ...more };
  await shop.rollout(name, { canary }, 1);
}

/** The same with a metric in the background, read as often as `interval` says from a page of the Rollout's name. */
export async function analysedRollout(shop: Shop, name: string, address: string, interval: string): Promise<void> {
  const web = { url: `${address}/${name}`, jsonPath: '{$.errors}' };
  const metric = { name: 'errors', interval, failureLimit: 0, successCondition: 'result < 1', provider: { web } };
  await shop.create(resourceTypes.analysisTemplate, name, { spec: { metrics: [metric] } });
  await routedRollout(shop, name, { analysis: { templates: [{ templateName: name }] } });
}

/** Lets all of them come to half of the traffic with a new image. */
export async function updateToHalf(shop: Shop, watch: RolloutWatch, names: readonly string[]): Promise<void> {
  await watch.untilAll(names, ({ phase }) => phase === 'Healthy');
  await inTurns(names, atOnce, (name) => shop.setImage(name, 'v2'));
  await watch.untilAll(names, ({ phase, canary }) => phase === 'Paused' && canary?.weights?.canary.weight === 50);
}
