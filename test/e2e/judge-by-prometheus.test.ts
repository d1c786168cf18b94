import assert from 'node:assert/strict';
import { createServer, type Server } from 'node:http';
import { test } from 'node:test';

import { systemClock } from '../../src/base/clock.ts';
import { succeed } from '../../src/base/result.ts';
import { createHttpClient } from '../../src/controller/http-client.ts';
import { createHttpPolicy } from '../../src/controller/http-policy.ts';
import { createPrometheusRequests } from '../../src/controller/runs/prometheus-requests.ts';
import type { MetricOutcome, MetricTarget, MetricWindow } from '../../src/providers/metrics/contract.ts';
import { createJudge } from '../../src/providers/metrics/judge.ts';
import { findPrometheus, startPrometheus } from '../control-plane/prometheus.ts';
import { startedSuite } from './suite.ts';

const found = await findPrometheus();
const pods = { stable: 'shop-stable.1', canary: 'shop-canary-1' } as const;
/** Rounds of a second; a Prometheus finds its targets after five. */
const roundsMax = 60;

startedSuite('the judge by a real Prometheus', 1, found.ok ? undefined : found.error, startParts, (parts) => {
  test('finds the metrics of two pods, counts their raw samples and rolls a bad canary back', async () => {
    const { outcome, state } = await parts().judgeFor({});
    assert.ok(outcome.kind === 'verdict' && outcome.value === 'rollback', JSON.stringify([outcome, state.notes]));
    assert.equal(state.report.decidedBy?.kind, 'errors');
    const { hourBefore = '', ...read } = state.sources;
    assert.match(hourBefore, /^[1-9]\d* pages of its pods$/);
    assert.deepEqual(read, {
      errors: 'http_requests_total',
      convention: 'client libraries',
      latency: 'http_request_duration_seconds',
      boundaries: '0.1,0.5',
    });
    const totals = state.judged['errors']?.totals ?? assert.fail();
    assert.ok(totals.stableBad === 0 && totals.stableTotal > 0);
    // The canary has 16 bad requests for 10 good ones.
    const ratio = totals.canaryBad / totals.canaryTotal;
    assert.ok(Math.abs(ratio - 16 / 26) < 0.01, String(ratio));
  });
});

/** Two pods as servers, a Prometheus that scrapes them each second, and a judge that asks it. */
async function startParts() {
  const begun = systemClock.now();
  const applications = await Promise.all([serve(begun, 0), serve(begun, 16)]);
  const [stable, canary] = applications.map(addressOf);
  const started = await startPrometheus({
    scrapeInterval: '1s',
    targets: [
      { job: 'stable', addresses: [stable ?? ''], labels: { pod: pods.stable } },
      { job: 'canary', addresses: [canary ?? ''], labels: { pod: pods.canary } },
    ],
  });
  if (!started.ok) return started;
  const http = createHttpClient(systemClock, { policy: createHttpPolicy({ loopback: 'allow' }) });
  const requests = createPrometheusRequests(http);
  const judge = createJudge({ prometheusAddress: started.value.url });

  async function judgeFor(configuration: Readonly<Record<string, string>>) {
    const parsed = judge.parse({ source: 'prometheus', interval: '1s', ...configuration });
    assert.ok(parsed.ok);
    let state = judge.start(parsed.value, windowNow(begun));
    let outcome: MetricOutcome = { kind: 'noData', reason: 'nothing was asked' };
    for (let round = 0; round < roundsMax && outcome.kind !== 'verdict'; round += 1) {
      const sent = judge.requests(parsed.value, windowNow(begun), state);
      const asked = sent.filter((request) => 'kind' in request);
      assert.equal(asked.length, sent.length);
      const { signal } = new AbortController();
      const responses = await Promise.all(asked.map((request) => requests.send(request, signal)));
      ({ state, outcome } = judge.fold(parsed.value, windowNow(begun), state, responses));
      await new Promise((resolve) => {
        setTimeout(resolve, 1000);
      });
    }
    return { outcome, state };
  }

  const stop = async (): Promise<void> => {
    http.close();
    await started.value.stop();
    for (const application of applications) {
      application.close();
      application.closeAllConnections();
    }
  };
  return succeed({ judgeFor, stop });
}

function windowNow(begun: number): MetricWindow {
  const target = (role: MetricTarget['role']): MetricTarget => ({
    pod: pods[role],
    role,
    address: '127.0.0.1',
    startedAtMs: 0,
    ready: true,
    restarts: 0,
  });
  return {
    nowMs: systemClock.now(),
    startedAtMs: begun,
    mode: 'inline',
    targets: [target('stable'), target('canary')],
  };
}

/** A page whose counters grow with time: ten good requests each 100 ms, and so many bad ones. */
async function serve(begun: number, bad: number): Promise<Server> {
  const server = createServer((_, response) => {
    const steps = Math.floor((systemClock.now() - begun) / 100) + 50;
    const duration = 'http_request_duration_seconds';
    response.setHeader('content-type', 'text/plain; version=0.0.4');
    response.end(
      [
        `http_requests_total{code="200"} ${steps * 10}`,
        `http_requests_total{code="500"} ${steps * bad}`,
        `${duration}_bucket{le="0.1"} ${steps * 9}`,
        `${duration}_bucket{le="0.5"} ${steps * 10}`,
        `${duration}_bucket{le="+Inf"} ${steps * 10}`,
        '',
      ].join('\n'),
    );
  });
  await new Promise<void>((resolve) => {
    server.listen(0, '127.0.0.1', resolve);
  });
  return server;
}

function addressOf(server: Server): string {
  const { port } = server.address() as { readonly port: number };
  return `127.0.0.1:${port}`;
}
