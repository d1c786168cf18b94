import assert from 'node:assert/strict';
import http from 'node:http';
import net from 'node:net';
import { afterEach, beforeEach, describe, test } from 'node:test';

import { pause, says, Shop, until } from '../shop.ts';

describe('the local gateway: connections', () => {
  let shop: Shop;
  beforeEach(() => {
    shop = new Shop();
  });
  afterEach(() => shop.close());

  test('bodies stream through in both directions with their framing', async () => {
    const echo = await shop.pod('echo', '127.71.0.3', (request, response) => {
      response.writeHead(201, { 'x-length': request.headers['content-length'] ?? 'chunked' });
      request.pipe(response);
    });
    await shop.service('echo', [echo]);
    await shop.route([{ backendRefs: [{ name: 'echo', port: 80 }] }]);
    await shop.open();
    const body = 'x'.repeat(300_000);
    const sized = await shop.get('/', { method: 'POST', body, headers: { 'content-length': String(body.length) } });
    assert.equal(sized.status, 201);
    assert.equal(sized.headers['x-length'], '300000');
    assert.equal(sized.body, body);
    const chunked = await shop.get('/', { method: 'PUT', body, headers: { 'transfer-encoding': 'chunked' } });
    assert.equal(chunked.headers['x-length'], 'chunked');
    assert.equal(chunked.body, body);
  });

  test('the first event of a stream arrives before the stream ends', async () => {
    const events = await shop.pod('events', '127.71.0.3', (_request, response) => {
      response.writeHead(200, { 'content-type': 'text/event-stream' });
      response.write('data: 1\n\n');
    });
    await shop.service('events', [events]);
    await shop.route([{ backendRefs: [{ name: 'events', port: 80 }] }]);
    await shop.open();
    const first = await new Promise<string>((resolve, reject) => {
      const request = http.get(shop.gateway.url, { agent: false }, (answer) => {
        answer.on('error', () => undefined);
        answer.once('data', (chunk: Buffer) => {
          resolve(chunk.toString());
          request.destroy();
        });
      });
      request.on('error', reject);
    });
    assert.equal(first, 'data: 1\n\n');
    await until(() => shop.records.length === 1, 'the request is recorded');
    assert.equal(shop.records[0]?.outcome, 'client-gone');
  });

  test('a mirror gets a copy with its body, and its failure is nobody else’s', async () => {
    const seen: string[] = [];
    const main = await shop.pod('main', '127.71.0.1', (request, response) => request.pipe(response));
    const copy = await shop.pod('copy', '127.71.0.2', (request, response) => {
      let body = '';
      request.on('data', (chunk: Buffer) => {
        body += chunk.toString();
      });
      request.on('end', () => {
        seen.push(body);
        response.socket?.destroy();
      });
    });
    await shop.service('main', [main]);
    await shop.service('copy', [copy]);
    await shop.route([
      {
        filters: [{ type: 'RequestMirror', requestMirror: { backendRef: { name: 'copy', port: 80 }, percent: 50 } }],
        backendRefs: [{ name: 'main', port: 80 }],
      },
    ]);
    await shop.open();
    for (let index = 0; index < 10; index += 1) {
      assert.equal((await shop.get('/', { method: 'POST', body: `order ${index}` })).body, `order ${index}`);
    }
    await until(() => shop.records.filter(({ isMirror }) => isMirror).length === 5, 'half are mirrored');
    assert.equal(seen.length, 5);
    assert.match(seen[0]!, /^order \d$/);
  });

  test('a WebSocket goes through, and a refused one gets the answer of the pod', async () => {
    const server = http.createServer((_request, response) => {
      response.writeHead(403, { 'x-why': 'closed' });
      response.end('no socket here');
    });
    server.on('upgrade', (request, socket) => {
      if (request.url === '/no') {
        socket.end('HTTP/1.1 403 Forbidden\r\nContent-Length: 2\r\nConnection: close\r\n\r\nno');
        return;
      }
      socket.write('HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\nhello ');
      socket.on('data', (chunk) => socket.end(`you said ${chunk}`));
    });
    await shop.service('chat', [await shop.serverPod('chat', '127.71.0.4', server)]);
    await shop.route([{ backendRefs: [{ name: 'chat', port: 80 }] }]);
    await shop.open();
    const headers = { connection: 'Upgrade', upgrade: 'websocket' };
    const text = await new Promise<string>((resolve, reject) => {
      const request = http.request(shop.gateway.url, { agent: false, headers });
      request.on('error', reject);
      request.on('upgrade', (_answer, socket, head) => {
        let got = head.toString();
        socket.on('data', (chunk) => {
          got += String(chunk);
        });
        socket.on('end', () => {
          resolve(got);
          socket.end();
        });
        socket.write('hi');
      });
      request.end();
    });
    assert.equal(text, 'hello you said hi');
    const refused = await shop.get('/no', { headers });
    assert.deepEqual([refused.status, refused.body], [403, 'no']);
    await until(() => shop.records.length === 2, 'both are recorded');
    assert.deepEqual(new Set(shop.records.map(({ status }) => status)), new Set([101, 403]));
  });

  test('draining does not wait for a WebSocket', async () => {
    const server = http.createServer();
    server.on('upgrade', (_request, socket) => {
      socket.write('HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n');
      socket.on('error', () => undefined);
      socket.on('data', () => undefined);
      socket.on('end', () => socket.end());
    });
    await shop.service('chat', [await shop.serverPod('chat', '127.71.0.4', server)]);
    await shop.route([{ backendRefs: [{ name: 'chat', port: 80 }] }]);
    await shop.open();
    const request = http.get(shop.gateway.url, {
      agent: false,
      headers: { connection: 'Upgrade', upgrade: 'websocket' },
    });
    const socket = await new Promise<net.Socket>((resolve) =>
      request.on('upgrade', (_answer, opened) => resolve(opened)),
    );
    socket.on('error', () => undefined);
    await shop.gateway.drain('127.71.0.4', 60_000);
    assert.equal(socket.destroyed, false);
    socket.destroy();
  });

  test('a whole URL as the target of a request is routed by its path', async () => {
    const echo = await shop.pod('echo', '127.71.0.3', (request, response) => response.end(request.url));
    await shop.service('echo', [echo]);
    await shop.route([{ matches: [{ path: { value: '/a' } }], backendRefs: [{ name: 'echo', port: 80 }] }]);
    await shop.open();
    const { port } = new URL(shop.gateway.url);
    const raw = net.connect(Number(port), '127.0.0.1');
    raw.write('GET http://shop.example/a/b?c=1 HTTP/1.1\r\nHost: shop.example\r\nConnection: close\r\n\r\n');
    let text = '';
    for await (const chunk of raw) text += String(chunk);
    assert.match(text, /\/a\/b\?c=1/);
  });

  test('a pod that refuses connections is skipped, and nothing is lost', async () => {
    const good = await shop.pod('good', '127.71.0.1', says('good'));
    const gone = await shop.pod('gone', '127.71.0.2', says('gone'));
    await shop.service('web', [{ ...gone, port: good.port }, good]);
    await shop.route([{ backendRefs: [{ name: 'web', port: 80 }] }]);
    await shop.open();
    for (let index = 0; index < 10; index += 1) assert.equal((await shop.get()).body, 'good');
  });

  test('a request that reached a pod is never sent again', async () => {
    let count = 0;
    const answer: http.RequestListener = (request, response) => {
      count += 1;
      if (request.url === '/die') request.socket.destroy();
      else response.end('ok');
    };
    const first = await shop.pod('first', '127.71.0.1', answer);
    const second = { ...(await shop.pod('second', '127.71.0.2', answer)), port: first.port };
    await shop.service('web', [first, second]);
    await shop.route([{ backendRefs: [{ name: 'web', port: 80 }] }]);
    await shop.open();
    // Once on a fresh and once on a kept connection.
    assert.equal((await shop.get('/die')).status, 502);
    assert.equal((await shop.get('/')).status, 200);
    const before = count;
    const died = await shop.get('/die');
    assert.equal(died.status, 502);
    assert.match(died.body, /pod "first" .* broke off before it answered/);
    assert.equal(count, before + 1);
  });

  test('a pod that dies in its answer cuts the client’s connection instead of ending it well', async () => {
    const half = await shop.pod('half', '127.71.0.1', (_request, response) => {
      response.writeHead(200, { 'content-length': '1000' });
      response.write('half', () => response.socket?.destroy());
    });
    await shop.service('half', [half]);
    await shop.route([{ backendRefs: [{ name: 'half', port: 80 }] }]);
    await shop.open();
    await assert.rejects(shop.get('/'));
    await until(() => shop.records.length === 1, 'the request is recorded');
    assert.equal(shop.records[0]?.outcome, 'pod-failed');
  });

  test('an answer that does not begin in time is a 504', async () => {
    const silent = await shop.pod('silent', '127.71.0.1', () => undefined);
    await shop.service('silent', [silent]);
    await shop.route([{ backendRefs: [{ name: 'silent', port: 80 }], timeouts: { request: '30ms' } }]);
    await shop.open();
    assert.equal((await shop.get('/')).status, 504);
  });

  for (const idleMs of [0, 5, 20]) {
    test(`a server that closes connections after ${idleMs} ms without a word loses no request`, async () => {
      const sockets = new Set<net.Socket>();
      const server = net.createServer((socket) => {
        let closing: NodeJS.Timeout | undefined;
        sockets.add(socket);
        socket.on('error', () => undefined);
        socket.on('data', () => {
          clearTimeout(closing);
          socket.write('HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok');
          closing = setTimeout(() => socket.end(), idleMs);
        });
      });
      const closeAllConnections = (): void => sockets.forEach((socket) => socket.destroy());
      const pod = await shop.serverPod('rude', '127.71.0.5', Object.assign(server, { closeAllConnections }) as never);
      await shop.service('rude', [pod]);
      await shop.route([{ backendRefs: [{ name: 'rude', port: 80 }] }]);
      await shop.open();
      const agent = new http.Agent({ keepAlive: true });
      for (let index = 0; index < 60; index += 1) {
        assert.equal((await shop.get('/', { agent })).status, 200, `request ${index}`);
        await pause(index % 8);
      }
      agent.destroy();
    });
  }

  test('connections to a pod are kept and used again', async () => {
    let connectionCount = 0;
    const pod = await shop.pod('web', '127.71.0.1', says('web'));
    pod.server.on('connection', () => {
      connectionCount += 1;
    });
    await shop.service('web', [pod]);
    await shop.route([{ backendRefs: [{ name: 'web', port: 80 }] }]);
    await shop.open();
    const agent = new http.Agent({ keepAlive: true });
    await shop.get('/', { agent });
    await pause(800);
    // The pod has shown by now that it keeps idle connections; the second request finds none that is young enough.
    for (let index = 0; index < 50; index += 1) await shop.get('/', { agent });
    agent.destroy();
    assert.ok(connectionCount <= 5, `${connectionCount} connections`);
  });

  test('draining sends no new request to a pod and waits for those in flight', async () => {
    let release = (): void => undefined;
    const slow = await shop.pod('slow', '127.71.0.1', (request, response) => {
      if (request.url !== '/slow') response.end('slow');
      else release = () => response.end('finished');
    });
    const other = { ...(await shop.pod('other', '127.71.0.2', says('other'))) };
    await shop.service('slow', [slow]);
    await shop.service('other', [other]);
    await shop.route([
      { matches: [{ path: { value: '/slow' } }], backendRefs: [{ name: 'slow', port: 80 }] },
      { backendRefs: [{ name: 'slow', port: 80 }] },
    ]);
    await shop.open();
    const inFlight = shop.get('/slow');
    await until(async () => (await shop.get('/')).body === 'slow' && release.length === 0, 'the pod is in use');
    let isDrained = false;
    const drained = shop.gateway.drain('127.71.0.1', 5000).then((resume) => {
      isDrained = true;
      return resume;
    });
    assert.equal((await shop.get('/')).status, 503);
    assert.equal(isDrained, false);
    release();
    assert.equal((await inFlight).body, 'finished');
    const resume = await drained;
    assert.equal((await shop.get('/')).status, 503);
    resume();
    assert.equal((await shop.get('/')).body, 'slow');
  });
});
