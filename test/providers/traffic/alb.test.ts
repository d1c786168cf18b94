import assert from 'node:assert/strict';
import { describe, it } from 'node:test';

import fc from 'fast-check';

import { recordOf } from '../../../src/api/json-access.ts';
import type { KubeObject } from '../../../src/api/object.ts';
import type { AlbTrafficRouting } from '../../../src/api/traffic-routing.ts';
import { albTargets } from '../../../src/providers/traffic/alb-action.ts';
import { alb } from '../../../src/providers/traffic/alb.ts';
import { ingressRules, pathService, rulePaths } from '../../../src/providers/traffic/ingress.ts';
import { shares, trafficRouterContract, type RouterWorld } from '../../contract/traffic-router.ts';
import { applyChanges } from '../../contract/traffic-router/apply-changes.ts';
import { restPlan } from '../../contract/traffic-router/plans.ts';
import { ingress, ingressPath, ingressSubject } from './ingress-objects.ts';

type World = RouterWorld<AlbTrafficRouting>;

const subject = { ...ingressSubject, managedRoutes: ['by-header', 'by-tenant'] };
const config: AlbTrafficRouting = { ingress: 'web', servicePort: 80 };
const rule = { host: 'shop.example', http: { paths: [ingressPath('stable')] } };
const prefix = 'alb.ingress.kubernetes.io';
const ownership = 'rollouts.argoproj.io/managed-alb-annotations';

function world(objects: readonly KubeObject[], changed = config): World {
  return { config: changed, subject, objects };
}

const ingressArbitrary = (name: string): fc.Arbitrary<KubeObject> =>
  fc
    .record({
      first: fc.constantFrom(rule, { http: { paths: [ingressPath('assets', '/a'), ingressPath('stable')], more: 1 } }),
      others: fc.array(
        fc.constantFrom(
          { host: 'only-a-host' },
          { host: 'b', http: { paths: [{ path: '/b', backend: { resource: { kind: 'Bucket', name: 'b' } } }] } },
        ),
        { maxLength: 2 },
      ),
      annotations: fc.constantFrom(
        undefined,
        { plain: 'x', [`${prefix}/actions.other`]: '{}' },
        { [ownership]: '{"other":["a","b"]}' },
      ),
    })
    .map(({ first, others, annotations }) =>
      ingress(name, [first, ...others], annotations === undefined ? {} : { annotations }),
    );

const worlds: fc.Arbitrary<World> = fc.oneof(
  ingressArbitrary('web').map((object) => world([object])),
  fc.tuple(ingressArbitrary('web'), ingressArbitrary('second')).map((objects) =>
    world(objects, {
      ingresses: ['web', 'second'],
      servicePort: 443,
      rootService: 'stable',
      stickinessConfig: { enabled: true, durationSeconds: 60 },
    }),
  ),
);

function annotationsOf({ metadata }: KubeObject): Readonly<Record<string, string>> {
  return metadata.annotations ?? {};
}

trafficRouterContract<AlbTrafficRouting>({
  router: alb,
  world: world([ingress('web', [rule])]),
  worlds,
  foreign: ({ objects }) =>
    objects.map((object) => {
      const { [ownership]: owned = '{}', ...annotations } = annotationsOf(object);
      const { checkout: _own, ...others } = recordOf(JSON.parse(owned));
      const isForeign = (key: string): boolean => !/\/(actions|conditions)\.(stable|by-header|by-tenant)$/u.test(key);
      return {
        ...object,
        metadata: {
          ...object.metadata,
          annotations: Object.entries(annotations).filter(([key]) => isForeign(key)),
        },
        others,
        spec: {
          ...recordOf(object['spec']),
          rules: ingressRules(object).map((one) => ({
            ...one,
            http: {
              ...recordOf(one['http']),
              paths: rulePaths(one).filter((path) => !subject.managedRoutes.includes(pathService(path))),
            },
          })),
        },
      };
    }),
  weights: ({ objects }) =>
    objects.flatMap((object) =>
      Object.entries(annotationsOf(object))
        .filter(([key]) => /\/actions\.(stable|by-header|by-tenant)$/u.test(key))
        .map(([, text]) => (albTargets(text) ?? []).map(({ weight }) => weight)),
    ),
  routeOrder: ({ objects }) => {
    const orders = objects.flatMap((object) =>
      ingressRules(object)
        .map((one) => rulePaths(one).map(pathService))
        .filter((services) => services.length > 0)
        .map((services) => {
          const managed = services.filter((service) => subject.managedRoutes.includes(service));
          assert.deepEqual(services.slice(0, managed.length), managed, 'managed routes come first');
          return managed;
        }),
    );
    for (const order of orders) assert.deepEqual(order, orders[0]);
    return orders[0] ?? [];
  },
  foreignEdits: [
    { name: 'the action is gone', edit: () => [ingress('web', [rule])] },
    {
      name: 'the action is no JSON',
      edit: () => [ingress('web', [rule], { annotations: { [`${prefix}/actions.stable`]: 'x' } })],
    },
    {
      name: 'another Service gets traffic',
      edit: (objects) =>
        objects.map((object) => ({
          ...object,
          metadata: {
            ...object.metadata,
            annotations: {
              ...object.metadata.annotations,
              [`${prefix}/actions.stable`]: annotationsOf(object)[`${prefix}/actions.stable`]!.replace(
                '"canary"',
                '"other"',
              ),
            },
          },
        })),
    },
    {
      name: 'a route without its path',
      edit: (objects) =>
        objects.map((object) => ({
          ...object,
          metadata: {
            ...object.metadata,
            annotations: { ...object.metadata.annotations, [`${prefix}/actions.by-header`]: '{}' },
          },
        })),
    },
  ],
  broken: [
    { name: 'missing', world: world([]), problem: /ingress: Ingress "web" does not exist in namespace shop/ },
    { name: 'no rules', world: world([ingress('web', [])]), problem: /no rule with the Service "stable" as backend/ },
    {
      name: 'root service not in a rule',
      world: world([ingress('web', [rule])], { ...config, rootService: 'root' }),
      problem: /no rule with the Service "root" as backend/,
    },
    {
      name: 'an ownership note that is no JSON',
      world: world([ingress('web', [rule], { annotations: { [ownership]: '{' } })]),
      problem: /managed-alb-annotations: it is not the JSON of an object/,
    },
    {
      name: 'stickiness for too long',
      world: world([ingress('web', [rule])], {
        ...config,
        stickinessConfig: { enabled: true, durationSeconds: 604_801 },
      }),
      problem: /durationSeconds: 604801 is not from 1 to 604800/,
    },
    { name: 'none named', world: world([], { servicePort: 80 }), problem: /it names no ingress/ },
  ],
});

describe('the ALB router', () => {
  it('refuses headers that a load balancer cannot compare', () => {
    const plan = {
      ...restPlan(subject),
      headerRoutes: [{ name: 'by-header', match: [{ headerName: 'a', headerValue: { prefix: 'b' } }] }],
    };
    const answer = alb.write(config, subject, [ingress('web', [rule])], plan);
    assert.ok(!answer.ok);
    assert.match(answer.error.message, /compares headers with exact only/);
  });

  it('takes away a route that it noted as its own, even if it is not managed any more', () => {
    const objects = [ingress('web', [rule])];
    const match = [{ headerName: 'a', headerValue: { exact: 'b<c' } }];
    const answer = alb.write(config, subject, objects, {
      ...restPlan(subject),
      ...shares(subject, 10),
      headerRoutes: [{ name: 'by-header', match }],
    });
    assert.ok(answer.ok);
    const present = applyChanges(objects, answer.value);
    assert.match(annotationsOf(present[0]!)[`${prefix}/conditions.by-header`]!, /"values":\["b\\u003cc"\]/);
    const later = { ...subject, managedRoutes: [] };
    assert.deepEqual(alb.read(config, later, present).managedRoutes, ['by-header']);
    const removal = alb.write(config, later, present, restPlan(later));
    assert.ok(removal.ok);
    const [after] = applyChanges(present, removal.value);
    assert.deepEqual(ingressRules(after!), [rule]);
    assert.equal(annotationsOf(after!)[ownership], `{"checkout":["${prefix}/actions.stable"]}`);
  });
});
