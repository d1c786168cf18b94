import { failEvaluation } from './expression-error.ts';
import { methodOf } from './methods.ts';
import { toInteger } from './operators.ts';
import { byteAt, byteLength, byteSlice } from './text.ts';
import {
  absentList,
  Dictionary,
  type DictionaryKey,
  isPlainMap,
  itemsOf,
  List,
  ownValue,
  type PlainMap,
  typeName,
  type Value,
} from './value.ts';

/** `base[key]` and `base.key`. Only own entries count. A missing key of a map gives nil. Throws a Fault. */
export function fetchMember(base: Value, key: Value): Value {
  if (typeof key === 'string') {
    const method = methodOf(base, key);
    if (method !== undefined) return method;
  }
  const items = itemsOf(base);
  if (items !== undefined) return fetchItem(items, key);
  if (typeof base === 'string') return byteAt(base, position(key, byteLength(base)));
  const entry = fetchEntry(base, key);
  return entry === undefined ? failEvaluation(`cannot take ${describeKey(key)} from ${typeName(base)}`) : entry;
}

/** Like fetchMember, but what does not exist gives nil. */
export function fetchOrNil(base: Value, key: Value): Value {
  const length = itemsOf(base)?.length ?? (typeof base === 'string' ? byteLength(base) : undefined);
  if (length !== undefined) {
    const index = Number(toInteger(key));
    return index >= -length && index < length ? fetchMember(base, BigInt(index)) : null;
  }
  return fetchEntry(base, key) ?? null;
}

/** True when a map has the key. Throws a Fault for a key that no such map can have; undefined when it is no map. */
export function hasKey(map: Value, key: Value): boolean | undefined {
  if (map instanceof Dictionary) return map.entries.has(dictionaryKey(key));
  return isPlainMap(map) ? Object.hasOwn(map, textKey(key)) : undefined;
}

/** The key as dictionaries store it. Throws a Fault for lists, maps and other values that cannot be keys. */
export function dictionaryKey(key: Value): DictionaryKey {
  if (key === null || typeof key !== 'object') return key;
  return failEvaluation(`${typeName(key)} cannot be a key`);
}

/** `base[from:to]`; bounds outside of the list are moved to its ends. Throws a Fault. */
export function slice(base: Value, from: Value | undefined, to: Value | undefined): Value {
  const items = itemsOf(base);
  const length = items?.length ?? (typeof base === 'string' ? byteLength(base) : undefined);
  if (length === undefined) return failEvaluation(`${typeName(base)} cannot be sliced`);
  const end = to === undefined ? length : bound(to, length);
  const start = Math.min(from === undefined ? 0 : bound(from, length), end);
  if (typeof base === 'string') return byteSlice(base, start, end);
  const part = (items ?? []).slice(start, end);
  return base instanceof List ? new List(base.storage, part) : part;
}

function bound(value: Value, length: number): number {
  const index = Number(toInteger(value));
  return Math.min(Math.max(index < 0 ? length + index : index, 0), length);
}

function fetchItem(items: readonly Value[], key: Value): Value {
  return items[position(key, items.length)] ?? null;
}

function position(key: Value, length: number): number {
  const given = Number(toInteger(key));
  const index = given < 0 ? length + given : given;
  if (index < 0 || index >= length) failEvaluation(`index ${given} is out of range, there are ${length} elements`);
  return index;
}

function fetchEntry(base: Value, key: Value): Value | undefined {
  if (base instanceof Dictionary) {
    return base.entries.get(dictionaryKey(key)) ?? (base.groups ? absentList : null);
  }
  return isPlainMap(base) ? (ownValue(base, textKey(key)) ?? null) : undefined;
}

function textKey(key: Value): string {
  if (typeof key === 'string') return key;
  return key === null ? '' : failEvaluation(`a map has text keys, not ${typeName(key)}`);
}

function describeKey(key: Value): string {
  return typeof key === 'string' ? JSON.stringify(key) : `an element by ${typeName(key)}`;
}

/** Keys of a map in the order of their texts, so that evaluating twice gives the same. */
export function sortedKeys(map: PlainMap): readonly string[] {
  return Object.keys(map).sort();
}
