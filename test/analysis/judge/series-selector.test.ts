import assert from 'node:assert/strict';
import { describe, it } from 'node:test';

import { parsePattern, parseSeriesSelector } from '../../../src/analysis/judge/series-selector.ts';

function matches(selector: string, labels: Readonly<Record<string, string>>): boolean {
  const parsed = parseSeriesSelector(selector);
  assert.ok(parsed.ok, parsed.ok ? '' : parsed.error);
  return parsed.value.matches(new Map(Object.entries(labels)));
}

describe('parseSeriesSelector', () => {
  it('reads a name with and without conditions', () => {
    for (const text of ['job:requests:rate5m', ' a_total ', 'a_total{}', 'a_total { x = "1" , }']) {
      const parsed = parseSeriesSelector(text);
      assert.ok(parsed.ok);
      assert.equal(parsed.value.name, /[\w:]+/.exec(text)?.[0]);
    }
  });

  it('compares labels, an absent one as empty, and expressions with the whole value', () => {
    assert.ok(matches('a{x="1"}', { x: '1' }));
    assert.ok(!matches('a{x="1"}', {}));
    assert.ok(matches('a{x=""}', {}));
    assert.ok(matches('a{x!="1"}', {}));
    assert.ok(!matches('a{x!="1",y="2"}', { x: '1', y: '2' }));
    assert.ok(matches('a{x=~"/api/.*|/v2"}', { x: '/api/cart' }));
    assert.ok(!matches('a{x=~"/api"}', { x: '/api/cart' }));
    assert.ok(matches('a{x!~"/health.*"}', { x: '/api' }));
    assert.ok(matches(String.raw`a{x="say \"hi\"\n"}`, { x: 'say "hi"\n' }));
  });

  it('refuses anything else with a reason', () => {
    for (const [text, reason] of [
      ['', /name of a metric/],
      ['{x="1"}', /name of a metric/],
      ['5xx', /name of a metric/],
      ['a{x}', /no condition/],
      ['a{x=1}', /not in quotes/],
      ['a{x="1"', /expected "," or "}"/],
      ['a{x="1', /does not end/],
      ['a{x=~"("}', /not a regular expression/],
      ['a{x="1"} 5', /too much after the metric a/],
      ['rate(a[5m])', /too much after the metric rate/],
      [`a{${'x="1",'.repeat(40)}}`, /more than 32/],
    ] as const) {
      const parsed = parseSeriesSelector(text);
      assert.ok(!parsed.ok, text);
      assert.match(parsed.error, reason);
    }
  });
});

describe('parsePattern', () => {
  it('matches whole texts in linear time', () => {
    const pattern = parsePattern('(a+)+b?');
    assert.ok(pattern.ok);
    assert.ok(pattern.value('aaa') && !pattern.value('xaaa'));
    // A backtracking engine would not come back from this one.
    assert.ok(!pattern.value(`${'a'.repeat(2000)}!`));
  });
});
