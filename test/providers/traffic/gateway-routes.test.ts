import assert from 'node:assert/strict';
import { describe, it } from 'node:test';

import type { KubeObject } from '../../../src/api/object.ts';
import type { TrafficPlan } from '../../../src/api/traffic.ts';
import { compileRoute } from '../../../src/cluster/embedded/gateway/route-table.ts';
import { gatewayApi } from '../../../src/providers/traffic/gateway-api.ts';
import type { GatewayApiConfig } from '../../../src/providers/traffic/gateway-config.ts';
import { shares } from '../../contract/traffic-router.ts';
import { applyChanges } from '../../contract/traffic-router/apply-changes.ts';
import { restPlan } from '../../contract/traffic-router/plans.ts';
import {
  gatewayBackends,
  gatewayPair as pair,
  gatewayRoute as route,
  gatewayRules,
  gatewaySubject as subject,
} from './gateway-objects.ts';

describe('the Gateway API router', () => {
  const header: TrafficPlan = {
    ...restPlan(subject),
    ...shares(subject, 20),
    headerRoutes: [{ name: 'by-header', match: [{ headerName: 'x-canary', headerValue: { prefix: 'a.b' } }] }],
    inProgress: true,
  };

  function after(
    objects: readonly KubeObject[],
    plan: TrafficPlan,
    config: GatewayApiConfig = { httpRoute: 'checkout' },
  ) {
    const answer = gatewayApi.write(config, subject, objects, plan);
    assert.ok(answer.ok, JSON.stringify(answer));
    return applyChanges(objects, answer.value);
  }

  it('takes the requests of a rule that have the header out of it, with everything else that stands there', () => {
    const rule = {
      name: 'main',
      matches: [{ path: { type: 'PathPrefix', value: '/shop' } }],
      timeouts: { request: '5s' },
      backendRefs: pair,
    };
    const [object] = after([route([rule])], header);
    assert.ok(object !== undefined);
    assert.deepEqual(gatewayRules(object), [
      {
        name: 'by-header',
        matches: [
          {
            path: { type: 'PathPrefix', value: '/shop' },
            headers: [{ type: 'RegularExpression', name: 'x-canary', value: String.raw`^a\.b.*$` }],
          },
        ],
        timeouts: { request: '5s' },
        filters: [
          { type: 'RequestHeaderModifier', requestHeaderModifier: { remove: ['sluice-route_checkout_by-header'] } },
        ],
        backendRefs: [{ name: 'canary', port: 80, weight: 100 }],
      },
      {
        ...rule,
        backendRefs: [
          { ...pair[0], weight: 80 },
          { ...pair[1], weight: 20 },
        ],
      },
    ]);
    assert.equal(object.metadata.labels?.['rollouts.argoproj.io/gatewayapi-canary'], 'in-progress');
  });

  it('mirrors to the canary and splits what it mirrors like the rest', () => {
    const plan: TrafficPlan = {
      ...restPlan(subject),
      ...shares(subject, 20),
      mirrorRoutes: [
        { name: 'copy', percentage: 35, match: [{ path: { exact: '/shop/a' } }, { path: { prefix: '/other' } }] },
      ],
    };
    const rule = { matches: [{ path: { type: 'PathPrefix', value: '/shop' } }], backendRefs: pair };
    const [object] = after([route([rule])], plan);
    assert.ok(object !== undefined);
    const [copy] = gatewayRules(object);
    assert.deepEqual(copy, {
      name: 'copy',
      matches: [{ path: { type: 'Exact', value: '/shop/a' } }],
      filters: [
        { type: 'RequestHeaderModifier', requestHeaderModifier: { remove: ['sluice-route_checkout_copy'] } },
        { type: 'RequestMirror', requestMirror: { backendRef: { name: 'canary', port: 80 }, percent: 35 } },
      ],
      backendRefs: [
        { ...pair[0], weight: 80 },
        { ...pair[1], weight: 20 },
      ],
    });
  });

  it('recognises its rules when the API server has dropped their names', () => {
    const objects = after([route([{ backendRefs: pair }])], header).map((object) =>
      route(gatewayRules(object).map(({ name: _name, ...rule }) => rule)),
    );
    assert.deepEqual(gatewayApi.read({ httpRoute: 'checkout' }, subject, objects).managedRoutes, ['by-header']);
    const [object] = after(objects, restPlan(subject));
    assert.ok(object !== undefined);
    assert.deepEqual(gatewayRules(object), [{ backendRefs: pair }]);
  });

  it('takes away a managed route whose name is no longer listed, and leaves those of other Rollouts', () => {
    const objects = after([route([{ backendRefs: pair }])], header);
    const config: GatewayApiConfig = { httpRoute: 'checkout' };
    const plan = { ...restPlan(subject), managedRoutes: [] };
    const other = { ...subject, name: 'other', managedRoutes: [] };
    assert.deepEqual(gatewayApi.read(config, other, objects).managedRoutes, []);
    const answer = gatewayApi.write(config, { ...subject, managedRoutes: [] }, objects, plan);
    assert.ok(answer.ok);
    assert.deepEqual(applyChanges(objects, answer.value).map(gatewayRules), [[{ backendRefs: pair }]]);
  });

  it('keeps any text as a route name', () => {
    const name = 'Ünïcode ~route_1';
    const named = { ...subject, managedRoutes: [name] };
    const plan = { ...header, managedRoutes: [name], headerRoutes: [{ ...header.headerRoutes[0]!, name }] };
    const objects = [route([{ backendRefs: pair }])];
    const answer = gatewayApi.write({ httpRoute: 'checkout' }, named, objects, plan);
    assert.ok(answer.ok);
    const reading = gatewayApi.read({ httpRoute: 'checkout' }, named, applyChanges(objects, answer.value));
    assert.deepEqual(reading.managedRoutes, [name]);
  });

  it('counts an omitted weight as 1, and only the proportion of weights', () => {
    const read = (...weights: readonly (number | undefined)[]) =>
      gatewayApi.read({ httpRoute: 'checkout' }, subject, [
        route([{ backendRefs: weights.map((weight, index) => ({ ...pair[index], weight })) }]),
      ]);
    assert.equal(read(undefined, undefined).canaryWeight, 50);
    assert.equal(read(1, 0).canaryWeight, 0);
    assert.equal(read(9, 1).canaryWeight, 10);
    assert.match(read(2, 1).problem ?? '', /canary 1, stable 2 is no whole share of 100/);
    assert.match(read(0, 0).problem ?? '', /all weights are 0/);
  });

  it('tells whether gateways took the route', () => {
    const read = (...parents: readonly (readonly unknown[])[]) => {
      const status = { parents: parents.map((conditions) => ({ controllerName: 'c', conditions })) };
      return gatewayApi.read({ httpRoute: 'checkout' }, subject, [
        route([{ backendRefs: pair }], 'checkout', { status }),
      ]);
    };
    const condition = (type: string, status: string, observedGeneration: number, reason = 'Because') => ({
      type,
      status,
      observedGeneration,
      reason,
      message: 'm',
    });
    assert.equal(read().acceptance, 'unknown');
    assert.equal(read([condition('Accepted', 'True', 1)]).acceptance, 'pending');
    assert.equal(read([condition('Accepted', 'True', 2), condition('ResolvedRefs', 'True', 2)]).acceptance, 'accepted');
    const refused = read([condition('Accepted', 'True', 2), condition('ResolvedRefs', 'False', 2, 'BackendNotFound')]);
    assert.equal(refused.acceptance, 'refused');
    assert.equal(refused.problem, 'ResolvedRefs is BackendNotFound: m');
    assert.equal(
      read([condition('Accepted', 'True', 2)], [condition('Accepted', 'False', 2, 'NoMatchingParent')]).acceptance,
      'accepted',
    );
    assert.equal(read([condition('Accepted', 'False', 2, 'NoMatchingParent')]).acceptance, 'refused');
  });

  it('splits TCP routes, and says that they have no headers', () => {
    const config: GatewayApiConfig = { tcpRoute: 'checkout' };
    const tcp: KubeObject = {
      ...route([{ backendRefs: pair }]),
      apiVersion: 'gateway.networking.k8s.io/v1alpha2',
      kind: 'TCPRoute',
    };
    const [object] = after([tcp], { ...restPlan(subject), ...shares(subject, 30) }, config);
    assert.ok(object !== undefined);
    assert.deepEqual(
      gatewayBackends(gatewayRules(object)[0] ?? {}).map(({ weight }) => weight),
      [70, 30],
    );
    const answer = gatewayApi.write(config, subject, [tcp], header);
    assert.ok(!answer.ok);
    assert.match(answer.error.message, /no HTTPRoute or GRPCRoute is used with useHeaderRoutes/);
  });

  it('does not take a backend of the user for one of an experiment', () => {
    const objects = [route([{ backendRefs: [...pair, { name: 'exp', port: 80, weight: 5 }] }])];
    const plan: TrafficPlan = {
      ...restPlan(subject),
      destinations: [
        { role: 'canary', service: 'canary', hash: 'b', weight: 0 },
        { role: 'additional', service: 'exp', hash: 'c', weight: 10 },
        { role: 'stable', service: 'stable', hash: 'a', weight: 90 },
      ],
    };
    const answer = gatewayApi.write({ httpRoute: 'checkout' }, subject, objects, plan);
    assert.ok(!answer.ok);
    assert.match(answer.error.message, /"exp" of an experiment is a backend there already/);
  });

  it('sees a managed route that was taken away in one place or turned elsewhere', () => {
    const two: GatewayApiConfig = {
      httpRoutes: [
        { name: 'checkout', useHeaderRoutes: true },
        { name: 'second', useHeaderRoutes: true },
      ],
      disableInProgressLabel: true,
    };
    const main = { backendRefs: pair };
    const managed = { name: 'by-header', backendRefs: [{ name: 'canary', port: 80 }] };
    const read = (first: readonly unknown[], second: readonly unknown[]) =>
      gatewayApi.read(two, subject, [route(first), route(second, 'second')]);
    assert.equal(read([managed, main], [managed, main]).problem, undefined);
    assert.match(
      read([managed, main], [main]).problem ?? '',
      /shop\/second: managed route "by-header" is missing there/,
    );
    const astray = { ...managed, backendRefs: [{ name: 'other', port: 80 }] };
    assert.match(read([astray, main], [managed, main]).problem ?? '', /"by-header" does not lead to the canary/);
  });

  it('shares the label of a canary in progress with other Rollouts on the route', () => {
    const config: GatewayApiConfig = { httpRoute: 'checkout' };
    const key = 'rollouts.argoproj.io/gatewayapi-canary';
    const other = { ...subject, name: 'other' };
    const write = (objects: readonly KubeObject[], who: typeof subject, inProgress: boolean) => {
      const answer = gatewayApi.write(config, who, objects, { ...restPlan(who), inProgress });
      assert.ok(answer.ok);
      return applyChanges(objects, answer.value);
    };
    const isMarked = (objects: readonly KubeObject[], who: typeof subject) =>
      gatewayApi.read(config, who, objects).inProgress;
    const both = write(write([route([{ backendRefs: pair }])], subject, true), other, true);
    assert.deepEqual([isMarked(both, subject), isMarked(both, other)], [true, true]);
    const one = write(both, subject, false);
    assert.deepEqual([isMarked(one, subject), isMarked(one, other)], [false, true]);
    assert.equal(one[0]?.metadata.labels?.[key], 'in-progress');
    assert.deepEqual(write(one, other, false), [route([{ backendRefs: pair }])]);
    const metadata = { name: 'checkout', namespace: 'shop', labels: { [key]: 'in-progress' } };
    const unsigned = [route([{ backendRefs: pair }], 'checkout', { metadata })];
    assert.equal(isMarked(unsigned, subject), true);
    assert.equal(write(unsigned, subject, false)[0]?.metadata.labels, undefined);
  });

  it('writes rules that the local gateway understands', () => {
    const plan: TrafficPlan = {
      ...header,
      mirrorRoutes: [
        { name: 'copy', percentage: 35, match: [{ method: { exact: 'GET' }, path: { prefix: '/shop' } }] },
      ],
    };
    const [object] = after([route([{ backendRefs: pair }])], plan);
    assert.ok(object !== undefined);
    const compiled = compileRoute(object);
    assert.deepEqual([compiled.problems, compiled.entries.length], [[], 3]);
  });
});
