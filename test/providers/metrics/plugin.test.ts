import assert from 'node:assert/strict';
import { describe, it } from 'node:test';

import type { Json } from '../../../src/api/object.ts';
import type { MetricOutcome, MetricResponse, MetricWindow } from '../../../src/providers/metrics/contract.ts';
import { createPluginProvider } from '../../../src/providers/metrics/plugin.ts';
import { metricProviderSuite } from '../../contract/metric-provider.ts';

const name = 'example.com/errors';
const provider = createPluginProvider(name);
const window: MetricWindow = { nowMs: 60_000, startedAtMs: 60_000, mode: 'inline', targets: [] };
const statusKey = 'sluice.dev/plugin-status';

metricProviderSuite(provider, {
  valid: [{ query: 'errors' }, {}, null, [1]],
  invalid: [],
  window: () => window,
  answer: ({ id }) => answer(id, { value: 0.5 }),
  roundsMax: 1,
  outcome: (outcome) => assert.deepEqual(outcome, { kind: 'sample', value: 0.5 }),
});

describe('a metric plug-in', () => {
  it('is told its configuration, and what it has asked to be told again', () => {
    const config = { query: 'errors' };
    const first = provider.start(config, window);
    assert.deepEqual(provider.requests(config, window, first), [
      { kind: 'plugin', id: 'plugin', plugin: name, config, status: null },
    ]);
    const going = fold({ phase: 'Running', resumeAfter: '15s', status: { page: 2 }, message: 'half' });
    const metadata = { [statusKey]: '{"page":2}' };
    assert.deepEqual(going.outcome, { kind: 'observing', resumeAtMs: 75_000, value: '', message: 'half', metadata });
    assert.deepEqual(provider.requests(config, window, going.state)[0]?.status, { page: 2 });
    const fresh = provider.start(config, { ...window, kept: metadata });
    assert.deepEqual(fresh, { status: { page: 2 } });
  });

  const outcomes: readonly (readonly [what: string, answer: Json, outcome: MetricOutcome])[] = [
    [
      'a value of any form',
      { value: { b: [1], a: 'x' }, metadata: { at: 'noon' } },
      { kind: 'sample', value: { a: 'x', b: [1] }, metadata: { at: 'noon' } },
    ],
    ['no data', { noData: 'nothing was sent' }, { kind: 'noData', reason: 'nothing was sent' }],
    ['a value that is null', { value: null }, { kind: 'noData', reason: 'its value is null' }],
    [
      'a verdict',
      { phase: 'Inconclusive', result: '7 of 9', message: 'too few requests' },
      { kind: 'verdict', phase: 'Inconclusive', value: '7 of 9', message: 'too few requests' },
    ],
    [
      'a verdict without words',
      { phase: 'Failed' },
      { kind: 'verdict', phase: 'Failed', value: 'Failed', message: 'it says Failed' },
    ],
    ['an error', { error: 'the store is closed' }, errorOf('the store is closed')],
    [
      'two answers at once',
      { value: 1, phase: 'Successful' },
      errorOf('its answer must have one of value, noData, phase, error'),
    ],
    ['nothing', {}, errorOf('its answer must have one of value, noData, phase, error')],
    ['a list', [1], errorOf('its answer is no JSON object')],
    [
      'a phase that is none',
      { phase: 'Done' },
      errorOf('its phase must be one of Running, Successful, Failed, Inconclusive'),
    ],
    ['a wait without a unit', { phase: 'Running', resumeAfter: '15' }, errorOf(/resumeAfter: "15" is not a duration/)],
    [
      'a long status',
      { phase: 'Running', resumeAfter: '1s', status: 'x'.repeat(3000) },
      errorOf('its status is longer than 2048 bytes'),
    ],
    [
      'long metadata',
      { value: 1, metadata: { a: 'x'.repeat(2000) } },
      errorOf('its metadata is longer than 1024 bytes'),
    ],
  ].map(([what, given, outcome]) => [what, given, outcome] as [string, Json, MetricOutcome]);
  for (const [what, given, expected] of outcomes) {
    it(`may answer with ${what}`, () => {
      const { outcome } = fold(given);
      if (expected.kind === 'error' && expected.message.startsWith('/')) {
        assert.ok(outcome.kind === 'error' && outcome.message.includes(expected.message.slice(1, -1)));
      } else assert.deepEqual(outcome, expected);
    });
  }

  it('is not waited for longer than an hour at a time, nor asked all the time', () => {
    const after = (resumeAfter: string): number => {
      const { outcome } = fold({ phase: 'Running', resumeAfter });
      return outcome.kind === 'observing' ? outcome.resumeAtMs - window.nowMs : 0;
    };
    assert.deepEqual([after('0s'), after('48h')], [1000, 3_600_000]);
  });

  it('is an error when it does not answer, or with another status', () => {
    const failure = { kind: 'failure', id: 'plugin', code: 'Timeout', message: 'no answer within 5 ms' } as const;
    for (const [response, message] of [
      [failure, `the plug-in ${name}: no answer within 5 ms`],
      [{ ...answer('plugin', {}), status: 503 }, `the plug-in ${name} answered with status 503`],
    ] as const) {
      const { outcome } = provider.fold({}, window, { status: null }, [response]);
      assert.equal(outcome.kind === 'error' ? outcome.message : '', message);
    }
  });
});

function fold(body: Json): ReturnType<typeof provider.fold> {
  return provider.fold({}, window, { status: null }, [answer('plugin', body)]);
}

function answer(id: string, body: Json): Extract<MetricResponse, { kind: 'answer' }> {
  return { kind: 'answer', id, status: 200, contentType: 'application/json', body: JSON.stringify(body) };
}

function errorOf(message: string | RegExp): MetricOutcome {
  const text = typeof message === 'string' ? `the plug-in ${name}: ${message}` : String(message);
  return { kind: 'error', code: 'MetricUnreachable', message: text };
}
