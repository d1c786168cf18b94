import type { Budget } from './budget.ts';
import {
  CalendarUnit,
  Dictionary,
  Duration,
  Instant,
  isNil,
  isPlainMap,
  itemsOf,
  List,
  ownValue,
  type PlainMap,
  type Value,
} from './value.ts';

/**
 * `==`. Numbers are equal by value, whether int or float, alone and in lists; inside maps an int and a float are never
 * equal, as in the reference dialect.
 */
export function isEqual(left: Value, right: Value, budget: Budget, depth = 0): boolean {
  budget.step();
  budget.depth(depth);
  if (typeof left === 'bigint' || typeof left === 'number') return isEqualNumber(left, right);
  if (typeof left === 'string' || typeof left === 'boolean') return left === right;
  if (areListsCompared(left, right)) {
    return areItemsEqual(itemsOf(left), itemsOf(right), (first, second) => isEqual(first, second, budget, depth + 1));
  }
  return (isNil(left) && isNil(right)) || isIdentical(left, right, budget, depth);
}

function isEqualNumber(left: bigint | number, right: Value): boolean {
  if (typeof right === 'bigint' && typeof left === 'bigint') return left === right;
  if (typeof right !== 'bigint' && typeof right !== 'number') return false;
  return Number(left) === Number(right);
}

/**
 * Lists of two different types of elements are equal only if one of them is a plain list, and then by their elements.
 */
function areListsCompared(left: Value, right: Value): boolean {
  if (itemsOf(left) === undefined || itemsOf(right) === undefined) return false;
  const [first, second] = [storageOf(left), storageOf(right)];
  if (first === second) return first !== 'map' && first !== 'pair' && first !== 'float-or-nil';
  const typed = first === 'plain' ? second : first;
  return (first === 'plain' || second === 'plain') && ['int', 'byte', 'float', 'string'].includes(typed);
}

function storageOf(value: Value): string {
  if (!(value instanceof List) || value.storage === 'absent') return 'plain';
  return value.storage;
}

function areItemsEqual(
  left: readonly Value[] = [],
  right: readonly Value[] = [],
  compare: (first: Value, second: Value) => boolean,
): boolean {
  return left.length === right.length && left.every((item, index) => compare(item, right[index] ?? null));
}

/** Equality of type and value, all the way down. */
function isIdentical(left: Value, right: Value, budget: Budget, depth: number): boolean {
  budget.step();
  budget.depth(depth);
  const [leftItems, rightItems] = [itemsOf(left), itemsOf(right)];
  if (leftItems !== undefined && rightItems !== undefined) {
    const isSameType = storageOf(left) === storageOf(right);
    const compare = (first: Value, second: Value): boolean => isIdentical(first, second, budget, depth + 1);
    return isSameType && areItemsEqual(leftItems, rightItems, compare);
  }
  if (isPlainMap(left) && isPlainMap(right)) return areMapsIdentical(left, right, budget, depth);
  if (left instanceof Dictionary && right instanceof Dictionary) {
    return (
      left.groups === right.groups &&
      left.entries.size === right.entries.size &&
      Array.from(left.entries).every(([key, value]) => {
        const other = right.entries.get(key);
        return other !== undefined && isIdentical(value, other, budget, depth + 1);
      })
    );
  }
  return isIdenticalScalar(left, right);
}

function areMapsIdentical(left: PlainMap, right: PlainMap, budget: Budget, depth: number): boolean {
  const keys = Object.keys(left);
  if (keys.length !== Object.keys(right).length) return false;
  return keys.every((key) => {
    const other = ownValue(right, key);
    return other !== undefined && isIdentical(ownValue(left, key) ?? null, other, budget, depth + 1);
  });
}

function isIdenticalScalar(left: Value, right: Value): boolean {
  if (left instanceof Duration && right instanceof Duration) return left.nanoseconds === right.nanoseconds;
  if (left instanceof Instant && right instanceof Instant) return left.nanoseconds === right.nanoseconds;
  if (left instanceof CalendarUnit && right instanceof CalendarUnit) {
    return left.unit === right.unit && left.index === right.index;
  }
  return left === right;
}
