import fc from 'fast-check';

import { listOf, recordOf } from '../../../src/api/json-access.ts';
import type { KubeObject } from '../../../src/api/object.ts';
import type { TraefikTrafficRouting } from '../../../src/api/traffic-routing.ts';
import { traefik } from '../../../src/providers/traffic/traefik.ts';
import { trafficRouterContract, type RouterWorld } from '../../contract/traffic-router.ts';
import { ingressSubject as subject } from './ingress-objects.ts';

type World = RouterWorld<TraefikTrafficRouting>;

const config: TraefikTrafficRouting = { weightedTraefikServiceName: 'web' };

const pair = [
  { name: 'stable', port: 80, weight: 100 },
  { name: 'canary', port: 80, weight: 0 },
];

function service(services: unknown, more: object = {}): KubeObject {
  return {
    apiVersion: 'traefik.io/v1alpha1',
    kind: 'TraefikService',
    metadata: { name: 'web', namespace: 'shop', labels: { app: 'shop' } },
    spec: { weighted: { sticky: { cookie: {} }, services, ...more } },
  };
}

function world(objects: readonly KubeObject[]): World {
  return { config, subject, objects };
}

function servicesOf(object: KubeObject) {
  return listOf(recordOf(recordOf(object['spec'])['weighted'])['services']).map(recordOf);
}

const weight = fc.option(fc.nat({ max: 1000 }), { nil: undefined });
const other = fc.constantFrom(
  { name: 'other', port: 80, weight: 7 },
  { name: 'other' },
  { kind: 'TraefikService', name: 'm' },
);

const worlds = fc
  .record({
    weights: fc.tuple(weight, weight),
    before: fc.array(other, { maxLength: 2 }),
    after: fc.array(other, { maxLength: 2 }),
  })
  .map(({ weights, before, after }) => {
    const sides = pair.map(({ weight: _weight, ...side }, index) => {
      const given = weights[index];
      return given === undefined ? side : { ...side, weight: given };
    });
    return world([service([...before, ...sides, ...after], { extra: [1] })]);
  });

trafficRouterContract<TraefikTrafficRouting>({
  router: traefik,
  world: world([service(pair)]),
  worlds,
  foreign: ({ objects }) =>
    objects.map((object) => {
      const weighted = recordOf(recordOf(object['spec'])['weighted']);
      const services = servicesOf(object).map(({ weight: share, ...entry }) =>
        entry['name'] === 'stable' || entry['name'] === 'canary' ? entry : { ...entry, share },
      );
      return { ...object, spec: { weighted: { ...weighted, services } } };
    }),
  weights: ({ objects }) =>
    objects.map((object) =>
      servicesOf(object)
        .filter(({ name }) => name === 'stable' || name === 'canary')
        .map((entry) => entry['weight']),
    ),
  routeOrder: () => [],
  foreignEdits: [
    { name: 'another weight', edit: () => [service(pair)] },
    { name: 'omitted weights, which mean 1', edit: () => [service([{ name: 'stable' }, { name: 'canary' }])] },
    { name: 'a weight that is none', edit: () => [service([{ name: 'stable', weight: -1 }, { name: 'canary' }])] },
  ],
  broken: [
    { name: 'missing', world: world([]), problem: /TraefikService "web" does not exist in namespace shop/ },
    { name: 'a mirroring service', world: world([service(undefined)]), problem: /it is no list of Services/ },
    { name: 'one side missing', world: world([service([pair[0]])]), problem: /the Service "canary" is not among them/ },
    {
      name: 'no name',
      world: world([service([...pair, { port: 1 }])]),
      problem: /services\[2\]\.name: it names no Service/,
    },
  ],
});
