import assert from 'node:assert/strict';
import { describe, it } from 'node:test';

import * as fc from 'fast-check';

import { emptyTrail, extendTrail, trailPointsMax } from '../../../src/analysis/judge/evidence-trail.ts';
import type { Sample } from '../../../src/analysis/judge/exposition-line.ts';
import { latencyBoundaries } from '../../../src/analysis/judge/latency-boundaries.ts';
import { latencyMetric } from '../../../src/analysis/judge/metric-conventions.ts';
import { countUpTo, type NativeHistogram } from '../../../src/analysis/judge/native-histogram.ts';

const metric = latencyMetric({ name: 'd_seconds', matches: () => true });

function classic(counts: Readonly<Record<string, number>>, name = 'd_seconds'): readonly Sample[] {
  return Object.entries(counts).map(([le, value]) => ({
    name: `${name}_bucket`,
    labels: new Map([['le', le]]),
    value,
  }));
}

describe('boundaries of latency', () => {
  const defaults = { 0.01: 400, 0.05: 750, 0.1: 900, 0.25: 980, 0.5: 997, 1: 1000, 5: 1000, '+Inf': 1000 };

  it('are where the tail is, and the first one beyond it', () => {
    assert.deepEqual(latencyBoundaries(metric, [classic(defaults)]), [0.05, 0.1, 0.5, 1]);
  });

  it('are in seconds, whatever the unit', () => {
    const milliseconds = latencyMetric({ name: 'd_milliseconds', matches: () => true });
    const page = classic({ 10: 400, 50: 750, 250: 999, 1000: 1000, '+Inf': 1000 }, 'd_milliseconds');
    assert.deepEqual(latencyBoundaries(milliseconds, [page]), [0.05, 0.25, 1]);
  });

  it('are those that all pages have', () => {
    const other = { 0.02: 500, 0.1: 900, 0.3: 990, 1: 1000, '+Inf': 1000 };
    assert.deepEqual(latencyBoundaries(metric, [classic(defaults), classic(other)]), [0.1, 1]);
    assert.deepEqual(latencyBoundaries(metric, [classic(defaults), classic({ 0.3: 1, '+Inf': 1 })]), []);
    assert.deepEqual(latencyBoundaries(metric, [classic({ '+Inf': 5 })]), []);
    assert.deepEqual(latencyBoundaries(metric, [[]]), []);
  });

  it('are spread evenly while nothing is known of the requests', () => {
    const quiet = { 0.01: 1, 0.05: 2, 0.1: 3, 0.25: 3, 0.5: 3, 1: 3, 5: 3, '+Inf': 3 };
    assert.deepEqual(latencyBoundaries(metric, [classic(quiet)]), [0.01, 0.1, 0.5, 5]);
  });
});

describe('native histograms', () => {
  /** Buckets of an exponential schema for these values, as the specification defines them. */
  function exponential(values: readonly number[], schema: number): NativeHistogram {
    const base = 2 ** (2 ** -schema);
    const counts = new Map<number, number>();
    for (const value of values) {
      const index = Math.ceil(Math.log2(value) * 2 ** schema - 1e-9);
      counts.set(index, (counts.get(index) ?? 0) + 1);
    }
    const buckets = [...counts].map(([index, count]) => ({ lower: base ** (index - 1), upper: base ** index, count }));
    return { count: values.length, buckets };
  }

  it('of any resolution give the same counts at powers of two', () => {
    const values = fc.array(fc.double({ min: 0.001, max: 100, noNaN: true }), { minLength: 1, maxLength: 50 });
    fc.assert(
      fc.property(
        values,
        fc.integer({ min: -6, max: 6 }),
        fc.integer({ min: 0, max: 8 }),
        (durations, power, schema) => {
          const boundary = 2 ** power;
          const counted = countUpTo(exponential(durations, schema), boundary);
          assert.ok(counted.ok);
          const upTo = durations.filter((duration) => duration <= boundary * (1 + 1e-9)).length;
          assert.deepEqual(counted.value, { total: durations.length, upTo });
        },
      ),
    );
  });

  it('leave observations out that are no numbers, and refuse a bucket across the boundary', () => {
    const histogram = { count: 12, buckets: [{ lower: 0.25, upper: 0.5, count: 9 }] };
    assert.deepEqual(countUpTo(histogram, 0.5), { ok: true, value: { total: 9, upTo: 9 } });
    const refused = countUpTo(histogram, 0.3);
    assert.ok(!refused.ok && /reaches over 0.3/.test(refused.error));
  });
});

it('the trail of the evidence stays short and keeps its newest and oldest times', () => {
  let trail = emptyTrail;
  for (let look = 1; look <= 5000; look += 1) {
    trail = extendTrail(trail, { rollback: look, ...(look > 100 ? { promote: 1 } : {}) });
    assert.ok(trail.points.length < trailPointsMax);
    const last = trail.points.at(-1)?.rollback ?? 0;
    assert.ok(look - last < trail.every && last === trail.points.length * trail.every);
  }
  assert.ok(trail.points.length >= trailPointsMax / 2 - 1);
});
