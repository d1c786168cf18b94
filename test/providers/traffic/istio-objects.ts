import { listOf, recordOf, type JsonRecord } from '../../../src/api/json-access.ts';
import type { KubeObject } from '../../../src/api/object.ts';
import type { RouterSubject } from '../../../src/providers/traffic/contract.ts';

/** The Rollout of the tests. */
export const istioSubject: RouterSubject = {
  name: 'checkout',
  namespace: 'shop',
  uid: 'u1',
  stableService: 'stable',
  canaryService: 'canary',
  managedRoutes: ['by-header', 'copy'],
  weightMax: 100,
};

/** Both sides by host, at rest. */
export const hostPair = [
  { destination: { host: 'stable' }, weight: 100 },
  { destination: { host: 'canary' }, weight: 0 },
];

/** Both sides by subset, at rest. */
export const subsetPair = [
  { destination: { host: 'web', subset: 'old' }, weight: 100 },
  { destination: { host: 'web', subset: 'new' }, weight: 0 },
];

/** A VirtualService with these lists of routes. */
export function virtualService(spec: JsonRecord, name = 'checkout'): KubeObject {
  return {
    apiVersion: 'networking.istio.io/v1alpha3',
    kind: 'VirtualService',
    metadata: { name, namespace: 'shop', labels: { app: 'shop' } },
    spec: { hosts: ['shop.example'], gateways: ['gateway'], ...spec },
  };
}

/** A DestinationRule with these subsets. */
export function destinationRule(subsets: readonly unknown[], annotations?: Record<string, string>): KubeObject {
  return {
    apiVersion: 'networking.istio.io/v1alpha3',
    kind: 'DestinationRule',
    metadata: { name: 'rule', namespace: 'shop', ...(annotations === undefined ? {} : { annotations }) },
    spec: { host: 'web', trafficPolicy: { loadBalancer: { simple: 'ROUND_ROBIN' } }, subsets },
  };
}

/** The routes of a kind. */
export function istioRoutes(object: KubeObject, kind: 'http' | 'tls' | 'tcp' = 'http'): readonly JsonRecord[] {
  return listOf(recordOf(object['spec'])[kind]).map(recordOf);
}

/** The destinations of a route. */
export function istioDestinations(route: JsonRecord): readonly JsonRecord[] {
  return listOf(route['route']).map(recordOf);
}
