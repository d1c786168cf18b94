import assert from 'node:assert/strict';
import { describe, it } from 'node:test';

import { recordMeasurement } from '../../../src/analysis/record-measurement.ts';
import type { Json } from '../../../src/api/object.ts';
import { metadataBytesMax, type MetricOutcome, type MetricWindow } from '../../../src/providers/metrics/contract.ts';
import { createPrometheus, prometheus } from '../../../src/providers/metrics/prometheus.ts';
import { metricProviderSuite } from '../../contract/metric-provider.ts';
import { playPairs } from './play-pairs.ts';

const nowMs = Date.parse('2026-11-25T12:00:00Z');
const at = nowMs / 1000;
const window: MetricWindow = { nowMs, startedAtMs: nowMs, mode: 'inline', targets: [] };
const address = 'http://prometheus.example:9090';
const query = 'sum(rate(errors[1m]))';
const rangeQuery = { start: 'now() - duration("10m")', end: 'now()', step: '30s' };
const vectorOf = (...values: readonly string[]): Json => ({
  status: 'success',
  data: { resultType: 'vector', result: values.map((value) => ({ metric: { pod: value }, value: [at, value] })) },
});

metricProviderSuite(prometheus, {
  valid: [
    { address, query },
    {
      address: 'https://prometheus.example/prefix/',
      query,
      rangeQuery,
      timeout: 40,
      insecure: true,
      headers: [{ key: 'X-Scope-OrgID', value: 'tenant_a' }],
      authentication: { basicAuth: { username: 'u', password: 'p' } },
    },
    { address, query: 'x'.repeat(20_000), authentication: { sigv4: { region: 'eu-west-1', roleArn: 'arn:aws:iam' } } },
    { address, query, authentication: { sigv4: { profile: 'p' } } },
  ],
  invalid: [
    { configuration: { address, query: ' ' }, field: 'query' },
    { configuration: { address, query, timeout: -1 }, field: 'timeout' },
    { configuration: { address, query, insecure: 1 }, field: 'insecure' },
    { configuration: { address, query, rangeQuery: { ...rangeQuery, start: '1h' } }, field: 'rangeQuery.start' },
    { configuration: { address, query, rangeQuery: { ...rangeQuery, end: '"now"' } }, field: 'rangeQuery.end' },
    { configuration: { address, query, rangeQuery: { start: 'now()', end: 'now()' } }, field: 'rangeQuery.step' },
    { configuration: { address, query, headers: { key: 'a' } }, field: 'headers' },
    {
      configuration: { address, query, authentication: { sigv4: { region: 'evil.example/' } } },
      field: 'authentication.sigv4.region',
    },
    { configuration: { address: 'prometheus:9090' }, field: 'address' },
    { configuration: { query: '', address: '' }, field: 'address' },
  ],
  window: () => window,
  answer: ({ id }) => ({ kind: 'answer', id, status: 200, contentType: '', body: JSON.stringify(vectorOf('0.25')) }),
  roundsMax: 1,
  outcome: (outcome) => assert.deepEqual(outcome, { kind: 'sample', value: [0.25] }),
});

playPairs(prometheus, 'prometheus.json');

describe('a Prometheus query', () => {
  it('is evaluated for the moment at which it arrives', () => {
    const [request] = requestsOf({ address: 'https://prometheus.example/prefix/?tenant=a', query: ' up\n' });
    assert.deepEqual(request, {
      kind: 'prometheus',
      id: 'query',
      address: 'https://prometheus.example/prefix/?tenant=a',
      query: 'up',
      headers: {},
      timeoutMs: 30_000,
      bodyBytesMax: 4_194_304,
    });
  });

  it('asks for a range between times that are worked out anew', () => {
    const [request] = requestsOf({ address, query: 'up', rangeQuery });
    assert.ok(request !== undefined && 'kind' in request);
    assert.deepEqual(request.range, { startMs: nowMs - 600_000, endMs: nowMs, stepMs: 30_000 });
    const turned = { start: 'now()', end: 'now() - duration("1s")', step: '1s' };
    assert.deepEqual(requestsOf({ address, query: 'up', rangeQuery: turned }), []);
    const outcome = measure({ address, query: 'up', rangeQuery: turned }, undefined);
    assert.ok(outcome.kind === 'error' && /start is later/.test(outcome.message));
  });

  it('carries its credentials', () => {
    const [basic] = requestsOf({ address, query, authentication: { basicAuth: { username: 'u', password: 'p:ü' } } });
    assert.equal(basic?.headers['authorization'], `Basic ${Buffer.from('u:p:ü').toString('base64')}`);
    const sigv4 = { region: 'eu-west-1', profile: '', roleArn: 'arn:aws:iam::1:role/r' };
    const [signed] = requestsOf({ address, query, authentication: { sigv4 } });
    const { signing } = signed ?? {};
    assert.deepEqual(signing, { kind: 'sigv4', service: 'aps', region: 'eu-west-1', roleArn: sigv4.roleArn });
    const oauth2 = { tokenUrl: 'https://id.example/token', clientId: 'i', clientSecret: 's' };
    const [token] = requestsOf({ address, query, insecure: true, authentication: { oauth2 } });
    assert.ok(token !== undefined && 'url' in token);
    assert.deepEqual([token.url, token.insecure, token.timeoutMs], [oauth2.tokenUrl, true, 30_000]);
  });

  it('goes to the address that the controller sets when it names none', () => {
    const parsed = createPrometheus({ address }).parse({ query });
    assert.ok(parsed.ok && parsed.value.address.href === `${address}/`);
  });

  it('keeps the query for whoever looks at the run, within bounds', () => {
    const parsed = prometheus.parse({ address, query: `up${'ü'.repeat(20_000)}` });
    assert.ok(parsed.ok);
    const stored = prometheus.store(parsed.value, prometheus.start(parsed.value, window));
    assert.deepEqual(Object.keys(stored), ['ResolvedPrometheusQuery']);
    assert.ok(Buffer.byteLength(stored['ResolvedPrometheusQuery'] ?? '') < metadataBytesMax);
    assert.match(stored['ResolvedPrometheusQuery'] ?? '', /^upü+…$/);
  });
});

/** Answers as "HTTP API" of the Prometheus documentation describes them. */
describe('an answer of Prometheus', () => {
  const success = (resultType: string, result: Json, more: Json = {}): Json => ({
    status: 'success',
    data: { resultType, result },
    ...(more as object),
  });

  const samples: readonly (readonly [what: string, answer: Json, value: Json])[] = [
    ['a scalar', success('scalar', [at, '1.5']), 1.5],
    ['a scalar that is not a number', success('scalar', [at, 'NaN']), Number.NaN],
    ['a vector', vectorOf('1', '-2.5', '1e+06', '3e-07'), [1, -2.5, 1e6, 3e-7]],
    ['values that are no numbers', vectorOf('NaN', '+Inf', '-Inf'), [Number.NaN, Infinity, -Infinity]],
    [
      'a matrix',
      success('matrix', [
        {
          metric: {},
          values: [
            [at - 30, '1'],
            [at, '2'],
          ],
        },
        { metric: { a: 'b' }, values: [[at, '+Inf']] },
      ]),
      [1, 2, Infinity],
    ],
  ];
  for (const [what, answer, value] of samples) {
    it(`with ${what} is a sample`, () => {
      assert.deepEqual(measure({ address, query }, { status: 200, body: answer }), { kind: 'sample', value });
    });
  }

  it('without series is no data, which conditions see as an empty list', () => {
    const outcome = measure({ address, query }, { status: 200, body: vectorOf() });
    assert.ok(outcome.kind === 'noData' && Array.isArray(outcome.value) && outcome.value.length === 0);
    assert.equal(phaseOf(outcome, 'result[0] < 5'), 'Error');
    assert.equal(phaseOf(outcome, 'all(result, # < 5)'), 'Error');
    assert.equal(phaseOf(outcome, 'len(result) == 0 || result[0] < 5'), 'Successful');
  });

  it('that is not a number is no success', () => {
    const outcome = measure({ address, query }, { status: 200, body: vectorOf('NaN') });
    assert.equal(phaseOf(outcome, undefined), 'Error');
    assert.equal(phaseOf(outcome, 'result[0] < 5'), 'Failed');
    assert.equal(phaseOf(outcome, 'isNaN(result[0]) || result[0] < 5'), 'Successful');
  });

  it('shows its value as Prometheus writes it', () => {
    const outcome = measure({ address, query }, { status: 200, body: vectorOf('NaN', '+Inf', '-Inf', '0.5') });
    const result = recordMeasurement(metric('isInf(result[1])'), undefined, reportOf(outcome), false);
    assert.equal(result.measurements?.[0]?.value, '[NaN,+Inf,-Inf,0.5]');
  });

  it('that brings warnings shows them, and says them again when the result is bad', () => {
    const warned = success('vector', [{ metric: {}, value: [at, '9'] }], { warnings: ['a "b"'], infos: ['c'] });
    const outcome = measure({ address, query }, { status: 200, body: warned });
    assert.deepEqual(outcome, { kind: 'sample', value: [9], metadata: { warnings: '"a "b"", "c"' } });
    const [measured] =
      recordMeasurement(metric('result[0] < 5'), undefined, reportOf(outcome), false).measurements ?? [];
    assert.deepEqual(measured?.metadata, { warnings: '"a "b"", "c"' });
    assert.equal(measured?.message, 'the source warns: "a "b"", "c"');
    const [good] = recordMeasurement(metric('result[0] > 5'), undefined, reportOf(outcome), false).measurements ?? [];
    assert.equal(good?.message, undefined);
  });

  it('from a clock that differs is marked', () => {
    const late = success('vector', [{ metric: {}, value: [at + 90, '1'] }]);
    const outcome = measure({ address, query }, { status: 200, body: late });
    assert.ok(outcome.kind === 'sample');
    assert.match(outcome.metadata?.['warnings'] ?? '', /the clock of Prometheus is 1m30s ahead of/);
  });

  const problems: readonly (readonly [what: string, status: number, body: Json | string, message: RegExp])[] = [
    [
      'a query that cannot be parsed',
      400,
      { status: 'error', errorType: 'bad_data', error: 'invalid parameter "query": 1:6: parse error' },
      /^bad_data: invalid parameter "query": 1:6: parse error$/,
    ],
    [
      'a query that takes too long',
      503,
      { status: 'error', errorType: 'timeout', error: 'timed out' },
      /^timeout: timed out$/,
    ],
    ['an error without words', 500, { status: 'error' }, /^Prometheus answered with status 500$/],
    ['the page of a proxy', 502, '<html>', /status 502 and no JSON/],
    ['an empty page', 401, '', /status 401 and no JSON/],
    ['success with a bad status', 500, vectorOf('1'), /status 500/],
    ['a text', 200, success('string', [at, 'up']), /a text, and not a number/],
    ['another type', 200, success('table', []), /"table"/],
    ['a broken sample', 200, success('vector', [{ metric: {}, value: [at, 'many'] }]), /"many"/],
    ['a scalar without a value', 200, success('scalar', null), /instead of a sample/],
    [
      'a native histogram',
      200,
      success('vector', [{ metric: { __name__: 'h', a: 'b' }, histogram: [at, { count: '3', sum: '1.5' }] }]),
      /^h\{a="b"\} is a native histogram; .*histogram_quantile/,
    ],
    [
      'native histograms of a range',
      200,
      success('matrix', [{ metric: { __name__: 'h' }, histograms: [[at, { count: '3', sum: '1.5' }]] }]),
      /native histogram/,
    ],
  ];
  for (const [what, status, body, message] of problems) {
    it(`with ${what} is an error`, () => {
      const outcome = measure({ address, query }, { status, body });
      assert.ok(outcome.kind === 'error' && message.test(outcome.message), JSON.stringify(outcome));
    });
  }
});

function metric(successCondition: string | undefined) {
  return { name: 'm', provider: { prometheus: {} }, ...(successCondition === undefined ? {} : { successCondition }) };
}

function reportOf(outcome: MetricOutcome) {
  assert.ok(outcome.kind === 'sample' || outcome.kind === 'noData');
  const metadata = outcome.metadata === undefined ? {} : { metadata: outcome.metadata };
  return { metric: 'm', startedAtMs: nowMs, finishedAtMs: nowMs, outcome, ...metadata };
}

function phaseOf(outcome: MetricOutcome, condition: string | undefined): string | undefined {
  return recordMeasurement(metric(condition), undefined, reportOf(outcome), false).measurements?.[0]?.phase;
}

function requestsOf(configuration: Json) {
  const parsed = prometheus.parse(configuration);
  assert.ok(parsed.ok, JSON.stringify(parsed));
  return prometheus.requests(parsed.value, window, prometheus.start(parsed.value, window));
}

function measure(
  configuration: Json,
  given: { readonly status: number; readonly body: Json | string } | undefined,
): MetricOutcome {
  const parsed = prometheus.parse(configuration);
  assert.ok(parsed.ok, JSON.stringify(parsed));
  const body = typeof given?.body === 'string' ? given.body : JSON.stringify(given?.body);
  const status = given?.status ?? 0;
  const response = { kind: 'answer', id: 'query', status, contentType: 'application/json', body } as const;
  const state = prometheus.start(parsed.value, window);
  return prometheus.fold(parsed.value, window, state, given === undefined ? [] : [response]).outcome;
}
