import assert from 'node:assert/strict';
import { describe, it } from 'node:test';

import { validateVirtualServiceReference } from '../../src/api/validate-virtual-service.ts';
import { projectRollout } from '../../src/controller/project.ts';
import { routersOf } from '../../src/controller/routers.ts';
import { trafficRouters } from '../../src/providers/traffic/registry.ts';

const rollout = {
  apiVersion: 'argoproj.io/v1alpha1',
  kind: 'Rollout',
  metadata: { name: 'web', namespace: 'shop' },
  spec: {
    strategy: {
      canary: {
        pingPong: { pingService: 'ping', pongService: 'pong' },
        stableService: 'stable',
        canaryService: 'canary',
        trafficRouting: {
          alb: { ingress: 'web', rootService: 'root', servicePort: 80 },
          istio: { virtualService: { name: 'web' } },
        },
      },
    },
  },
};

const mesh = {
  apiVersion: 'networking.istio.io/v1alpha3',
  kind: 'VirtualService',
  metadata: { name: 'web', namespace: 'shop' },
  spec: {
    http: [
      {
        route: [
          { destination: { host: 'stable' }, weight: 90 },
          { destination: { host: 'canary' }, weight: 10 },
        ],
      },
    ],
  },
};

const actions = {
  Type: 'forward',
  ForwardConfig: {
    TargetGroups: [
      { ServiceName: 'ping', ServicePort: '80', Weight: 25 },
      { ServiceName: 'pong', ServicePort: '80', Weight: 75 },
    ],
  },
};

const ingress = {
  apiVersion: 'networking.k8s.io/v1',
  kind: 'Ingress',
  metadata: {
    name: 'web',
    namespace: 'shop',
    annotations: { 'alb.ingress.kubernetes.io/actions.root': JSON.stringify(actions) },
  },
  spec: {
    rules: [{ http: { paths: [{ backend: { service: { name: 'root', port: { name: 'use-annotation' } } } }] } }],
  },
};

describe('routers of a Rollout with ping and pong beside a stable and a canary Service', () => {
  it('split between ping and pong at the load balancer, and between the others in the mesh', () => {
    const weights = routersOf(projectRollout(rollout), trafficRouters).map((router) => [
      router.name,
      router.read([mesh, ingress]).canaryWeight,
    ]);
    assert.deepEqual(Object.fromEntries(weights), { alb: 25, istio: 10 });
    assert.deepEqual(validateVirtualServiceReference(rollout, mesh), []);
  });
});
