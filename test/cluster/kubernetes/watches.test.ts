import assert from 'node:assert/strict';
import { describe, test } from 'node:test';

import fc from 'fast-check';

import { resourceTypes } from '../../../src/api/resource-types.ts';
import { systemClock } from '../../../src/base/clock.ts';
import { hasCode, type ErrorCode } from '../../../src/base/error.ts';
import { silentLog } from '../../../src/base/log.ts';
import { seededRandom } from '../../../src/base/random.ts';
import { readLines } from '../../../src/cluster/kubernetes/read-lines.ts';
import type { WatchEvent } from '../../../src/cluster/port.ts';
import { Reflector } from '../../../src/cluster/reflector.ts';
import { adapterFor } from './adapter.ts';
import { answer, status, stream, type Act } from './scripted-server.ts';

const type = resourceTypes.service;

function line(kind: string, name: string, version: string): string {
  const object = { apiVersion: 'v1', kind: 'Service', metadata: { name, uid: name, resourceVersion: version } };
  return `${JSON.stringify({ type: kind, object })}\n`;
}

const added = line('ADDED', 'ä', '5');

describe('a watch', () => {
  test('hands out events as they come, however the bytes are cut', async (context) => {
    const bookmark = '{"type":"BOOKMARK","object":{"kind":"Service","metadata":{"resourceVersion":"9"}}}\n';
    const whole = Buffer.from(added + bookmark);
    const act: Act = (_, response) => {
      response.writeHead(200);
      for (const byte of whole) response.write(Buffer.from([byte]));
      response.end();
    };
    const { cluster, server } = await adapterFor(context, [act]);
    const query = { resourceVersion: '4', namespace: 'shop', bookmarks: true, timeoutSeconds: 300 };
    const seen: WatchEvent[] = [];
    for await (const event of cluster.watch(type, query, new AbortController().signal)) seen.push(event);
    assert.deepEqual(
      seen.map((event) => (event.type === 'BOOKMARK' ? event.resourceVersion : event.object.metadata.name)),
      ['ä', '9'],
    );
    assert.equal(
      `${server.requests[0]?.url.pathname}${server.requests[0]?.url.search}`,
      '/api/v1/namespaces/shop/services?watch=true&resourceVersion=4&allowWatchBookmarks=true&timeoutSeconds=300',
    );
  });

  test('delivers an event while the stream is still open', async (context) => {
    const { cluster } = await adapterFor(context, [stream([added], 'silence')]);
    const stop = new AbortController();
    const events = cluster.watch(type, { resourceVersion: '1' }, stop.signal)[Symbol.asyncIterator]();
    assert.equal((await events.next()).value?.type, 'ADDED');
    const next = events.next();
    stop.abort();
    await next.then(
      ({ done }) => assert.equal(done, true),
      (error: unknown) => assert.ok(hasCode(error, 'Cancelled')),
    );
  });

  const ends: readonly [string, Act, ErrorCode][] = [
    ['410 as an event', stream([added, errorLine(410, 'Expired')], 'silence'), 'Gone'],
    ['an internal error as an event', stream([errorLine(500, 'InternalError')], 'silence'), 'Internal'],
    ['410 as the answer', status(410, 'Gone', 'too old'), 'Gone'],
    ['403', status(403, 'Forbidden', 'no'), 'Forbidden'],
    ['429', status(429, 'TooManyRequests', 'busy'), 'TooManyRequests'],
    ['a garbage line', stream(['what?\n'], 'silence'), 'Unavailable'],
    ['an event of no kind', stream(['{"type":"NEW","object":{"metadata":{}}}\n'], 'silence'), 'Unavailable'],
    ['a line cut off in the middle', stream([added.slice(0, 20)], 'end'), 'Unavailable'],
    ['a connection that is cut', stream([added], 'cut'), 'Unavailable'],
    ['a line without end', stream(['x'.repeat(9 * 2 ** 20)], 'silence'), 'TooLarge'],
  ];
  for (const [name, act, code] of ends) {
    test(`ends by ${code} after ${name}`, async (context) => {
      const { cluster } = await adapterFor(context, [act]);
      await assert.rejects(
        async () => {
          for await (const _ of cluster.watch(type, { resourceVersion: '1' }, new AbortController().signal));
        },
        (error) => hasCode(error, code),
      );
    });
  }

  test('is no longer open at the server after its reader has left', async (context) => {
    let closed: () => void = () => {};
    const isClosed = new Promise<void>((resolve) => {
      closed = resolve;
    });
    const act: Act = (request, response) => {
      response.once('close', closed);
      stream([added], 'silence')(request, response);
    };
    const { cluster } = await adapterFor(context, [act]);
    for await (const _ of cluster.watch(type, { resourceVersion: '1' }, new AbortController().signal)) break;
    await isClosed;
  });
});

describe('a reflector over a server in trouble', () => {
  test('survives refusals, cuts, garbage and expiry, and ends with what the server has', async (context) => {
    const list = (version: string, ...names: readonly string[]): Act =>
      answer(200, {
        metadata: { resourceVersion: version },
        items: names.map((name) => ({ metadata: { name, uid: name, resourceVersion: version } })),
      });
    const { cluster, server } = await adapterFor(context, [
      status(503, 'ServiceUnavailable', 'starting'),
      list('10', 'a'),
      stream([line('ADDED', 'b', '11')], 'cut'),
      status(429, 'TooManyRequests', 'busy'),
      status(401, 'Unauthorized', 'who'),
      stream(['garbage\n'], 'silence'),
      stream([errorLine(410, 'Expired')], 'silence'),
      status(500, 'InternalError', 'oh'),
      list('20', 'b'),
      stream([line('ADDED', 'c', '21'), line('DELETED', 'b', '22')], 'silence'),
    ]);
    const stop = new AbortController();
    const done = Promise.withResolvers<void>();
    const reflector = new Reflector({
      cluster,
      type,
      project: ({ metadata }) => metadata.name,
      onChange: () => {
        if ([...reflector.list()].join() === 'c') done.resolve();
      },
      clock: {
        ...systemClock,
        schedule: (delayMs, wake) => systemClock.schedule(Math.min(delayMs, 20_000) / 100, wake),
      },
      random: seededRandom(1),
      log: silentLog,
      silenceMsMax: 1e9,
    });
    const running = reflector.run(stop.signal);
    await done.promise;
    stop.abort();
    await running;
    assert.equal(server.requests.length, 10);
    assert.deepEqual(
      server.requests.slice(2, 7).map(({ url }) => url.searchParams.get('resourceVersion')),
      ['10', '11', '11', '11', '11'],
    );
  });
});

describe('lines of a stream', () => {
  test('are the same however the stream is cut', async () => {
    const bytes = fc.array(fc.constantFrom(10, 97, 98, 195, 164), { maxLength: 60 });
    await fc.assert(
      fc.asyncProperty(bytes, fc.array(fc.nat(60), { maxLength: 6 }), async (content, cuts) => {
        const whole = Buffer.from(content);
        const edges = [0, ...cuts.map((at) => Math.min(at, whole.length)).toSorted((a, b) => a - b), whole.length];
        const chunks = edges.slice(1).map((end, index) => whole.subarray(edges[index], end));
        const lines: string[] = [];
        for await (const found of readLines(streamOf(chunks), 100)) lines.push(found.toString('latin1'));
        assert.deepEqual(
          lines,
          whole
            .toString('latin1')
            .split('\n')
            .filter((text) => text !== ''),
        );
      }),
    );
  });

  test('have a bound, also when they come in one piece', async () => {
    for (const chunks of [['abcdef\n'], ['abc', 'def']]) {
      await assert.rejects(
        async () => {
          for await (const _ of readLines(streamOf(chunks.map((text) => Buffer.from(text))), 5));
        },
        (error) => hasCode(error, 'TooLarge'),
      );
    }
  });
});

function errorLine(code: number, reason: string): string {
  return `${JSON.stringify({ type: 'ERROR', object: { kind: 'Status', code, reason, message: 'x' } })}\n`;
}

async function* streamOf(chunks: readonly Buffer[]): AsyncGenerator<Buffer> {
  for (const chunk of chunks) yield await Promise.resolve(chunk);
}
