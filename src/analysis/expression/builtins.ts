import type { Builtin } from './builtin.ts';
import { failEvaluation } from './expression-error.ts';
import { fetchMember, fetchOrNil } from './fetch.ts';
import { formatValue } from './format-value.ts';
import { jsonBuiltins } from './json-builtins.ts';
import { listBuiltins } from './list-builtins.ts';
import type { Machine } from './machine.ts';
import { numberBuiltins } from './number-builtins.ts';
import { textBuiltins } from './text-builtins.ts';
import { pointLength } from './text.ts';
import { timeBuiltins } from './time-builtins.ts';
import { CalendarUnit, Dictionary, Duration, Instant, isPlainMap, itemsOf, typeName, type Value } from './value.ts';

/** Calls a function of the language. Throws a Fault. */
export function callBuiltin(name: string, parameters: readonly Value[], machine: Machine): Value {
  const builtin = builtins.get(name) ?? failEvaluation(`${name}() is not known`);
  return builtin(parameters, machine);
}

const generalBuiltins: Readonly<Record<string, Builtin>> = {
  len([value = null]) {
    if (typeof value === 'string') return BigInt(pointLength(value));
    const items = itemsOf(value);
    if (items !== undefined) return BigInt(items.length);
    if (value instanceof Dictionary) return BigInt(value.entries.size);
    if (isPlainMap(value)) return BigInt(Object.keys(value).length);
    return failEvaluation(`len() needs a list, a map or a string, not ${typeName(value)}`);
  },
  type: ([value = null]) => referenceTypeName(value),
  string: ([value = null], machine) => formatValue(value, machine.budget),
  get: ([base = null, key = null]) => (base === null ? null : fetchOrNil(base, key)),
  first: ([list = null]) => elementOrNil(list, 0n),
  last: ([list = null]) => elementOrNil(list, -1n),
};

const builtins: ReadonlyMap<string, Builtin> = new Map(
  [generalBuiltins, numberBuiltins, textBuiltins, listBuiltins, jsonBuiltins, timeBuiltins].flatMap((group) =>
    Object.entries(group),
  ),
);

/** An element of a list or string; nil for anything else and when there is none. */
function elementOrNil(list: Value, index: bigint): Value {
  const isIndexed = itemsOf(list) !== undefined || (typeof list === 'string' && list !== '');
  if (!isIndexed || itemsOf(list)?.length === 0) return null;
  return fetchMember(list, index);
}

const timeTypeNames = { weekday: 'time.Weekday', month: 'time.Month' } as const;

/** Type names as `type()` gives them; they are part of the dialect. */
function referenceTypeName(value: Value): string {
  if (itemsOf(value) !== undefined) return 'array';
  if (value instanceof Duration) return 'time.Duration';
  if (value instanceof Instant) return 'time.Time';
  if (value instanceof CalendarUnit) return timeTypeNames[value.unit];
  const name = typeName(value);
  return name === 'function' ? 'func' : name;
}
