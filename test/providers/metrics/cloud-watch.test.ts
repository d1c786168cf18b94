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
      const state = provider.start(parsed.value, window);
      assert.deepEqual(provider.requests(parsed.value, window, state), []);
      const { outcome } = provider.fold(parsed.value, window, state, []);
      assert.ok(outcome.kind === 'error' && outcome.message.includes('AWS_REGION'));
    }
    const china = createCloudWatch({ region: 'cn-north-1' });
    const parsed = china.parse({ metricDataQueries });
    assert.ok(parsed.ok);
    const [request] = china.requests(parsed.value, window, china.start(parsed.value, window));
    assert.equal(request?.url, 'https://monitoring.cn-north-1.amazonaws.com.cn/');
  });

  it('gives up an answer that has ever more pages, with what to do', () => {
    const parsed = inEurope.parse({ metricDataQueries });
    assert.ok(parsed.ok);
    let state = inEurope.start(parsed.value, window);
    for (let page = 1; page <= 10; page += 1) {
      const [request] = inEurope.requests(parsed.value, { ...window, nowMs: 1000 * page + window.nowMs }, state);
      assert.match(request?.body ?? '', /"EndTime":601,/);
      const body = JSON.stringify({ MetricDataResults: results, NextToken: `page ${page}` });
      const answer = { kind: 'answer', id: request?.id ?? '', status: 200, contentType: '', body } as const;
      const folded = inEurope.fold(parsed.value, { ...window, nowMs: 1000 * page + window.nowMs }, state, [answer]);
      if (folded.outcome.kind === 'error') {
        assert.match(folded.outcome.message, /more than 4 pages: let the query find fewer values/);
        return;
      }
      assert.equal(folded.outcome.kind, 'again');
      ({ state } = folded);
    }
    assert.fail('it never gives up');
  });
});
