import assert from 'node:assert/strict';

import type { MetricWindow } from '../../../src/providers/metrics/contract.ts';
import { skywalking } from '../../../src/providers/metrics/skywalking.ts';
import { metricProviderSuite } from '../../contract/metric-provider.ts';
import { playPairs } from './play-pairs.ts';

const address = 'http://skywalking.example:12800';
const query = 'query($duration: Duration!) { a: readMetricsValue(duration: $duration) }';
const window: MetricWindow = { nowMs: 600_000, startedAtMs: 600_000, mode: 'inline', targets: [] };

metricProviderSuite(skywalking, {
  valid: [
    { address, query },
    { address: 'https://skywalking.example/prefix/', query, interval: '3m' },
  ],
  invalid: [
    { configuration: { address, query, interval: '5s' }, field: 'interval' },
    { configuration: { address, query: '' }, field: 'query' },
    { configuration: { address: 'skywalking:12800' }, field: 'address' },
  ],
  window: () => window,
  answer: ({ id }) => {
    const body = JSON.stringify({ data: { a: 7 } });
    return { kind: 'answer', id, status: 200, contentType: 'application/json', body };
  },
  roundsMax: 1,
  outcome: (outcome) => assert.deepEqual(outcome, { kind: 'sample', value: { a: 7 } }),
});

playPairs(skywalking, 'skywalking.json');
