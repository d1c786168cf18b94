import type { KubeObject } from '../../../src/api/object.ts';
import type { RouterSubject } from '../../../src/providers/traffic/contract.ts';

/** The Rollout of the tests. */
export const ingressSubject: RouterSubject = {
  name: 'checkout',
  namespace: 'shop',
  uid: 'u1',
  stableService: 'stable',
  canaryService: 'canary',
  managedRoutes: [],
  weightMax: 100,
};

/** The Rollout as the controller of an object. */
export const owner = {
  apiVersion: 'argoproj.io/v1alpha1',
  kind: 'Rollout',
  name: 'checkout',
  uid: 'u1',
  controller: true,
  blockOwnerDeletion: true,
};

/** A path that leads to a Service. */
export function ingressPath(service: string, path = '/'): object {
  return { path, pathType: 'Prefix', backend: { service: { name: service, port: { name: 'use-annotation' } } } };
}

/** An Ingress. */
export function ingress(
  name: string,
  rules: readonly unknown[],
  { annotations, spec = {} }: { annotations?: Readonly<Record<string, string>>; spec?: object } = {},
): KubeObject {
  return {
    apiVersion: 'networking.k8s.io/v1',
    kind: 'Ingress',
    metadata: {
      name,
      namespace: 'shop',
      labels: { app: 'shop' },
      ...(annotations === undefined ? {} : { annotations }),
    },
    spec: { ...spec, rules },
  };
}
