import assert from 'node:assert/strict';
import { describe, it } from 'node:test';

import type { MetricWindow } from '../../../src/providers/metrics/contract.ts';
import { firstPage } from '../../../src/providers/metrics/query-provider.ts';
import { wavefront } from '../../../src/providers/metrics/wavefront.ts';
import { metricProviderSuite } from '../../contract/metric-provider.ts';
import { playPairs } from './play-pairs.ts';

const address = 'example.wavefront.com';
const secret = { [address]: 'W1' };
const window: MetricWindow = { nowMs: 60_000, startedAtMs: 60_000, mode: 'inline', targets: [], secret };
const query = 'ts(requests.errors)';

metricProviderSuite(wavefront, {
  valid: [{ address, query }],
  invalid: [
    { configuration: { address, query: '' }, field: 'query' },
    { configuration: { address: 'https://example.wavefront.com', query: '' }, field: 'address' },
  ],
  window: () => window,
  answer: ({ id }) => {
    const body = JSON.stringify({ query, timeseries: [{ label: 'a', data: [[58, 0.5]] }] });
    return { kind: 'answer', id, status: 200, contentType: 'application/json', body };
  },
  roundsMax: 1,
  outcome: (outcome) =>
    assert.deepEqual(outcome, { kind: 'sample', value: 0.5, metadata: { timestamps: '58', drift: '-2' } }),
});

playPairs(wavefront, 'wavefront.json');

describe('a Wavefront metric', () => {
  it('sends a token only to the host that it is for', () => {
    for (const wrong of ['a.example/path', 'a.example:8443', 'user@a.example', 'a.example#', 'a example', '-a', '']) {
      assert.ok(!wavefront.parse({ address: wrong, query }).ok, wrong);
    }
    const parsed = wavefront.parse({ address, query });
    assert.ok(parsed.ok);
    assert.deepEqual(wavefront.secret?.(parsed.value, firstPage), {
      name: 'wavefront-api-tokens',
      place: 'controller',
      required: [address],
    });
  });

  it('is an error when the answer is not what is described', () => {
    const parsed = wavefront.parse({ address, query });
    assert.ok(parsed.ok);
    for (const body of ['{}', '{"timeseries":[{"data":[["a",1]]}]}', '{"timeseries":[{"data":[[1]]}]}', '[1]']) {
      const answer = { kind: 'answer', id: 'query', status: 200, contentType: '', body } as const;
      assert.equal(wavefront.fold(parsed.value, window, firstPage, [answer]).outcome.kind, 'error', body);
    }
  });
});
