import assert from 'node:assert/strict';
import { describe, it } from 'node:test';

import type { MetricWindow } from '../../../src/providers/metrics/contract.ts';
import { newRelic } from '../../../src/providers/metrics/new-relic.ts';
import { firstPage } from '../../../src/providers/metrics/query-provider.ts';
import { metricProviderSuite } from '../../contract/metric-provider.ts';
import { playPairs } from './play-pairs.ts';

const secret = { 'personal-api-key': 'NRAK-1', 'account-id': '123' };
const window: MetricWindow = { nowMs: 60_000, startedAtMs: 60_000, mode: 'inline', targets: [], secret };
const query = 'SELECT count(*) FROM Transaction';

metricProviderSuite(newRelic, {
  valid: [{ query }, { query, profile: 'other', timeout: '70' }],
  invalid: [
    { configuration: { query, timeout: 600 }, field: 'timeout' },
    { configuration: { query, profile: 7 }, field: 'profile' },
    { configuration: { query: ' ' }, field: 'query' },
  ],
  window: () => window,
  answer: ({ id }) => {
    const body = JSON.stringify({ data: { actor: { account: { nrql: { results: [{ count: 3 }] } } } } });
    return { kind: 'answer', id, status: 200, contentType: 'application/json', body };
  },
  roundsMax: 1,
  outcome: (outcome) => assert.deepEqual(outcome, { kind: 'sample', value: { count: 3 } }),
});

playPairs(newRelic, 'new-relic.json');

describe('a New Relic metric', () => {
  it('names what is wrong with its Secret, without the key', () => {
    for (const [wrong, message] of [
      [{ region: 'mars' }, /"region" of the Secret must be one of us, eu, jp/],
      [{ 'account-id': '12a' }, /"account-id" of the Secret must be a number/],
      [{ 'base-url-nerdgraph': 'proxy.example' }, /"base-url-nerdgraph" of the Secret must be a URL/],
    ] as const) {
      const parsed = newRelic.parse({ query });
      assert.ok(parsed.ok);
      const bad = { ...window, secret: { ...secret, ...wrong } };
      assert.deepEqual(newRelic.requests(parsed.value, bad, firstPage), []);
      const { outcome } = newRelic.fold(parsed.value, bad, firstPage, []);
      assert.ok(outcome.kind === 'error' && message.test(outcome.message), JSON.stringify(outcome));
    }
  });

  it('needs the Secret "newrelic" unless a profile names another', () => {
    for (const [configuration, name] of [
      [{ query }, 'newrelic'],
      [{ query, profile: 'eu' }, 'eu'],
    ] as const) {
      const parsed = newRelic.parse(configuration);
      assert.ok(parsed.ok);
      const reference = newRelic.secret?.(parsed.value, firstPage);
      assert.deepEqual([reference?.name, reference?.place], [name, 'controller']);
    }
  });
});
