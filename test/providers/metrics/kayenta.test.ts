import assert from 'node:assert/strict';
import { describe, it } from 'node:test';

import type { MetricResponse, MetricWindow } from '../../../src/providers/metrics/contract.ts';
import { kayenta } from '../../../src/providers/metrics/kayenta.ts';
import { metricProviderSuite } from '../../contract/metric-provider.ts';
import { playPairs } from './play-pairs.ts';

const scope = { scope: 'app=shop', region: '', step: 60, start: '2026-11-25T09:00:00Z', end: '2026-11-25T10:00:00Z' };
const configuration = {
  address: 'https://kayenta.example',
  application: 'shop',
  canaryConfigName: 'golden',
  metricsAccountName: 'prometheus',
  configurationAccountName: 'config',
  storageAccountName: 'storage',
  threshold: { pass: 90, marginal: '75' },
  scopes: [{ name: 'default', controlScope: scope, experimentScope: scope }],
};
const window = (round: number): MetricWindow => ({
  nowMs: round * 15_000,
  startedAtMs: 0,
  mode: 'inline',
  targets: [],
});

metricProviderSuite(kayenta, {
  valid: [configuration],
  invalid: [
    { configuration: { ...configuration, threshold: { pass: 70, marginal: 75 } }, field: 'threshold.marginal' },
    { configuration: { scopes: [] }, field: 'scopes' },
    { configuration: { application: '' }, field: 'application' },
    { configuration: { address: 'kayenta' }, field: 'address' },
  ],
  window,
  answer: ({ id, url, method }) => answer(id, bodyFor(url, method ?? 'GET')),
  roundsMax: 3,
  outcome: (outcome) => assert.ok(outcome.kind === 'verdict' && outcome.phase === 'Successful'),
});

playPairs(kayenta, 'kayenta.json');

describe('a judgement by Kayenta', () => {
  it('names the field of a scope that is wrong', () => {
    const item = { name: 'default', controlScope: { ...scope, end: '' }, experimentScope: { ...scope, step: 'long' } };
    const parsed = kayenta.parse({ ...configuration, scopes: [item] });
    assert.ok(!parsed.ok);
    const fields = parsed.error.map(({ field }) => field);
    assert.deepEqual(fields, ['scopes[0].controlScope.end', 'scopes[0].experimentScope.step']);
  });

  it('is gone on with by a fresh process, and not started again', () => {
    const parsed = kayenta.parse(configuration);
    assert.ok(parsed.ok);
    const state = kayenta.start(parsed.value, { ...window(1), kept: { canaryExecutionId: '01/A' } });
    const [request] = kayenta.requests(parsed.value, window(1), state);
    assert.equal(request?.url, 'https://kayenta.example/canary/01%2FA?storageAccountName=storage');
  });

  it('waits for a Kayenta that does not answer, but not for ever', () => {
    const parsed = kayenta.parse(configuration);
    assert.ok(parsed.ok);
    let state = kayenta.start(parsed.value, { ...window(0), kept: { canaryExecutionId: '01' } });
    const kinds: string[] = [];
    for (let round = 0; round <= 4; round += 1) {
      const failure = { kind: 'failure', id: 'kayenta', code: 'Timeout', message: 'nobody answers' } as const;
      const folded = kayenta.fold(parsed.value, window(round), state, [failure]);
      kinds.push(folded.outcome.kind);
      ({ state } = folded);
    }
    assert.deepEqual(kinds, ['observing', 'observing', 'observing', 'observing', 'error']);
  });

  it('ends after a day', () => {
    const parsed = kayenta.parse(configuration);
    assert.ok(parsed.ok);
    const state = kayenta.start(parsed.value, { ...window(0), kept: { canaryExecutionId: '01' } });
    const late = { ...window(0), nowMs: 24 * 3_600_000 };
    const { outcome } = kayenta.fold(parsed.value, late, state, [answer('kayenta', { complete: false })]);
    assert.ok(outcome.kind === 'error' && outcome.message.includes('for a day'));
  });
});

function bodyFor(url: string, method: string): object {
  if (url.includes('/canaryConfig')) return [{ id: '7', name: 'golden' }];
  if (method === 'POST') return { canaryExecutionId: '01' };
  return { complete: true, result: { judgeResult: { score: { score: 95 } } } };
}

function answer(id: string, body: object): MetricResponse {
  return { kind: 'answer', id, status: 200, contentType: 'application/json', body: JSON.stringify(body) };
}
