import assert from 'node:assert/strict';
import test from 'node:test';

import type { AnalysisTemplate } from '../../src/api/analysis-template.ts';
import type { KubeObject } from '../../src/api/object.ts';
import type { Rollout, RolloutStrategy } from '../../src/api/rollout.ts';
import { validateReferences, type ReferenceFinder } from '../../src/api/validate-references.ts';

const metadata = { name: 'web', namespace: 'shop' };

function rollout(strategy: RolloutStrategy): Rollout {
  return {
    apiVersion: 'argoproj.io/v1alpha1',
    kind: 'Rollout',
    metadata,
    spec: { template: { metadata: { labels: { app: 'web' } } }, strategy },
  };
}

function service(selector: Readonly<Record<string, string>>): KubeObject {
  return { apiVersion: 'v1', kind: 'Service', metadata: { name: 'svc' }, spec: { selector } };
}

function template(name: string, spec: AnalysisTemplate['spec']): AnalysisTemplate {
  return { apiVersion: 'argoproj.io/v1alpha1', kind: 'AnalysisTemplate', metadata: { name }, spec };
}

const once = { name: 'm', provider: { web: { url: 'http://x' } } };

const nothing: ReferenceFinder = {
  service: () => undefined,
  analysisTemplate: () => undefined,
  routerObject: () => undefined,
};

function places(strategy: RolloutStrategy, find: Partial<ReferenceFinder>): readonly string[] {
  return validateReferences(rollout(strategy), { ...nothing, ...find }).map(
    ({ field, detail }) => `${field}: ${detail}`,
  );
}

test('a Service that does not exist is named with its field', () => {
  assert.deepEqual(
    places(
      { blueGreen: { activeService: 'gone', previewService: 'there' } },
      { service: ({ name }) => (name === 'there' ? service({ app: 'web' }) : undefined) },
    ),
    ['spec.strategy.blueGreen.activeService: there is no Service of this name'],
  );
});

test('a Service may select a label that only its own side of the canary gets', () => {
  const canary = { stableService: 's', stableMetadata: { labels: { side: 'stable' } } };
  assert.deepEqual(places({ canary }, { service: () => service({ app: 'web', side: 'stable' }) }), []);
  assert.equal(places({ canary }, { service: () => service({ app: 'web', side: 'canary' }) }).length, 1);
});

test('templates are followed into those that they name', () => {
  const templates = new Map([
    ['outer', template('outer', { templates: [{ templateName: 'inner' }] })],
    ['inner', template('inner', { metrics: [{ ...once, interval: '5s' }] })],
  ]);
  const canary = { steps: [{ setWeight: 1 }, { analysis: { templates: [{ templateName: 'outer' }] } }] };
  const found = places({ canary }, { analysisTemplate: ({ templateName = '' }) => templates.get(templateName) });
  assert.equal(found.length, 1);
  assert.match(found[0] ?? '', /steps\[1\]\.analysis\.templates: the metric "m" has an interval but no count/);
});

test('templates that name each other end in an answer', () => {
  const loop = template('loop', { metrics: [once], templates: [{ templateName: 'loop' }] });
  const canary = { analysis: { templates: [{ templateName: 'loop' }] } };
  assert.deepEqual(places({ canary }, { analysisTemplate: () => loop }), []);
});

test('a missing template is told by kind and name', () => {
  const canary = { analysis: { templates: [{ templateName: 'a', clusterScope: true }, { templateName: 'b' }] } };
  assert.equal(places({ canary }, {}).length, 2);
});

test('count may come from an argument of the Rollout', () => {
  const counted = template('t', { args: [{ name: 'n' }], metrics: [{ ...once, interval: '5s', count: '{{args.n}}' }] });
  const step = (value: string): RolloutStrategy => ({
    canary: { steps: [{ analysis: { templates: [{ templateName: 't' }], args: [{ name: 'n', value }] } }] },
  });
  assert.deepEqual(places(step('3'), { analysisTemplate: () => counted }), []);
  assert.equal(places(step('0'), { analysisTemplate: () => counted }).length, 1);
});

const routed = (
  istio: NonNullable<NonNullable<RolloutStrategy['canary']>['trafficRouting']>['istio'],
): RolloutStrategy => ({
  canary: { canaryService: 'c', stableService: 's', trafficRouting: { istio, managedRoutes: [{ name: 'mirror' }] } },
});

function virtualService(spec: Readonly<Record<string, unknown>>): KubeObject {
  return { apiVersion: 'networking.istio.io/v1', kind: 'VirtualService', metadata: { name: 'v' }, spec };
}

const toBoth = [{ destination: { host: 's.shop.svc.cluster.local' } }, { destination: { host: 'c' } }];

const virtualServices: readonly (readonly [
  name: string,
  strategy: RolloutStrategy,
  spec: Readonly<Record<string, unknown>>,
  count: number,
])[] = [
  [
    'one route beside a managed one',
    routed({ virtualService: { name: 'v' } }),
    {
      http: [
        { name: 'mirror', route: [] },
        { name: 'main', route: toBoth },
      ],
    },
    0,
  ],
  [
    'a listed route',
    routed({ virtualService: { name: 'v.shop', routes: ['b'] } }),
    { http: [{ name: 'a' }, { name: 'b', route: toBoth }] },
    0,
  ],
  [
    'a listed route that is missing',
    routed({ virtualService: { name: 'v', routes: ['x'] } }),
    { http: [{ name: 'a', route: toBoth }] },
    1,
  ],
  [
    'a tls route by port',
    routed({ virtualService: { name: 'v', tlsRoutes: [{ port: 443 }] } }),
    { tls: [{ match: [{ port: 443, sniHosts: ['x'] }], route: toBoth }] },
    0,
  ],
  [
    'a tls route by another host',
    routed({ virtualService: { name: 'v', tlsRoutes: [{ sniHosts: ['y'] }] } }),
    { tls: [{ match: [{ port: 443, sniHosts: ['x'] }], route: toBoth }] },
    1,
  ],
  [
    'a tcp route by port',
    routed({ virtualService: { name: 'v', tcpRoutes: [{ port: 1 }] } }),
    { tcp: [{ match: [{ port: 1 }], route: toBoth }] },
    0,
  ],
  [
    'subsets',
    routed({
      virtualService: { name: 'v' },
      destinationRule: { name: 'd', canarySubsetName: 'new', stableSubsetName: 'old' },
    }),
    {
      http: [{ route: [{ destination: { host: 's', subset: 'new' } }, { destination: { host: 's', subset: 'old' } }] }],
    },
    0,
  ],
];

for (const [name, strategy, spec, count] of virtualServices) {
  test(`VirtualService with ${name}`, () => {
    const found = places(strategy, { service: () => service({}), routerObject: () => virtualService(spec) });
    assert.equal(found.length, count, found.join('\n'));
  });
}

test('an Ingress with a resource backend and a rule without paths is read', () => {
  const ingress: KubeObject = {
    apiVersion: 'networking.k8s.io/v1',
    kind: 'Ingress',
    metadata: { name: 'i' },
    spec: {
      rules: [
        { host: 'a' },
        { http: { paths: [{ backend: { resource: {} } }, { backend: { service: { name: 's' } } }] } },
      ],
    },
  };
  const strategy: RolloutStrategy = {
    canary: { stableService: 's', canaryService: 'c', trafficRouting: { nginx: { stableIngress: 'i' } } },
  };
  assert.deepEqual(places(strategy, { service: () => service({}), routerObject: () => ingress }), []);
});

test('an object that cannot be looked up is left alone', () => {
  assert.deepEqual(
    places(routed({ virtualService: { name: 'v' } }), { service: () => service({}), routerObject: () => 'unknown' }),
    [],
  );
});
