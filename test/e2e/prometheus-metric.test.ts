import assert from 'node:assert/strict';
import { createServer } from 'node:http';
import { before, test } from 'node:test';

import type { AnalysisRun } from '../../src/api/analysis-run.ts';
import { resourceSchemas } from '../../src/api/crd.ts';
import type { KubeObject } from '../../src/api/object.ts';
import { resourceTypes } from '../../src/api/resource-types.ts';
import { systemClock } from '../../src/base/clock.ts';
import { silentLog } from '../../src/base/log.ts';
import { seededRandom } from '../../src/base/random.ts';
import { createEmbeddedCluster } from '../../src/cluster/embedded/embedded-cluster.ts';
import { createController } from '../../src/controller/controller.ts';
import { createHttpClient } from '../../src/controller/http-client.ts';
import { createHttpPolicy } from '../../src/controller/http-policy.ts';
import { createMemoryJournal } from '../../src/controller/journal.ts';
import { metricProvidersWith } from '../../src/providers/metrics/registry.ts';
import { trafficRouters } from '../../src/providers/traffic/registry.ts';
import { findPrometheus, startPrometheus } from '../control-plane/prometheus.ts';
import { startedSuite } from './suite.ts';
import { waitUntil } from './wait.ts';

const found = await findPrometheus();
const { signal } = new AbortController();

startedSuite('analysis by a real Prometheus', 1, found.ok ? undefined : found.error, startParts, (parts) => {
  before(async () => {
    await waitUntil(
      'the application is scraped',
      () => parts().prometheus.fetch('/api/v1/query?query=errors_total') as Promise<{ data: { result: unknown[] } }>,
      ({ data }) => data.result.length === 2,
    );
  });

  test('measures instant and range queries, and judges what they find', async () => {
    const range = { start: 'now() - duration("10s")', end: 'now()', step: '1s' };
    const { metricResults = [], phase } = await parts().run('good', [
      metric('vector', { query: 'sum(errors_total)' }, 'result[0] == 7'),
      metric('series', { query: 'errors_total' }, 'len(result) == 2 && all(result, # > 0)'),
      metric('scalar', { query: 'scalar(sum(errors_total))' }, 'result == 7'),
      metric('range', { query: 'sum(errors_total)', rangeQuery: range }, 'len(result) > 0 && all(result, # == 7)'),
      metric('special', { query: 'vector(1/0) or label_replace(vector(-1/0), "a", "b", "", "")' }, 'isInf(result[0])'),
      metric('absent', { query: 'nothing_total' }, 'len(result) == 0'),
      metric('long', { query: `sum(errors_total) ${'+ 0 '.repeat(1500)}` }, 'result[0] == 7'),
    ]);
    assert.equal(phase, 'Successful', JSON.stringify(metricResults));
    const special = metricResults.find(({ name }) => name === 'special');
    assert.equal(special?.measurements?.[0]?.value, '[+Inf,-Inf]');
    assert.equal(metricResults[0]?.metadata?.['ResolvedPrometheusQuery'], 'sum(errors_total)');
  });

  const bad: readonly (readonly [what: string, query: string, condition: string, phase: string, text: RegExp])[] = [
    ['too many errors', 'sum(errors_total)', 'result[0] < 5', 'Failed', /failed \(1\) > failureLimit/],
    ['a query that cannot be parsed', 'sum(', 'result[0] < 5', 'Error', /bad_data: invalid parameter \\?"query/],
    ['no data', 'nothing_total', 'result[0] < 5', 'Error', /no data/],
    ['not a number', 'vector(0/0)', 'result[0] < 5', 'Failed', /failed/],
    ['not a number, and no condition', 'vector(0/0)', '', 'Error', /not a number/],
  ];
  for (const [what, query, condition, phase, text] of bad) {
    test(`is no success with ${what}`, async () => {
      const status = await parts().run(`bad-${what.replaceAll(/[^a-z]+/g, '-')}`, [
        { ...metric('m', { query }, condition), consecutiveErrorLimit: 0 },
      ]);
      assert.equal(status.phase, phase, JSON.stringify(status));
      assert.match(status.message ?? '', text);
    });
  }
});

function metric(name: string, prometheus: object, successCondition: string) {
  return { name, provider: { prometheus }, successCondition };
}

/** An application with two counters, a Prometheus that scrapes it, and a controller that asks that Prometheus. */
async function startParts() {
  const application = createServer((_, response) => {
    response.end('# TYPE errors_total counter\nerrors_total{code="500"} 3\nerrors_total{code="503"} 4\n');
  });
  await new Promise<void>((resolve) => {
    application.listen(0, '127.0.0.1', resolve);
  });
  const { port } = application.address() as { readonly port: number };
  const started = await startPrometheus({ targets: [{ job: 'app', addresses: [`127.0.0.1:${port}`] }] });
  if (!started.ok) return started;
  const prometheus = started.value;
  const parts = { clock: systemClock, log: silentLog };
  const cluster = createEmbeddedCluster({
    ...parts,
    random: seededRandom(1),
    resources: Object.values(resourceSchemas),
  });
  const http = createHttpClient(systemClock, { policy: createHttpPolicy({ loopback: 'allow' }) });
  const controller = createController({
    ...parts,
    cluster,
    random: seededRandom(2),
    journal: createMemoryJournal(),
    routers: trafficRouters,
    metricProviders: metricProvidersWith({ prometheus: { address: prometheus.url } }),
    http,
  });
  await controller.start();
  const type = resourceTypes.analysisRun;

  async function run(name: string, metrics: readonly object[]): Promise<NonNullable<AnalysisRun['status']>> {
    const object: KubeObject = {
      apiVersion: 'argoproj.io/v1alpha1',
      kind: 'AnalysisRun',
      metadata: { name, namespace: 'default' },
      spec: { metrics },
    };
    await cluster.create(type, object, {}, { signal });
    const status = await waitUntil(
      `the end of ${name}`,
      async () => {
        const stored = await cluster.get({ type, namespace: 'default', name }, { signal });
        return (stored as unknown as AnalysisRun).status;
      },
      (seen) => seen?.completedAt !== undefined,
    );
    return status ?? assert.fail();
  }

  const stop = async (): Promise<void> => {
    await controller.stop();
    cluster.close();
    http.close();
    await prometheus.stop();
    application.close();
    application.closeAllConnections();
  };
  return { ok: true as const, value: { prometheus, run, stop } };
}
