import assert from 'node:assert/strict';
import { createServer, type RequestListener, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { describe, it } from 'node:test';
import { setTimeout as pause } from 'node:timers/promises';

import { parseInstant } from '../../../src/base/instant.ts';
import { createHttpClient, type HttpClient } from '../../../src/controller/http-client.ts';
import { createHttpPolicy } from '../../../src/controller/http-policy.ts';
import { AnalysisStage } from './analysis-stage.ts';

const gibibyte = 2 ** 30;

describe('a metric whose source does harm', () => {
  it('reads no more of a body of 1 GB than it may', async () => {
    let sent = 0;
    const chunk = Buffer.alloc(2 ** 16, 'x');
    const { stage, url, close } = await stageWith((_, outgoing) => {
      outgoing.writeHead(200, { 'content-length': gibibyte });
      const write = (): void => {
        while (!outgoing.destroyed && sent < gibibyte) {
          sent += chunk.length;
          if (!outgoing.write(chunk)) return void outgoing.once('drain', write);
        }
      };
      write();
    });
    await stage.createRun('huge', { metrics: [metric('size', url, { timeoutSeconds: 3600 })] });
    const message = await messageOf(stage, 'huge', 0);
    assert.match(message, /the answer is longer than 1048576 bytes/);
    assert.ok(sent < gibibyte / 10, `${sent} bytes were sent`);
    await close();
  });

  it('says that a host never answers, while other runs keep their time', async () => {
    const { stage, url, close } = await stageWith(() => undefined);
    const steady = { ...metric('steady', 'http://steady.example/'), interval: '3s', count: 4 };
    await stage.createRun('silent', { metrics: [metric('silence', url)] });
    await stage.createRun('steady', { metrics: [steady] });
    const message = await messageOf(stage, 'silent', 1000);
    assert.match(message, /127\.0\.0\.1:\d+\/value did not answer within 10000 ms/);
    const { phase, metricResults } = await stage.ended('steady');
    assert.equal(phase, 'Successful');
    const times = (metricResults?.[0]?.measurements ?? []).map(({ startedAt }) => parseInstant(startedAt ?? '') ?? 0);
    const waits = times.slice(1).map((time, index) => time - (times[index] ?? 0));
    // Times are written in whole seconds, and an interval is over when it is over.
    assert.ok(waits.length === 3 && waits.every((wait) => wait >= 3000 && wait <= 4000), waits.join(' '));
    await close();
  });

  it('tells in the words of Prometheus why a query cannot be parsed', async () => {
    const error = 'invalid parameter "query": 1:5: parse error: unclosed left parenthesis';
    const { stage, url, close } = await stageWith((_, outgoing) => {
      outgoing.writeHead(400, { 'content-type': 'application/json' });
      outgoing.end(JSON.stringify({ status: 'error', errorType: 'bad_data', error }));
    });
    const provider = { prometheus: { address: new URL(url).origin, query: 'sum(', timeout: 3600 } };
    await stage.createRun('typo', { metrics: [{ ...metric('errors', url), provider }] });
    assert.equal(await messageOf(stage, 'typo', 0), `bad_data: ${error}`);
    await close();
  });
});

interface RunningStage {
  readonly stage: AnalysisStage;
  /** Of the server. */
  readonly url: string;
  readonly close: () => Promise<void>;
}

/** A stage whose metrics reach a real server; `steady.example` answers at once. */
async function stageWith(listener: RequestListener): Promise<RunningStage> {
  const server: Server = createServer(listener);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  let client: HttpClient | undefined;
  const stage = new AnalysisStage({
    send(request, signal) {
      const { id } = request;
      const answer = { kind: 'answer', id, status: 200, contentType: 'application/json', body: '{"value":0}' } as const;
      if (request.url.includes('steady.example') || client === undefined) return Promise.resolve(answer);
      return client.send(request, signal);
    },
  });
  client = createHttpClient(stage.clock, { policy: createHttpPolicy({ loopback: 'allow' }) });
  await stage.startController();
  return {
    stage,
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/value`,
    async close() {
      await stage.close();
      client.close();
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

function metric(name: string, url: string, more: object = {}): object {
  const provider = { web: { url, jsonPath: '{$.value}', ...more } };
  return { name, successCondition: 'result < 1', consecutiveErrorLimit: 0, provider };
}

/** Message of the first measurement, once the run has ended; the network takes real time, of which little is needed. */
async function messageOf(stage: AnalysisStage, name: string, stepMs: number): Promise<string> {
  for (let round = 0; round < 1000; round += 1) {
    const { status } = await stage.run(name);
    if (status?.completedAt !== undefined) {
      assert.equal(status.phase, 'Error');
      return status.metricResults?.[0]?.measurements?.[0]?.message ?? '';
    }
    await pause(2);
    await stage.clock.advance(stepMs);
  }
  return assert.fail(`${name} does not end`);
}
