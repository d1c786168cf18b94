import assert from 'node:assert/strict';
import { createServer, type IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';
import { describe, test } from 'node:test';

import { systemClock } from '../../../src/base/clock.ts';
import { silentLog } from '../../../src/base/log.ts';
import { seededRandom } from '../../../src/base/random.ts';
import { createHttpClient } from '../../../src/controller/http-client.ts';
import { createHttpPolicy } from '../../../src/controller/http-policy.ts';
import type { HttpPort } from '../../../src/controller/http-port.ts';
import { createMemoryJournal } from '../../../src/controller/journal.ts';
import { createPassTracer } from '../../../src/controller/tracing/pass-tracer.ts';
import { otlpBody, type Span } from '../../../src/controller/tracing/span.ts';
import { createTraceExporter } from '../../../src/controller/tracing/trace-exporter.ts';
import type { Decision } from '../../../src/engine/decision.ts';
import type { RolloutView } from '../../../src/engine/world.ts';
import type { MetricRequest } from '../../../src/providers/metrics/contract.ts';
import { VirtualClock } from '../../cluster/embedded/virtual-clock.ts';

const source = { service: 'sluice', version: '1.2.3', instance: 'pod-1' };

function span(name: string): Span {
  const ids = { traceId: '0123456789abcdef0123456789abcdef', spanId: '0123456789abcdef' };
  return { ...ids, name, startMs: 1000.25, endMs: 1001.5, attributes: { text: 'a', count: 2, half: 0.5, flag: true } };
}

describe('the trace of a pass', () => {
  test('has the decision, each effect and the status as parts of the pass', async () => {
    const clock = new VirtualClock();
    const traces: Span[][] = [];
    const onTrace = (spans: readonly Span[]): void => void traces.push([...spans]);
    const tracer = createPassTracer({ clock, random: seededRandom(1), percent: 100, onTrace });
    const journal = tracer.journal(createMemoryJournal());
    const rollout = { namespace: 'shop', name: 'web' } as RolloutView;
    const reason = { code: 'Paused', message: 'it pauses' };
    const startMs = clock.now();
    await clock.advance(5);
    tracer.onDecision(rollout, { reason, state: 'canary.step', effects: [{}, {}] } as unknown as Decision);
    const intent = { subject: 'https://cluster/x/shop/web', revision: 2, reason: '', at: 0, text: 'sets 50' } as const;
    const actor = { kind: 'engine', name: 'sluice' } as const;
    const first = await journal.begin({ ...intent, actor, action: 'setTraffic' });
    await clock.advance(10);
    await journal.end(first, { kind: 'done' });
    const second = await journal.begin({ ...intent, actor, action: 'scaleReplicaSet' });
    await clock.advance(10);
    await journal.end(second, { kind: 'failed', code: 'Conflict', message: 'secret text' });
    await clock.advance(5);
    tracer.onPass({ kind: 'Rollout', namespace: 'shop', name: 'web', outcome: 'retry', durationMs: 30 });
    const [spans = []] = traces;
    const shown = spans.map(({ name, error, startMs: from, endMs }) => [name, from - startMs, endMs - startMs, error]);
    assert.deepEqual(shown, [
      ['reconcile Rollout', 0, 30, 'retry'],
      ['observe and decide', 0, 5, undefined],
      ['setTraffic', 5, 15, undefined],
      ['scaleReplicaSet', 15, 25, 'Conflict'],
      ['write status', 25, 30, undefined],
    ]);
    const [root] = spans;
    assert.equal(root?.attributes['sluice.reason'], 'Paused');
    assert.equal(new Set(spans.map(({ spanId }) => spanId)).size, 5);
    for (const part of spans) {
      assert.match(part.traceId, /^[0-9a-f]{32}$/);
      assert.match(part.spanId, /^[0-9a-f]{16}$/);
      assert.equal(part.traceId, root?.traceId);
      assert.equal(part.parentSpanId, part === root ? undefined : root?.spanId);
    }
    tracer.onPass({ kind: 'Rollout', namespace: 'shop', name: 'web', outcome: 'done', durationMs: 1 });
    assert.equal(traces[1]?.length, 1);
  });

  test('is made for as many passes as are wanted', () => {
    const clock = new VirtualClock();
    let count = 0;
    const tracer = createPassTracer({ clock, random: seededRandom(1), percent: 25, onTrace: () => (count += 1) });
    for (let pass = 0; pass < 2000; pass += 1) {
      tracer.onPass({ kind: 'AnalysisRun', namespace: 'a', name: 'b', outcome: 'done', durationMs: 1 });
    }
    assert.ok(count > 400 && count < 600, String(count));
  });

  // OTLP 1.5.0, "JSON Protobuf Encoding"; ExportTraceServiceRequest, Span, Status in opentelemetry-proto.
  test('is written as the protocol says', () => {
    assert.deepEqual(otlpBody([{ ...span('x'), parentSpanId: 'fedcba9876543210', error: 'Conflict' }], source), {
      resourceSpans: [
        {
          resource: {
            attributes: [
              { key: 'service.name', value: { stringValue: 'sluice' } },
              { key: 'service.version', value: { stringValue: '1.2.3' } },
              { key: 'service.instance.id', value: { stringValue: 'pod-1' } },
            ],
          },
          scopeSpans: [
            {
              scope: { name: 'sluice', version: '1.2.3' },
              spans: [
                {
                  traceId: '0123456789abcdef0123456789abcdef',
                  spanId: '0123456789abcdef',
                  parentSpanId: 'fedcba9876543210',
                  name: 'x',
                  kind: 1,
                  startTimeUnixNano: '1000250000',
                  endTimeUnixNano: '1001500000',
                  attributes: [
                    { key: 'text', value: { stringValue: 'a' } },
                    { key: 'count', value: { intValue: '2' } },
                    { key: 'half', value: { doubleValue: 0.5 } },
                    { key: 'flag', value: { boolValue: true } },
                  ],
                  status: { code: 2, message: 'Conflict' },
                },
              ],
            },
          ],
        },
      ],
    });
  });
});

describe('traces', () => {
  test('reach a collector', async () => {
    const requests: { url: string; headers: IncomingMessage['headers']; body: string }[] = [];
    const server = createServer((request, response) => {
      let body = '';
      request.on('data', (chunk: Buffer) => (body += chunk.toString()));
      request.on('end', () => {
        requests.push({ url: request.url ?? '', headers: request.headers, body });
        response.end('{}');
      });
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const endpoint = `http://127.0.0.1:${(server.address() as AddressInfo).port}/`;
    const http = createHttpClient(systemClock, { policy: createHttpPolicy({ loopback: 'allow' }) });
    const exporter = createTraceExporter({
      clock: systemClock,
      log: silentLog,
      http,
      endpoint,
      headers: { 'x-key': 'abc' },
      source,
    });
    exporter.add([span('one')]);
    await exporter.stop();
    http.close();
    server.closeAllConnections();
    server.close();
    assert.equal(requests.length, 1);
    assert.equal(requests[0]?.url, '/v1/traces');
    assert.equal(requests[0]?.headers['x-key'], 'abc');
    assert.equal(requests[0]?.headers['content-type'], 'application/json');
    assert.deepEqual(JSON.parse(requests[0]?.body ?? ''), otlpBody([span('one')], source));
  });

  test('are sent again while the collector is away, and given up at last, without filling memory', async () => {
    const clock = new VirtualClock();
    const sent: MetricRequest[] = [];
    let status = 503;
    const http: HttpPort = {
      send: (request) => {
        sent.push(request);
        return Promise.resolve({ kind: 'answer', id: request.id, status, contentType: '', body: '' });
      },
    };
    const exporter = createTraceExporter({ clock, log: silentLog, http, endpoint: 'http://c', headers: {}, source });
    exporter.add([span('one')]);
    await clock.advance(10_000);
    assert.ok(sent.length >= 2);
    status = 200;
    await clock.advance(60_000);
    assert.equal(exporter.lost, 0);
    const count = sent.length;
    await clock.advance(60_000);
    assert.equal(sent.length, count);
    status = 503;
    for (let batch = 0; batch < 100; batch += 1) exporter.add(Array.from({ length: 100 }, () => span('more')));
    assert.equal(exporter.lost, 10_000 - 4096);
    await clock.advance(600_000);
    assert.ok(exporter.lost > 10_000 - 4096);
    status = 400;
    await clock.advance(600_000);
    assert.equal(exporter.lost, 10_000);
    await exporter.stop();
  });
});
