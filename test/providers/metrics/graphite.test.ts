import assert from 'node:assert/strict';
import { describe, it } from 'node:test';

import type { Json } from '../../../src/api/object.ts';
import type { MetricOutcome, MetricWindow } from '../../../src/providers/metrics/contract.ts';
import { graphite } from '../../../src/providers/metrics/graphite.ts';
import { metricProviderSuite } from '../../contract/metric-provider.ts';
import { playPairs } from './play-pairs.ts';

const window: MetricWindow = { nowMs: 60_000, startedAtMs: 60_000, mode: 'inline', targets: [] };
const address = 'http://graphite.example:8080/';
const query = 'target=summarize(\n  stats.errors,\n  "5min"\n)&from=-10min\n';
const series = (...datapoints: readonly Json[]): Json => [{ target: 'stats.errors', datapoints }];

metricProviderSuite(graphite, {
  valid: [
    { address, query },
    { address: 'https://graphite.example/prefix', query: 'target=a' },
  ],
  invalid: [
    { configuration: { address, query: 'from=-5min' }, field: 'query' },
    { configuration: { address: 'graphite:8080' }, field: 'address' },
  ],
  window: () => window,
  answer: ({ id }) => {
    const body = JSON.stringify(series([1.5, 1_311_836_008]));
    return { kind: 'answer', id, status: 200, contentType: 'application/json', body };
  },
  roundsMax: 1,
  outcome: (outcome) => assert.deepEqual(outcome, { kind: 'sample', value: [1.5] }),
});

playPairs(graphite, 'graphite.json');

/** Requests and answers as the documentation of graphite-web shows them: "The Render URL API", "target" and "json". */
describe('a Graphite query', () => {
  it('is rendered as JSON', () => {
    const parsed = graphite.parse({ address: 'https://graphite.example/prefix', query });
    assert.ok(parsed.ok);
    const url = new URL(parsed.value.url);
    assert.equal(url.pathname, '/prefix/render');
    const expected = { target: 'summarize(stats.errors,"5min")', from: '-10min', format: 'json' };
    assert.deepEqual(Object.fromEntries(url.searchParams), expected);
  });

  it('measures the values of the first series', () => {
    const points = series([1, 1_311_836_008], [null, 1_311_836_009], [3.5, 1_311_836_010], ['6', 1_311_836_011]);
    assert.deepEqual(measure(200, points), { kind: 'sample', value: [1, 3.5, 6] });
  });

  it('finds no data where nothing was recorded', () => {
    for (const body of [[], series(), series([null, 1_311_836_008])]) {
      const reason = 'the query found no values';
      assert.deepEqual(measure(200, body), { kind: 'noData', value: [], reason });
    }
  });

  it('is an error when the answer is none', () => {
    for (const [status, body, message] of [
      [500, [], /status 500/],
      [200, {}, /list of series/],
      [200, series(['many', 1]), /\["many",1\] as a datapoint/],
      [200, series({}), /as a datapoint/],
    ] as const) {
      const outcome = measure(status, body);
      assert.ok(outcome.kind === 'error' && message.test(outcome.message), JSON.stringify(outcome));
    }
  });
});

function measure(status: number, body: Json): MetricOutcome {
  const parsed = graphite.parse({ address, query });
  assert.ok(parsed.ok);
  const response = { kind: 'answer', id: 'render', status, contentType: '', body: JSON.stringify(body) } as const;
  return graphite.fold(parsed.value, window, null, [response]).outcome;
}
