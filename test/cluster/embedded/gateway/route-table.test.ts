import assert from 'node:assert/strict';
import { test } from 'node:test';

import type { HttpRoute, HttpRouteRule } from '../../../../src/cluster/embedded/gateway/http-route.ts';
import {
  modifyHeaders,
  modifyPath,
  redirectLocation,
} from '../../../../src/cluster/embedded/gateway/request-filter.ts';
import type { RoutedRequest } from '../../../../src/cluster/embedded/gateway/request-match.ts';
import { compileRoute, routeTable } from '../../../../src/cluster/embedded/gateway/route-table.ts';

function route(name: string, spec: HttpRoute['spec'], createdAt = '2026-01-01T00:00:00Z'): HttpRoute {
  return {
    apiVersion: 'gateway.networking.k8s.io/v1',
    kind: 'HTTPRoute',
    metadata: { name, namespace: 'shop', uid: `uid-${name}`, creationTimestamp: createdAt },
    ...(spec === undefined ? {} : { spec }),
  };
}

function to(backend: string, rule: HttpRouteRule): HttpRouteRule {
  return { ...rule, backendRefs: [{ name: backend, port: 80 }] };
}

function request(overrides: Partial<RoutedRequest> & { url?: string }): RoutedRequest {
  const [path = '/', query = ''] = (overrides.url ?? '/').split('?');
  return { host: 'shop.example', method: 'GET', path, query: new URLSearchParams(query), headers: {}, ...overrides };
}

function finder(...routes: readonly HttpRoute[]): (overrides: Partial<RoutedRequest> & { url?: string }) => string {
  const find = routeTable(routes.map(compileRoute));
  return (overrides) => {
    const target = find(request(overrides))?.rule.backends[0]?.target;
    return target?.kind === 'service' ? target.name : 'none';
  };
}

test('a path prefix matches whole elements only', () => {
  const find = finder(
    route('a', { rules: [to('a', { matches: [{ path: { type: 'PathPrefix', value: '/api/' } }] })] }),
  );
  assert.equal(find({ url: '/api' }), 'a');
  assert.equal(find({ url: '/api/v1?x=1' }), 'a');
  assert.equal(find({ url: '/apis' }), 'none');
});

test('exact path wins over expression, expression over prefix, longer prefix over shorter', () => {
  const find = finder(
    route('a', {
      rules: [
        to('root', {}),
        to('short', { matches: [{ path: { type: 'PathPrefix', value: '/a' } }] }),
        to('long', { matches: [{ path: { type: 'PathPrefix', value: '/a/b' } }] }),
        to('expression', { matches: [{ path: { type: 'RegularExpression', value: '/a/b/[0-9]+' } }] }),
        to('exact', { matches: [{ path: { type: 'Exact', value: '/a/b/1' } }] }),
      ],
    }),
  );
  assert.equal(find({ url: '/' }), 'root');
  assert.equal(find({ url: '/a/x' }), 'short');
  assert.equal(find({ url: '/a/b/x' }), 'long');
  assert.equal(find({ url: '/a/b/2' }), 'expression');
  assert.equal(find({ url: '/a/b/2x' }), 'long');
  assert.equal(find({ url: '/a/b/1' }), 'exact');
});

test('method, then headers, then query parameters decide between equal paths', () => {
  const find = finder(
    route('a', {
      rules: [
        to('plain', {}),
        to('query', { matches: [{ queryParams: [{ name: 'debug', value: '1' }] }] }),
        to('header', { matches: [{ headers: [{ name: 'X-Canary', value: 'yes' }] }] }),
        to('two-headers', {
          matches: [
            {
              headers: [
                { name: 'x-canary', value: 'yes' },
                { name: 'x-user', value: 'u-[0-9]{3}', type: 'RegularExpression' },
              ],
            },
          ],
        }),
        to('method', { matches: [{ method: 'POST' }] }),
      ],
    }),
  );
  assert.equal(find({}), 'plain');
  assert.equal(find({ url: '/?debug=1' }), 'query');
  assert.equal(find({ url: '/?debug=1', headers: { 'x-canary': 'yes' } }), 'header');
  assert.equal(find({ headers: { 'x-canary': 'yes', 'x-user': 'u-123' } }), 'two-headers');
  assert.equal(find({ headers: { 'x-canary': 'yes', 'x-user': 'u-1234' } }), 'header');
  assert.equal(find({ method: 'POST', headers: { 'x-canary': 'yes' } }), 'method');
});

test('the most specific host name decides first', () => {
  const find = finder(
    route('any', { rules: [to('any', { matches: [{ path: { type: 'Exact', value: '/x' } }] })] }),
    route('wild', { hostnames: ['*.example'], rules: [to('wild', {})] }),
    route('longer', { hostnames: ['*.shop.example'], rules: [to('longer', {})] }),
    route('exact', { hostnames: ['Shop.Example'], rules: [to('exact', { matches: [{ method: 'GET' }] })] }),
  );
  assert.equal(find({ host: 'shop.example', url: '/x' }), 'exact');
  assert.equal(find({ host: 'shop.example', method: 'PUT' }), 'wild');
  assert.equal(find({ host: 'eu.shop.example' }), 'longer');
  assert.equal(find({ host: 'a.b.example' }), 'wild');
  assert.equal(find({ host: 'example', url: '/x' }), 'any');
  assert.equal(find({ host: 'example' }), 'none');
});

test('among equals the oldest route wins, then the first by name', () => {
  const young = route('a-young', { rules: [to('young', {})] }, '2026-02-01T00:00:00Z');
  const old = route('z-old', { rules: [to('old', {})] });
  const alsoOld = route('y-old', { rules: [to('also-old', {})] });
  assert.equal(finder(young, old)({}), 'old');
  assert.equal(finder(old, alsoOld)({}), 'also-old');
});

test('a rule that cannot be used is dropped with its field and value, and the others stay', () => {
  const compiled = compileRoute(
    route('a', {
      rules: [
        to('good', {}),
        to('bad', { matches: [{ headers: [{ name: 'x', value: '(', type: 'RegularExpression' }] }] }),
        { backendRefs: [{ name: 'b', port: 80, weight: -1 }] },
        to('strange', { filters: [{ type: 'ExtensionRef' }] }),
        to('slow', { timeouts: { request: '10' } }),
      ],
    }),
  );
  assert.equal(compiled.entries.length, 1);
  assert.equal(compiled.problems.length, 4);
  assert.match(compiled.problems[0]!, /spec\.rules\[1\]\.matches\[0\]\.headers\[0\]\.value: "\("/);
  assert.match(compiled.problems[1]!, /spec\.rules\[2\]\.backendRefs\[0\]\.weight: -1/);
  assert.match(compiled.problems[2]!, /spec\.rules\[3\]\.filters\[0\]\.type: "ExtensionRef"/);
  assert.match(compiled.problems[3]!, /spec\.rules\[4\]\.timeouts\.request: "10"/);
});

test('header modifiers replace, append and remove, whatever the case of names', () => {
  const headers = modifyHeaders(
    [
      ['X-A', '1'],
      ['x-b', '2'],
      ['X-C', '3'],
    ],
    [{ set: [{ name: 'x-a', value: 'new' }], add: [{ name: 'X-C', value: '4' }], remove: ['X-B'] }],
  );
  assert.deepEqual(headers, [
    ['X-C', '3'],
    ['x-a', 'new'],
    ['X-C', '4'],
  ]);
});

test('path modifiers keep the query and never leave a path without its slash', () => {
  const prefix = (replacePrefixMatch: string) => ({ type: 'ReplacePrefixMatch', replacePrefixMatch });
  assert.equal(modifyPath('/foo/bar?q=1', prefix('/xyz'), '/foo'), '/xyz/bar?q=1');
  assert.equal(modifyPath('/foo/bar', prefix('/xyz/'), '/foo'), '/xyz/bar');
  assert.equal(modifyPath('/foo', prefix('/'), '/foo'), '/');
  assert.equal(modifyPath('/foo', prefix(''), '/foo'), '/');
  assert.equal(modifyPath('/foo?q', { type: 'ReplaceFullPath', replaceFullPath: '/all' }, '/foo'), '/all?q');
  assert.equal(modifyPath('/bar', prefix('/xyz'), '/'), '/xyz/bar');
});

test('a redirect names the port only when the scheme does not imply it', () => {
  const from = { host: 'shop.example', port: 8080, pathAndQuery: '/a?b', prefix: '/' };
  assert.equal(redirectLocation({}, from), 'http://shop.example:8080/a?b');
  assert.equal(redirectLocation({ scheme: 'https' }, from), 'https://shop.example/a?b');
  assert.equal(redirectLocation({ hostname: 'new.example', port: 80 }, from), 'http://new.example/a?b');
  assert.equal(redirectLocation({ scheme: 'https', port: 8443 }, from), 'https://shop.example:8443/a?b');
});
