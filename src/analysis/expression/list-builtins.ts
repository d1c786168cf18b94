import type { Budget } from './budget.ts';
import type { Builtin } from './builtin.ts';
import { isEqual } from './equality.ts';
import { failEvaluation } from './expression-error.ts';
import { dictionaryKey, sortedKeys } from './fetch.ts';
import { sortValues } from './sort-values.ts';
import {
  absentList,
  Dictionary,
  type DictionaryKey,
  isPlainMap,
  itemsOf,
  List,
  ownValue,
  typeName,
  type Value,
} from './value.ts';

/** Functions on lists and maps. */
export const listBuiltins: Readonly<Record<string, Builtin>> = {
  take([list = null, count = null]) {
    const items = listOf('take', list);
    if (typeof count !== 'bigint') return failEvaluation(`take() needs an int, not ${typeName(count)}`);
    if (count < 0n) return failEvaluation(`take() needs a count of 0 or more, not ${count}`);
    const part = items.slice(0, Number(count));
    return list instanceof List ? new List(list.storage, part) : part;
  },
  reverse([list = null], { budget }) {
    const items = listOf('reverse', list);
    budget.grow(items.length);
    return items.toReversed();
  },
  uniq: ([list = null], { budget }) => unique(listOf('uniq', list), budget),
  concat(lists, { budget }) {
    const all = lists.map((list) => listOf('concat', list));
    budget.grow(all.reduce((sum, items) => sum + items.length, 0));
    const items = all.flat();
    return items.length === 0 ? absentList : items;
  },
  flatten([list = null], { budget }) {
    const flat: Value[] = [];
    flattenInto(flat, listOf('flatten', list), budget, 0);
    budget.grow(flat.length);
    return flat;
  },
  sort([list = null, order = 'asc'], { budget }) {
    if (order !== 'asc' && order !== 'desc') return failEvaluation('the order of sort() must be "asc" or "desc"');
    const items = itemsOf(list);
    // What is no list gives no list, as in the reference dialect.
    if (items === undefined) return absentList;
    budget.grow(items.length);
    return sortValues(items, items, order === 'desc', budget);
  },
  keys: ([map = null], { budget }) => entriesOf('keys', map, budget).map(([key]) => key),
  values: ([map = null], { budget }) => entriesOf('values', map, budget).map(([, value]) => value),
  toPairs: ([map = null], { budget }) => new List('pair', entriesOf('toPairs', map, budget)),
  fromPairs([list = null], { budget }) {
    const entries = new Map<DictionaryKey, Value>();
    const pairs = listOf('fromPairs', list);
    budget.grow(pairs.length);
    for (const pair of pairs) {
      const items = itemsOf(pair);
      const [key = null, value = null] = items ?? [];
      if (items?.length !== 2) return failEvaluation('fromPairs() needs a list of lists with two elements');
      entries.set(dictionaryKey(key), value);
    }
    return new Dictionary(false, entries);
  },
};

function listOf(name: string, value: Value): readonly Value[] {
  return itemsOf(value) ?? failEvaluation(`${name}() needs a list, not ${typeName(value)}`);
}

/** Keys and values of a map, those of a plain one in the order of their texts. */
function entriesOf(name: string, map: Value, budget: Budget): (readonly [Value, Value])[] {
  const entries = entriesOrNone(map) ?? failEvaluation(`${name}() needs a map, not ${typeName(map)}`);
  budget.grow(entries.length);
  return entries;
}

function entriesOrNone(map: Value): (readonly [Value, Value])[] | undefined {
  if (map instanceof Dictionary) return Array.from(map.entries);
  if (!isPlainMap(map)) return undefined;
  return sortedKeys(map).map((key) => [key, ownValue(map, key) ?? null] as const);
}

/** Elements without those that equal an earlier one. */
function unique(items: readonly Value[], budget: Budget): readonly Value[] {
  const scalars = new Set<Value>();
  const others: Value[] = [];
  const kept = items.filter((item) => {
    budget.step();
    // Numbers of both kinds are equal by value as floats, unless both are ints.
    const isSimple = typeof item === 'string' || typeof item === 'boolean';
    if (isSimple) return !scalars.has(item) && Boolean(scalars.add(item));
    if (others.some((other) => isEqual(item, other, budget))) return false;
    others.push(item);
    return true;
  });
  budget.grow(kept.length);
  return kept;
}

function flattenInto(flat: Value[], items: readonly Value[], budget: Budget, depth: number): void {
  budget.depth(depth);
  for (const item of items) {
    budget.step();
    const inner = itemsOf(item);
    if (inner === undefined) flat.push(item);
    else flattenInto(flat, inner, budget, depth + 1);
  }
}
