import assert from 'node:assert/strict';
import http from 'node:http';
import net, { type AddressInfo } from 'node:net';
import { afterEach, beforeEach, describe, test } from 'node:test';

import { resourceTypes } from '../../../../src/api/resource-types.ts';
import { SluiceError } from '../../../../src/base/error.ts';
import { call, pause, says, Shop, until } from '../shop.ts';

describe('the local gateway: routing', () => {
  let shop: Shop;
  beforeEach(() => {
    shop = new Shop();
  });
  afterEach(() => shop.close());

  async function twoRevisions(stableWeight: number, canaryWeight: number): Promise<void> {
    const stable = await shop.pod('stable', '127.71.0.1', says('stable'));
    const canary = await shop.pod('canary', '127.71.0.2', says('canary'));
    await shop.service('stable', [stable]);
    await shop.service('canary', [canary]);
    await shop.route([split(stableWeight, canaryWeight)]);
  }

  function split(stableWeight: number, canaryWeight: number) {
    return {
      backendRefs: [
        { name: 'stable', port: 80, weight: stableWeight },
        { name: 'canary', port: 80, weight: canaryWeight },
      ],
    };
  }

  test('requests are spread by weight, exactly, and a weight of 0 gets none', async () => {
    await twoRevisions(90, 10);
    await shop.open();
    const agent = new http.Agent({ keepAlive: true });
    const bodies: string[] = [];
    for (let index = 0; index < 100; index += 1) bodies.push((await shop.get('/', { agent })).body);
    assert.equal(bodies.filter((body) => body === 'canary').length, 10);
    await shop.route([split(100, 0)]);
    await until(async () => (await shop.get()).body === 'stable', 'the new weights are in use');
    for (let index = 0; index < 20; index += 1) assert.equal((await shop.get('/', { agent })).body, 'stable');
    agent.destroy();
    assert.deepEqual(new Set(shop.records.map(({ revision }) => revision)), new Set(['stable', 'canary']));
    const canaryCount = shop.gateway.counts().find(({ backend }) => backend === 'canary');
    assert.equal(canaryCount?.count, 10);
    assert.equal(canaryCount?.statusClass, '2xx');
  });

  test('a change of the status or of foreign fields leaves the sequence of a rule alone', async () => {
    await twoRevisions(1, 1);
    await shop.open();
    const bodies: string[] = [];
    for (let index = 0; index < 10; index += 1) {
      bodies.push((await shop.get()).body);
      const at = { type: resourceTypes.httpRoute, namespace: 'shop', name: 'shop' };
      await shop.cluster.patch(
        at,
        { kind: 'merge', body: { metadata: { annotations: { at: String(index) } } } },
        {},
        call,
      );
    }
    assert.equal(bodies.filter((body) => body === 'canary').length, 5);
  });

  test('a backend that does not exist costs exactly its share, with a reason', async () => {
    const stable = await shop.pod('stable', '127.71.0.1', says('stable'));
    await shop.service('stable', [stable]);
    await shop.route([split(3, 1)]);
    await shop.open();
    const answers = [];
    for (let index = 0; index < 8; index += 1) answers.push(await shop.get());
    assert.equal(answers.filter(({ status }) => status === 500).length, 2);
    assert.match(answers.find(({ status }) => status === 500)!.body, /Service "shop\/canary" does not exist/);
    await until(async () => (await resolvedRefs())?.status === 'False', 'ResolvedRefs is False');
    assert.equal((await resolvedRefs())?.reason, 'BackendNotFound');
    assert.match((await resolvedRefs())?.message ?? '', /"canary"/);
    await shop.service('canary', [await shop.pod('canary', '127.71.0.2', says('canary'))]);
    await until(async () => (await resolvedRefs())?.status === 'True', 'ResolvedRefs is True again');
  });

  async function resolvedRefs() {
    const { parents = [] } = await shop.routeStatus();
    return parents[0]?.conditions?.find(({ type }) => type === 'ResolvedRefs');
  }

  test('a backend without a ready pod answers 503 for its share', async () => {
    const stable = await shop.pod('stable', '127.71.0.1', says('stable'));
    await shop.service('stable', [stable]);
    await shop.service('canary', []);
    await shop.route([split(1, 1)]);
    await shop.open();
    const statuses = [];
    for (let index = 0; index < 10; index += 1) statuses.push((await shop.get()).status);
    assert.equal(statuses.filter((status) => status === 503).length, 5);
    assert.equal(statuses.filter((status) => status === 200).length, 5);
  });

  test('a pod that is ready in the store is used although its slice does not show it yet', async () => {
    const canary = await shop.pod('canary', '127.71.0.2', says('canary'));
    await shop.service('canary', []);
    await shop.route([{ backendRefs: [{ name: 'canary', port: 80 }] }]);
    await shop.open();
    assert.equal((await shop.get()).body, 'canary');
    assert.equal(canary.name, 'canary');
  });

  test('the status says that the route is in use and keeps what others wrote', async () => {
    await shop.route([{ backendRefs: [{ name: 'none', port: 80 }] }]);
    const foreign = { parentRef: { name: 'public' }, controllerName: 'example.com/other', conditions: [] };
    await shop.patchStatus(resourceTypes.httpRoute, 'shop', { parents: [foreign] });
    await shop.open();
    await until(async () => (await shop.routeStatus()).parents?.length === 2, 'our entry is there');
    const { parents = [] } = await shop.routeStatus();
    assert.deepEqual(parents[0], foreign);
    assert.equal(parents[1]?.controllerName, 'sluice.dev/local-gateway');
    const accepted = parents[1]?.conditions?.find(({ type }) => type === 'Accepted');
    assert.equal(accepted?.status, 'True');
    assert.equal(accepted?.observedGeneration, 1);
    const writes = shop.cluster.log.version;
    await pause(30);
    assert.equal(shop.cluster.log.version, writes, 'at rest nothing is written');
  });

  test('a route of another gateway is neither served nor touched', async () => {
    await twoRevisions(1, 0);
    await shop.open({ gateway: { name: 'internal' } });
    assert.equal((await shop.get()).status, 404);
    assert.deepEqual(await shop.routeStatus(), {});
  });

  test('headers are modified, hop-by-hop headers stay behind, and the client is named', async () => {
    const echo = await shop.pod('echo', '127.71.0.3', (request, response) => {
      response.setHeader('x-secret', 'inner');
      response.setHeader('connection', 'x-private, keep-alive');
      response.setHeader('x-private', 'yes');
      response.end(JSON.stringify(request.headers));
    });
    await shop.service('echo', [echo]);
    await shop.route([
      {
        filters: [
          { type: 'RequestHeaderModifier', requestHeaderModifier: { set: [{ name: 'x-tier', value: 'gold' }] } },
          { type: 'ResponseHeaderModifier', responseHeaderModifier: { remove: ['x-secret'] } },
        ],
        backendRefs: [{ name: 'echo', port: 80 }],
      },
    ]);
    await shop.open();
    const answer = await shop.get('/', {
      headers: { host: 'shop.example:99', connection: 'x-drop', 'x-drop': '1', te: 'trailers', 'x-tier': 'tin' },
    });
    const seen = JSON.parse(answer.body);
    assert.equal(seen.host, 'shop.example:99');
    assert.equal(seen['x-tier'], 'gold');
    assert.equal(seen['x-drop'], undefined);
    assert.equal(seen.te, undefined);
    assert.equal(seen['x-forwarded-for'], '127.0.0.1');
    assert.equal(answer.headers['x-secret'], undefined);
    assert.equal(answer.headers['x-private'], undefined);
  });

  test('a redirect is answered without a pod', async () => {
    await shop.route([
      {
        matches: [{ path: { type: 'PathPrefix', value: '/old' } }],
        filters: [
          {
            type: 'RequestRedirect',
            requestRedirect: {
              statusCode: 301,
              path: { type: 'ReplacePrefixMatch', replacePrefixMatch: '/new' },
              hostname: 'shop.example',
              port: 80,
            },
          },
        ],
      },
    ]);
    await shop.open();
    const answer = await shop.get('/old/shoes?size=42');
    assert.equal(answer.status, 301);
    assert.equal(answer.headers.location, 'http://shop.example/new/shoes?size=42');
  });

  test('requests that come before routes and pods are known wait for them', async () => {
    await twoRevisions(1, 0);
    const { cluster } = shop;
    const slow = new Proxy(cluster, {
      get: (target, name) =>
        name === 'list'
          ? async (...args: Parameters<typeof cluster.list>) => {
              await pause(80);
              return target.list(...args);
            }
          : target[name as 'get'].bind(target),
    });
    const blocker = http.createServer();
    await new Promise<void>((resolve) => blocker.listen(0, '127.0.0.1', resolve));
    const { port } = blocker.address() as AddressInfo;
    await new Promise((resolve) => blocker.close(resolve));
    const opening = shop.open({ cluster: slow, listen: { host: '127.0.0.1', port } });
    await pause(30);
    const answer = await fetch(`http://127.0.0.1:${port}/`);
    assert.equal(await answer.text(), 'stable');
    await opening;
  });

  test('a port in use is reported with its address', async () => {
    await shop.open();
    const port = Number(new URL(shop.gateway.url).port);
    const second = new Shop();
    await assert.rejects(
      second.open({ listen: { host: '127.0.0.1', port } }),
      (error) =>
        error instanceof SluiceError && error.code === 'PortInUse' && error.message.includes(`127.0.0.1:${port}`),
    );
  });

  test('a malformed request or route does not disturb the others', async () => {
    await twoRevisions(1, 0);
    await shop.open();
    const raw = net.connect(Number(new URL(shop.gateway.url).port), '127.0.0.1', () => raw.write('GARBAGE\r\n\r\n'));
    const answer = await new Promise<string>((resolve) => raw.on('data', (chunk) => resolve(String(chunk))));
    assert.match(answer, /^HTTP\/1\.1 400/);
    await shop.route([{ matches: 'x' } as never], 'broken');
    await until(async () => (await shop.routeStatus('broken')).parents?.length === 1, 'the broken route has a status');
    const [parent] = (await shop.routeStatus('broken')).parents!;
    assert.equal(parent?.conditions?.find(({ type }) => type === 'Accepted')?.status, 'False');
    assert.equal((await shop.get()).body, 'stable');
  });
});
