import {
  CalendarUnit,
  Dictionary,
  Duration,
  FunctionValue,
  Instant,
  isPlainMap,
  List,
  type ListStorage,
  type ParameterType,
  type Value,
  Zone,
} from './value.ts';

/**
 * What is known about a value before it is computed. `any` is the type of an element of a plain list or map, `unknown`
 * the type of something about which nothing is said; both fit everywhere. int64 is what conversions of the environment
 * give; it is an int in all but name.
 */
export type StaticType =
  | { readonly kind: SimpleKind }
  | { readonly kind: 'list'; readonly storage: ListStorage | 'any'; readonly element: StaticType }
  | { readonly kind: 'map'; readonly storage: 'plain' | 'dictionary' | 'groups' }
  | { readonly kind: 'function'; readonly signature: Signature | undefined };

type SimpleKind =
  | 'unknown'
  | 'any'
  | 'nil'
  | 'bool'
  | 'int'
  | 'int64'
  | 'byte'
  | 'float'
  | 'string'
  | 'duration'
  | 'time'
  | 'weekday'
  | 'month'
  | 'zone';

/** Types of the parameters and of the result of a function. */
export interface Signature {
  readonly name: string;
  readonly parameters: readonly StaticType[];
  readonly returns: StaticType;
}

/** The types without parts. */
const simple = (kind: SimpleKind): StaticType => ({ kind });

export const unknownType: StaticType = simple('unknown');
export const anyType: StaticType = simple('any');
export const nilType: StaticType = simple('nil');
export const boolType: StaticType = simple('bool');
export const intType: StaticType = simple('int');
export const int64Type: StaticType = simple('int64');
export const floatType: StaticType = simple('float');
export const stringType: StaticType = simple('string');
export const durationType: StaticType = simple('duration');
export const timeType: StaticType = simple('time');
export const weekdayType: StaticType = simple('weekday');
export const monthType: StaticType = simple('month');
export const zoneType: StaticType = simple('zone');
export const plainMapType: StaticType = { kind: 'map', storage: 'plain' };
export const dictionaryType: StaticType = { kind: 'map', storage: 'dictionary' };
export const groupsType: StaticType = { kind: 'map', storage: 'groups' };
export const plainListType: StaticType = { kind: 'list', storage: 'any', element: anyType };

const elementTypes: Readonly<Record<ListStorage, StaticType>> = {
  int: intType,
  byte: simple('byte'),
  float: floatType,
  'float-or-nil': floatType,
  string: stringType,
  map: plainMapType,
  pair: plainListType,
  absent: anyType,
};

/** Type of a list whose elements all have one storage. */
export function listType(storage: ListStorage): StaticType {
  return { kind: 'list', storage, element: elementTypes[storage] };
}

/** Type of a plain list about whose elements something is known. */
export function listOf(element: StaticType): StaticType {
  return { kind: 'list', storage: 'any', element };
}

/** Type of a value of the environment. */
export function typeOfValue(value: Value): StaticType {
  if (value === null) return nilType;
  if (Array.isArray(value)) return plainListType;
  if (value instanceof List) return value.storage === 'absent' ? plainListType : listType(value.storage);
  if (value instanceof FunctionValue) return functionType(value);
  if (isPlainMap(value)) return plainMapType;
  return scalarType(value);
}

function scalarType(value: Value): StaticType {
  if (typeof value === 'boolean') return boolType;
  if (typeof value === 'bigint') return intType;
  if (typeof value === 'number') return floatType;
  if (typeof value === 'string') return stringType;
  if (value instanceof Dictionary) return value.groups ? groupsType : dictionaryType;
  if (value instanceof Duration) return durationType;
  return timeScalarType(value);
}

function timeScalarType(value: Value): StaticType {
  if (value instanceof CalendarUnit) return value.unit === 'month' ? monthType : weekdayType;
  if (value instanceof Zone) return zoneType;
  return value instanceof Instant ? timeType : unknownType;
}

const parameterTypes: Readonly<Record<ParameterType, StaticType>> = { any: anyType, float: floatType };

function functionType(value: FunctionValue): StaticType {
  const parameters = value.parameters.map((parameter) => parameterTypes[parameter]);
  return { kind: 'function', signature: { name: value.name, parameters, returns: value.returns } };
}

/** True when nothing can be said about the type. */
export function isUnknown(type: StaticType): boolean {
  return type.kind === 'unknown' || type.kind === 'any';
}

/** True for whole numbers. */
export function isInteger(type: StaticType): boolean {
  return type.kind === 'int' || type.kind === 'int64' || type.kind === 'byte';
}

/** True for numbers. */
export function isNumber(type: StaticType): boolean {
  return isInteger(type) || type.kind === 'float';
}

/** True when a value of the first type can stand where one of the second is asked for. */
export function isAssignable(from: StaticType, to: StaticType): boolean {
  if (from.kind === 'nil') return ['any', 'list', 'map', 'function'].includes(to.kind);
  if (from.kind === 'unknown' || to.kind === 'unknown') return false;
  if (to.kind === 'any') return true;
  if (from.kind === 'list' && to.kind === 'list') return from.storage === to.storage;
  if (from.kind === 'map' && to.kind === 'map') return from.storage === to.storage;
  return from.kind === to.kind;
}

/** True when `==` can be asked of values of these types. */
export function isComparable(left: StaticType, right: StaticType): boolean {
  if (isUnknown(left) || isUnknown(right) || left.kind === 'nil' || right.kind === 'nil') return true;
  if (isNumber(left) && isNumber(right)) return true;
  if (left.kind === 'list' && right.kind === 'list') return true;
  return isAssignable(left, right);
}

/** What messages call a type. */
export function typeLabel(type: StaticType): string {
  if (type.kind === 'any') return 'unknown';
  if (type.kind === 'int64') return 'int';
  if (type.kind === 'list' && !isUnknown(type.element)) return `list of ${typeLabel(type.element)}`;
  return type.kind;
}
