import assert from 'node:assert/strict';
import { describe, it } from 'node:test';

import type { KubeObject } from '../../../src/api/object.ts';
import type { IstioTrafficRouting } from '../../../src/api/traffic-routing.ts';
import type { TrafficPlan } from '../../../src/api/traffic.ts';
import type { RouterSubject } from '../../../src/providers/traffic/contract.ts';
import { istio } from '../../../src/providers/traffic/istio.ts';
import { shares } from '../../contract/traffic-router.ts';
import { applyChanges } from '../../contract/traffic-router/apply-changes.ts';
import { restPlan } from '../../contract/traffic-router/plans.ts';
import {
  destinationRule,
  hostPair,
  istioDestinations,
  istioRoutes,
  istioSubject as subject,
  subsetPair,
  virtualService,
} from './istio-objects.ts';

const config: IstioTrafficRouting = {
  virtualService: { name: 'checkout' },
  destinationRule: { name: 'rule', canarySubsetName: 'new', stableSubsetName: 'old' },
};

const subsets = [{ name: 'old', labels: { 'rollouts-pod-template-hash': 'v1' } }, { name: 'new' }];

function split(canary: number): KubeObject {
  return virtualService({
    http: [
      {
        route: [
          { ...subsetPair[0], weight: 100 - canary },
          { ...subsetPair[1], weight: canary },
        ],
      },
    ],
  });
}

function plan(canaryWeight: number, canary: string, stable: string): TrafficPlan {
  return {
    ...restPlan(subject),
    destinations: [
      { role: 'canary', service: '', hash: canary, weight: canaryWeight },
      { role: 'stable', service: '', hash: stable, weight: 100 - canaryWeight },
    ],
  };
}

function changed(objects: readonly KubeObject[], wanted: TrafficPlan): readonly string[] {
  const answer = istio.write(config, subject, objects, wanted);
  assert.ok(answer.ok, JSON.stringify(answer));
  return answer.value.map(({ type }) => type.kind);
}

describe('the Istio router', () => {
  const labelled = (canary: string, stable: string): KubeObject =>
    destinationRule(
      [
        { name: 'old', labels: { 'rollouts-pod-template-hash': stable } },
        { name: 'new', labels: { 'rollouts-pod-template-hash': canary } },
      ],
      { 'argo-rollouts.argoproj.io/managed-by-rollouts': 'checkout' },
    );

  it('turns a subset to another revision before it gets traffic and after it lost traffic', () => {
    assert.deepEqual(changed([split(0), labelled('v1', 'v1')], plan(10, 'v2', 'v1')), [
      'DestinationRule',
      'VirtualService',
    ]);
    assert.deepEqual(changed([split(40), labelled('v2', 'v1')], plan(0, 'v1', 'v1')), [
      'VirtualService',
      'DestinationRule',
    ]);
    assert.deepEqual(changed([split(100), labelled('v2', 'v1')], plan(0, 'v2', 'v2')), [
      'DestinationRule',
      'VirtualService',
    ]);
  });

  it('reads the hashes of both subsets', () => {
    assert.deepEqual(istio.read(config, subject, [split(0), destinationRule(subsets)]).hashes, {
      canary: '',
      stable: 'v1',
    });
    const host: IstioTrafficRouting = { virtualService: { name: 'checkout' } };
    const objects = [virtualService({ http: [{ route: hostPair }] })];
    assert.equal(istio.read(host, subject, objects).hashes, undefined);
  });

  it('adds its name to those of other Rollouts that manage the DestinationRule', () => {
    const shared = destinationRule(subsets, { 'argo-rollouts.argoproj.io/managed-by-rollouts': 'other' });
    const answer = istio.write(config, subject, [split(0), shared], plan(0, 'v1', 'v1'));
    assert.ok(answer.ok);
    const [, rule] = applyChanges([split(0), shared], answer.value);
    assert.equal(rule?.metadata.annotations?.['argo-rollouts.argoproj.io/managed-by-rollouts'], 'other,checkout');
  });

  it('takes a share that the user fixed from the stable side', () => {
    const fixed: IstioTrafficRouting = {
      ...config,
      destinationRule: {
        name: 'rule',
        canarySubsetName: 'new',
        stableSubsetName: 'old',
        additionalSubsetNames: ['beta'],
      },
    };
    const beta = { destination: { host: 'web', subset: 'beta' }, weight: 10 };
    const objects = [virtualService({ http: [{ route: [...subsetPair, beta] }] }), destinationRule(subsets)];
    for (const [canary, written] of [
      [20, [70, 20, 10]],
      [95, [0, 95, 10]],
      [0, [90, 0, 10]],
    ] as const) {
      const answer = istio.write(fixed, subject, objects, plan(canary, 'v1', 'v1'));
      assert.ok(answer.ok);
      const after = applyChanges(objects, answer.value);
      const [route] = istioRoutes(after[0]!);
      assert.deepEqual(
        istioDestinations(route!).map(({ weight }) => weight),
        written,
      );
      assert.equal(istio.read(fixed, subject, after).canaryWeight, canary);
      assert.equal(istio.read(fixed, subject, after).stableWeight, 100 - canary);
    }
  });

  it('takes away destinations without a host, which lead nowhere', () => {
    const host: IstioTrafficRouting = { virtualService: { name: 'checkout' } };
    const objects = [virtualService({ http: [{ route: [...hostPair, { destination: { host: '' }, weight: 20 }] }] })];
    assert.equal(istio.read(host, subject, objects).problem !== undefined, true);
    const answer = istio.write(host, subject, objects, restPlan(subject));
    assert.ok(answer.ok);
    assert.deepEqual(istioRoutes(applyChanges(objects, answer.value)[0]!), [{ route: hostPair }]);
  });

  it('never takes away a route that carries the traffic, even if it is named like a managed one', () => {
    const named: RouterSubject = { ...subject, managedRoutes: ['main'] };
    const host: IstioTrafficRouting = { virtualService: { name: 'checkout', routes: ['main'] } };
    const objects = [virtualService({ http: [{ name: 'main', route: hostPair }] })];
    const answer = istio.write(host, named, objects, { ...restPlan(named), ...shares(named, 30) });
    assert.ok(answer.ok);
    assert.equal(istioRoutes(applyChanges(objects, answer.value)[0]!).length, 1);
  });

  it('splits the TLS route of a VirtualService that lacks the HTTP routes which are listed beside it', () => {
    const match = [{ port: 443, sniHosts: ['a'] }];
    const object = virtualService({ tls: [{ route: hostPair, match }] });
    const virtualServiceOf = { name: 'checkout', routes: ['main'], tlsRoutes: [{ port: 443, sniHosts: ['a'] }] };
    const answer = istio.write({ virtualService: virtualServiceOf }, subject, [object], plan(10, 'v2', 'v1'));
    assert.ok(answer.ok, JSON.stringify(answer));
    const [after] = applyChanges([object], answer.value);
    assert.ok(after !== undefined);
    const [route] = istioRoutes(after, 'tls');
    assert.ok(route !== undefined);
    assert.deepEqual(
      istioDestinations(route).map(({ weight }) => weight),
      [90, 10],
    );
    assert.deepEqual(istioRoutes(after), []);
  });

  it('changes a VirtualService of another namespace only where that is allowed', () => {
    const elsewhere: IstioTrafficRouting = { virtualService: { name: 'checkout.prod' } };
    const object = virtualService({ http: [{ route: hostPair }] });
    const objects = [{ ...object, metadata: { ...object.metadata, namespace: 'prod' } }];
    assert.deepEqual(istio.targets(elsewhere, subject), []);
    const allowed = { ...subject, otherNamespaces: true };
    assert.equal(istio.targets(elsewhere, allowed)[0]?.namespace, 'prod');
    const answer = istio.write(elsewhere, allowed, objects, { ...restPlan(subject), ...shares(subject, 30) });
    assert.ok(answer.ok);
    assert.equal(answer.value.length, 1);
  });

  it('keeps what the plan says it keeps', () => {
    const objects = [split(20), labelled('v2', 'v1')];
    const keep = { weights: true, hashes: true };
    assert.deepEqual(changed(objects, { ...plan(0, 'v1', 'v1'), keep }), []);
  });

  it('sees a managed route that was taken away in one place, doubled, or turned elsewhere', () => {
    const two: IstioTrafficRouting = { virtualServices: [{ name: 'checkout' }, { name: 'second' }] };
    const main = { route: hostPair };
    const header = { name: 'by-header', match: [], route: [{ destination: { host: 'canary' }, weight: 100 }] };
    const read = (first: readonly unknown[], second: readonly unknown[]) =>
      istio.read(two, subject, [virtualService({ http: first }), virtualService({ http: second }, 'second')]);
    assert.equal(read([header, main], [header, main]).problem, undefined);
    assert.match(
      read([header, main], [main]).problem ?? '',
      /shop\/second: managed route "by-header" is missing there/,
    );
    assert.match(read([header, header, main], [header, main]).problem ?? '', /more than once/);
    const astray = { ...header, route: [{ destination: { host: 'other' }, weight: 100 }] };
    assert.match(read([astray, main], [header, main]).problem ?? '', /"by-header" does not lead to the canary/);
  });

  it('gives a DestinationRule back when the last Rollout leaves it', () => {
    const labels = { app: 'web', 'rollouts-pod-template-hash': 'v1' };
    const rule = destinationRule([{ name: 'old', labels }, { name: 'new' }]);
    const { release } = istio;
    assert.ok(release !== undefined);
    const noted = {
      ...rule,
      metadata: {
        ...rule.metadata,
        annotations: { team: 'a', 'argo-rollouts.argoproj.io/managed-by-rollouts': 'other, checkout' },
      },
    };
    assert.deepEqual(release.managers(noted), ['other', 'checkout']);
    const [first] = applyChanges([noted], release.write(noted, ['other']));
    assert.ok(first !== undefined);
    assert.deepEqual(release.managers(first), ['other']);
    assert.deepEqual(first['spec'], rule['spec']);
    const [last] = applyChanges([first], release.write(first, []));
    assert.deepEqual(last?.metadata.annotations, { team: 'a' });
    assert.deepEqual(
      last?.['spec'],
      destinationRule([{ name: 'old', labels: { app: 'web' } }, { name: 'new' }])['spec'],
    );
  });
});
