import assert from 'node:assert/strict';
import { describe, it } from 'node:test';

import { evaluateConditions } from '../../../src/analysis/condition.ts';
import { cloudWatch, createCloudWatch } from '../../../src/providers/metrics/cloud-watch.ts';
import type { MetricWindow } from '../../../src/providers/metrics/contract.ts';
import { metricProviderSuite } from '../../contract/metric-provider.ts';
import { playPairs } from './play-pairs.ts';

const window: MetricWindow = { nowMs: 600_000, startedAtMs: 600_000, mode: 'inline', targets: [] };
const metricStat = { metric: { namespace: 'app', metricName: 'errors' }, period: 60, stat: 'Sum' };
const metricDataQueries = [{ id: 'errors', metricStat }];
const inEurope = createCloudWatch({ region: 'eu-west-1' });
const results = [{ Id: 'errors', Label: 'errors', StatusCode: 'Complete', Timestamps: [540], Values: [0.5] }];

metricProviderSuite(inEurope, {
  valid: [
    { metricDataQueries },
    { interval: '15m', metricDataQueries: [{ id: 'e', expression: 'a / b', period: '60' }] },
  ],
  invalid: [
    { configuration: { metricDataQueries, interval: 'now' }, field: 'interval' },
    { configuration: { metricDataQueries: [] }, field: 'metricDataQueries' },
  ],
  window: () => window,
  answer: ({ id }) => {
    const body = JSON.stringify({ MetricDataResults: results });
    return { kind: 'answer', id, status: 200, contentType: 'application/x-amz-json-1.0', body };
  },
  roundsMax: 1,
  outcome: (outcome) => {
    assert.ok(outcome.kind === 'sample');
    const condition = { successCondition: 'all(result[0].Values, {# <= 0.5})' };
    assert.equal(evaluateConditions(condition, outcome.value, 0).phase, 'Successful');
  },
});

playPairs(inEurope, 'cloud-watch.json');

describe('a CloudWatch metric', () => {
  it('names the field of a query that is wrong', () => {
    for (const [query, field] of [
      [{ id: 'Errors', expression: 'a' }, 'metricDataQueries[0].id'],
      [{ id: 'e' }, 'metricDataQueries[0].expression'],
      [{ id: 'e', expression: 'a', metricStat }, 'metricDataQueries[0].expression'],
      [{ id: 'e', metricStat: { ...metricStat, period: 'long' } }, 'metricDataQueries[0].metricStat.period'],
      [{ id: 'e', metricStat: { metric: { metricName: 'a' }, stat: 'Sum' } }, 'metricDataQueries[0].metricStat.period'],
      [{ id: 'e', metricStat: { ...metricStat, stat: '' } }, 'metricDataQueries[0].metricStat.stat'],
      [{ id: 'e', metricStat: { ...metricStat, metric: {} } }, 'metricDataQueries[0].metricStat.metric.metricName'],
    ] as const) {
      const parsed = cloudWatch.parse({ metricDataQueries: [query] });
      assert.ok(!parsed.ok && parsed.error.some((error) => error.field === field), JSON.stringify(parsed));
    }
  });

  it('needs a region of the controller, which is a part of the host', () => {
    for (const region of ['', 'eu-west-1.attacker.example/']) {
      const provider = createCloudWatch({ region });
      const parsed = provider.parse({ metricDataQueries });
      assert.ok(parsed.ok);
      assert.deepEqual(provider.requests(parsed.value, window, null), []);
      const { outcome } = provider.fold(parsed.value, window, null, []);
      assert.ok(outcome.kind === 'error' && outcome.message.includes('AWS_REGION'));
    }
    const china = createCloudWatch({ region: 'cn-north-1' });
    const parsed = china.parse({ metricDataQueries });
    assert.ok(parsed.ok);
    const [request] = china.requests(parsed.value, window, null);
    assert.equal(request?.url, 'https://monitoring.cn-north-1.amazonaws.com.cn/');
  });
});
