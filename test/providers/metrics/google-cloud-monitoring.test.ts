import assert from 'node:assert/strict';

import type { MetricWindow } from '../../../src/providers/metrics/contract.ts';
import { googleCloudMonitoring } from '../../../src/providers/metrics/google-cloud-monitoring.ts';
import { metricProviderSuite } from '../../contract/metric-provider.ts';
import { playPairs } from './play-pairs.ts';

const window: MetricWindow = { nowMs: 60_000, startedAtMs: 60_000, mode: 'inline', targets: [] };
const project = 'shop-1';
const query = 'up';

metricProviderSuite(googleCloudMonitoring, {
  valid: [
    { project, query },
    { project: 'example.com:shop', query, timeout: 60 },
    { project: '123456', query, rangeQuery: { start: 'now() - duration("5m")', end: 'now()', step: '1m' } },
  ],
  invalid: [
    { configuration: { project, query, timeout: 0 }, field: 'timeout' },
    { configuration: { project, query, rangeQuery: { start: 'now()', end: 'now()' } }, field: 'rangeQuery.step' },
    { configuration: { project, query: ' ' }, field: 'query' },
    { configuration: { project: '../../other', query: ' ' }, field: 'project' },
  ],
  window: () => window,
  answer: ({ id }) => {
    const result = [{ metric: {}, value: [60, '0.5'] }];
    const body = JSON.stringify({ status: 'success', data: { resultType: 'vector', result } });
    return { kind: 'answer', id, status: 200, contentType: 'application/json', body };
  },
  roundsMax: 1,
  outcome: (outcome) => assert.deepEqual(outcome, { kind: 'sample', value: [0.5] }),
});

playPairs(googleCloudMonitoring, 'google-cloud-monitoring.json');
