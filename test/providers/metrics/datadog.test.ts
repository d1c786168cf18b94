import assert from 'node:assert/strict';
import { describe, it } from 'node:test';

import type { MetricWindow } from '../../../src/providers/metrics/contract.ts';
import { groupMetadata } from '../../../src/providers/metrics/datadog-groups.ts';
import { datadog } from '../../../src/providers/metrics/datadog.ts';
import { firstPage } from '../../../src/providers/metrics/query-provider.ts';
import { metricProviderSuite } from '../../contract/metric-provider.ts';
import { playPairs } from './play-pairs.ts';

const secret = { 'api-key': 'k1', 'app-key': 'k2' };
const window: MetricWindow = { nowMs: 600_000, startedAtMs: 600_000, mode: 'inline', targets: [], secret };
const queries = { a: 'sum:a{*}', b: 'sum:b{*}' };

metricProviderSuite(datadog, {
  valid: [
    { query: 'avg:a{*}' },
    { apiVersion: 'v2', interval: '10m', queries, formula: 'a / b', aggregator: 'sum', requestTimeout: '30s' },
    { apiVersion: 'v2', queries: { 'any name': 'avg:a{*}' }, secretRef: { name: 'keys', namespaced: true } },
  ],
  invalid: [
    { configuration: { query: 'a', interval: '5' }, field: 'interval' },
    { configuration: { query: 'a', interval: '0s' }, field: 'interval' },
    { configuration: { query: 'a', requestTimeout: '2m' }, field: 'requestTimeout' },
    { configuration: { query: 'a', formula: 'a' }, field: 'formula' },
    { configuration: { query: 'a', aggregator: 'first' }, field: 'aggregator' },
    { configuration: { query: 'a', queries: { a: '' } }, field: 'queries' },
    { configuration: { query: 'a', secretRef: { namespaced: true } }, field: 'secretRef.name' },
    { configuration: { query: 'a', apiVersion: 'v3' }, field: 'apiVersion' },
    { configuration: { query: '' }, field: 'query' },
  ],
  window: () => window,
  answer: ({ id }) => {
    const body = JSON.stringify({ status: 'ok', series: [{ pointlist: [[540_000, 0.5]] }] });
    return { kind: 'answer', id, status: 200, contentType: 'application/json', body };
  },
  roundsMax: 1,
  outcome: (outcome) => assert.deepEqual(outcome, { kind: 'sample', value: 0.5 }),
});

playPairs(datadog, 'datadog.json');

describe('a Datadog metric', () => {
  it('needs a formula for several queries, of names that can stand in one', () => {
    const v2 = { apiVersion: 'v2' };
    for (const [configuration, field, detail] of [
      [{ ...v2, queries }, 'formula', /several queries need a formula/],
      [{ ...v2, queries: { 'a-b': 'x', c: 'y' }, formula: 'a-b / c' }, 'queries', /"a-b" cannot stand in a formula/],
      [{ ...v2, query: 'a', formula: 'a' }, 'formula', /needs queries with names/],
      [{ ...v2, query: 'a', queries }, 'queries', /leave one of them/],
      [{ ...v2 }, 'query', /give a query/],
      [{ query: 'a', queries, apiVersion: 'v1' }, 'queries', /only apiVersion v2/],
    ] as const) {
      const parsed = datadog.parse(configuration);
      assert.ok(!parsed.ok);
      const found = parsed.error.find((error) => error.field === field);
      assert.match(found?.detail ?? '', detail);
    }
  });

  it('waits ten seconds for an answer, or as long as the metric says', () => {
    for (const [more, timeoutMs] of [
      [{}, 10_000],
      [{ requestTimeout: '45s' }, 45_000],
      [{ requestTimeout: '250ms', apiVersion: 'v2' }, 250],
    ] as const) {
      const parsed = datadog.parse({ query: 'avg:a{*}', ...more });
      assert.ok(parsed.ok);
      const [request] = datadog.requests(parsed.value, window, datadog.start(parsed.value, window));
      assert.equal(request?.timeoutMs, timeoutMs);
    }
  });

  it('names the Secret it needs', () => {
    assert.deepEqual(secretOf({}), { name: 'datadog', place: 'controller' });
    assert.deepEqual(secretOf({ secretRef: { name: 'eu' } }), { name: 'eu', place: 'controller' });
    assert.deepEqual(secretOf({ secretRef: { name: 'own', namespaced: true } }), { name: 'own', place: 'run' });
  });

  it('does not show an address that is none', () => {
    const parsed = datadog.parse({ query: 'a' });
    assert.ok(parsed.ok);
    const bad = { ...window, secret: { ...secret, address: 'ftp://user:secret@datadog' } };
    assert.deepEqual(datadog.requests(parsed.value, bad, firstPage), []);
    const message = 'the key "address" of the Secret must be a URL that begins with http:// or https://';
    assert.deepEqual(datadog.fold(parsed.value, bad, firstPage, []).outcome, {
      kind: 'error',
      code: 'MetricUnreachable',
      message,
    });
  });

  it('is an error when the answer is not what is described', () => {
    for (const [apiVersion, body] of [
      ['v1', { series: [{ pointlist: [[1, 'many']] }] }],
      ['v1', { status: 'ok' }],
      ['v2', { data: { attributes: { columns: [{ values: 'invalid' }] } } }],
      ['v2', { data: { attributes: { columns: [{ values: ['1'] }] } } }],
      ['v2', { data: { attributes: {} } }],
      ['v2', { errors: 'a timeout', data: null }],
    ] as const) {
      const parsed = datadog.parse({ apiVersion, query: 'a' });
      assert.ok(parsed.ok);
      const answer = { kind: 'answer', id: 'query', status: 200, contentType: '', body: JSON.stringify(body) } as const;
      assert.equal(datadog.fold(parsed.value, window, firstPage, [answer]).outcome.kind, 'error', JSON.stringify(body));
    }
  });
});

describe('the groups of a Datadog metric', () => {
  const column = (...values: readonly unknown[]) => ({ type: 'group', values });

  it('have the values of all tags as their name', () => {
    const columns = [column(['prod'], ['test']), column(['GET /a'], ['GET /b'])];
    const groups = JSON.stringify([{ name: 'test,GET /b', value: 3 }]);
    assert.deepEqual(groupMetadata(columns, [null, 3]), { groups });
  });

  it('are the highest ones when there are many, and fit into a status', () => {
    const names = Array.from({ length: 500 }, (_, index) => [`endpoint-${index}`]);
    const { groups = '', groups_truncated: isTruncated } = groupMetadata(
      [column(...names)],
      names.map((_, index) => index),
    );
    assert.equal(isTruncated, 'true');
    assert.ok(groups.startsWith('[{"name":"endpoint-499","value":499}') && Buffer.byteLength(groups) <= 2500);
  });
});

function secretOf(configuration: object): unknown {
  const parsed = datadog.parse({ query: 'a', ...configuration });
  assert.ok(parsed.ok);
  const { name, place } = datadog.secret?.(parsed.value, firstPage) ?? {};
  return { name, place };
}
