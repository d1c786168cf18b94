import type { StaticType } from './static-type.ts';

/**
 * A value of the language. Integers and floating-point numbers are different things in it: an integer (64 bits, wraps
 * around) is a bigint, a float is a number. Plain arrays and objects are lists and maps as JSON has them; the classes
 * are what JSON does not have.
 */
export type Value =
  | null
  | boolean
  | number
  | bigint
  | string
  | readonly Value[]
  | PlainMap
  | List
  | Dictionary
  | Duration
  | Instant
  | CalendarUnit
  | Zone
  | FunctionValue;

/** A map with text keys. Only own properties count. */
export interface PlainMap {
  readonly [key: string]: Value;
}

/** What the elements of a typed list are; `absent` is the typed nothing that some functions give for "no elements". */
export type ListStorage = 'int' | 'byte' | 'float' | 'float-or-nil' | 'string' | 'map' | 'pair' | 'absent';

/** A list all elements of which have one type. It differs from a plain list where types are compared. */
export class List {
  readonly storage: ListStorage;
  readonly items: readonly Value[];

  constructor(storage: ListStorage, items: readonly Value[]) {
    this.storage = storage;
    this.items = items;
  }
}

/** The typed nothing: an empty list that equals nil. */
export const absentList = new List('absent', []);

/** A key of a Dictionary. 1 and 1.0 are different keys. */
export type DictionaryKey = null | boolean | number | bigint | string;

/**
 * A map with keys of any scalar type. In one made by groupBy each value is a list, and a missing one is an absent list.
 */
export class Dictionary {
  readonly groups: boolean;
  readonly entries: ReadonlyMap<DictionaryKey, Value>;

  constructor(groups: boolean, entries: ReadonlyMap<DictionaryKey, Value>) {
    this.groups = groups;
    this.entries = entries;
  }
}

/** A span of time. */
export class Duration {
  readonly nanoseconds: bigint;

  constructor(nanoseconds: bigint) {
    this.nanoseconds = BigInt.asIntN(64, nanoseconds);
  }
}

/** A point in time, shown with a fixed offset from UTC. */
export class Instant {
  /** Since 1970-01-01T00:00:00Z. */
  readonly nanoseconds: bigint;
  readonly offsetSeconds: number;
  /** Name of the offset, e.g. "UTC"; empty when it has none. */
  readonly zone: string;

  constructor(nanoseconds: bigint, offsetSeconds = 0, zone = 'UTC') {
    this.nanoseconds = nanoseconds;
    this.offsetSeconds = offsetSeconds;
    this.zone = zone;
  }
}

/** A day of the week (0 = Sunday) or a month (1 = January) of a point in time: a number that is shown by its name. */
export class CalendarUnit {
  readonly unit: 'weekday' | 'month';
  readonly index: number;

  constructor(unit: 'weekday' | 'month', index: number) {
    this.unit = unit;
    this.index = index;
  }
}

/** A time zone. There is only one: the zone data of a machine would make a verdict depend on the machine. */
export class Zone {
  readonly zone = 'UTC';
}

/** Types of arguments that a function of the environment can ask for. */
export type ParameterType = 'any' | 'float';

/** A function of the environment. `call` may throw a Fault. */
export class FunctionValue {
  readonly name: string;
  readonly parameters: readonly ParameterType[];
  readonly returns: StaticType;
  readonly call: (...args: readonly Value[]) => Value;

  constructor(
    name: string,
    parameters: readonly ParameterType[],
    returns: StaticType,
    call: (...args: readonly Value[]) => Value,
  ) {
    this.name = name;
    this.parameters = parameters;
    this.returns = returns;
    this.call = call;
  }
}

/** The elements of a list of either kind; undefined when the value is no list. */
export function itemsOf(value: Value): readonly Value[] | undefined {
  if (Array.isArray(value)) return value as readonly Value[];
  return value instanceof List ? value.items : undefined;
}

/** True for a map with text keys. */
export function isPlainMap(value: Value): value is PlainMap {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return false;
  const prototype: unknown = Object.getPrototypeOf(value);
  return prototype === Object.prototype || prototype === null;
}

/** The value under a key, or undefined. Never looks at the prototype. */
export function ownValue(map: PlainMap, key: string): Value | undefined {
  return Object.hasOwn(map, key) ? map[key] : undefined;
}

/** An empty map that inherits nothing, to be filled by its maker. */
export function newPlainMap(): Record<string, Value> {
  // Object.create has no better type.
  return Object.create(null) as Record<string, Value>;
}

/** True for nil and for the typed nothing. */
export function isNil(value: Value): boolean {
  return value === null || (value instanceof List && value.storage === 'absent');
}

/** What messages call the type of a value. */
export function typeName(value: Value): string {
  if (value === null) return 'nil';
  if (typeof value === 'bigint') return 'int';
  if (typeof value === 'number') return 'float';
  if (typeof value === 'boolean') return 'bool';
  if (typeof value === 'string') return 'string';
  if (itemsOf(value) !== undefined) return 'list';
  return objectTypeName(value);
}

function objectTypeName(value: Value): string {
  if (value instanceof Duration) return 'duration';
  if (value instanceof Instant) return 'time';
  if (value instanceof CalendarUnit) return value.unit;
  if (value instanceof Zone) return 'zone';
  if (value instanceof FunctionValue) return 'function';
  return 'map';
}
