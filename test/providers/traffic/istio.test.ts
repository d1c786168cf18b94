import assert from 'node:assert/strict';

import fc from 'fast-check';

import { listOf, recordOf, textOf, type JsonRecord } from '../../../src/api/json-access.ts';
import type { KubeObject } from '../../../src/api/object.ts';
import type { IstioTrafficRouting } from '../../../src/api/traffic-routing.ts';
import { istio } from '../../../src/providers/traffic/istio.ts';
import { trafficRouterContract, type RouterWorld } from '../../contract/traffic-router.ts';
import {
  destinationRule,
  hostPair,
  istioDestinations,
  istioRoutes,
  istioSubject as subject,
  subsetPair,
  virtualService,
} from './istio-objects.ts';

type World = RouterWorld<IstioTrafficRouting>;

const byHost: IstioTrafficRouting = { virtualService: { name: 'checkout' } };

const bySubset: IstioTrafficRouting = {
  virtualService: { name: 'checkout' },
  destinationRule: { name: 'rule', canarySubsetName: 'new', stableSubsetName: 'old' },
};

const subsetSubject = { ...subject, stableService: '', canaryService: '' };

function world(objects: readonly KubeObject[], config = byHost): World {
  return { config, subject: config === byHost ? subject : subsetSubject, objects };
}

const weight = fc.option(fc.nat({ max: 1000 }), { nil: undefined });

const splittingArbitrary = (pair: readonly { readonly destination: object }[]) =>
  fc
    .record({
      weights: fc.tuple(weight, weight),
      isSwapped: fc.boolean(),
      other: fc.constantFrom([], [{ destination: { host: 'idle' } }], [{ destination: { host: 'idle' }, weight: 0 }]),
      more: fc.constantFrom(
        {},
        { name: 'main', timeout: '5s', retries: { attempts: 2 } },
        { match: [{ uri: { prefix: '/shop' }, unknown: [1, null] }], corsPolicy: { maxAge: '1h' } },
      ),
    })
    .map(({ weights, isSwapped, other, more }) => {
      const sides = pair.map((side, index) => ({
        ...side,
        headers: { response: { add: { side: String(index) } } },
        ...(weights[index] === undefined ? {} : { weight: weights[index] }),
      }));
      return { ...more, route: [...(isSwapped ? sides.toReversed() : sides), ...other] };
    });

const plainRoute = fc.constantFrom(
  { name: 'assets', route: [{ destination: { host: 'assets' } }] },
  { name: 'old-path', redirect: { uri: '/new' } },
  { match: [{ uri: { exact: '/preview' } }], route: [{ destination: { host: 'canary' }, weight: 100 }] },
);

const namedWorlds: fc.Arbitrary<World> = fc
  .record({
    first: splittingArbitrary(hostPair),
    second: splittingArbitrary(hostPair),
    before: fc.array(plainRoute, { maxLength: 2 }),
    after: fc.array(plainRoute, { maxLength: 2 }),
    tls: splittingArbitrary(hostPair),
  })
  .map(({ first, second, before, after, tls }) => ({
    config: {
      virtualServices: [
        { name: 'checkout', routes: ['main', 'other'], tlsRoutes: [{ port: 443, sniHosts: ['b', 'a'] }] },
        { name: 'second', routes: ['main'] },
      ],
    },
    subject,
    objects: [
      virtualService({
        http: [...before, { ...first, name: 'main' }, ...after, { ...second, name: 'other' }],
        tls: [
          { route: tls.route, match: [{ port: 443, sniHosts: ['a', 'b'] }] },
          { match: [{ port: 8443 }], route: [] },
        ],
      }),
      virtualService({ http: [{ ...second, name: 'main' }] }, 'second'),
    ],
  }));

const worlds: fc.Arbitrary<World> = fc.oneof(
  splittingArbitrary(hostPair).map((route) => world([virtualService({ http: [route] })])),
  splittingArbitrary(subsetPair).map((route) =>
    world(
      [
        virtualService({ http: [route] }),
        destinationRule([
          { name: 'old', labels: { app: 'web' } },
          { name: 'beta', labels: { v: '1' } },
          { name: 'new' },
        ]),
      ],
      bySubset,
    ),
  ),
  namedWorlds,
);

const ours = ['stable', 'canary', 'exp-a', 'exp-b', 'exp-c'];

function isManaged(route: JsonRecord): boolean {
  return subject.managedRoutes.includes(textOf(route['name']));
}

function isOurs(to: JsonRecord): boolean {
  const { host, subset } = recordOf(to['destination']);
  return ours.includes(textOf(host)) || subset === 'old' || subset === 'new';
}

function isSplitting(route: JsonRecord): boolean {
  return istioDestinations(route).filter(isOurs).length > 1;
}

function withoutShares(route: JsonRecord): JsonRecord {
  if (!isSplitting(route)) return route;
  const destinations = istioDestinations(route).filter(
    (to) => !textOf(recordOf(to['destination'])['host']).startsWith('exp-'),
  );
  return { ...route, route: destinations.map((to) => (isOurs(to) ? { ...to, weight: undefined } : to)) };
}

function foreignRule(object: KubeObject): KubeObject {
  const spec = recordOf(object['spec']);
  const subsets = listOf(spec['subsets'])
    .map(recordOf)
    .filter(({ name }) => !textOf(name).startsWith('exp-'))
    .map(({ labels, ...subset }) => ({ ...subset, labels: { ...recordOf(labels), 'rollouts-pod-template-hash': '' } }));
  return { ...object, metadata: { ...object.metadata, annotations: {} }, spec: { ...spec, subsets } };
}

trafficRouterContract<IstioTrafficRouting>({
  router: istio,
  world: world([virtualService({ http: [{ route: hostPair }] })]),
  worlds,
  foreign: ({ objects }) =>
    objects.map((object) => {
      if (object.kind === 'DestinationRule') return foreignRule(object);
      const spec = recordOf(object['spec']);
      const own = (kind: 'http' | 'tls') =>
        istioRoutes(object, kind)
          .filter((route) => !isManaged(route))
          .map(withoutShares);
      return { ...object, spec: { ...spec, http: own('http'), tls: own('tls') } };
    }),
  weights: ({ objects }) =>
    objects
      .filter(({ kind }) => kind === 'VirtualService')
      .flatMap((object) => [...istioRoutes(object), ...istioRoutes(object, 'tls')])
      .filter((route) => isSplitting(route) || isManaged(route))
      .map((route) =>
        istioDestinations(route)
          .filter(isOurs)
          .map((to) => to['weight']),
      )
      .filter((weights) => weights.length > 0),
  routeOrder: ({ objects }) => {
    const orders = objects
      .filter(({ kind }) => kind === 'VirtualService')
      .map((object) => {
        const names = istioRoutes(object).map(({ name }) => textOf(name));
        const managed = names.filter((name) => subject.managedRoutes.includes(name));
        assert.deepEqual(names.slice(0, managed.length), managed, 'managed routes come first');
        return managed;
      });
    for (const order of orders) assert.deepEqual(order, orders[0]);
    return orders[0] ?? [];
  },
  foreignEdits: [
    { name: 'another weight', edit: () => [virtualService({ http: [{ route: hostPair }] })] },
    {
      name: 'a destination of somebody else',
      edit: () => [
        virtualService({
          http: [{ route: [{ ...hostPair[0], weight: 60 }, { ...hostPair[1], weight: 20 }, extra(20)] }],
        }),
      ],
    },
    {
      name: 'a weight that is none',
      edit: () => [virtualService({ http: [{ route: [{ ...hostPair[0], weight: 'x' }, hostPair[1]] }] })],
    },
  ],
  broken: [
    { name: 'missing', world: world([]), problem: /VirtualService "checkout" does not exist in namespace shop/ },
    { name: 'no routes', world: world([virtualService({})]), problem: /no route of http, tls or tcp/ },
    {
      name: 'http is no list',
      world: world([virtualService({ http: 'x' })]),
      problem: /spec\.http: it is no list of routes/,
    },
    { name: 'no route', world: world([virtualService({ http: ['x'] })]), problem: /spec\.http\[0\]: it is no route/ },
    {
      name: 'one side is missing',
      world: world([virtualService({ http: [{ route: [hostPair[0]] }] })]),
      problem: /no destination has the host "canary"/,
    },
    {
      name: 'two routes and none listed',
      world: world([virtualService({ http: [{ route: hostPair }, { name: 'b', route: hostPair }] })]),
      problem: /it has 2 routes; list in routes those that carry the traffic/,
    },
    {
      name: 'a listed route is missing',
      world: world([virtualService({ http: [{ route: hostPair }] })], {
        virtualService: { name: 'checkout', routes: ['main'] },
      }),
      problem: /it has no route "main"/,
    },
    {
      name: 'a listed kind is missing',
      world: world([virtualService({ tls: [{ route: hostPair }] })], {
        virtualService: { name: 'checkout', routes: ['main'] },
      }),
      problem: /spec\.http: it has no route "main"/,
    },
    {
      name: 'another namespace',
      world: world([virtualService({ http: [{ route: hostPair }] })], { virtualService: { name: 'checkout.prod' } }),
      problem: /"prod" is not the Rollout's namespace "shop"/,
    },
    {
      name: 'no DestinationRule',
      world: world([virtualService({ http: [{ route: subsetPair }] })], bySubset),
      problem: /DestinationRule shop\/rule: it does not exist/,
    },
    {
      name: 'a subset is missing',
      world: world([virtualService({ http: [{ route: subsetPair }] }), destinationRule([{ name: 'old' }])], bySubset),
      problem: /it has no subset "new"/,
    },
    { name: 'no VirtualService named', world: world([], {}), problem: /it names no VirtualService/ },
  ],
});

function extra(share: number): JsonRecord {
  return { destination: { host: 'extra' }, weight: share };
}
