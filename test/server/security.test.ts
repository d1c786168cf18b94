import assert from 'node:assert/strict';
import http from 'node:http';
import { after, before, describe, it } from 'node:test';

import type { InjectOptions } from 'fastify';

import { hashOf, raiseCanary, Stage } from './stage.ts';

interface Route {
  readonly method: 'GET' | 'POST';
  readonly url: string;
  readonly streams: boolean;
}

/** Every route, as the API documents itself; the test on the document sees to it that none is left out. */
async function routesOf(stage: Stage): Promise<readonly Route[]> {
  const { body } = await stage.ask('GET', '/api/v1/openapi.json');
  const paths = body['paths'] as unknown as Readonly<Record<string, Readonly<Record<string, object>>>>;
  return Object.entries(paths).flatMap(([path, operations]) =>
    Object.entries(operations).map(([method, operation]) => ({
      method: method.toUpperCase() as Route['method'],
      url: path.replace('{namespace}', 'shop').replace('{name}', 'web'),
      streams: JSON.stringify(operation).includes('text/event-stream'),
    })),
  );
}

describe('every route', () => {
  let stage: Stage;
  let routes: readonly Route[];

  before(async () => {
    stage = new Stage();
    await raiseCanary(stage);
    routes = await routesOf(stage);
  });
  after(() => stage.close());

  async function ask(route: Route, headers: Record<string, string>, payload?: string): Promise<number> {
    const options: InjectOptions = {
      method: route.method,
      url: route.url,
      headers: { host: 'localhost:1', ...headers },
    };
    const answer = await stage.server.inject({ ...options, ...(payload === undefined ? {} : { payload }) });
    const { code, message } = answer.json<{ code?: string; message?: string }>();
    if (answer.statusCode >= 400) assert.ok(code && message, `${route.url} explains its refusal`);
    return answer.statusCode;
  }

  const json = { 'content-type': 'application/json' };
  const authorized = (token = stage.token): Record<string, string> => ({ authorization: `Bearer ${token}` });

  it('is known to the document', () => {
    assert.equal(routes.length, 25);
    const listed = stage.server.printRoutes({ commonPrefix: false }).match(/\((?:GET|POST)/g)?.length;
    assert.equal(listed, routes.length);
  });

  it('asks for a token', async () => {
    for (const route of routes) assert.equal(await ask(route, json), 401, route.url);
  });

  it('refuses a wrong token, in whatever form', async () => {
    const wrong = ['Bearer wrong', 'Bearer ', `Basic ${stage.token}`, stage.token, `Bearer ${stage.token}x`];
    for (const route of routes) {
      for (const authorization of wrong) {
        assert.equal(await ask(route, { ...json, authorization }), 401, `${route.url} ${authorization}`);
      }
    }
  });

  it('takes the right token', async () => {
    for (const route of routes.filter(({ streams }) => !streams)) {
      const status = await ask(route, { ...json, ...authorized() }, route.method === 'POST' ? '{}' : undefined);
      // Without its fields a command is a bad request, but no longer a stranger's.
      const expected = route.method === 'POST' ? 400 : /(?:analysisruns|experiments)\//u.test(route.url) ? 404 : 200;
      assert.equal(status, expected, route.url);
    }
  });

  it('refuses an oversized body before it asks who sends it', async () => {
    const large = JSON.stringify({ actor: 'x'.repeat(70_000) });
    for (const route of routes.filter(({ method }) => method === 'POST')) {
      assert.equal(await ask(route, json, large), 413, route.url);
      assert.equal(await ask(route, { ...json, ...authorized() }, large), 413, route.url);
    }
  });

  it('takes commands as JSON only', async () => {
    for (const route of routes.filter(({ method }) => method === 'POST')) {
      for (const type of [
        'text/plain',
        'application/x-www-form-urlencoded',
        'multipart/form-data',
        'application/jsonx',
      ]) {
        assert.equal(await ask(route, { 'content-type': type, ...authorized() }, '{}'), 415, `${route.url} ${type}`);
      }
    }
  });

  it('refuses foreign hosts and origins, token or not', async () => {
    const foreign: readonly Record<string, string>[] = [
      { host: 'evil.example' },
      { host: '127.0.0.1.evil.example' },
      { host: '169.254.169.254' },
      { origin: 'http://evil.example' },
      { origin: 'null' },
      { origin: 'http://localhost:2' },
      { 'sec-fetch-site': 'cross-site' },
      { 'sec-fetch-site': 'same-site' },
    ];
    for (const route of routes) {
      for (const headers of foreign) {
        assert.equal(await ask(route, { ...json, ...authorized(), ...headers }), 403, JSON.stringify(headers));
      }
    }
  });

  it('lets somebody who may only look give no command', async () => {
    for (const route of routes.filter(({ streams }) => !streams)) {
      const isCommand = route.method === 'POST';
      const headers = { ...json, ...authorized(stage.viewerToken) };
      const status = await ask(route, headers, isCommand ? '{}' : undefined);
      assert.equal(status === 403, isCommand, route.url);
    }
    assert.deepEqual(stage.journal.entries(), []);
  });

  it('refuses prototype poisoning', async () => {
    const url = '/api/v1/namespaces/shop/rollouts/web/abort';
    const route = { method: 'POST', url, streams: false } as const;
    const fields = `"revision":"${hashOf('shop/web:v2')}","actor":"me"`;
    for (const poison of ['"__proto__":{"x":1}', '"constructor":{"prototype":{"x":1}}']) {
      assert.equal(await ask(route, { ...json, ...authorized() }, `{${fields},${poison}}`), 400, poison);
    }
  });

  it('refuses long URLs, unknown routes and other methods', async () => {
    const long = { method: 'GET', url: `/api/v1/rollouts?namespace=${'x'.repeat(3000)}`, streams: false } as const;
    assert.equal(await ask(long, authorized()), 413);
    const unknown = { method: 'GET', url: '/api/v2/rollouts', streams: false } as const;
    assert.equal(await ask(unknown, {}), 401);
    assert.equal(await ask(unknown, authorized()), 404);
    for (const url of ['/../etc/passwd', '/api/v1/namespaces/shop/rollouts/..%2f..%2fsecrets']) {
      assert.ok([400, 404].includes(await ask({ method: 'GET', url, streams: false }, authorized())), url);
    }
  });

  it('sets no cookie and may not be stored', async () => {
    const headers = { host: 'localhost', ...authorized() };
    const answer = await stage.server.inject({ url: '/api/v1/rollouts', headers });
    assert.equal(answer.headers['set-cookie'], undefined);
    assert.equal(answer.headers['access-control-allow-origin'], undefined);
    assert.equal(answer.headers['cache-control'], 'no-store');
  });
});

describe('the API on a socket', () => {
  it('cuts a body off that goes on beyond its bound without announcing it', async () => {
    const stage = new Stage();
    const { port } = new URL(await stage.listen());
    const status = await new Promise<number | string>((resolve) => {
      const request = http.request({
        port,
        host: '127.0.0.1',
        method: 'POST',
        path: '/api/v1/namespaces/shop/rollouts/web/abort',
        headers: { authorization: `Bearer ${stage.token}`, 'content-type': 'application/json' },
      });
      request.on('response', (answer) => {
        answer.resume();
        resolve(answer.statusCode ?? 0);
      });
      request.on('error', (error) => resolve(String(error)));
      for (let chunk = 0; chunk < 8; chunk += 1) request.write('x'.repeat(16_384));
      request.end();
    });
    await stage.close();
    assert.equal(status, 413);
  });

  it('takes no header beyond its bound', async () => {
    const stage = new Stage();
    const url = await stage.listen();
    const answer = await fetch(`${url}/api/v1/rollouts`, {
      headers: { authorization: `Bearer ${stage.token}`, 'x-large': 'x'.repeat(20_000) },
    });
    await answer.arrayBuffer();
    await stage.close();
    assert.equal(answer.status, 431);
  });
});
