import { goString } from '../../../api/go-string.ts';
import { FunctionFault, integerAt, listAt, textAt, textLengthMax } from './function-fault.ts';
import type { TemplateFunction } from './functions.ts';
import { goQuote } from './go-quote.ts';
import {
  isTrue,
  listIn,
  mapIn,
  sortedKeys,
  type TemplateMap,
  type TemplateValue,
  valueText,
} from './template-value.ts';

/**
 * Functions of the sprig library that notifications are written with. Those that read the environment, the clock or
 * the network, and those that make keys or random values are left out for good.
 */
export const sprigFunctions: Readonly<Record<string, TemplateFunction>> = {
  add: { argumentsMin: 1, call: (given) => folded(given, (sum, value) => sum + value, 0n) },
  add1: { argumentsMin: 1, argumentsMax: 1, call: (given) => whole(integerAt(given, 0) + 1n) },
  sub: { argumentsMin: 2, argumentsMax: 2, call: (given) => whole(integerAt(given, 0) - integerAt(given, 1)) },
  mul: { argumentsMin: 2, call: (given) => folded(given, (product, value) => product * value, 1n) },
  div: { argumentsMin: 2, argumentsMax: 2, call: (given) => whole(integerAt(given, 0) / divisor(given)) },
  mod: { argumentsMin: 2, argumentsMax: 2, call: (given) => whole(integerAt(given, 0) % divisor(given)) },
  max: { argumentsMin: 1, call: (given) => integers(given).reduce((left, right) => (left > right ? left : right)) },
  min: { argumentsMin: 1, call: (given) => integers(given).reduce((left, right) => (left < right ? left : right)) },
  int: { argumentsMin: 1, argumentsMax: 1, call: (given) => integerAt(given, 0) },
  int64: { argumentsMin: 1, argumentsMax: 1, call: (given) => integerAt(given, 0) },
  default: { argumentsMin: 1, argumentsMax: 2, call: ([instead, value]) => (isTrue(value) ? value : instead) },
  empty: { argumentsMin: 1, argumentsMax: 1, call: ([value]) => !isTrue(value) },
  coalesce: { argumentsMin: 1, call: (given) => given.find(isTrue) },
  ternary: { argumentsMin: 3, argumentsMax: 3, call: ([yes, no, condition]) => (isTrue(condition) ? yes : no) },
  upper: texts(1, ([value = '']) => value.toUpperCase()),
  lower: texts(1, ([value = '']) => value.toLowerCase()),
  title: texts(1, ([value = '']) =>
    value.replaceAll(/(?<![\p{L}\p{N}_]|[^\p{ASCII}\s])\p{L}/gu, (letter) => letter.toUpperCase()),
  ),
  trim: texts(1, ([value = '']) => value.trim()),
  trimAll: texts(2, ([signs = '', value = '']) => trimSigns(value, signs)),
  trimPrefix: texts(2, ([prefix = '', value = '']) => (value.startsWith(prefix) ? value.slice(prefix.length) : value)),
  trimSuffix: texts(2, ([suffix = '', value = '']) =>
    suffix !== '' && value.endsWith(suffix) ? value.slice(0, -suffix.length) : value,
  ),
  replace: texts(3, ([old = '', next = '', value = '']) => replaced(old, next, value)),
  contains: texts(2, ([part = '', value = '']) => value.includes(part)),
  hasPrefix: texts(2, ([prefix = '', value = '']) => value.startsWith(prefix)),
  hasSuffix: texts(2, ([suffix = '', value = '']) => value.endsWith(suffix)),
  trunc: { argumentsMin: 2, argumentsMax: 2, call: (given) => truncated(integerAt(given, 0), textAt(given, 1)) },
  quote: {
    argumentsMin: 0,
    call: (given) =>
      present(given)
        .map((value) => goQuote(valueText(value, 1)))
        .join(' '),
  },
  squote: {
    argumentsMin: 0,
    call: (given) =>
      present(given)
        .map((value) => `'${valueText(value, 1)}'`)
        .join(' '),
  },
  // The type of the argument is written out because every object has a toString of its own.
  toString: { argumentsMin: 1, argumentsMax: 1, call: ([value]: readonly TemplateValue[]) => valueText(value, 1) },
  toJson: { argumentsMin: 1, argumentsMax: 1, call: ([value]) => jsonText(value) },
  join: { argumentsMin: 2, argumentsMax: 2, call: joined },
  splitList: texts(2, ([separator = '', value = '']) => value.split(separator)),
  first: { argumentsMin: 1, argumentsMax: 1, call: (given) => listAt(given, 0)[0] },
  last: { argumentsMin: 1, argumentsMax: 1, call: (given) => listAt(given, 0).at(-1) },
  hasKey: { argumentsMin: 2, argumentsMax: 2, call: (given) => Object.hasOwn(mapAt(given, 0), textAt(given, 1)) },
};

/** A function of so many texts. */
function texts(count: number, call: (given: readonly string[]) => TemplateValue): TemplateFunction {
  return {
    argumentsMin: count,
    argumentsMax: count,
    call: (given) => call(given.map((_, index) => textAt(given, index))),
  };
}

function integers(given: readonly TemplateValue[]): readonly bigint[] {
  return given.map((_, index) => integerAt(given, index));
}

function folded(
  given: readonly TemplateValue[],
  combine: (left: bigint, right: bigint) => bigint,
  first: bigint,
): bigint {
  return integers(given).reduce((left, right) => whole(combine(left, right)), first);
}

/** Wraps around at 64 bits, as Go does. */
function whole(value: bigint): bigint {
  return BigInt.asIntN(64, value);
}

function divisor(given: readonly TemplateValue[]): bigint {
  const value = integerAt(given, 1);
  if (value === 0n) throw new FunctionFault('a number cannot be divided by zero');
  return value;
}

function trimSigns(value: string, signs: string): string {
  const points = Array.from(value);
  const isKept = (point: string): boolean => !signs.includes(point);
  return points.slice(indexOr(points.findIndex(isKept), points.length), points.findLastIndex(isKept) + 1).join('');
}

function indexOr(index: number, instead: number): number {
  return index === -1 ? instead : index;
}

/** The first so many bytes, or with a negative number the last ones. */
function truncated(count: bigint, value: string): string {
  const bytes = new TextEncoder().encode(value);
  const length = Number(count);
  const part = length < 0 ? bytes.subarray(Math.max(bytes.length + length, 0)) : bytes.subarray(0, length);
  return new TextDecoder().decode(part);
}

function present(given: readonly TemplateValue[]): readonly TemplateValue[] {
  return given.filter((value) => value !== undefined && value !== null);
}

function replaced(old: string, next: string, value: string): string {
  const parts = value.split(old);
  checkLength(value.length + (parts.length - 1) * next.length);
  return parts.join(next);
}

/** Before a text is made that might fill the memory. */
function checkLength(length: number): void {
  if (length > textLengthMax) throw new FunctionFault(`the result has more than ${textLengthMax} characters`);
}

function joined(given: readonly TemplateValue[]): string {
  const separator = textAt(given, 0);
  const items = present(listIn(given[1]) ?? [given[1]]).map((value) => valueText(value, 1));
  checkLength(items.length * separator.length);
  return items.join(separator);
}

function mapAt(given: readonly TemplateValue[], index: number): TemplateMap {
  const map = mapIn(given[index]);
  if (map === undefined) throw new FunctionFault(`argument ${index + 1} must be a map`);
  return map;
}

/** JSON as Go writes it: keys in order, `<`, `>` and `&` escaped. */
function jsonText(value: TemplateValue): string {
  if (typeof value === 'string') return goString(value);
  const items = listIn(value);
  if (items !== undefined) return `[${items.map(jsonText).join(',')}]`;
  const map = mapIn(value);
  if (map === undefined) return typeof value === 'bigint' ? String(value) : JSON.stringify(value ?? null);
  const entries = sortedKeys(map).map((key) => `${goString(key)}:${jsonText(map[key])}`);
  return `{${entries.join(',')}}`;
}
