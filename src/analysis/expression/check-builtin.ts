import type { CheckContext } from './check-context.ts';
import { entryType } from './entry-type.ts';
import { Fault } from './expression-error.ts';
import {
  anyType,
  boolType,
  dictionaryType,
  durationType,
  floatType,
  groupsType,
  intType,
  isAssignable,
  isInteger,
  isNumber,
  isUnknown,
  listOf,
  listType,
  plainListType,
  type StaticType,
  stringType,
  timeType,
  typeLabel,
  unknownType,
  zoneType,
} from './static-type.ts';
import type { BuiltinNode, Node } from './syntax.ts';

/** Type of the result of a function of the language. Throws a Fault when its parameters can never fit. */
export function checkBuiltin(node: BuiltinNode, context: CheckContext): StaticType {
  const result = predicateResults[node.name];
  if (result !== undefined) return checkPredicateBuiltin(node, result, context);
  const types = node.parameters.map((parameter) => context.visit(parameter));
  const rule = rules[node.name] ?? fail(node, 'is not known');
  return rule(types, node);
}

function fail(node: BuiltinNode, problem: string, place: Node = node): never {
  throw new Fault('type', `${node.name}() ${problem}`, place.offset);
}

type Result = (collection: StaticType, predicate: StaticType | undefined) => StaticType;

const elementOf = (collection: StaticType): StaticType =>
  collection.kind === 'list' ? collection.element : unknownType;

/** A predicate's result, of which no more is known than its kind. */
const outcome = (type: StaticType): StaticType => (isUnknown(type) ? anyType : type);

const predicateResults: Readonly<Record<string, Result>> = {
  all: () => boolType,
  none: () => boolType,
  any: () => boolType,
  one: () => boolType,
  filter: (collection) => (isUnknown(collection) ? plainListType : listOf(elementOf(collection))),
  map: (_, predicate) => listOf(predicate ?? unknownType),
  count: () => intType,
  sum: (collection, predicate) => (predicate === undefined ? elementOf(collection) : outcome(predicate)),
  find: elementOf,
  findLast: elementOf,
  findIndex: () => intType,
  findLastIndex: () => intType,
  groupBy: () => groupsType,
  sortBy: (collection) => collection,
  reduce: (_, predicate) => predicate ?? unknownType,
};

/** Functions whose predicate may give anything; that of the others must give a bool. */
const freePredicates: ReadonlySet<string> = new Set(['map', 'sum', 'groupBy', 'sortBy', 'reduce']);

const index: ReadonlyMap<string, StaticType> = new Map([['index', intType]]);

const pointersOf: Readonly<Record<string, ReadonlyMap<string, StaticType>>> = {
  map: index,
  reduce: new Map([...index, ['acc', unknownType]]),
};

function checkPredicateBuiltin(node: BuiltinNode, result: Result, context: CheckContext): StaticType {
  const [list, predicate, extra] = node.parameters;
  if (list === undefined) return fail(node, 'lacks a list');
  const collection = context.visit(list);
  if (collection.kind !== 'list' && !isUnknown(collection)) {
    fail(node, `needs a list, not ${typeLabel(collection)}`, list);
  }
  if (predicate === undefined) return result(collection, undefined);
  context.scopes.push({ collection, pointers: pointersOf[node.name] ?? new Map() });
  const given = context.visit(predicate);
  context.scopes.pop();
  if (given.kind === 'nil') fail(node, 'needs a predicate that gives a value, not nil', predicate);
  if (!freePredicates.has(node.name) && given.kind !== 'bool' && !isUnknown(given)) {
    fail(node, `needs a predicate that gives bool, not ${typeLabel(given)}`, predicate);
  }
  if (extra !== undefined) checkExtra(node, extra, context);
  return result(collection, given);
}

function checkExtra(node: BuiltinNode, extra: Node, context: CheckContext): void {
  const type = context.visit(extra);
  if (node.name === 'sortBy' && type.kind !== 'string' && !isUnknown(type)) {
    fail(node, `needs the order "asc" or "desc", not ${typeLabel(type)}`, extra);
  }
}

type Rule = (types: readonly StaticType[], node: BuiltinNode) => StaticType;

/** A rule for one of several lists of parameter types; all have the same result. */
function overloads(returns: StaticType, ...forms: readonly (readonly StaticType[])[]): Rule {
  return (types, node) => {
    if (forms.some((form) => form.length === types.length && types.every((type, at) => fits(type, form[at])))) {
      return returns;
    }
    const wanted = forms.map((form) => `(${form.map(typeLabel).join(', ')})`).join(' or ');
    return fail(node, `was given (${types.map(typeLabel).join(', ')}), it needs ${wanted}`);
  };
}

function fits(given: StaticType, wanted: StaticType | undefined): boolean {
  if (wanted === undefined) return false;
  if (wanted.kind === 'any') return true;
  if (given.kind === 'nil') return false;
  return isUnknown(given) || (isInteger(wanted) && isInteger(given)) || isAssignable(given, wanted);
}

/** A rule for one parameter. */
function single(what: string, accepts: (type: StaticType) => boolean, result: (type: StaticType) => StaticType): Rule {
  return (types, node) => {
    const [type] = types;
    if (type === undefined || types.length !== 1) return fail(node, `was given ${types.length} parameters, it needs 1`);
    if (!accepts(type) && !isUnknown(type)) return fail(node, `needs ${what}, not ${typeLabel(type)}`);
    return result(isUnknown(type) ? anyType : type);
  };
}

const isList = (type: StaticType): boolean => type.kind === 'list';
const isMap = (type: StaticType): boolean => type.kind === 'map';
const isText = (type: StaticType): boolean => type.kind === 'string';

const text = (...forms: readonly (readonly StaticType[])[]): Rule => overloads(stringType, ...forms);
const rounding = single('a number', isNumber, () => floatType);
const onMap = single('a map', isMap, () => plainListType);
const onList = single('a list', isList, () => plainListType);
// The element type that a predicate left behind is forgotten here, as in the reference dialect.
const oneElement = single('a list', isList, (type) => (type.kind === 'list' ? storedElement(type) : anyType));
const bits = overloads(intType, [intType, intType]);
const parts = overloads(listType('string'), [stringType, stringType], [stringType, stringType, intType]);

function storedElement(type: StaticType & { kind: 'list' }): StaticType {
  return type.storage === 'any' ? anyType : type.element;
}

/** Numbers, or lists of anything: what is behind a list is seen when it runs. */
const aggregate: Rule = (types, node) => {
  if (types.length === 0) fail(node, 'lacks a parameter');
  for (const type of types) {
    if (isList(type) || isUnknown(type)) return anyType;
    if (!isNumber(type)) fail(node, `needs numbers, not ${typeLabel(type)}`);
  }
  return types[0] ?? anyType;
};

const rules: Readonly<Record<string, Rule>> = {
  len: single(
    'a list, a map or a string',
    (type) => isList(type) || isMap(type) || isText(type),
    () => intType,
  ),
  type: overloads(stringType, [anyType]),
  abs: single('a number', isNumber, (type) => type),
  ceil: rounding,
  floor: rounding,
  round: rounding,
  int: single(
    'a number or a string',
    (type) => isNumber(type) || isText(type),
    () => intType,
  ),
  float: single(
    'a number or a string',
    (type) => isNumber(type) || isText(type),
    () => floatType,
  ),
  string: overloads(stringType, [anyType]),
  trim: text([stringType], [stringType, stringType]),
  trimPrefix: text([stringType], [stringType, stringType]),
  trimSuffix: text([stringType], [stringType, stringType]),
  upper: text([stringType]),
  lower: text([stringType]),
  split: parts,
  splitAfter: parts,
  replace: text([stringType, stringType, stringType], [stringType, stringType, stringType, intType]),
  repeat: text([stringType, intType]),
  join: text([plainListType], [plainListType, stringType], [listType('string')], [listType('string'), stringType]),
  indexOf: overloads(intType, [stringType, stringType]),
  lastIndexOf: overloads(intType, [stringType, stringType]),
  hasPrefix: overloads(boolType, [stringType, stringType]),
  hasSuffix: overloads(boolType, [stringType, stringType]),
  max: aggregate,
  min: aggregate,
  mean: aggregate,
  median: aggregate,
  toJSON: overloads(stringType, [anyType]),
  fromJSON: overloads(anyType, [stringType]),
  toBase64: text([stringType]),
  fromBase64: text([stringType]),
  now: overloads(timeType, [], [zoneType]),
  duration: overloads(durationType, [stringType]),
  date: checkDate,
  timezone: overloads(zoneType, [stringType]),
  first: oneElement,
  last: oneElement,
  get: checkGet,
  take: checkTake,
  keys: onMap,
  values: onMap,
  toPairs: onMap,
  fromPairs: single('a list of pairs', isList, () => dictionaryType),
  reverse: onList,
  uniq: onList,
  flatten: onList,
  concat(types, node) {
    if (types.length === 0) fail(node, 'lacks a parameter');
    const wrong = types.find((type) => !isList(type) && !isUnknown(type));
    return wrong === undefined ? plainListType : fail(node, `needs lists, not ${typeLabel(wrong)}`);
  },
  sort: overloads(
    plainListType,
    ...[plainListType, listType('int'), listType('float'), listType('string')].flatMap((list) => [
      [list],
      [list, stringType],
    ]),
  ),
  bitand: bits,
  bitor: bits,
  bitxor: bits,
  bitnand: bits,
  bitshl: bits,
  bitshr: bits,
  bitushr: bits,
  bitnot: overloads(intType, [intType]),
};

function checkDate(types: readonly StaticType[], node: BuiltinNode): StaticType {
  const texts = types[0]?.kind === 'zone' ? types.slice(1) : types;
  if (texts.length === 0 || texts.length > 3) fail(node, 'needs 1 to 3 texts: the date, its layout, and a time zone');
  return timeType;
}

function checkTake(types: readonly StaticType[], node: BuiltinNode): StaticType {
  const [list, count] = types;
  if (list === undefined || count === undefined || types.length !== 2) return fail(node, 'needs a list and an int');
  if (!isList(list) && !isUnknown(list)) fail(node, `needs a list, not ${typeLabel(list)}`);
  if (count.kind !== 'int' && count.kind !== 'int64' && !isUnknown(count)) {
    fail(node, `needs an int, not ${typeLabel(count)}`);
  }
  if (list.kind !== 'list') return anyType;
  return list.storage === 'any' ? plainListType : list;
}

function checkGet(types: readonly StaticType[], node: BuiltinNode): StaticType {
  const [base, key] = types;
  if (base === undefined || key === undefined || types.length !== 2) return fail(node, 'needs a list or map and a key');
  if (isUnknown(base)) return unknownType;
  const entry = entryType(base, key);
  if (typeof entry !== 'string') return entry;
  return fail(node, `needs ${entry}, not ${typeLabel(base)} and ${typeLabel(key)}`);
}
