import assert from 'node:assert/strict';
import { describe, it } from 'node:test';

import type { Json } from '../../../src/api/object.ts';
import type {
  MetricOutcome,
  MetricRequest,
  MetricResponse,
  MetricWindow,
  PrometheusRequest,
} from '../../../src/providers/metrics/contract.ts';
import { datadog } from '../../../src/providers/metrics/datadog.ts';
import { prometheus } from '../../../src/providers/metrics/prometheus.ts';
import { createSources } from '../../../src/providers/metrics/sources.ts';
import { wavefront } from '../../../src/providers/metrics/wavefront.ts';
import { web } from '../../../src/providers/metrics/web.ts';
import { metricProviderSuite } from '../../contract/metric-provider.ts';

const sources = createSources({ prometheus, datadog, wavefront, web });
const nowMs = 1_700_000_000_000;
const window: MetricWindow = {
  nowMs,
  startedAtMs: nowMs,
  mode: 'inline',
  targets: [
    { pod: 'web-new-1', role: 'canary', address: '', startedAtMs: 0, ready: true },
    { pod: 'web-old-1', role: 'stable', address: '', startedAtMs: 0, ready: true },
  ],
  revision: 'new',
  secret: { 'api-key': 'k1', 'app-key': 'k2' },
};
const first = { prometheus: { address: 'http://prometheus.example', query: 'errors' } };
const second = { web: { url: 'http://second.example/errors', jsonPath: '{$.errors}' } };

metricProviderSuite(sources, {
  valid: [
    { sources: [first, second] },
    { sources: [first], sampleAgeMax: '5m', clockDifferenceMax: '10s', revision: { label: 'pod', holds: 'podName' } },
    { sources: [{ datadog: { query: 'avg:a{*}' } }, first], onNoData: 'failed', onOutage: 'inconclusive' },
  ],
  invalid: [
    { configuration: { sources: [first, second], onNoData: 'successful' }, field: 'onNoData' },
    { configuration: { sources: [first, second], onOutage: 'pass' }, field: 'onOutage' },
    { configuration: { sources: [first, second], clockDifferenceMax: '0s' }, field: 'clockDifferenceMax' },
    { configuration: { sources: [first], revision: { holds: 'hash' } }, field: 'revision.label' },
    { configuration: { sources: [first, second], sampleAgeMax: 'old' }, field: 'sampleAgeMax' },
    { configuration: { sources: [] }, field: 'sources' },
  ].map(({ configuration, field }) => ({ configuration: configuration as Json, field })),
  window: () => window,
  answer: ({ id }) => answer(id, vectorOf([{}, '0.25'])),
  roundsMax: 1,
  outcome: (outcome) => assert.deepEqual(outcome, sampleOf([0.25], 'prometheus')),
});

describe('the configuration of sources', () => {
  it('names the field of a source that is wrong', () => {
    for (const [configuration, field] of [
      [{ sources: [{ prometheus: { address: 'http://a', query: '' } }] }, 'sources[0].prometheus.query'],
      [{ sources: [first, { web: { url: 'a' } }] }, 'sources[1].web.url'],
      [{ sources: [first, { job: {} }] }, 'sources[1].provider'],
      [{ sources: [{ ...first, ...second }] }, 'sources[0].provider'],
      [{ sources: [{ plugin: { 'sluice.dev/sources': { sources: [first] } } }] }, 'sources[0].plugin'],
      [{ sources: [first, second, first] }, 'sources'],
      [{ sources: [second], revision: { label: 'hash' } }, 'revision'],
      [{ sources: [first, second], sampleAgeMax: '5m' }, 'sampleAgeMax'],
    ] as const) {
      const parsed = sources.parse(configuration);
      assert.ok(!parsed.ok && parsed.error.some((error) => error.field === field), JSON.stringify(parsed));
    }
  });
});

describe('the second source', () => {
  it('is asked when the first does not answer, and the outage is told', () => {
    const outcome = play({ sources: [first, second] }, [failure, { errors: 3 }]);
    assert.deepEqual(outcome, sampleOf(3, 'web', 'prometheus: nobody answers'));
  });

  it('is asked when the first has no data', () => {
    const outcome = play({ sources: [first, second] }, [vectorOf(), { errors: 3 }]);
    assert.deepEqual(outcome, sampleOf(3, 'web', 'prometheus: the query found no series'));
  });

  it('is not asked when the first can be used', () => {
    const outcome = play({ sources: [first, second] }, [vectorOf([{}, '1'])]);
    assert.deepEqual(outcome, sampleOf([1], 'prometheus'));
  });

  it('needs its own Secret, and only when it is asked', () => {
    const parsed = sources.parse({ sources: [first, { datadog: { query: 'avg:a{*}' } }] });
    assert.ok(parsed.ok);
    const state = sources.start(parsed.value, window);
    assert.equal(sources.secret?.(parsed.value, state), undefined);
    const folded = sources.fold(parsed.value, window, state, []);
    assert.equal(folded.outcome.kind, 'again');
    assert.equal(sources.secret?.(parsed.value, folded.state)?.name, 'datadog');
  });
});

describe('a source whose Secret is not there', () => {
  it('gives way to the second one', () => {
    const parsed = sources.parse({ sources: [{ datadog: { query: 'avg:a{*}' } }, first] });
    assert.ok(parsed.ok);
    const { secret: _, ...facts } = window;
    const without = { ...facts, secretProblem: 'the Secret "datadog" does not exist' };
    const folded = sources.fold(parsed.value, without, sources.start(parsed.value, without), []);
    assert.deepEqual(folded.outcome, { kind: 'again' });
    assert.deepEqual(folded.state.problems, ['datadog: the Secret "datadog" does not exist']);
    assert.equal(sources.requests(parsed.value, facts, folded.state).length, 1);
  });
});

describe('a sample that cannot be right', () => {
  const only = { sources: [first] };
  const hash = { ...only, revision: { label: 'hash' } };
  for (const [what, configuration, given, message] of [
    ['too old', { ...only, sampleAgeMax: '5m' }, vectorAt(-301), /5m1s old, more than 5m/],
    ['older than ten minutes where nothing is set', only, vectorAt(-601), /old, more than 10m/],
    ['from the future', only, vectorAt(61), /its sample is 1m1s ahead of now/],
    ['of another revision', hash, vectorOf([{ hash: 'old' }, '1']), /a series has hash="old".* revision "new"/],
    ['of both revisions', hash, vectorOf([{ hash: 'new' }, '1'], [{ hash: 'old' }, '1']), /has hash="old"/],
    ['of a revision that is not told', hash, vectorOf([{}, '1']), /has no label "hash"/],
    [
      'without series',
      hash,
      { status: 'success', data: { resultType: 'scalar', result: [nowMs / 1000, '1'] } },
      /names no series/,
    ],
    [
      'of a stable pod',
      { ...only, revision: { label: 'pod', holds: 'podName' } },
      vectorOf([{ pod: 'web-old-1' }, '1']),
      /a series has pod="web-old-1"/,
    ],
  ] as const) {
    it(`is refused when it is ${what}`, () => {
      const outcome = play(configuration, [given]);
      assert.ok(outcome.kind === 'error' && message.test(outcome.message), JSON.stringify(outcome));
      const failed = play({ ...configuration, onNoData: 'failed' }, [given]);
      assert.ok(failed.kind === 'verdict' && failed.phase === 'Failed');
    });
  }

  it('is refused when the clock of its source differs', () => {
    const outcome = play(only, [vectorOf([{}, '1'])], { serverTimeMs: nowMs - 120_000 });
    assert.ok(outcome.kind === 'error');
    assert.match(outcome.message, /prometheus: its clock is 2m behind that of the controller/);
  });

  it('is used when everything is right', () => {
    const pod = { ...only, revision: { label: 'pod', holds: 'podName' } };
    assert.deepEqual(play(pod, [vectorOf([{ pod: 'web-new-1' }, '1'])]), sampleOf([1], 'prometheus'));
    assert.deepEqual(play(hash, [vectorOf([{ hash: 'new' }, '1'])]), sampleOf([1], 'prometheus'));
  });

  it('is not trusted when the run belongs to no revision', () => {
    const parsed = sources.parse(hash);
    assert.ok(parsed.ok);
    const { revision: _, ...alone } = window;
    const responses = [answer('query', vectorOf([{ hash: 'new' }, '1']))];
    const { outcome } = sources.fold(parsed.value, alone, sources.start(parsed.value, alone), responses);
    assert.ok(outcome.kind === 'error' && outcome.message.includes('belongs to no revision'));
  });
});

describe('a metric without a source that can be used', () => {
  it('has no data when all of them say so, and conditions may say what that means', () => {
    const outcome = play({ sources: [first, first] }, [vectorOf(), vectorOf()]);
    const reason = 'prometheus: the query found no series; prometheus: the query found no series';
    assert.deepEqual(outcome, { kind: 'noData', value: [], reason });
  });

  it('ends as its policy says, which is never a success', () => {
    const configuration = { sources: [first, second], onNoData: 'failed', onOutage: 'inconclusive' };
    const outage = play(configuration, [vectorOf(), failure]);
    assert.ok(outage.kind === 'verdict' && outage.phase === 'Inconclusive');
    const empty = play({ ...configuration, sources: [first] }, [vectorOf()]);
    assert.ok(empty.kind === 'verdict' && empty.phase === 'Failed');
    const plain = play({ sources: [first, second] }, [failure, failure]);
    assert.ok(plain.kind === 'error' && plain.message === 'prometheus: nobody answers; web: nobody answers');
  });
});

const failure = Symbol('failure');

function play(
  configuration: object,
  answers: readonly (Json | typeof failure)[],
  more: { readonly serverTimeMs?: number } = {},
): MetricOutcome {
  const parsed = sources.parse(configuration as Json);
  assert.ok(parsed.ok, JSON.stringify(parsed));
  let state = sources.start(parsed.value, window);
  for (const given of answers) {
    const requests: readonly (MetricRequest | PrometheusRequest)[] = sources.requests(parsed.value, window, state);
    const responses = requests.map(({ id }): MetricResponse =>
      given === failure
        ? { kind: 'failure', id, code: 'Timeout', message: 'nobody answers' }
        : { ...answer(id, given), ...more },
    );
    const folded = sources.fold(parsed.value, window, state, responses);
    ({ state } = folded);
    if (folded.outcome.kind !== 'again') return folded.outcome;
  }
  return assert.fail('there are too few answers');
}

function answer(id: string, body: Json): Extract<MetricResponse, { kind: 'answer' }> {
  return { kind: 'answer', id, status: 200, contentType: 'application/json', body: JSON.stringify(body) };
}

function sampleOf(value: Json, source: string, warnings?: string): MetricOutcome {
  return { kind: 'sample', value, metadata: { source, ...(warnings === undefined ? {} : { warnings }) } };
}

function vectorOf(...series: readonly (readonly [labels: Readonly<Record<string, string>>, value: string])[]): Json {
  const result = series.map(([metric, value]) => ({ metric, value: [nowMs / 1000, value] }));
  return { status: 'success', data: { resultType: 'vector', result } };
}

function vectorAt(seconds: number): Json {
  const result = [{ metric: {}, value: [nowMs / 1000 + seconds, '1'] }];
  return { status: 'success', data: { resultType: 'vector', result } };
}
