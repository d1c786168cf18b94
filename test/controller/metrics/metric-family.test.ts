import assert from 'node:assert/strict';
import { describe, test } from 'node:test';

import { Counter, gauge, Histogram, metricPage } from '../../../src/controller/metrics/metric-family.ts';

describe('a page of metrics', () => {
  test('holds counters, histograms with growing buckets, and gauges, in the text format', () => {
    const counter = new Counter({ name: 'things_total', help: 'Things\nof "all" kinds \\.' });
    counter.add({ kind: 'a"b\\c\nd' });
    counter.add({ kind: 'a"b\\c\nd' }, 2);
    const histogram = new Histogram({ name: 'seconds', help: 'Time.' }, [0.1, 1]);
    for (const value of [0.1, 0.5, 7]) histogram.observe({ name: 'x' }, value);
    const none = gauge('none', 'Nothing.', []);
    assert.equal(
      metricPage([counter, histogram, none, gauge('up', 'Up.', [{ labels: {}, value: 1 }])]),
      [
        '# HELP things_total Things\\nof "all" kinds \\\\.',
        '# TYPE things_total counter',
        'things_total{kind="a\\"b\\\\c\\nd"} 3',
        '# HELP seconds Time.',
        '# TYPE seconds histogram',
        'seconds_bucket{name="x",le="0.1"} 1',
        'seconds_bucket{name="x",le="1"} 2',
        'seconds_bucket{name="x",le="+Inf"} 3',
        'seconds_sum{name="x"} 7.6',
        'seconds_count{name="x"} 3',
        '# HELP up Up.',
        '# TYPE up gauge',
        'up 1',
        '',
      ].join('\n'),
    );
  });

  test('forgets what is gone, and grows no further than its bound', () => {
    const counter = new Counter({ name: 'n', help: 'N.' });
    for (let count = 0; count < 30_000; count += 1) counter.add({ name: String(count) });
    assert.equal(counter.lines().length, 20_002);
    counter.keep(({ name }) => name === '7');
    assert.deepEqual(counter.lines().slice(2), ['n{name="7"} 1']);
  });
});
