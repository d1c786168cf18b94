import assert from 'node:assert/strict';

import fc from 'fast-check';

import { recordOf, textOf, type JsonRecord } from '../../../src/api/json-access.ts';
import type { KubeObject } from '../../../src/api/object.ts';
import { gatewayApi } from '../../../src/providers/traffic/gateway-api.ts';
import type { GatewayApiConfig } from '../../../src/providers/traffic/gateway-config.ts';
import { trafficRouterContract, type RouterWorld } from '../../contract/traffic-router.ts';
import {
  gatewayBackends as backendsOf,
  gatewayPair as pair,
  gatewayRoute as route,
  gatewayRules as rulesOf,
  gatewaySubject as subject,
} from './gateway-objects.ts';

function world(objects: readonly KubeObject[], config: GatewayApiConfig = { httpRoute: 'checkout' }): World {
  return { config, subject, objects };
}

type World = RouterWorld<GatewayApiConfig>;

function isManaged(rule: JsonRecord): boolean {
  return JSON.stringify(rule).includes('sluice-route_checkout_');
}

const ours = ['stable', 'canary', 'exp-a', 'exp-b', 'exp-c'];

const foreignBackend = fc.constantFrom(
  { name: 'legacy', port: 8080, weight: 7 },
  { name: 'legacy', port: 8080 },
  { group: 'example.com', kind: 'Bucket', name: 'canary', weight: 3 },
  { name: 'canary', namespace: 'elsewhere', port: 80, weight: 4 },
);

const weight = fc.option(fc.nat({ max: 1000 }), { nil: undefined });

const splitting = fc
  .record({
    stable: weight,
    canary: weight,
    others: fc.array(foreignBackend, { maxLength: 2 }),
    canaryFirst: fc.boolean(),
    more: fc.constantFrom(
      {},
      { name: 'main', timeouts: { request: '5s' } },
      { matches: [{ path: { type: 'PathPrefix', value: '/shop' }, unknown: 1 }, { method: 'POST' }] },
      { filters: [{ type: 'RequestHeaderModifier', requestHeaderModifier: { set: [{ name: 'a', value: 'b' }] } }] },
    ),
  })
  .map(({ stable, canary, others, canaryFirst, more }) => {
    const sides = [
      { name: 'stable', port: 80, ...(stable === undefined ? {} : { weight: stable }) },
      { kind: 'Service', group: '', name: 'canary', port: 80, ...(canary === undefined ? {} : { weight: canary }) },
    ];
    return { ...more, backendRefs: [...(canaryFirst ? sides.toReversed() : sides), ...others] };
  });

const plainRule = fc.constantFrom(
  { matches: [{ path: { type: 'Exact', value: '/health' } }], backendRefs: [{ name: 'stable', port: 80 }] },
  { name: 'preview', backendRefs: [{ name: 'canary', port: 80 }], experimentalField: { deep: [1, null, 'x'] } },
  { filters: [{ type: 'RequestRedirect', requestRedirect: { scheme: 'https' } }] },
);

const routeArbitrary = (name: string): fc.Arbitrary<KubeObject> =>
  fc
    .record({
      first: splitting,
      before: fc.array(plainRule, { maxLength: 1 }),
      after: fc.array(plainRule, { maxLength: 1 }),
    })
    .map(({ first, before, after }) => route([...before, first, ...after], name));

const worlds: fc.Arbitrary<World> = fc.oneof(
  routeArbitrary('checkout').map((object) => world([object])),
  fc.tuple(routeArbitrary('checkout'), routeArbitrary('second')).map((objects) =>
    world(objects, {
      httpRoutes: [
        { name: 'checkout', useHeaderRoutes: true },
        { name: 'second', useHeaderRoutes: true },
      ],
      disableInProgressLabel: true,
    }),
  ),
  routeArbitrary('found').map((object) => world([object], { httpRouteSelector: { matchLabels: { app: 'shop' } } })),
  fc.tuple(splitting, fc.integer({ min: 1, max: 1000 })).map(([rule, weightMax]) => ({
    ...world([route([rule])]),
    subject: { ...subject, weightMax },
  })),
);

trafficRouterContract<GatewayApiConfig>({
  router: gatewayApi,
  world: world([route([{ backendRefs: pair }])]),
  worlds,
  foreign: ({ objects }) =>
    objects.map((object) => ({
      ...object,
      metadata: {
        ...object.metadata,
        annotations: undefined,
        labels: { ...object.metadata.labels, 'rollouts.argoproj.io/gatewayapi-canary': undefined },
      },
      spec: {
        ...recordOf(object['spec']),
        rules: rulesOf(object)
          .filter((rule) => !isManaged(rule))
          .map((rule) => (isSplitting(rule) ? withoutOurWeights(rule) : rule)),
      },
    })),
  weights: ({ objects }) =>
    objects.flatMap((object) =>
      rulesOf(object)
        .filter((rule) => isManaged(rule) || isSplitting(rule))
        .map((rule) =>
          backendsOf(rule)
            .filter(isOurs)
            .map(({ weight }) => weight),
        ),
    ),
  routeOrder: ({ objects }) => {
    const orders = objects.map((object) => [
      ...new Set(
        rulesOf(object).flatMap((rule) => /sluice-route_checkout_([a-z-]+)/.exec(JSON.stringify(rule))?.[1] ?? []),
      ),
    ]);
    for (const order of orders) assert.deepEqual(order, orders[0]);
    return orders[0] ?? [];
  },
  foreignEdits: [
    {
      name: 'another weight',
      edit: (objects) =>
        objects.map((object) => route(rulesOf(object).map((rule) => ({ ...rule, backendRefs: pair })))),
    },
    {
      name: 'a second rule that splits otherwise',
      edit: (objects) => objects.map((object) => route([...rulesOf(object), { backendRefs: pair }])),
    },
    {
      name: 'weights that are no whole shares',
      edit: (objects) =>
        objects.map((object) =>
          route(
            rulesOf(object).map((rule) => ({
              ...rule,
              backendRefs: [
                { ...pair[0], weight: 2 },
                { ...pair[1], weight: 1 },
              ],
            })),
          ),
        ),
    },
  ],
  broken: [
    { name: 'the route is missing', world: world([]), problem: /httpRoute: HTTPRoute "checkout" does not exist/ },
    { name: 'no rules', world: world([route([])]), problem: /no rule has both Services "stable" and "canary"/ },
    {
      name: 'only one side is there',
      world: world([route([{ backendRefs: [pair[0]] }])]),
      problem: /no rule has both Services/,
    },
    {
      name: 'a rule that is none',
      world: world([route([{ backendRefs: pair }, 'x'])]),
      problem: /rules\[1\]: it is no rule/,
    },
    {
      name: 'no route is named',
      world: world([route([{ backendRefs: pair }])], {}),
      problem: /names no route; give httpRoute/,
    },
    {
      name: 'another namespace',
      world: world([route([{ backendRefs: pair }])], { httpRoute: 'checkout', namespace: 'kube-system' }),
      problem: /"kube-system" is not the Rollout's namespace "shop"/,
    },
    {
      name: 'a configuration of the wrong type',
      world: world([route([{ backendRefs: pair }])], { httpRoutes: 'checkout' } as unknown as GatewayApiConfig),
      problem: /plugins\[argoproj-labs\/gatewayAPI\]\.httpRoutes/,
    },
    {
      name: 'one Service for both sides',
      world: { ...world([route([{ backendRefs: pair }])]), subject: { ...subject, canaryService: 'stable' } },
      problem: /"stable" is the stableService too/,
    },
    {
      name: 'a selector that finds nothing',
      world: world([route([{ backendRefs: pair }])], { httpRouteSelector: { matchLabels: { app: 'other' } } }),
      problem: /no HTTPRoute of namespace shop has these labels/,
    },
  ],
});

function isSplitting(rule: JsonRecord): boolean {
  const names = backendsOf(rule)
    .filter(isOurs)
    .map(({ name }) => name);
  return names.includes('stable') && names.includes('canary');
}

function isOurs({ name, namespace, group = '' }: JsonRecord): boolean {
  return namespace === undefined && group === '' && ours.includes(textOf(name));
}

function withoutOurWeights(rule: JsonRecord): JsonRecord {
  return {
    ...rule,
    backendRefs: backendsOf(rule)
      .filter((backend) => !isOurs(backend) || backend['name'] === 'stable' || backend['name'] === 'canary')
      .map(({ weight, ...backend }) => (isOurs(backend) ? backend : { ...backend, weight })),
  };
}
