import assert from 'node:assert/strict';
import test from 'node:test';

import * as fc from 'fast-check';

import type { LabelSelector } from '../../src/api/label-selector.ts';
import { parseSelector } from '../../src/api/parse-selector.ts';
import { selectorFromObject, selectorMatches, selectorText } from '../../src/api/selector.ts';

const name = fc.stringMatching(/^[a-z][a-z0-9]{0,3}$/);
const labels = fc.dictionary(name, name, { maxKeys: 4, noNullPrototype: true });
const requirement = fc.oneof(
  fc.record({
    key: name,
    operator: fc.constantFrom('In' as const, 'NotIn' as const),
    values: fc.uniqueArray(name, { minLength: 1, maxLength: 3 }),
  }),
  fc.record({ key: name, operator: fc.constantFrom('Exists' as const, 'DoesNotExist' as const) }),
);
const selector: fc.Arbitrary<LabelSelector> = fc.record({
  matchLabels: labels,
  matchExpressions: fc.array(requirement, { maxLength: 3 }),
});

test('the text form of a selector matches the same labels as the object form', () => {
  fc.assert(
    fc.property(selector, labels, (object, given) => {
      const checked = selectorFromObject(object);
      assert.ok(checked.ok);
      const parsed = parseSelector(selectorText(checked.value));
      assert.ok(parsed.ok);
      assert.deepEqual(parsed.value, checked.value);
      assert.equal(selectorMatches(parsed.value, given), selectorMatches(checked.value, given));
    }),
  );
});

test('a selector prints as Kubernetes prints it', () => {
  const checked = selectorFromObject({
    matchLabels: { tier: 'front', app: 'web' },
    matchExpressions: [
      { key: 'b', operator: 'NotIn', values: ['y', 'x'] },
      { key: 'old', operator: 'DoesNotExist' },
    ],
  });
  assert.ok(checked.ok);
  assert.equal(selectorText(checked.value), 'app=web,b notin (x,y),!old,tier=front');
});

const matches: readonly (readonly [text: string, labels: Readonly<Record<string, string>>, expected: boolean])[] = [
  ['', {}, true],
  ['app=web', { app: 'web' }, true],
  ['app==web', { app: 'webs' }, false],
  ['app!=web', {}, true],
  ['app != web', { app: 'web' }, false],
  ['app in (web, api)', { app: 'api' }, true],
  ['app notin (web)', {}, true],
  ['app notin (web)', { app: 'web' }, false],
  ['app', { app: '' }, true],
  ['!app', { app: '' }, false],
  ['app=', { app: '' }, true],
  ['n>3', { n: '4' }, true],
  ['n<3', { n: '4' }, false],
  ['n>3', { n: 'x' }, false],
  ['example.com/app in (a),b', { 'example.com/app': 'a', b: '1' }, true],
  ['toString', {}, false],
];

for (const [text, given, expected] of matches) {
  test(`selector "${text}" ${expected ? 'matches' : 'does not match'} ${JSON.stringify(given)}`, () => {
    const parsed = parseSelector(text);
    assert.ok(parsed.ok);
    assert.equal(selectorMatches(parsed.value, given), expected);
  });
}

for (const text of [
  'a b',
  '=x',
  'app in ()x',
  'app in web',
  'a=b=c',
  'a,,b',
  '-a',
  'app=we b',
  'n>x',
  'a in (b',
  'a,'.repeat(6000),
]) {
  test(`selector "${text.slice(0, 20)}" is refused`, () => {
    const parsed = parseSelector(text);
    assert.ok(!parsed.ok);
    assert.ok(parsed.error.length > 10);
  });
}

test('a wrong object selector is refused with the place and the value', () => {
  const cases: readonly (readonly [LabelSelector, RegExp])[] = [
    [{ matchLabels: { app: 'web app' } }, /matchLabels.*"web app"/],
    [{ matchExpressions: [{ key: 'a', operator: 'In' }] }, /matchExpressions\[0\].*at least one value/],
    [{ matchExpressions: [{ key: 'a', operator: 'Exists', values: ['x'] }] }, /no values/],
    [{ matchExpressions: [{ key: 'a/b/c', operator: 'Exists' }] }, /"a\/b\/c"/],
    [{ matchExpressions: [{ key: 'a', operator: 'Like' as 'In' }] }, /"Like"/],
  ];
  for (const [object, pattern] of cases) {
    const checked = selectorFromObject(object);
    assert.ok(!checked.ok);
    assert.match(checked.error, pattern);
  }
});
