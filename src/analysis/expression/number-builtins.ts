import type { Budget } from './budget.ts';
import type { Builtin } from './builtin.ts';
import { failEvaluation } from './expression-error.ts';
import { isLess, negate, truncate } from './operators.ts';
import { parseFloatText, parseIntegerText } from './parse-number.ts';
import { itemsOf, typeName, type Value } from './value.ts';

/** Functions on numbers. */
export const numberBuiltins: Readonly<Record<string, Builtin>> = {
  abs: ([value = null]) => (isNumeric(value) && value < 0 ? negate(value) : numeric('abs', value)),
  ceil: ([value = null]) => Math.ceil(Number(numeric('ceil', value))),
  floor: ([value = null]) => Math.floor(Number(numeric('floor', value))),
  round: ([value = null]) => roundAwayFromZero(Number(numeric('round', value))),
  int([value = null]) {
    if (typeof value !== 'string') {
      const number = numeric('int', value);
      return typeof number === 'number' ? truncate(number) : number;
    }
    return parseIntegerText(value) ?? failEvaluation(`int() cannot read ${JSON.stringify(value)}`);
  },
  float([value = null]) {
    if (typeof value !== 'string') return Number(numeric('float', value));
    return parseFloatText(value) ?? failEvaluation(`float() cannot read ${JSON.stringify(value)}`);
  },
  max: (parameters, machine) => extreme('max', (left, right) => isLess(left, right), parameters, machine.budget),
  min: (parameters, machine) => extreme('min', (left, right) => isLess(right, left), parameters, machine.budget),
  mean(parameters, machine) {
    const numbers = collect('mean', parameters, machine.budget);
    return numbers.length === 0 ? 0 : numbers.reduce((sum, number) => sum + number, 0) / numbers.length;
  },
  median(parameters, machine) {
    const numbers = collect('median', parameters, machine.budget).sort(compareWithNanFirst);
    const [low, high] = [numbers[(numbers.length - 1) >> 1], numbers[numbers.length >> 1]];
    if (low === undefined || high === undefined) return 0;
    return numbers.length % 2 === 1 ? high : (low + high) / 2;
  },
  bitand: onBits('bitand', (left, right) => left & right),
  bitor: onBits('bitor', (left, right) => left | right),
  bitxor: onBits('bitxor', (left, right) => left ^ right),
  bitnand: onBits('bitnand', (left, right) => left & ~right),
  bitshl: onBits('bitshl', (left, right) => (shiftCount(right) > 63n ? 0n : left << right)),
  bitshr: onBits('bitshr', (left, right) => left >> atMost63(shiftCount(right))),
  bitushr: onBits('bitushr', (left, right) => (shiftCount(right) > 63n ? 0n : BigInt.asUintN(64, left) >> right)),
  bitnot: ([value = null]) => ~integer('bitnot', value),
};

function isNumeric(value: Value): value is bigint | number {
  return typeof value === 'bigint' || typeof value === 'number';
}

function numeric(name: string, value: Value): bigint | number {
  return isNumeric(value) ? value : failEvaluation(`${name}() needs a number, not ${typeName(value)}`);
}

function integer(name: string, value: Value): bigint {
  return typeof value === 'bigint' ? value : failEvaluation(`${name}() needs an int, not ${typeName(value)}`);
}

function onBits(name: string, apply: (left: bigint, right: bigint) => bigint): Builtin {
  return ([left = null, right = null]) => BigInt.asIntN(64, apply(integer(name, left), integer(name, right)));
}

function shiftCount(count: bigint): bigint {
  return count < 0n ? failEvaluation(`cannot shift by ${count} bits`) : count;
}

function atMost63(count: bigint): bigint {
  return count > 63n ? 63n : count;
}

/** Halves go away from zero. */
function roundAwayFromZero(value: number): number {
  const whole = Math.trunc(value);
  return Math.abs(value - whole) >= 0.5 ? whole + Math.sign(value) : whole;
}

function compareWithNanFirst(left: number, right: number): number {
  if (Number.isNaN(left)) return Number.isNaN(right) ? 0 : -1;
  return Number.isNaN(right) ? 1 : left - right || 0;
}

/** The largest or smallest of numbers and of lists of them; nil when there is none. */
function extreme(
  name: string,
  replaces: (best: Value, candidate: Value) => boolean,
  parameters: readonly Value[],
  budget: Budget,
): Value {
  // One parameter that is neither a number nor a list is given back as it is, as in the reference dialect.
  const [only = null] = parameters;
  if (parameters.length === 1 && !isNumeric(only) && itemsOf(only) === undefined) return only;
  let best: Value = null;
  for (const number of flatNumbers(name, parameters, budget, 0)) {
    if (best === null || replaces(best, number)) best = number;
  }
  return best;
}

function collect(name: string, parameters: readonly Value[], budget: Budget): number[] {
  return Array.from(flatNumbers(name, parameters, budget, 0), Number);
}

function* flatNumbers(
  name: string,
  values: readonly Value[],
  budget: Budget,
  depth: number,
): Generator<bigint | number, void> {
  budget.depth(depth);
  for (const value of values) {
    budget.step();
    const items = itemsOf(value);
    if (items === undefined) yield numeric(name, value);
    else yield* flatNumbers(name, items, budget, depth + 1);
  }
}
