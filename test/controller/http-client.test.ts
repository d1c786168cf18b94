import assert from 'node:assert/strict';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { after, before, describe, it } from 'node:test';

import { systemClock } from '../../src/base/clock.ts';
import { createHttpClient, type HttpClientOptions } from '../../src/controller/http-client.ts';
import { createHttpPolicy } from '../../src/controller/http-policy.ts';
import type { MetricRequest, MetricResponse } from '../../src/providers/metrics/contract.ts';

describe('the HTTP client for metrics', () => {
  const open = createHttpPolicy({ loopback: 'allow' });
  let port = 0;
  const server = createServer((request, response) => void handle(request, response));

  before(async () => {
    await new Promise<void>((resolve) => {
      server.listen(0, '127.0.0.1', resolve);
    });
    ({ port } = server.address() as AddressInfo);
  });
  after(() => {
    server.close();
    server.closeAllConnections();
  });

  async function send(request: Partial<MetricRequest>, options: HttpClientOptions): Promise<MetricResponse> {
    const client = createHttpClient(systemClock, options);
    const url = request.url ?? `http://127.0.0.1:${port}/echo`;
    const all = { id: 'a', headers: {}, timeoutMs: 2000, bodyBytesMax: 10_000, ...request, url };
    const response = await client.send(all, new AbortController().signal);
    client.close();
    return response;
  }

  const failure = async (request: Partial<MetricRequest>, options: HttpClientOptions = { policy: open }) => {
    const response = await send(request, options);
    assert.equal(response.kind, 'failure', JSON.stringify(response));
    return response.kind === 'failure' ? response : assert.fail();
  };

  it('sends method, headers and body', async () => {
    const headers = { 'x-scope': 'a', 'content-type': 'text/plain' };
    const response = await send({ method: 'POST', headers, body: 'query=ü' }, { policy: open });
    assert.ok(response.kind === 'answer');
    assert.deepEqual(JSON.parse(response.body), { method: 'POST', scope: 'a', length: '8', body: 'query=ü' });
    assert.equal(response.contentType, 'application/json');
  });

  it('hands a redirect over instead of following it', async () => {
    const response = await send({ url: `http://127.0.0.1:${port}/moved` }, { policy: open });
    assert.ok(response.kind === 'answer' && response.status === 302);
  });

  it('reads no more than it may, however little is announced', async () => {
    const { code, message } = await failure({ url: `http://127.0.0.1:${port}/endless` });
    assert.deepEqual([code, message], ['TooLarge', 'the answer is longer than 10000 bytes']);
  });

  it('gives up at the deadline, and names the URL without its query', async () => {
    for (const path of ['silent', 'stalls']) {
      const url = `http://user:hush@127.0.0.1:${port}/${path}?key=hush`;
      const { code, message } = await failure({ url, timeoutMs: 50 });
      assert.equal(code, 'Timeout');
      assert.equal(message, `http://127.0.0.1:${port}/${path} did not answer within 50 ms`);
    }
  });

  it('asks nobody whom the policy denies', async () => {
    const byDefault = await failure({}, {});
    assert.equal(byDefault.code, 'Forbidden');
    assert.match(byDefault.message, /127\.0\.0\.1.*own addresses/);
    assert.equal((await failure({ url: 'http://169.254.169.254/' })).code, 'Forbidden');
    assert.equal((await failure({ url: 'not a URL' })).code, 'Invalid');
  });

  it('connects only to addresses that were checked, and asks for them once', async () => {
    const url = `http://metrics.test:${port}/echo`;
    let asked = 0;
    const resolve = (host: string) => {
      assert.equal(host, 'metrics.test');
      asked += 1;
      // A second answer would lead somewhere else.
      return Promise.resolve([{ address: asked === 1 ? '127.0.0.1' : '192.0.2.1', family: 4 }]);
    };
    const response = await send({ url }, { policy: open, resolve });
    assert.ok(response.kind === 'answer' && response.status === 200);
    assert.equal(asked, 1);
  });

  it('refuses a name as soon as one of its addresses is denied', async () => {
    const addresses = [
      { address: '192.0.2.1', family: 4 },
      { address: '::ffff:7f00:1', family: 6 },
    ];
    const { code, message } = await failure(
      { url: `http://rebound.test:${port}/` },
      {
        resolve: () => Promise.resolve(addresses),
      },
    );
    assert.equal(code, 'Forbidden');
    assert.match(message, /"rebound\.test" was not asked: ::ffff:7f00:1/);
  });

  it('says what went wrong with a connection', async () => {
    const resolve = (): Promise<never> => Promise.reject(new Error('getaddrinfo ENOTFOUND gone.test'));
    const unknown = await failure({ url: 'http://gone.test/' }, { policy: open, resolve });
    assert.deepEqual([unknown.code, unknown.message], ['MetricUnreachable', 'getaddrinfo ENOTFOUND gone.test']);
    const nowhere = await failure({ url: 'http://empty.test/' }, { resolve: () => Promise.resolve([]) });
    assert.match(nowhere.message, /"empty\.test" has no address/);
    const refused = await failure({ url: 'http://127.0.0.1:1/' });
    assert.match(refused.message, /ECONNREFUSED/);
    const broken = await failure({ headers: { 'x-key': 'hush\n' } });
    assert.doesNotMatch(broken.message, /hush/);
  });

  it('sends a request again when the connection that was kept is closed', async () => {
    const client = createHttpClient(systemClock, { policy: open });
    const request = {
      id: 'a',
      headers: {},
      timeoutMs: 2000,
      bodyBytesMax: 1000,
      url: `http://127.0.0.1:${port}/closes`,
    };
    const { signal } = new AbortController();
    // The server answers the first request of a connection, and closes it at the second.
    for (const method of ['GET', 'GET', 'PUT', 'GET'] as const) {
      const response = await client.send({ ...request, method }, signal);
      assert.ok(response.kind === 'answer' && response.status === 200, JSON.stringify(response));
    }
    const posted = await client.send({ ...request, method: 'POST' }, signal);
    assert.equal(posted.kind, 'failure');
    client.close();
  });

  it('signs a request with the credentials it is given', async () => {
    const signing = { kind: 'sigv4', service: 'aps', region: '' } as const;
    const key = { accessKeyId: 'AKID', secretAccessKey: 'hush', sessionToken: 'lent' };
    const url = `http://127.0.0.1:${port}/headers`;
    const credentials = () => Promise.resolve({ credentials: key, region: 'eu-west-1' });
    const response = await send({ url, signing }, { policy: open, credentials });
    assert.ok(response.kind === 'answer');
    assert.match(response.body, /^AWS4-HMAC-SHA256 Credential=AKID\/\d{8}\/eu-west-1\/aps\/aws4_request, /);
    assert.equal((await failure({ url, signing })).code, 'Unauthorized');
  });
});

const seen = new WeakSet<object>();

async function handle(request: IncomingMessage, response: ServerResponse): Promise<void> {
  switch (request.url?.split('?')[0]) {
    case '/moved':
      response.writeHead(302, { location: '/echo' }).end();
      return;
    case '/endless':
      response.writeHead(200);
      for (let chunk = 0; chunk < 100 && !response.destroyed; chunk += 1) response.write('x'.repeat(1000));
      return;
    case '/closes':
      if (seen.has(request.socket)) request.socket.destroy();
      else response.end('{}');
      seen.add(request.socket);
      return;
    case '/silent':
      return;
    case '/stalls':
      response.writeHead(200, { 'content-length': '100' }).write('x');
      return;
    case '/headers':
      response.end(request.headers.authorization);
      return;
    default: {
      const chunks: Buffer[] = [];
      for await (const chunk of request as AsyncIterable<Buffer>) chunks.push(chunk);
      const body = Buffer.concat(chunks).toString();
      response.setHeader('content-type', 'application/json');
      const { method, headers } = request;
      response.end(JSON.stringify({ method, scope: headers['x-scope'], length: headers['content-length'], body }));
    }
  }
}
