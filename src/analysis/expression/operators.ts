import type { Budget } from './budget.ts';
import { failEvaluation } from './expression-error.ts';
import { power } from './power.ts';
import type { BinaryOperator } from './syntax.ts';
import { compareText } from './text.ts';
import { Duration, Instant, typeName, type Value } from './value.ts';

/** Operators that look at the values of both sides and at nothing else. */
export type ArithmeticOperator = Extract<BinaryOperator, '+' | '-' | '*' | '/' | '%' | '**'>;

/** Applies an arithmetic operator. Integers wrap around at 64 bits. Throws a Fault. */
export function arithmetic(operator: ArithmeticOperator, left: Value, right: Value, budget: Budget): Value {
  if (typeof left === 'bigint' && typeof right === 'bigint') return onIntegers[operator](left, right);
  if (isNumeric(left) && isNumeric(right)) return onFloats[operator](Number(left), Number(right));
  if (typeof left === 'string' && typeof right === 'string' && operator === '+') {
    budget.growText(left.length + right.length);
    return left + right;
  }
  return onTimes(operator, left, right) ?? mismatch(operator, left, right);
}

/** Changes the sign of a number. Throws a Fault for anything else. */
export function negate(value: Value): Value {
  if (typeof value === 'bigint') return wrap(-value);
  if (typeof value === 'number') return -value;
  return failEvaluation(`"-" cannot be applied to ${typeName(value)}`);
}

/** Order of two values for `<`: negative, zero or positive, or NaN when they have none. Throws a Fault. */
export function order(operator: string, left: Value, right: Value): number {
  if (typeof left === 'bigint' && typeof right === 'bigint') return compare(left, right);
  if (isNumeric(left) && isNumeric(right)) return compare(Number(left), Number(right));
  if (typeof left === 'string' && typeof right === 'string') return compareText(left, right);
  if (left instanceof Duration && right instanceof Duration) return compare(left.nanoseconds, right.nanoseconds);
  if (left instanceof Instant && right instanceof Instant) return compare(left.nanoseconds, right.nanoseconds);
  return mismatch(operator, left, right);
}

/** True when the first value comes before the second. Throws a Fault when they cannot be compared. */
export function isLess(left: Value, right: Value): boolean {
  return order('<', left, right) < 0;
}

/**
 * Cuts a number to an integer of 64 bits; what does not fit becomes the smallest one, as on the reference's machines.
 */
export function truncate(value: number): bigint {
  const fits = value >= -(2 ** 63) && value < 2 ** 63;
  return fits ? BigInt(Math.trunc(value)) : -(2n ** 63n);
}

/** The value as an integer. Throws a Fault unless it is a number. */
export function toInteger(value: Value): bigint {
  if (typeof value === 'bigint') return value;
  if (typeof value === 'number') return truncate(value);
  return failEvaluation(`expected a number, not ${typeName(value)}`);
}

function isNumeric(value: Value): value is bigint | number {
  return typeof value === 'bigint' || typeof value === 'number';
}

function compare<Comparable extends bigint | number>(left: Comparable, right: Comparable): number {
  if (left < right) return -1;
  if (left > right) return 1;
  return left === right ? 0 : Number.NaN;
}

function wrap(value: bigint): bigint {
  return BigInt.asIntN(64, value);
}

function mismatch(operator: string, left: Value, right: Value): never {
  return failEvaluation(`"${operator}" cannot be applied to ${typeName(left)} and ${typeName(right)}`);
}

const onIntegers: Readonly<Record<ArithmeticOperator, (left: bigint, right: bigint) => Value>> = {
  '+': (left, right) => wrap(left + right),
  '-': (left, right) => wrap(left - right),
  '*': (left, right) => wrap(left * right),
  '/': (left, right) => Number(left) / Number(right),
  '%': (left, right) => (right === 0n ? failEvaluation('division of an int by zero') : left % right),
  '**': (left, right) => power(Number(left), Number(right)),
};

const onFloats: Readonly<Record<ArithmeticOperator, (left: number, right: number) => Value>> = {
  '+': (left, right) => left + right,
  '-': (left, right) => left - right,
  '*': (left, right) => left * right,
  '/': (left, right) => left / right,
  '%': () => failEvaluation('"%" needs two ints; int(x) makes one of a float'),
  '**': power,
};

function onTimes(operator: ArithmeticOperator, left: Value, right: Value): Value | undefined {
  if (operator === '*') return scaled(left, right);
  if (operator === '+') return added(left, right);
  return operator === '-' ? subtracted(left, right) : undefined;
}

function added(left: Value, right: Value): Value | undefined {
  if (left instanceof Duration && right instanceof Duration) return new Duration(left.nanoseconds + right.nanoseconds);
  if (left instanceof Instant && right instanceof Duration) return shifted(left, right.nanoseconds);
  return left instanceof Duration && right instanceof Instant ? shifted(right, left.nanoseconds) : undefined;
}

function subtracted(left: Value, right: Value): Value | undefined {
  if (left instanceof Duration && right instanceof Duration) return new Duration(left.nanoseconds - right.nanoseconds);
  if (left instanceof Instant && right instanceof Instant) return between(right, left);
  return left instanceof Instant && right instanceof Duration ? shifted(left, -right.nanoseconds) : undefined;
}

/** A duration times an int is a duration, times a float it is a float, in nanoseconds. */
function scaled(left: Value, right: Value): Value | undefined {
  const [first, second] = [nanosecondsOrNumber(left), nanosecondsOrNumber(right)];
  if (first === undefined || second === undefined) return undefined;
  if (typeof first === 'bigint' && typeof second === 'bigint') return new Duration(first * second);
  return Number(first) * Number(second);
}

function nanosecondsOrNumber(value: Value): bigint | number | undefined {
  if (value instanceof Duration) return value.nanoseconds;
  return isNumeric(value) ? value : undefined;
}

/** A point in time that is later by some nanoseconds. */
export function shifted(instant: Instant, nanoseconds: bigint): Instant {
  return new Instant(instant.nanoseconds + nanoseconds, instant.offsetSeconds, instant.zone);
}

/** The time from one point to another; what does not fit becomes the longest duration. */
export function between(from: Instant, to: Instant): Duration {
  const nanoseconds = to.nanoseconds - from.nanoseconds;
  const most = 2n ** 63n - 1n;
  if (nanoseconds > most) return new Duration(most);
  return new Duration(nanoseconds < -most - 1n ? -most - 1n : nanoseconds);
}
