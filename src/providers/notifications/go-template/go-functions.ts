import { compareUtf8 } from '../../../api/go-string.ts';
import { FunctionFault, textAt } from './function-fault.ts';
import type { TemplateFunction } from './functions.ts';
import { printFormatted } from './print-formatted.ts';
import { isTrue, kindOf, listIn, mapIn, type TemplateValue, valueText } from './template-value.ts';

/** Functions of Go's text/template. `and` and `or` are also looked at by the evaluation, which stops them early. */
export const goFunctions: Readonly<Record<string, TemplateFunction>> = {
  and: { argumentsMin: 1, call: (given) => given.find((value) => !isTrue(value)) ?? given.at(-1) },
  or: { argumentsMin: 1, call: (given) => given.find(isTrue) ?? given.at(-1) },
  not: { argumentsMin: 1, argumentsMax: 1, call: ([value]) => !isTrue(value) },
  eq: { argumentsMin: 2, call: ([first, ...others]) => others.some((other) => isEqual(first, other)) },
  ne: { argumentsMin: 2, argumentsMax: 2, call: ([left, right]) => !isEqual(left, right) },
  lt: { argumentsMin: 2, argumentsMax: 2, call: ([left, right]) => compare(left, right) < 0 },
  le: { argumentsMin: 2, argumentsMax: 2, call: ([left, right]) => compare(left, right) <= 0 },
  gt: { argumentsMin: 2, argumentsMax: 2, call: ([left, right]) => compare(left, right) > 0 },
  ge: { argumentsMin: 2, argumentsMax: 2, call: ([left, right]) => compare(left, right) >= 0 },
  len: { argumentsMin: 1, argumentsMax: 1, call: ([value]) => lengthOf(value) },
  index: { argumentsMin: 1, call: ([value, ...keys]) => keys.reduce<TemplateValue>(elementOf, value) },
  print: { argumentsMin: 0, call: printAll },
  println: { argumentsMin: 0, call: (given) => `${given.map((value) => valueText(value, 1)).join(' ')}\n` },
  printf: { argumentsMin: 1, call: ([format, ...given]) => printFormatted(textAt([format], 0), given) },
};

function isEqual(left: TemplateValue, right: TemplateValue): boolean {
  if (isNumber(left) && isNumber(right)) return Number(left) === Number(right);
  const [isLeftNothing, isRightNothing] = [left ?? null, right ?? null].map((value) => value === null);
  if (isLeftNothing === true || isRightNothing === true) return isLeftNothing === isRightNothing;
  for (const value of [left, right]) {
    if (typeof value === 'object') throw new FunctionFault(`${kindOf(value)}s cannot be compared`);
  }
  if (typeof left !== typeof right) throw new FunctionFault(`${kindOf(left)} cannot be compared with ${kindOf(right)}`);
  return left === right;
}

function compare(left: TemplateValue, right: TemplateValue): number {
  if (isNumber(left) && isNumber(right)) return Number(left) - Number(right);
  if (typeof left === 'string' && typeof right === 'string') return compareUtf8(left, right);
  throw new FunctionFault(`${kindOf(left)} cannot be ordered against ${kindOf(right)}`);
}

function isNumber(value: TemplateValue): value is number | bigint {
  return typeof value === 'number' || typeof value === 'bigint';
}

function lengthOf(value: TemplateValue): bigint {
  if (typeof value === 'string') return BigInt(new TextEncoder().encode(value).length);
  const items = listIn(value);
  if (items !== undefined) return BigInt(items.length);
  const map = mapIn(value);
  if (map !== undefined) return BigInt(Object.keys(map).length);
  throw new FunctionFault(`${kindOf(value)} has no length`);
}

function elementOf(value: TemplateValue, key: TemplateValue): TemplateValue {
  const items = listIn(value);
  if (items !== undefined) {
    if (!isNumber(key)) throw new FunctionFault(`a list has no element by a ${kindOf(key)}`);
    const position = Number(key);
    if (position >= 0 && position < items.length) return items[position];
    throw new FunctionFault(`there is no element ${position} in a list of ${items.length}`);
  }
  const map = mapIn(value);
  if (map === undefined) throw new FunctionFault(`${kindOf(value)} has no elements`);
  const name = textAt([key], 0);
  return Object.hasOwn(map, name) ? map[name] : undefined;
}

/** Blanks stand between two operands neither of which is a text. */
function printAll(given: readonly TemplateValue[]): string {
  return given
    .map((value, index) => {
      const isApart = index > 0 && typeof value !== 'string' && typeof given[index - 1] !== 'string';
      return `${isApart ? ' ' : ''}${valueText(value, 1)}`;
    })
    .join('');
}
