import assert from 'node:assert/strict';
import { describe, it } from 'node:test';

import fc from 'fast-check';

import { listOf, recordOf, textOf, type JsonRecord } from '../../../src/api/json-access.ts';
import type { KubeObject } from '../../../src/api/object.ts';
import type { ApisixTrafficRouting } from '../../../src/api/traffic-routing.ts';
import { apisix } from '../../../src/providers/traffic/apisix.ts';
import { trafficRouterContract, type RouterWorld } from '../../contract/traffic-router.ts';
import { restPlan } from '../../contract/traffic-router/plans.ts';
import { ingressSubject, owner } from './ingress-objects.ts';

type World = RouterWorld<ApisixTrafficRouting>;

const subject = { ...ingressSubject, managedRoutes: ['by-header', 'by-tenant'] };
const config: ApisixTrafficRouting = { route: { name: 'web', rules: ['main'] } };

const pair = [
  { serviceName: 'stable', servicePort: 80, weight: 100 },
  { serviceName: 'canary', servicePort: 80, weight: 0 },
];

function route(http: unknown, name = 'web', isOwned = false): KubeObject {
  return {
    apiVersion: 'apisix.apache.org/v2',
    kind: 'ApisixRoute',
    metadata: { name, namespace: 'shop', labels: { app: 'shop' }, ...(isOwned ? { ownerReferences: [owner] } : {}) },
    spec: { ingressClassName: 'apisix', http },
  };
}

function world(objects: readonly KubeObject[], changed = config): World {
  return { config: changed, subject, objects };
}

function rulesOf(object: KubeObject): readonly JsonRecord[] {
  return listOf(recordOf(object['spec'])['http']).map(recordOf);
}

function backendsOf(rule: JsonRecord): readonly JsonRecord[] {
  return listOf(rule['backends']).map(recordOf);
}

const weight = fc.option(fc.nat({ max: 1000 }), { nil: undefined });
const splitting = fc
  .record({
    weights: fc.tuple(weight, weight),
    more: fc.constantFrom({}, { priority: 3, match: { exprs: [{ op: 'x' }] } }),
  })
  .map(({ weights, more }) => ({
    ...more,
    backends: [
      ...pair.map(({ weight: _weight, ...side }, index) => {
        const given = weights[index];
        return given === undefined ? side : { ...side, weight: given };
      }),
      { serviceName: 'other', servicePort: 80, weight: 3 },
    ],
  }));

const other = { name: 'assets', backends: [{ serviceName: 'assets', servicePort: 80 }] };

const worlds = fc.oneof(
  splitting.map((rule) => world([route([{ ...rule, name: 'main' }, other])])),
  splitting.map((rule) => world([route([{ ...rule, name: 'web' }])], { route: { name: 'web' } })),
  fc.tuple(splitting, splitting).map(([first, second]) =>
    world([route([other, { ...first, name: 'main' }, { ...second, name: 'second' }])], {
      route: { name: 'web', rules: ['main', 'second'] },
    }),
  ),
);

const isOurs = ({ serviceName }: JsonRecord): boolean => serviceName === 'stable' || serviceName === 'canary';

trafficRouterContract<ApisixTrafficRouting>({
  router: apisix,
  world: world([route([{ name: 'main', backends: pair }])]),
  worlds,
  foreign: ({ objects }) =>
    objects
      .filter(({ metadata }) => metadata.name === 'web')
      .map((object) => ({
        ...object,
        spec: {
          ...recordOf(object['spec']),
          http: rulesOf(object).map((rule) => ({
            ...rule,
            backends: backendsOf(rule).map(({ weight: share, ...backend }) =>
              isOurs(backend) ? backend : { ...backend, share },
            ),
          })),
        },
      })),
  weights: ({ objects }) =>
    objects.flatMap((object) =>
      rulesOf(object)
        .map((rule) =>
          backendsOf(rule)
            .filter(isOurs)
            .map((backend) => backend['weight']),
        )
        .filter((weights) => weights.length > 0),
    ),
  routeOrder: ({ objects, subject: { managedRoutes } }) =>
    managedRoutes.filter((name) => objects.some(({ metadata }) => metadata.name === name)),
  foreignEdits: [
    { name: 'another weight', edit: () => [route([{ name: 'main', backends: pair }])] },
    {
      name: 'a weight that is none',
      edit: () => [route([{ name: 'main', backends: [{ ...pair[0], weight: 'x' }, pair[1]] }])],
    },
    {
      name: 'a header route that leads elsewhere',
      edit: (objects) => [...objects, route([{ name: 'main', backends: [pair[0]] }], 'by-header', true)],
    },
  ],
  broken: [
    { name: 'missing', world: world([]), problem: /ApisixRoute "web" does not exist in namespace shop/ },
    { name: 'no http', world: world([route(undefined)]), problem: /spec\.http: it is no list of rules/ },
    { name: 'the rule is missing', world: world([route([other])]), problem: /it has no rule "main"/ },
    {
      name: 'a rule without name',
      world: world([route([{ backends: pair }])]),
      problem: /http\[0\]\.name: a rule needs a name/,
    },
    { name: 'no backends', world: world([route([{ name: 'main' }])]), problem: /backends: it is no list of Services/ },
    {
      name: 'a backend without Service',
      world: world([route([{ name: 'main', backends: [...pair, { x: 1 }] }])]),
      problem: /backends\[2\]\.serviceName: it names no Service/,
    },
    { name: 'none named', world: world([], {}), problem: /it names no ApisixRoute/ },
  ],
});

describe('the APISIX router', () => {
  it('does not take the route of somebody else for its header route', () => {
    const plan = {
      ...restPlan(subject),
      headerRoutes: [{ name: 'by-header', match: [{ headerName: 'a', headerValue: { exact: 'b' } }] }],
    };
    const objects = [route([{ name: 'main', backends: pair }]), route([], 'by-header')];
    assert.deepEqual(apisix.read(config, subject, objects).managedRoutes, []);
    const answer = apisix.write(config, subject, objects, plan);
    assert.ok(!answer.ok);
    assert.match(answer.error.message, /it does not belong to the Rollout "checkout"/);
  });

  it('compares a prefix as a text, on top of the conditions that are there', () => {
    const plan = {
      ...restPlan(subject),
      headerRoutes: [{ name: 'by-header', match: [{ headerName: 'a', headerValue: { prefix: 'v1.' } }] }],
    };
    const rule = { name: 'main', match: { exprs: [{ op: 'x' }] }, backends: pair };
    const answer = apisix.write(config, subject, [route([rule])], plan);
    assert.ok(answer.ok);
    const created = answer.value.find(({ kind }) => kind === 'create');
    assert.ok(created?.kind === 'create');
    const [written] = rulesOf(created.object);
    assert.equal(textOf(written?.['name']), 'main');
    assert.deepEqual(recordOf(written?.['match'])['exprs'], [
      { op: 'x' },
      { subject: { scope: 'Header', name: 'a' }, op: 'RegexMatch', value: String.raw`^v1\..*` },
    ]);
  });
});
