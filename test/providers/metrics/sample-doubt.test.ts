import assert from 'node:assert/strict';
import { describe, it } from 'node:test';

import type { MetricOutcome, MetricResponse, MetricWindow } from '../../../src/providers/metrics/contract.ts';
import { graphite } from '../../../src/providers/metrics/graphite.ts';
import { withDoubt } from '../../../src/providers/metrics/sample-doubt.ts';
import { web } from '../../../src/providers/metrics/web.ts';

const nowMs = 1_700_000_000_000;
const window: MetricWindow = { nowMs, startedAtMs: nowMs, mode: 'inline', targets: [] };
const sample: MetricOutcome = { kind: 'sample', value: [1] };

describe('a sample of a plain metric', () => {
  it('warns when it is older than ten minutes, where its source tells its time', () => {
    assert.deepEqual(withDoubt(sample, graphite, null, window, [rendered(-599)]), sample);
    const warnings = 'its sample is 10m1s old, more than 10m';
    assert.deepEqual(withDoubt(sample, graphite, null, window, [rendered(-601)]), {
      ...sample,
      metadata: { warnings },
    });
    assert.deepEqual(withDoubt(sample, web, null, window, [rendered(-601)]), sample);
  });

  it('warns when the clock of its source differs', () => {
    const behind = { ...rendered(0), serverTimeMs: nowMs - 61_000 };
    const outcome = withDoubt(sample, web, null, window, [behind]);
    assert.ok(outcome.kind === 'sample');
    assert.deepEqual(outcome.metadata, { warnings: 'its clock is 1m1s behind that of the controller' });
    assert.deepEqual(withDoubt(sample, web, null, window, [{ ...behind, serverTimeMs: nowMs + 59_000 }]), sample);
  });

  it('keeps what its source warns of, and other outcomes stay as they are', () => {
    const warned: MetricOutcome = { ...sample, metadata: { warnings: 'a' } };
    assert.deepEqual(withDoubt(warned, graphite, null, window, [rendered(-601)]), warned);
    const empty: MetricOutcome = { kind: 'noData', reason: 'nothing there' };
    assert.deepEqual(withDoubt(empty, graphite, null, window, [rendered(-601)]), empty);
  });
});

function rendered(seconds: number): Extract<MetricResponse, { kind: 'answer' }> {
  const body = JSON.stringify([{ target: 'a', datapoints: [[1, nowMs / 1000 + seconds]] }]);
  return { kind: 'answer', id: 'render', status: 200, contentType: 'application/json', body };
}
