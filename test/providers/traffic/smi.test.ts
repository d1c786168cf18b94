import assert from 'node:assert/strict';
import { describe, it } from 'node:test';

import fc from 'fast-check';

import { listOf, recordOf } from '../../../src/api/json-access.ts';
import type { KubeObject } from '../../../src/api/object.ts';
import type { SmiTrafficRouting } from '../../../src/api/traffic-routing.ts';
import type { SmiVersion } from '../../../src/providers/traffic/router-types.ts';
import { smi } from '../../../src/providers/traffic/smi.ts';
import { trafficRouterContract, type RouterWorld } from '../../contract/traffic-router.ts';
import { restPlan } from '../../contract/traffic-router/plans.ts';
import { ingressSubject as subject, owner } from './ingress-objects.ts';

type World = RouterWorld<SmiTrafficRouting>;

function split(version: SmiVersion, backends: readonly unknown[], uid = 'u1', spec: object = {}): KubeObject {
  return {
    apiVersion: `split.smi-spec.io/${version}`,
    kind: 'TrafficSplit',
    metadata: { name: 'checkout', namespace: 'shop', labels: { app: 'shop' }, ownerReferences: [{ ...owner, uid }] },
    spec: { ...spec, service: 'stable', backends },
  };
}

function fixtureOf(version: SmiVersion): void {
  const weight = (share: number): number | string => (version === 'v1alpha1' ? String(share) : share);
  const backends = (canary: number, stable: number): readonly unknown[] => [
    { service: 'canary', weight: weight(canary) },
    { service: 'stable', weight: weight(stable) },
  ];
  const world = (objects: readonly KubeObject[]): World => ({ config: {}, subject, objects });
  const worlds = fc.oneof(
    fc.constant(world([])),
    fc
      .nat({ max: 100 })
      .map((canary) => world([split(version, backends(canary, 100 - canary), 'u1', { matches: [1] })])),
    fc.constant(world([split(version, [{ service: 'old', weight: weight(50) }])])),
  );
  trafficRouterContract<SmiTrafficRouting>({
    router: smi(version),
    world: world([split(version, backends(0, 100))]),
    worlds,
    foreign: ({ objects }) =>
      objects
        .map((object) => [object.metadata.labels, recordOf(object['spec'])['matches']])
        .filter(([labels]) => labels),
    weights: ({ objects }) =>
      objects.map((object) =>
        listOf(recordOf(object['spec'])['backends']).map((backend) => Number(recordOf(backend)['weight'])),
      ),
    routeOrder: () => [],
    foreignEdits: [
      { name: 'another weight', edit: () => [split(version, backends(30, 70))] },
      {
        name: 'a backend of somebody else',
        edit: () => [split(version, [...backends(20, 70), { service: 'other', weight: weight(10) }])],
      },
      { name: 'a weight that is none', edit: () => [split(version, [{ service: 'canary', weight: '20m' }])] },
      {
        name: 'another root Service',
        edit: () => {
          const edited = split(version, backends(20, 80));
          return [{ ...edited, spec: { ...recordOf(edited['spec']), service: 'other' } }];
        },
      },
    ],
    broken: [
      {
        name: 'the object of somebody else',
        world: world([split(version, backends(0, 100), 'other')]),
        problem: /TrafficSplit shop\/checkout: it does not belong to the Rollout "checkout"/,
      },
      {
        name: 'one Service for both sides',
        world: { ...world([]), subject: { ...subject, canaryService: 'stable' } },
        problem: /must be two Services/,
      },
    ],
  });
}

fixtureOf('v1alpha1');
fixtureOf('v1alpha3');

describe('the SMI router', () => {
  it('writes weights as the version of the API has them', () => {
    for (const [version, written] of [
      ['v1alpha1', '100'],
      ['v1alpha2', 100],
      ['v1alpha3', 100],
    ] as const) {
      const router = smi(version);
      const answer = router.write({ rootService: 'root', trafficSplitName: 'name' }, subject, [], restPlan(subject));
      assert.ok(answer.ok);
      const [change] = answer.value;
      assert.ok(change?.kind === 'create');
      assert.equal(change.object.apiVersion, `split.smi-spec.io/${version}`);
      assert.equal(change.object.metadata.name, 'name');
      assert.deepEqual(change.object['spec'], {
        service: 'root',
        backends: [
          { service: 'canary', weight: version === 'v1alpha1' ? '0' : 0 },
          { service: 'stable', weight: written },
        ],
      });
    }
  });

  it('does not guess who gets traffic while there is no TrafficSplit', () => {
    const reading = smi('v1alpha1').read({}, subject, []);
    assert.equal(reading.canaryWeight, undefined);
    assert.match(reading.problem ?? '', /it does not exist yet/);
  });
});
