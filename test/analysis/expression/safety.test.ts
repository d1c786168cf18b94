import assert from 'node:assert/strict';
import { describe, test } from 'node:test';

import { ExpressionError } from '../../../src/analysis/expression/expression-error.ts';
import { evaluateExpression, parseExpression } from '../../../src/analysis/expression/expression.ts';
import type { PlainMap, Value } from '../../../src/analysis/expression/value.ts';
import { seededRandom } from '../../../src/base/random.ts';
import { generatedData, generateExpression } from './generate-expression.ts';

function valueOf(text: string, environment: PlainMap = { result: null }): Value {
  const parsed = parseExpression(text, Object.keys(environment));
  if (!parsed.ok) throw parsed.error;
  const outcome = evaluateExpression(parsed.value, environment);
  if (!outcome.ok) throw outcome.error;
  return outcome.value;
}

function errorOf(text: string, environment: PlainMap = { result: null }): ExpressionError {
  try {
    valueOf(text, environment);
  } catch (error) {
    assert.equal(error instanceof ExpressionError, true, String(error));
    return error as ExpressionError;
  }
  throw new Error(`no error from ${text}`);
}

describe('an expression', () => {
  test('never throws and always ends, whatever its text is', () => {
    const random = seededRandom(20_260_817);
    let parsedCount = 0;
    const total = 4_000;
    for (let index = 0; index < total; index += 1) {
      const text = generateExpression(random);
      const parsed = parseExpression(text, ['result']);
      if (!parsed.ok) {
        assert.equal(parsed.error instanceof ExpressionError, true);
        continue;
      }
      parsedCount += 1;
      const environment = generatedData[index % generatedData.length]!;
      const outcome = evaluateExpression(parsed.value, environment, { stepCountMax: 100_000 });
      if (!outcome.ok) assert.equal(outcome.error instanceof ExpressionError, true);
    }
    assert.equal(parsedCount > 0.4 * total && parsedCount < 0.6 * total, true, `${parsedCount} of ${total} parse`);
  });

  test('sees own properties only', () => {
    for (const name of ['__proto__', 'constructor', 'toString', 'hasOwnProperty', 'length']) {
      assert.equal(valueOf(`result.${name}`, { result: {} }), null);
      assert.equal(valueOf(`result["${name}"]`, { result: {} }), null);
      assert.equal(valueOf(`"${name}" in result`, { result: {} }), false);
      assert.equal(valueOf(`get(result, "${name}")`, { result: {} }), null);
      assert.equal(errorOf(name).kind, 'name');
      assert.equal(errorOf(`${name}()`).kind, 'name');
      assert.equal(errorOf(`$env.${name}`).kind, 'name');
    }
    assert.equal(errorOf('result.length', { result: [1] }).kind, 'type');
    assert.equal(errorOf('result.constructor.constructor("return 1")()', { result: {} }).kind, 'syntax');
    assert.equal(errorOf('result.x.constructor("return 1")', { result: { x: {} } }).kind, 'evaluation');
    assert.equal(errorOf('result.x.map', { result: { x: [1] } }).kind, 'evaluation');
  });

  test('keeps a key named __proto__ an ordinary key', () => {
    const result = JSON.parse('{"__proto__": {"polluted": true}}') as Value;
    assert.equal(valueOf('result.__proto__.polluted', { result }), true);
    assert.equal(valueOf('{"__proto__": 1}.__proto__'), 1n);
    assert.equal(valueOf('{"__proto__": {"polluted": 1}}.polluted'), null);
    assert.equal(valueOf('fromJSON("{\\"__proto__\\": {\\"polluted\\": 1}}").polluted'), null);
    assert.equal(Object.hasOwn(Object.prototype, 'polluted'), false);
  });

  test('does not change the data', () => {
    const result = { list: [3, 1, 2], map: { a: 1 } };
    const before = structuredClone(result);
    valueOf('sort(result.list); sortBy(result.list, -#); reverse(result.list); concat(result.list, [1])', { result });
    assert.deepEqual(result, before);
  });

  test('is bounded in every way', () => {
    const limited: readonly (readonly [string, string])[] = [
      ['length', `1${' + 1'.repeat(10_000)}`],
      ['nesting', '('.repeat(5_000)],
      ['nesting of a chain', `1${' + 1'.repeat(2_000)}`],
      ['nesting of signs', `${'-'.repeat(5_000)}1`],
      ['nesting of lists', '['.repeat(5_000)],
      ['nesting of else', `${'if true {1} else '.repeat(900)}{2}`],
      ['parts', `[${'-1,'.repeat(5_100)}]`],
      ['ranges', '1..1000000'],
      ['huge ranges', '-9223372036854775807..9223372036854775807'],
      ['repeats', 'repeat("a", 1000000)'],
      ['huge repeats', 'repeat("a", 9223372036854775807)'],
      ['texts', 'reduce(1..60, #acc + #acc, "aaaaaaaaaa")'],
      ['replacements', 'replace(repeat("a", 100000), "a", repeat("b", 1000))'],
      ['lists', 'reduce(1..60, concat(#acc, #acc), [1])'],
      ['steps', 'all(1..3000, all(1..3000, # > 0))'],
      ['distinct elements', 'uniq(map(1..100000, [#]))'],
      ['patterns', 'map(1..5000, "a" matches ("(x{0,30}){0,30}" + string(#)))'],
      ['matches', 'repeat("a", 900000) matches "(a{1,30}){1,30}b"'],
    ];
    for (const [what, text] of limited) {
      const error = errorOf(text);
      assert.equal(error.kind, 'limit', `${what}: ${error.message}`);
    }
  });

  test('is bounded on deep data too', () => {
    let result: Value = 1;
    for (let depth = 0; depth < 20_000; depth += 1) result = [result];
    for (const text of ['toJSON(result)', 'string(result)', 'flatten(result)', 'max(result)', 'result == [result]']) {
      assert.equal(errorOf(text, { result }).kind, 'limit', text);
    }
  });

  test('that compares in nested chains takes no exponential time', () => {
    const text = `${'1 < ('.repeat(60)}2${') < 3'.repeat(60)}`;
    assert.equal(['type', 'limit'].includes(errorOf(text).kind), true);
    const boolean = `${'1 < int(string('.repeat(40)}2${')) < 3'.repeat(40)}`;
    assert.equal(errorOf(boolean).kind === 'evaluation' || errorOf(boolean).kind === 'limit', true);
    const shared = `${'1 < len(string('.repeat(40)}2${')) < 3'.repeat(40)}`;
    for (const around of ['map(filter([], true), X)', 'all([X], true) && all([X], true)', 'false && X']) {
      const outcome = parseExpression(around.replaceAll('X', shared), []);
      assert.equal(outcome.ok, true);
      if (outcome.ok) evaluateExpression(outcome.value, {});
    }
  });

  test('matches in time that grows with the text only', () => {
    assert.equal(valueOf('repeat("a", 30000) + "!" matches "^(a+)+$"'), false);
  });

  test('says where it fails', () => {
    const cases: readonly (readonly [string, number, number, RegExp])[] = [
      ['1 +\n  foo', 2, 3, /unknown name "foo"/],
      ['"é" + 1', 1, 5, /"\+" cannot be applied to string and int/],
      ['[1,\n 2][5]', 2, 4, /index 5 is out of range/],
      ['result.a.b', 1, 10, /cannot take "b" from nil/],
      ['"abc', 1, 1, /not closed/],
      ['1 + @', 1, 5, /"@" means nothing here/],
    ];
    for (const [text, line, column, message] of cases) {
      const error = errorOf(text, { result: {} });
      assert.deepEqual({ line: error.position.line, column: error.position.column }, { line, column }, text);
      assert.match(error.message, message);
    }
  });
});
