import assert from 'node:assert/strict';
import { createHmac } from 'node:crypto';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { after, before, describe, it } from 'node:test';

import { systemClock } from '../../../src/base/clock.ts';
import { createHttpClient } from '../../../src/controller/http-client.ts';
import { createHttpPolicy } from '../../../src/controller/http-policy.ts';
import { httpPlugin, type HttpPluginOptions } from '../../../src/controller/step-plugins/http-plugin.ts';
import { requestFor } from './request-for.ts';

describe('a step plug-in behind a URL', () => {
  const secret = 'hush';
  const http = createHttpClient(systemClock, { policy: createHttpPolicy({ loopback: 'allow' }) });
  const seen: { headers: IncomingMessage['headers']; body: string; path: string }[] = [];
  const server = createServer((request, response) => void handle(request, response));
  let origin = '';

  async function handle(request: IncomingMessage, response: ServerResponse): Promise<void> {
    let body = '';
    for await (const chunk of request as AsyncIterable<Buffer>) body += chunk.toString();
    const path = request.url ?? '';
    seen.push({ headers: request.headers, body, path });
    if (path === '/silent') return;
    if (path === '/moved') response.writeHead(302, { location: '/run' }).end();
    else if (path === '/broken') response.writeHead(500).end('no');
    else if (path === '/long') response.end(`"${'x'.repeat(100_000)}"`);
    else if (path === '/nonsense') response.end('<html>');
    else response.end(JSON.stringify({ phase: 'Running', message: 'half', requeueAfter: '5s', status: { at: 1 } }));
  }

  before(async () => {
    await new Promise<void>((resolve) => {
      server.listen(0, '127.0.0.1', resolve);
    });
    origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  });
  after(() => {
    http.close();
    server.close();
    server.closeAllConnections();
  });

  const { signal } = new AbortController();
  const call = (path: string, options: Partial<HttpPluginOptions> = {}) => {
    const readSecret = (): Promise<string> => Promise.resolve(secret);
    const common = { timeoutMs: 2000, http, clock: systemClock, readSecret, nonce: () => 'n1' };
    return httpPlugin({ url: `${origin}${path}`, ...common, ...options }).call(requestFor('Run'), signal);
  };

  it('is told everything about the step, signed over time, nonce and body', async () => {
    assert.deepEqual(await call('/run'), {
      phase: 'Running',
      message: 'half',
      status: { at: 1 },
      askAgainAfterMs: 5000,
    });
    const { headers, body } = seen.at(-1) ?? assert.fail();
    const timestamp = String(headers['sluice-timestamp']);
    assert.ok(Math.abs(Number(timestamp) - Date.now() / 1000) < 60);
    const text = `step-plugin.sluice.dev/v1\n${timestamp}\nn1\n${body}`;
    const expected = createHmac('sha256', secret).update(text).digest('hex');
    assert.equal(headers['sluice-signature'], `sha256=${expected}`);
    assert.equal(headers['sluice-nonce'], 'n1');
    assert.deepEqual(JSON.parse(body), requestFor('Run'));
  });

  it('is not sent on, and answers that are none are errors', async () => {
    const count = seen.length;
    assert.match((await call('/moved')).message, /HTTP status 302/u);
    assert.equal(seen.length, count + 1, 'the redirect is not followed');
    for (const [path, message] of [
      ['/broken', /HTTP status 500/u],
      ['/long', /longer than/u],
      ['/nonsense', /no JSON object/u],
    ] as const) {
      const answer = await call(path);
      assert.equal(answer.phase, 'Error');
      assert.match(answer.message, message);
    }
  });

  it('is waited for no longer than the deadline', async () => {
    const answer = await call('/silent', { timeoutMs: 50 });
    assert.equal(answer.phase, 'Error');
    assert.match(answer.message, /within 50 ms/u);
  });

  it('is told nothing without the secret', async () => {
    const count = seen.length;
    const answer = await call('/run', { readSecret: () => Promise.reject(new Error('there is no such Secret')) });
    assert.deepEqual(answer, { phase: 'Error', message: 'there is no such Secret' });
    assert.equal(seen.length, count);
  });
});
