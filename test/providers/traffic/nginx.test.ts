import assert from 'node:assert/strict';
import { describe, it } from 'node:test';

import fc from 'fast-check';

import type { KubeObject } from '../../../src/api/object.ts';
import type { NginxTrafficRouting } from '../../../src/api/traffic-routing.ts';
import { nginx } from '../../../src/providers/traffic/nginx.ts';
import { shares, trafficRouterContract, type RouterWorld } from '../../contract/traffic-router.ts';
import { applyChanges } from '../../contract/traffic-router/apply-changes.ts';
import { restPlan } from '../../contract/traffic-router/plans.ts';
import { ingress, ingressPath, ingressSubject as subject, owner } from './ingress-objects.ts';

type World = RouterWorld<NginxTrafficRouting>;

const config: NginxTrafficRouting = { stableIngress: 'web' };
const rule = { host: 'shop.example', http: { paths: [ingressPath('stable')] } };
const weightKey = 'nginx.ingress.kubernetes.io/canary-weight';

function world(objects: readonly KubeObject[], changed = config): World {
  return { config: changed, subject, objects };
}

function canaryIngress(annotations: Readonly<Record<string, string>>, uid = 'u1'): KubeObject {
  const canary = ingress('checkout-web-canary', [{ ...rule, http: { paths: [ingressPath('canary')] } }], {
    annotations: { 'nginx.ingress.kubernetes.io/canary': 'true', ...annotations },
  });
  return { ...canary, metadata: { ...canary.metadata, ownerReferences: [{ ...owner, uid }] } };
}

const rules = fc.array(
  fc.constantFrom(
    rule,
    { host: 'only-a-host' },
    { http: { paths: [ingressPath('assets'), { path: '/b', backend: { resource: { kind: 'Bucket', name: 'b' } } }] } },
    { http: { paths: [ingressPath('stable', '/a'), ingressPath('assets', '/b')], more: 1 } },
  ),
  { maxLength: 2 },
);

const stableArbitrary = (name: string): fc.Arbitrary<KubeObject> =>
  fc
    .record({
      before: rules,
      after: rules,
      annotations: fc.constantFrom(undefined, {}, { 'kubernetes.io/ingress.class': 'nginx', other: 'x' }),
      spec: fc.constantFrom({}, { ingressClassName: 'nginx', tls: [{ hosts: ['a'], secretName: 's' }] }),
    })
    .map(({ before, after, annotations, spec }) =>
      ingress(name, [...before, rule, ...after], { spec, ...(annotations === undefined ? {} : { annotations }) }),
    );

const worlds: fc.Arbitrary<World> = fc
  .record({
    web: stableArbitrary('web'),
    second: stableArbitrary('second'),
    config: fc.constantFrom<NginxTrafficRouting>(
      config,
      { stableIngresses: ['web', 'second'], annotationPrefix: 'custom.io' },
      {
        stableIngress: 'web',
        additionalIngressAnnotations: { 'canary-by-header': 'X' },
        canaryIngressAnnotations: { plain: 'v', [weightKey]: '77' },
      },
    ),
    weightMax: fc.option(fc.integer({ min: 1, max: 1000 }), { nil: undefined }),
    present: fc.boolean(),
  })
  .map(({ web, second, config, weightMax, present }) => ({
    config,
    subject: weightMax === undefined ? subject : { ...subject, weightMax, weightMaxGiven: true },
    objects: [web, second, ...(present ? [canaryIngress({ [weightKey]: '3', 'cert/by': 'other' })] : [])],
  }));

trafficRouterContract<NginxTrafficRouting>({
  router: nginx,
  world: world([ingress('web', [rule])]),
  worlds,
  foreign: ({ objects }) => ({
    stable: objects.filter(({ metadata }) => !metadata.name.endsWith('-canary')),
    labels: objects.find(({ metadata }) => metadata.labels !== undefined && metadata.name === 'checkout-web-canary')
      ?.metadata.labels,
    annotation: objects.map(({ metadata }) => metadata.annotations?.['cert/by']).filter((value) => value !== undefined),
  }),
  weights: ({ objects, config, subject }) => {
    const prefix = config.annotationPrefix ?? 'nginx.ingress.kubernetes.io';
    return objects
      .filter(({ metadata }) => metadata.annotations?.[`${prefix}/canary`] === 'true')
      .map(({ metadata }) => {
        const weight = Number(metadata.annotations?.[`${prefix}/canary-weight`]);
        const total = metadata.annotations?.[`${prefix}/canary-weight-total`] ?? '100';
        assert.equal(Number(total), subject.weightMax);
        return [weight, Number(total) - weight];
      });
  },
  routeOrder: () => [],
  foreignEdits: [
    { name: 'another weight', edit: ([stable]) => [stable!, canaryIngress({ [weightKey]: '30' })] },
    { name: 'a weight that is none', edit: ([stable]) => [stable!, canaryIngress({ [weightKey]: 'x' })] },
    {
      name: 'another total',
      edit: ([stable]) => [stable!, canaryIngress({ [weightKey]: '20', [`${weightKey}-total`]: '1000' })],
    },
    {
      name: 'other rules',
      edit: ([stable]) => [stable!, { ...canaryIngress({ [weightKey]: '20' }), spec: { rules: [] } }],
    },
    {
      name: 'not a canary any more',
      edit: ([stable]) => [
        stable!,
        canaryIngress({ [weightKey]: '20', 'nginx.ingress.kubernetes.io/canary': 'false' }),
      ],
    },
    { name: 'the canary Ingress is gone', edit: ([stable]) => [stable!] },
  ],
  broken: [
    { name: 'missing', world: world([]), problem: /stableIngress: Ingress "web" does not exist in namespace shop/ },
    { name: 'no rules', world: world([ingress('web', [])]), problem: /no rule with the Service "stable" as backend/ },
    {
      name: 'only a host and a resource',
      world: world([ingress('web', [{ host: 'a' }, { http: { paths: [{ backend: { resource: {} } }] } }])]),
      problem: /no rule with the Service "stable" as backend/,
    },
    {
      name: 'the canary Ingress of somebody else',
      world: world([ingress('web', [rule]), canaryIngress({}, 'other')]),
      problem: /checkout-web-canary: it does not belong to the Rollout "checkout"/,
    },
    {
      name: 'the second of two is missing',
      world: world([ingress('web', [rule])], { stableIngresses: ['web', 'second'] }),
      problem: /stableIngresses\[1\]: Ingress "second" does not exist/,
    },
    { name: 'none named', world: world([ingress('web', [rule])], {}), problem: /it names no stableIngress/ },
  ],
});

describe('the NGINX router', () => {
  it('gives the canary nothing while there is no canary Ingress, and says that it is missing', () => {
    const reading = nginx.read(config, subject, [ingress('web', [rule])]);
    assert.equal(reading.canaryWeight, 0);
    assert.match(reading.problem ?? '', /checkout-web-canary: it does not exist yet/);
  });

  it('cuts a name that would be too long', () => {
    const long = 'a'.repeat(250);
    const [, canary] = nginx.targets({ stableIngress: long }, subject);
    assert.ok(canary?.kind === 'named');
    assert.equal(canary.name.length, 253);
    assert.ok(canary.name.endsWith('a-canary'));
  });

  it('takes away a total that is not asked for any more, because the share would be another', () => {
    const objects = [ingress('web', [rule]), canaryIngress({ [weightKey]: '50', [`${weightKey}-total`]: '1000' })];
    assert.equal(nginx.read(config, subject, objects).canaryWeight, 5);
    const answer = nginx.write(config, subject, objects, { ...restPlan(subject), ...shares(subject, 50) });
    assert.ok(answer.ok);
    const after = applyChanges(objects, answer.value);
    assert.equal(nginx.read(config, subject, after).canaryWeight, 50);
  });
});
