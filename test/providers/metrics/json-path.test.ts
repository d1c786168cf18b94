import assert from 'node:assert/strict';
import { describe, it } from 'node:test';

import * as fc from 'fast-check';

import type { Json } from '../../../src/api/object.ts';
import { parseJsonPath } from '../../../src/providers/metrics/json-path-syntax.ts';
import { findJsonPath } from '../../../src/providers/metrics/json-path.ts';

const store: Json = {
  'dotted.name': 'dots',
  name: 'store',
  nothing: null,
  empty: [],
  open: true,
  items: [
    { name: 'a', price: 8.5, tags: ['x', 'y'], sold: true },
    { name: 'b', price: 12, tags: ['z'], sold: false },
    { name: 'c', price: 8.5, tags: [], isbn: '0-1' },
  ],
  nested: { items: [{ name: 'd' }], value: 7 },
};

describe('a JSONPath template', () => {
  const found: readonly (readonly [template: string, results: readonly (readonly Json[])[]])[] = [
    ['{$}', [[store]]],
    ['{@}', [[store]]],
    ['{.}', [[store]]],
    ['{$.name}', [['store']]],
    ['{.name}', [['store']]],
    [' {$.name}\n', [['store']]],
    ['{$.nothing}', [[null]]],
    [String.raw`{$.dotted\.name}`, [['dots']]],
    ["{$['dotted.name']}", [['dots']]],
    ['{$["name"]}', [['store']]],
    ['{$.items[0].price}', [[8.5]]],
    ['{$.items[-1].name}', [['c']]],
    ['{$.items[*].name}', [['a', 'b', 'c']]],
    ['{$.items[0:2].name}', [['a', 'b']]],
    ['{$.items[1:].name}', [['b', 'c']]],
    ['{$.items[:-1].name}', [['a', 'b']]],
    ['{$.items[::2].name}', [['a', 'c']]],
    ['{$.items[0,2].name}', [['a', 'c']]],
    ['{$.items[1:1].name}', [[]]],
    ["{$['name','open']}", [['store', true]]],
    ['{$.nested.*}', [[[{ name: 'd' }], 7]]],
    ['{$..name}', [['store', 'a', 'b', 'c', 'd']]],
    ['{..value}', [[7]]],
    ['{$.items[?(@.name=="b")].price}', [[12]]],
    ["{$.items[?(@.name == 'b')].price}", [[12]]],
    ['{$.items[?(@.price>9)].name}', [['b']]],
    ['{$.items[?(@.price >= 8.5)].name}', [['a', 'b', 'c']]],
    ['{$.items[?(@.name!="b")].name}', [['a', 'c']]],
    ['{$.items[?(@.price<9)].name}', [['a', 'c']]],
    ['{$.items[?(@.isbn)].name}', [['c']]],
    ['{$.items[?(@.name==")]}")].name}', [[]]],
    ['{$.name}{$.open}', [['store'], [true]]],
    ['{range $.items[*]}{.name}{"\\n"}{end}', [['a'], ['\n'], ['b'], ['\n'], ['c'], ['\n']]],
    ['{range .items[*]}{range .tags[*]}{@}{end}{end}', [['x'], ['y'], ['z']]],
    ['{$.empty[*]}', [[]]],
  ];
  for (const [template, results] of found) {
    it(`finds what ${template} names`, () => {
      const parsed = parseJsonPath(template);
      assert.ok(parsed.ok, JSON.stringify(parsed));
      assert.deepEqual(findJsonPath(parsed.value, store), { ok: true, value: results });
    });
  }

  it('says what it cannot find', () => {
    for (const [template, problem] of [
      ['{$.price}', 'price is not found'],
      ['{$.name.first}', 'first is not found'],
      ['{$.items.name}', 'name is not found'],
      ['{$.constructor}', 'constructor is not found'],
      ['{$.items[3]}', 'no element 3 in a list of 3'],
      ['{$.empty[0].value}', 'no element 0 in a list of 0'],
      ['{$.items[2:9]}', 'no range 2:9'],
      ['{$.name[0]}', 'a string is not a list'],
      ['{$.nothing[?(@.a)]}', 'null is not a list'],
      ['{$.items[?(@.isbn=="0-1")]}', 'isbn is not found'],
      ['{$.items[?(@.price=="12")]}', 'cannot be compared with =='],
      ['{$.items[?(@.tags[*]=="z")].name}', 'compares one value with one other'],
      ['{$.items[?(@.tags==1)]}', 'a list and a number'],
    ] as const) {
      const parsed = parseJsonPath(template);
      assert.ok(parsed.ok, template);
      const answer = findJsonPath(parsed.value, store);
      assert.ok(!answer.ok && answer.error.includes(problem), `${template}: ${JSON.stringify(answer)}`);
    }
  });

  it('says what is wrong with it', () => {
    for (const [template, problem] of [
      ['{}', 'no path in the braces'],
      ['', 'write a path in braces'],
      ['$.value', 'stands outside of braces'],
      ['value: {$.value}', '"value:" stands outside of braces'],
      ['{$.value', 'not closed'],
      ['{value}', '".value"'],
      ['{$.a[}', 'brackets hold'],
      ['{$.a[b]}', 'brackets hold'],
      ['{$.a["b]}', 'quote is not closed'],
      ['{$.a[1}', '"]" is missing'],
      ['{$.a[0:3:0]}', 'more than 0'],
      ['{$.a[99999999999999999999]}', 'counted'],
      ['{$.a[?(@.b=~"c")]}', 'one of == !='],
      ['{$.a[?(@.b=="c"]}', '"]" has no meaning'],
      ['{....a}', '".." cannot follow'],
      ['{range .a[*]}{.b}', '"{end}"'],
      ['{end}', '"{range}"'],
      ['{1.2.3}', '"1.2.3" is not a number'],
      [`{$.${'a'.repeat(5000)}}`, 'at most 4096'],
      [`{$${'[?(@'.repeat(100)}${')]'.repeat(100)}}`, 'too deep'],
    ] as const) {
      const parsed = parseJsonPath(template);
      assert.ok(!parsed.ok && parsed.error.includes(problem), `${template}: ${JSON.stringify(parsed)}`);
    }
  });

  it('ends in a result or a reason, whatever template and document are', () => {
    const signs = fc.constantFrom(
      ...Array.from('{}[]().,:*?@$"\'\\<>=! \n019-+'),
      'a',
      'b',
      '..',
      '[?(',
      ')]',
      'range ',
      'end',
    );
    const template = fc.array(signs, { maxLength: 14 }).map((parts) => `{${parts.join('')}}`);
    const document = fc.oneof(fc.constant<Json>({ a: [{ b: 1 }, { b: 'c' }], b: null }), fc.jsonValue());
    fc.assert(
      fc.property(template, document, (text, json) => {
        const parsed = parseJsonPath(text);
        const reason = parsed.ok ? findJsonPath(parsed.value, json as Json) : parsed;
        assert.ok(reason.ok || reason.error.length > 5);
      }),
      { numRuns: 2000 },
    );
  });

  it('is refused its result when that is beyond all bounds', () => {
    const parsed = parseJsonPath(`{$${'..a'.repeat(5)}}`);
    assert.ok(parsed.ok);
    let wide: Json = 1;
    for (let depth = 0; depth < 16; depth += 1) wide = { a: wide, b: wide };
    const answer = findJsonPath(parsed.value, wide);
    assert.ok(!answer.ok && answer.error.includes('too much'));
  });
});
