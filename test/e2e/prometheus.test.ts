import assert from 'node:assert/strict';
import { createServer } from 'node:http';
import { before, test } from 'node:test';

import { findPrometheus, startPrometheus } from '../control-plane/prometheus.ts';
import { startedSuite } from './suite.ts';
import { waitUntil } from './wait.ts';

interface Vector {
  readonly status: string;
  readonly data: { readonly result: readonly { readonly metric: object; readonly value: readonly [number, string] }[] };
}

/** An application whose counter grows by 1 at each look. */
const state = { requests: 0 };

const found = await findPrometheus();

startedSuite('a real Prometheus', 1, found.ok ? undefined : found.error, startWithApplication, (prometheus) => {
  const query = async (expression: string): Promise<Vector> =>
    (await prometheus().fetch(`/api/v1/query?query=${encodeURIComponent(expression)}`)) as Vector;

  before(async () => {
    await waitUntil(
      'the target is up',
      () => query('up{job="app"} == 1'),
      ({ data }) => data.result.length === 1,
    );
  });

  test('scrapes its targets and answers queries', async () => {
    const seen = await waitUntil(
      'a count',
      () => query('requests_total{tier="gold"}'),
      ({ data }) => data.result.length === 1,
    );
    assert.ok(Number(seen.data.result[0]?.value[1]) >= 1);
    const rate = await waitUntil(
      'a rate',
      () => query('rate(requests_total[10s]) > 0'),
      ({ data }) => data.result.length === 1,
    );
    assert.equal(rate.status, 'success');
  });

  test('says what is wrong with a query', async () => {
    await assert.rejects(query('rate('), /answered 400: .*bad_data/);
  });

  test('gives special values as it should', async () => {
    const values = await Promise.all(['vector(1/0)', 'vector(-1/0)', 'vector(0/0)'].map(query));
    assert.deepEqual(
      values.map(({ data }) => data.result[0]?.value[1]),
      ['+Inf', '-Inf', 'NaN'],
    );
  });
});

async function startWithApplication(): ReturnType<typeof startPrometheus> {
  const server = createServer((_, response) => {
    state.requests += 1;
    response.end(`# TYPE requests_total counter\nrequests_total ${state.requests}\n`);
  });
  await new Promise<void>((resolve) => {
    server.listen(0, '127.0.0.1', resolve);
  });
  const { port } = server.address() as { readonly port: number };
  const targets = [{ job: 'app', addresses: [`127.0.0.1:${port}`], labels: { tier: 'gold' } }];
  const started = await startPrometheus({ targets });
  if (!started.ok) return started;
  const prometheus = started.value;
  const stop = async (): Promise<void> => {
    await prometheus.stop();
    server.close();
    server.closeAllConnections();
  };
  return { ok: true, value: { ...prometheus, stop } };
}
