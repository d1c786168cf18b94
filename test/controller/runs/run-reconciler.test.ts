import assert from 'node:assert/strict';
import { describe, it } from 'node:test';

import { resourceTypes } from '../../../src/api/resource-types.ts';
import type { HttpPort } from '../../../src/controller/http-port.ts';
import { AnalysisStage } from './analysis-stage.ts';

describe('an AnalysisRun that somebody made', () => {
  it('writes several metrics that are measured together at once', async () => {
    const stage = await started(valueServer());
    const metrics = ['a', 'b', 'c'].map((name) => ({ ...metric(name), interval: '10s', count: 3 }));
    let writes = 0;
    stage.cluster.log.subscribe(({ object }) => {
      writes += object.kind === 'AnalysisRun' ? 1 : 0;
    });
    await stage.createRun('web', { metrics });
    const { phase, metricResults } = await stage.ended('web');
    assert.equal(phase, 'Successful');
    assert.deepEqual(
      metricResults?.map(({ count }) => count),
      [3, 3, 3],
    );
    // It is made once and written after each of three rounds of measuring.
    assert.ok(writes <= 1 + 3, `${writes} writes`);
    await stage.close();
  });

  it('is seen running while an answer takes its time', async () => {
    const stage = new AnalysisStage(slowServer(() => stage.clock, 5000));
    await stage.startController();
    await stage.createRun('web', { metrics: [metric('a')] });
    await stage.clock.advance(1000);
    assert.equal((await stage.run('web')).status?.phase, 'Running');
    const status = await stage.ended('web');
    assert.equal(status.phase, 'Successful');
    // It started before it was first written.
    assert.equal(status.startedAt, status.metricResults?.[0]?.measurements?.[0]?.startedAt);
    await stage.close();
  });

  it('does not measure any more once it is deleted', async () => {
    let asked = 0;
    const counting: HttpPort = {
      send: (request, signal) => {
        asked += 1;
        return valueServer().send(request, signal);
      },
    };
    const stage = await started(counting);
    await stage.createRun('web', { metrics: [{ ...metric('a'), interval: '1s' }] });
    await stage.clock.advance(5000);
    assert.ok(asked >= 4);
    await stage.deleteOne(resourceTypes.analysisRun, 'web');
    await stage.clock.advance(1000);
    const before = asked;
    await stage.clock.advance(20_000);
    assert.equal(asked, before);
    await stage.close();
  });

  it('shows no secret, wherever it turns up', async () => {
    const urls: string[] = [];
    const echo: HttpPort = {
      send({ id, url, headers }) {
        urls.push(url);
        const { searchParams } = new URL(url);
        const body = JSON.stringify({ status: 'error', errorType: 'bad_data', error: `no ${headers['x-key']}` });
        const isQuery = searchParams.has('query');
        const answer = { kind: 'answer', id, contentType: '', status: isQuery ? 400 : 200 } as const;
        return Promise.resolve({ ...answer, body: isQuery ? body : JSON.stringify({ value: headers['x-key'] }) });
      },
    };
    const stage = await started(echo);
    await stage.createSecret('keys', { key: 'hush-hush' });
    const headers = [{ key: 'X-Key', value: '{{args.key}}' }];
    await stage.createRun('web', {
      args: [{ name: 'key', valueFrom: { secretKeyRef: { name: 'keys', key: 'key' } } }],
      metrics: [
        { ...metric('a'), provider: { web: { url: 'http://m.example/{{args.key}}', jsonPath: '{$.value}', headers } } },
        {
          ...metric('b'),
          consecutiveErrorLimit: 0,
          provider: { prometheus: { address: 'http://p.example', query: 'up{a="{{args.key}}"}', headers } },
        },
      ],
    });
    const status = await stage.ended('web');
    assert.ok(urls.some((url) => url.includes('hush-hush')));
    assert.doesNotMatch(JSON.stringify(status), /hush/);
    assert.match(status.metricResults?.[1]?.metadata?.['ResolvedPrometheusQuery'] ?? '', /^up\{a="\*+"\}$/);
    await stage.close();
  });

  it('says which Secret is missing', async () => {
    const stage = await started(valueServer());
    await stage.createRun('web', {
      args: [{ name: 'key', valueFrom: { secretKeyRef: { name: 'keys', key: 'key' } } }],
      metrics: [metric('a')],
    });
    await stage.clock.advance(1000);
    const { status } = await stage.run('web');
    assert.equal(status?.phase, 'Error');
    assert.match(status.message ?? '', /argument "key": there is no key "key" in the Secret "keys"/);
    await stage.close();
  });

  it('counts what the provider does not answer as errors, never as a bad or good measurement', async () => {
    const stage = await started(failing());
    await stage.createRun('web', { metrics: [{ ...metric('a'), failureLimit: 0 }] });
    const { phase, metricResults, message } = await stage.ended('web');
    assert.equal(phase, 'Error');
    assert.equal(metricResults?.[0]?.failed, undefined);
    assert.equal(metricResults?.[0]?.consecutiveError, 5);
    assert.match(message ?? '', /consecutiveErrors \(5\) > consecutiveErrorLimit \(4\).*nobody is there/);
    await stage.close();
  });
});

async function started(http: HttpPort): Promise<AnalysisStage> {
  const stage = new AnalysisStage(http);
  await stage.startController();
  return stage;
}

function metric(name: string) {
  const web = { url: `http://metrics.example/${name}`, jsonPath: '{$.value}' };
  return { name, successCondition: 'result != 0', provider: { web } };
}

function valueServer(): HttpPort {
  const answer = { kind: 'answer', status: 200, contentType: 'application/json', body: '{"value":99}' } as const;
  return { send: ({ id }) => Promise.resolve({ ...answer, id }) };
}

function failing(): HttpPort {
  const failure = { kind: 'failure', code: 'MetricUnreachable', message: 'nobody is there' } as const;
  return { send: ({ id }) => Promise.resolve({ ...failure, id }) };
}

function slowServer(clock: () => AnalysisStage['clock'], delayMs: number): HttpPort {
  return {
    async send(request, signal) {
      await new Promise<void>((resolve) => {
        clock().schedule(delayMs, resolve);
      });
      return valueServer().send(request, signal);
    },
  };
}
