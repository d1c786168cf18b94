import { listOf, recordOf, type JsonRecord } from '../../../src/api/json-access.ts';
import type { KubeObject } from '../../../src/api/object.ts';
import type { RouterSubject } from '../../../src/providers/traffic/contract.ts';

/** The Rollout of the tests. */
export const gatewaySubject: RouterSubject = {
  name: 'checkout',
  namespace: 'shop',
  uid: 'u1',
  stableService: 'stable',
  canaryService: 'canary',
  managedRoutes: ['by-header', 'copy'],
  weightMax: 100,
};

/** Its two sides, at rest. */
export const gatewayPair = [
  { name: 'stable', port: 80, weight: 100 },
  { name: 'canary', port: 80, weight: 0 },
];

/** An HTTPRoute with these rules. */
export function gatewayRoute(rules: readonly unknown[], name = 'checkout', more: Partial<KubeObject> = {}): KubeObject {
  return {
    apiVersion: 'gateway.networking.k8s.io/v1',
    kind: 'HTTPRoute',
    metadata: { name, namespace: 'shop', generation: 2, labels: { app: 'shop' } },
    spec: { parentRefs: [{ name: 'gateway' }], hostnames: ['shop.example'], rules },
    ...more,
  };
}

/** The rules of a route. */
export function gatewayRules(object: KubeObject): readonly JsonRecord[] {
  return listOf(recordOf(object['spec'])['rules']).map(recordOf);
}

/** The backends of a rule. */
export function gatewayBackends(rule: JsonRecord): readonly JsonRecord[] {
  return listOf(rule['backendRefs']).map(recordOf);
}
