import { failEvaluation } from './expression-error.ts';
import { dictionaryKey } from './fetch.ts';
import { predicateShapes } from './grammar.ts';
import type { Machine, Scope } from './machine.ts';
import { arithmetic } from './operators.ts';
import { sortValues } from './sort-values.ts';
import type { BuiltinNode, Node } from './syntax.ts';
import { encodeText } from './text.ts';
import { Dictionary, type DictionaryKey, itemsOf, typeName, type Value } from './value.ts';

/** True for a function that evaluates an expression per element. */
export function isPredicateBuiltin(name: string): boolean {
  return predicateShapes.has(name);
}

/** Calls such a function. Throws a Fault. */
export function evaluatePredicateBuiltin(node: BuiltinNode, machine: Machine): Value {
  const [list, predicate] = node.parameters;
  if (list === undefined) return failEvaluation(`${node.name}() lacks a list`);
  const collection = machine.run(list);
  machine.offset = node.offset;
  const items = typeof collection === 'string' ? bytesOf(collection) : itemsOf(collection);
  if (items === undefined) return failEvaluation(`${node.name}() needs a list, not ${typeName(collection)}`);
  const scope: Scope = { items, index: 0, accumulator: null };
  machine.scopes.push(scope);
  const rule = rules[node.name] ?? failEvaluation(`${node.name}() is not known`);
  const result = rule(new Walk(node, predicate, scope, machine));
  machine.scopes.pop();
  return result;
}

/** The bytes of a text: the reference dialect walks through a text whose type it learns only when it runs. */
function bytesOf(text: string): readonly Value[] {
  return Array.from(encodeText(text), BigInt);
}

/** One pass through a list. */
class Walk {
  readonly node: BuiltinNode;
  readonly scope: Scope;
  readonly machine: Machine;
  readonly #predicate: Node | undefined;

  constructor(node: BuiltinNode, predicate: Node | undefined, scope: Scope, machine: Machine) {
    this.node = node;
    this.scope = scope;
    this.machine = machine;
    this.#predicate = predicate;
  }

  get length(): number {
    return this.scope.items.length;
  }

  item(index: number): Value {
    return this.scope.items[index] ?? null;
  }

  /** What the predicate gives for an element, or without one the element itself. */
  value(index: number): Value {
    this.machine.budget.step();
    this.scope.index = index;
    if (this.#predicate === undefined) return this.item(index);
    const value = this.machine.run(this.#predicate);
    this.machine.offset = this.node.offset;
    return value;
  }

  holds(index: number): boolean {
    const value = this.value(index);
    if (typeof value === 'boolean') return value;
    return failEvaluation(`${this.node.name}() needs a predicate that gives bool, not ${typeName(value)}`);
  }

  /** The element, or what the node makes of each element it keeps. */
  kept(index: number): Value {
    return this.node.kept === undefined ? this.item(index) : this.machine.run(this.node.kept);
  }

  /** Index of the first element for which the predicate gives `wanted`; -1 when there is none. */
  first(wanted = true): number {
    for (let index = 0; index < this.length; index += 1) if (this.holds(index) === wanted) return index;
    return -1;
  }

  last(): number {
    for (let index = this.length - 1; index >= 0; index -= 1) if (this.holds(index)) return index;
    return -1;
  }
}

function count(walk: Walk): bigint {
  let found = 0n;
  for (let index = 0; index < walk.length; index += 1) {
    if (!walk.holds(index)) continue;
    found += 1n;
    if (found === walk.node.enough) break;
  }
  return found;
}

function found(walk: Walk, index: number): Value {
  if (index !== -1) return walk.kept(index);
  return walk.node.mustFind === true ? failEvaluation('no element fits, so there is none to take') : null;
}

const indexOrNil = (index: number): Value => (index === -1 ? null : BigInt(index));

const rules: Readonly<Record<string, (walk: Walk) => Value>> = {
  all: (walk) => walk.first(false) === -1,
  none: (walk) => walk.first() === -1,
  any: (walk) => walk.first() !== -1,
  one: (walk) => count(walk) === 1n,
  count,
  find: (walk) => found(walk, walk.first()),
  findIndex: (walk) => indexOrNil(walk.first()),
  findLast: (walk) => found(walk, walk.last()),
  findLastIndex: (walk) => indexOrNil(walk.last()),
  filter(walk) {
    const kept: Value[] = [];
    for (let index = 0; index < walk.length; index += 1) if (walk.holds(index)) kept.push(walk.kept(index));
    walk.machine.budget.grow(kept.length);
    return kept;
  },
  map(walk) {
    walk.machine.budget.grow(walk.length);
    return Array.from({ length: walk.length }, (_, index) => walk.value(index));
  },
  sum(walk) {
    let total: Value = 0n;
    for (let index = 0; index < walk.length; index += 1) {
      total = arithmetic('+', walk.value(index), total, walk.machine.budget);
    }
    return total;
  },
  groupBy(walk) {
    const groups = new Map<DictionaryKey, Value[]>();
    for (let index = 0; index < walk.length; index += 1) {
      const key = dictionaryKey(walk.value(index));
      const group = groups.get(key);
      if (group === undefined) groups.set(key, [walk.item(index)]);
      else group.push(walk.item(index));
    }
    walk.machine.budget.grow(walk.length);
    return new Dictionary(true, groups);
  },
  sortBy(walk) {
    const direction = extra(walk) ?? 'asc';
    if (direction !== 'asc' && direction !== 'desc') return failEvaluation('the order must be "asc" or "desc"');
    const keys = Array.from({ length: walk.length }, (_, index) => walk.value(index));
    walk.machine.budget.grow(walk.length);
    return sortValues(walk.scope.items, keys, direction === 'desc', walk.machine.budget);
  },
  reduce(walk) {
    const initial = extra(walk);
    if (initial === undefined && walk.length === 0) return failEvaluation('reduce() of an empty list needs a start');
    walk.scope.accumulator = initial ?? walk.item(0);
    for (let index = initial === undefined ? 1 : 0; index < walk.length; index += 1) {
      walk.scope.accumulator = walk.value(index);
    }
    return walk.scope.accumulator;
  },
};

/** The third parameter; it is evaluated inside the walk, so that `#` in it is the first element. */
function extra(walk: Walk): Value | undefined {
  const node = walk.node.parameters[2];
  return node === undefined ? undefined : walk.machine.run(node);
}
