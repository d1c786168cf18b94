import assert from 'node:assert/strict';
import { describe, test } from 'node:test';

import type { KubeObject } from '../../../src/api/object.ts';
import { resourceTypes } from '../../../src/api/resource-types.ts';
import { hasCode, type ErrorCode } from '../../../src/base/error.ts';
import type { RequestReport } from '../../../src/cluster/kubernetes/api-client.ts';
import { adapterFor, call } from './adapter.ts';
import { answer, cut, silence, status, stream, type Act } from './scripted-server.ts';

const { pod, rollout, service, namespace } = resourceTypes;
const at = { type: rollout, namespace: 'shop', name: 'web' };
const stored = { apiVersion: 'argoproj.io/v1alpha1', kind: 'Rollout', metadata: { name: 'web', namespace: 'shop' } };
const ok = answer(200, stored);

describe('requests to an API server', () => {
  test('go to the paths and with the content types that the API server knows', async (context) => {
    const { cluster, server } = await adapterFor(context, [ok]);
    await cluster.get(at, call);
    await cluster.create(rollout, stored, { fieldManager: 'sluice', dryRun: true }, call);
    await cluster.update(rollout, stored, { subresource: 'status' }, call);
    await cluster.patch(at, { kind: 'json', operations: [{ op: 'remove', path: '/a' }] }, {}, call);
    await cluster.patch(at, { kind: 'merge', body: { a: null } }, { subresource: 'scale' }, call);
    await cluster.patch(at, { kind: 'strategic', body: {} }, {}, call);
    await cluster.patch(at, { kind: 'apply', body: {}, force: true }, { fieldManager: 'sluice' }, call);
    await cluster.evict({ type: pod, namespace: 'shop', name: 'web-1' }, { uid: 'u' }, call);
    await cluster.get({ type: namespace, name: 'a b' }, call);
    const base = '/apis/argoproj.io/v1alpha1/namespaces/shop/rollouts';
    assert.deepEqual(
      server.requests.map(
        ({ method, url, headers }) => `${method} ${url.pathname}${url.search} ${headers['content-type'] ?? ''}`,
      ),
      [
        `GET ${base}/web `,
        `POST ${base}?fieldManager=sluice&dryRun=All application/json`,
        `PUT ${base}/web/status application/json`,
        `PATCH ${base}/web application/json-patch+json`,
        `PATCH ${base}/web/scale application/merge-patch+json`,
        `PATCH ${base}/web application/strategic-merge-patch+json`,
        `PATCH ${base}/web?fieldManager=sluice&force=true application/apply-patch+yaml`,
        'POST /api/v1/namespaces/shop/pods/web-1/eviction application/json',
        'GET /api/v1/namespaces/a%20b ',
      ],
    );
    assert.deepEqual(server.requests[7]?.body, {
      apiVersion: 'policy/v1',
      kind: 'Eviction',
      metadata: { name: 'web-1', namespace: 'shop' },
      deleteOptions: {
        apiVersion: 'v1',
        kind: 'DeleteOptions',
        propagationPolicy: 'Background',
        preconditions: { uid: 'u' },
      },
    });
  });

  test('share one connection when they come one after the other', async (context) => {
    const { cluster, server } = await adapterFor(context, [ok]);
    for (let count = 0; count < 20; count += 1) await cluster.get(at, call);
    assert.equal(server.connections, 1);
  });

  test('are bounded in number, and the rest waits', async (context) => {
    let active = 0;
    let most = 0;
    const slow: Act = (request, response) => {
      active += 1;
      most = Math.max(most, active);
      setImmediate(() => {
        active -= 1;
        ok(request, response);
      });
    };
    const { cluster, server } = await adapterFor(context, [slow], { concurrencyMax: 3 });
    await Promise.all(Array.from({ length: 30 }, () => cluster.get(at, call)));
    assert.equal(server.requests.length, 30);
    assert.ok(most <= 3 && server.connections <= 3, `${most} at once over ${server.connections} connections`);
  });

  test('keep fields that nobody knows', async (context) => {
    const strange = { ...stored, spec: { future: { deep: [1, { x: null }] } }, extra: true };
    const { cluster, server } = await adapterFor(context, [answer(200, strange)]);
    const read = await cluster.get(at, call);
    assert.deepEqual(read, strange);
    await cluster.update(rollout, read, {}, call);
    assert.deepEqual(server.requests[1]?.body, strange);
  });

  test('give the items of a list the type that the API server leaves out', async (context) => {
    const page = {
      metadata: { resourceVersion: '7', continue: 'c', remainingItemCount: 2 },
      items: [{ metadata: { name: 'a' } }],
    };
    const { cluster } = await adapterFor(context, [answer(200, page), answer(200, { metadata: {}, items: null })]);
    assert.deepEqual(await cluster.list(service, { limit: 1, labelSelector: 'a in (b,c)' }, call), {
      items: [{ apiVersion: 'v1', kind: 'Service', metadata: { name: 'a' } }],
      resourceVersion: '7',
      continueToken: 'c',
      remainingItemCount: 2,
    });
    assert.deepEqual((await cluster.list(service, {}, call)).items, []);
  });

  test('answer a deletion with an object, also when the API server answers a Status', async (context) => {
    const gone = { kind: 'Status', apiVersion: 'v1', status: 'Success', details: { name: 'web', uid: 'u-1' } };
    const { cluster } = await adapterFor(context, [answer(200, gone), ok]);
    assert.deepEqual((await cluster.delete(at, {}, call)).metadata, { name: 'web', namespace: 'shop', uid: 'u-1' });
    assert.deepEqual(await cluster.delete(at, { propagation: 'Foreground' }, call), stored);
  });

  test('report what they asked for and how it ended', async (context) => {
    const reports: Omit<RequestReport, 'durationMs'>[] = [];
    const { cluster } = await adapterFor(context, [ok, status(403, 'Forbidden', 'no')], {
      onRequest: ({ durationMs, ...report }) => {
        assert.ok(durationMs >= 0);
        reports.push(report);
      },
    });
    await cluster.patch(at, { kind: 'merge', body: {} }, { subresource: 'status' }, call);
    await assert.rejects(cluster.list(pod, {}, call));
    assert.deepEqual(reports, [
      {
        verb: 'patch',
        resource: {
          group: 'argoproj.io',
          plural: 'rollouts',
          subresource: 'status',
          namespace: 'shop',
          name: 'web',
        },
        outcome: 'ok',
      },
      { verb: 'list', resource: { group: '', plural: 'pods' }, outcome: 'Forbidden' },
    ]);
  });
});

describe('failed requests', () => {
  const answers: readonly [string, Act, ErrorCode, number?][] = [
    ['409 of a stale write', status(409, 'Conflict', 'changed'), 'Conflict'],
    ['409 of a name that is taken', status(409, 'AlreadyExists', 'there'), 'AlreadyExists'],
    ['410', status(410, 'Expired', 'too old'), 'Gone'],
    ['422', status(422, 'Invalid', 'bad'), 'Invalid'],
    ['404 without a Status', answer(404, '404 page not found'), 'NotFound'],
    ['403', status(403, 'Forbidden', 'no'), 'Forbidden'],
    ['401', status(401, 'Unauthorized', 'who'), 'Unauthorized'],
    ['405', status(405, 'MethodNotAllowed', 'no'), 'MethodNotAllowed'],
    ['413', status(413, 'RequestEntityTooLarge', 'big'), 'TooLarge'],
    ['429 with a header', answer(429, '', { 'retry-after': '3' }), 'TooManyRequests', 3000],
    ['429 with a detail', status(429, 'TooManyRequests', 'slow', { retryAfterSeconds: 5 }), 'TooManyRequests', 5000],
    ['429 with a date', answer(429, '', { 'retry-after': 'Fri, 31 Dec 1999 23:59:59 GMT' }), 'TooManyRequests', 0],
    ['429 with nonsense', answer(429, '', { 'retry-after': 'soon' }), 'TooManyRequests'],
    ['500', status(500, 'InternalError', 'oh'), 'Internal'],
    ['500 for a request that etcd refuses', status(500, '', 'etcdserver: request is too large'), 'TooLarge'],
    ['502 of a proxy', answer(502, '<html>bad\n gateway</html>'), 'Unavailable'],
    ['503 with a header', answer(503, '', { 'retry-after': '1' }), 'Unavailable', 1000],
    ['504', status(504, 'Timeout', 'late'), 'Timeout'],
    ['a redirect', answer(302, '', { location: 'http://elsewhere' }), 'Unavailable'],
    ['an unknown refusal', answer(418, 'teapot'), 'BadRequest'],
    ['a page where an object belongs', answer(200, '<html>log in</html>'), 'Unavailable'],
    ['a cut body', stream(['{"kind":'], 'cut'), 'Unavailable'],
    ['a lost answer', cut, 'Unavailable'],
  ];
  for (const [name, act, code, retryAfterMs] of answers) {
    test(`${name} is ${code}`, async (context) => {
      const { cluster } = await adapterFor(context, [act]);
      const error = await failure(cluster.patch(at, { kind: 'merge', body: {} }, {}, call));
      assert.ok(hasCode(error, code), String(error));
      assert.equal(error.retryAfterMs, retryAfterMs);
    });
  }

  test('a write whose answer is lost is not repeated, a read over a kept connection is', async (context) => {
    const { cluster, server } = await adapterFor(context, [ok, cut, ok, cut]);
    await cluster.get(at, call);
    assert.deepEqual(await cluster.get(at, call), stored);
    assert.equal(server.requests.length, 3);
    assert.ok(hasCode(await failure(cluster.update(rollout, stored, {}, call)), 'Unavailable'));
    assert.equal(server.requests.length, 4);
  });

  test('a silent server ends at the deadline, as does a body that never ends', async (context) => {
    const { cluster } = await adapterFor(context, [silence, stream(['{'], 'silence')]);
    for (let count = 0; count < 2; count += 1) {
      const error = await failure(cluster.get(at, { ...call, timeoutMs: 30 }));
      assert.ok(hasCode(error, 'Timeout'), String(error));
    }
  });

  test('an aborted call is cancelled, before and after it was sent', async (context) => {
    const { cluster, server } = await adapterFor(context, [silence]);
    const stop = new AbortController();
    const pending = failure(cluster.get(at, { signal: stop.signal }));
    while (server.requests.length === 0) await new Promise(setImmediate);
    stop.abort();
    assert.ok(hasCode(await pending, 'Cancelled'));
    assert.ok(hasCode(await failure(cluster.get(at, { signal: stop.signal })), 'Cancelled'));
    assert.equal(server.requests.length, 1);
  });

  test('a call that waits for its turn counts against its deadline and leaves the queue', async (context) => {
    const { cluster, server } = await adapterFor(context, [silence, ok], { concurrencyMax: 1 });
    const blocking = failure(cluster.get(at, { ...call, timeoutMs: 60 }));
    assert.ok(hasCode(await failure(cluster.get(at, { ...call, timeoutMs: 20 })), 'Timeout'));
    assert.ok(hasCode(await blocking, 'Timeout'));
    assert.deepEqual(await cluster.get(at, call), stored);
    assert.equal(server.requests.length, 2);
  });

  test('a server that is not there is named', async (context) => {
    const { cluster, server } = await adapterFor(context, [ok]);
    await server.close();
    const error = await failure(cluster.get(at, call));
    assert.ok(hasCode(error, 'Unavailable'));
    assert.match(error.message, /127\.0\.0\.1:\d+ cannot be reached: nothing listens there/);
  });
});

async function failure(promise: Promise<KubeObject>): Promise<Error> {
  try {
    await promise;
  } catch (error) {
    assert.ok(error instanceof Error);
    return error;
  }
  assert.fail('the request should fail');
}
