import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { createServer, type IncomingMessage, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { promisify } from 'node:util';

import { systemClock } from '../../../src/base/clock.ts';
import { createHttpClient } from '../../../src/controller/http-client.ts';
import { createHttpPolicy } from '../../../src/controller/http-policy.ts';
import type { HttpPort } from '../../../src/controller/http-port.ts';
import { createPrometheusRequests } from '../../../src/controller/runs/prometheus-requests.ts';
import type { MetricRequest, PrometheusRequest } from '../../../src/providers/metrics/contract.ts';

const request: PrometheusRequest = {
  kind: 'prometheus',
  id: 'query',
  address: 'http://prometheus.example:9090/prefix/?tenant=a',
  query: 'sum(rate(errors{app="web"}[1m])) or up',
  headers: { 'x-scope-orgid': 'tenant_a', 'x-odd': ' \u00E9 ' },
  timeoutMs: 2000,
  bodyBytesMax: 1000,
};
const signal = new AbortController().signal;

describe('a query that the Prometheus library sends', () => {
  it('has its paths and parameters, and no time but that of Prometheus', async () => {
    const { http, sent } = recording();
    await createPrometheusRequests(http).send(request, signal);
    const [{ url, ...rest } = { url: '' }] = sent;
    const { origin, pathname, searchParams } = new URL(url);
    assert.equal(`${origin}${pathname}`, 'http://prometheus.example:9090/prefix/api/v1/query');
    assert.deepEqual(Object.fromEntries(searchParams), { tenant: 'a', query: request.query });
    const { id, headers, timeoutMs, bodyBytesMax } = request;
    assert.deepEqual(rest, { id, headers, timeoutMs, bodyBytesMax });
  });

  it('asks for a range, from the beginning of time if need be', async () => {
    const { http, sent } = recording();
    const range = { startMs: 0, endMs: 1_700_000_000_500, stepMs: 30_000 };
    await createPrometheusRequests(http).send({ ...request, address: 'http://prometheus.example', range }, signal);
    const { pathname, searchParams } = new URL(sent[0]?.url ?? '');
    assert.equal(pathname, '/api/v1/query_range');
    const expected = { query: request.query, start: '0', end: '1700000000.5', step: '30' };
    assert.deepEqual(Object.fromEntries(searchParams), expected);
  });

  it('is posted when it is long', async () => {
    const { http, sent } = recording();
    const query = `up or ${'x'.repeat(3000)}`;
    await createPrometheusRequests(http).send({ ...request, query, insecure: true }, signal);
    const [posted] = sent;
    assert.equal(posted?.method, 'POST');
    assert.equal(posted.url, 'http://prometheus.example:9090/prefix/api/v1/query?tenant=a');
    assert.deepEqual(posted.headers, { ...request.headers, 'content-type': 'application/x-www-form-urlencoded' });
    assert.match(posted.body ?? '', /^query=up\+or\+x+$/);
    assert.equal(posted.insecure, true);
  });

  it('keeps what it is signed with', async () => {
    const { http, sent } = recording();
    const signing = { kind: 'sigv4', service: 'aps', region: 'eu-west-1' } as const;
    await createPrometheusRequests(http).send({ ...request, signing }, signal);
    assert.deepEqual(sent[0]?.signing, signing);
  });

  it('brings every answer back as it came in', async () => {
    const histogram = { resultType: 'vector', result: [{ metric: {}, histogram: [1, { count: '2' }] }] };
    for (const [status, body] of [
      [200, '{"status":"success","data":{"resultType":"vector","result":[{"metric":{},"value":[1,"+Inf"]}]}}'],
      [200, JSON.stringify({ status: 'success', data: histogram, warnings: ['w'], infos: ['i'] })],
      [400, '{"status":"error","errorType":"bad_data","error":"invalid parameter"}'],
      [502, '<html>bad gateway</html>'],
      [401, ''],
      [302, 'moved'],
    ] as const) {
      const answer = { kind: 'answer', id: 'query', status, contentType: 'a/b', body } as const;
      const http: HttpPort = { send: () => Promise.resolve(answer) };
      assert.deepEqual(await createPrometheusRequests(http).send(request, signal), answer);
    }
    const failure = { kind: 'failure', id: 'query', code: 'Timeout', message: 'nobody answers' } as const;
    const late: HttpPort = { send: () => Promise.resolve(failure) };
    assert.deepEqual(await createPrometheusRequests(late).send(request, signal), failure);
  });
});

/** What the library does over its own transport is measured in the record about it. */
describe('the transport under the Prometheus library', () => {
  it('obeys the policy, the deadline, the bound of the body and the end of a measurement', async () => {
    const server = await serve((incoming) => (incoming.url?.includes('long') === true ? 'x'.repeat(2000) : undefined));
    const port = (server.address() as AddressInfo).port;
    const at = { ...request, address: `http://127.0.0.1:${port}` };
    const open = createHttpClient(systemClock, { policy: createHttpPolicy({ loopback: 'allow' }) });
    const closed = createHttpClient(systemClock);
    const codeOf = async (client: HttpPort, asked: PrometheusRequest, until = signal): Promise<string> => {
      const response = await createPrometheusRequests(client).send(asked, until);
      return response.kind === 'failure' ? response.code : `status ${response.status}`;
    };
    const ending = new AbortController();
    const ended = codeOf(open, at, ending.signal);
    ending.abort(new Error('the measurement ends'));
    assert.deepEqual(
      await Promise.all([
        codeOf(closed, at),
        codeOf(open, { ...at, timeoutMs: 50 }),
        codeOf(open, { ...at, query: 'long' }),
        ended,
      ]),
      ['Forbidden', 'Timeout', 'TooLarge', 'MetricUnreachable'],
    );
    open.close();
    closed.close();
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  });
});

/** The image ships the program in this form, in which packages of the older form look different to an import. */
it('a query of Prometheus is sent by the bundled form, too', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'sluice-bundle-'));
  const root = fileURLToPath(new URL('../../..', import.meta.url));
  const banner = "import { createRequire as cr } from 'node:module'; const require = cr(import.meta.url);";
  const flags = ['--bundle', '--splitting', '--format=esm', '--platform=node', '--out-extension:.js=.mjs'];
  const entry = join(root, 'src/controller/runs/prometheus-requests.ts');
  const esbuild = join(root, 'node_modules/.bin/esbuild');
  await promisify(execFile)(esbuild, [entry, ...flags, `--outdir=${folder}`, `--banner:js=${banner}`], { cwd: root });
  const bundled = (await import(pathToFileURL(join(folder, 'prometheus-requests.mjs')).href)) as {
    readonly createPrometheusRequests: typeof createPrometheusRequests;
  };
  const { http, sent } = recording();
  const response = await bundled.createPrometheusRequests(http).send(request, signal);
  assert.equal(response.kind, 'answer');
  assert.equal(sent.length, 1);
  await rm(folder, { recursive: true });
});

function recording(): { readonly http: HttpPort; readonly sent: MetricRequest[] } {
  const sent: MetricRequest[] = [];
  const http: HttpPort = {
    send(one) {
      sent.push(one);
      return Promise.resolve({ kind: 'answer', id: one.id, status: 200, contentType: '', body: '{}' });
    },
  };
  return { http, sent };
}

/** A server on this machine; it never answers where there is no body. */
async function serve(bodyFor: (incoming: IncomingMessage) => string | undefined): Promise<Server> {
  const server = createServer((incoming, outgoing) => {
    const body = bodyFor(incoming);
    if (body !== undefined) outgoing.end(body);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return server;
}
