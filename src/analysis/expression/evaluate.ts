import { callBuiltin } from './builtins.ts';
import { isEqual } from './equality.ts';
import { evaluatePredicateBuiltin, isPredicateBuiltin } from './evaluate-predicate.ts';
import { failEvaluation, Fault } from './expression-error.ts';
import { fetchMember, hasKey, slice } from './fetch.ts';
import type { Machine } from './machine.ts';
import { type ArithmeticOperator, arithmetic, negate, order, toInteger } from './operators.ts';
import type {
  BinaryNode,
  BinaryOperator,
  CallNode,
  MapNode,
  MemberNode,
  Node,
  SliceNode,
  UnaryNode,
} from './syntax.ts';
import { decodeText } from './text.ts';
import { FunctionValue, isNil, itemsOf, List, newPlainMap, typeName, type Value } from './value.ts';

/** Evaluates a node. Throws a Fault. */
export function evaluate(node: Node, machine: Machine): Value {
  machine.budget.step();
  machine.offset = node.offset;
  // The table has a rule for exactly this kind of node; the compiler cannot relate the two.
  const rule = rules[node.kind] as (node: Node, machine: Machine) => Value;
  return rule(node, machine);
}

type Rules = {
  readonly [Kind in Node['kind']]: (node: Extract<Node, { kind: Kind }>, machine: Machine) => Value;
};

const rules: Rules = {
  nil: () => null,
  boolean: (node) => node.value,
  integer: (node) => node.value,
  float: (node) => node.value,
  text: (node) => node.value,
  bytes: (node) => node.value,
  'text-set': (node) => Array.from(node.values),
  identifier(node, machine) {
    const variable = machine.variables.get(node.name);
    if (variable !== undefined) return variable;
    if (node.name === '$env') return machine.environment;
    return Object.hasOwn(machine.environment, node.name) ? (machine.environment[node.name] ?? null) : null;
  },
  unary: evaluateUnary,
  binary: (node, machine) => binaryRules[node.operator](node, machine),
  chain(node, machine) {
    const value = evaluateLink(node.inner, machine) ?? null;
    return isNil(value) ? null : value;
  },
  member: (node, machine) => evaluateLink(node, machine) ?? null,
  slice: evaluateSlice,
  call: (node, machine) => evaluateLink(node, machine) ?? null,
  builtin(node, machine) {
    if (isPredicateBuiltin(node.name)) return evaluatePredicateBuiltin(node, machine);
    const parameters = node.parameters.map((parameter) => evaluate(parameter, machine));
    machine.offset = node.offset;
    return callBuiltin(node.name, parameters, machine);
  },
  predicate: (node, machine) => evaluate(node.body, machine),
  pointer(node, machine) {
    const scope = machine.scopes.at(-1) ?? failEvaluation('"#" can only stand in a predicate');
    if (node.name === 'index') return BigInt(scope.index);
    return node.name === 'acc' ? scope.accumulator : (scope.items[scope.index] ?? null);
  },
  let(node, machine) {
    machine.variables.set(node.name, evaluate(node.value, machine));
    const body = evaluate(node.body, machine);
    machine.variables.delete(node.name);
    return body;
  },
  sequence: (node, machine) => node.nodes.map((child) => evaluate(child, machine)).at(-1) ?? null,
  conditional: (node, machine) => evaluate(truth(node.condition, machine) ? node.whenTrue : node.whenFalse, machine),
  array(node, machine) {
    machine.budget.grow(node.items.length);
    return node.items.map((item) => evaluate(item, machine));
  },
  map: evaluateMap,
};

/** The value of a node that must be a bool. */
function truth(node: Node, machine: Machine): boolean {
  const value = evaluate(node, machine);
  machine.offset = node.offset;
  return typeof value === 'boolean' ? value : failEvaluation(`expected bool, not ${typeName(value)}`);
}

function evaluateUnary(node: UnaryNode, machine: Machine): Value {
  if (node.operator === 'not') return !truth(node.operand, machine);
  const value = evaluate(node.operand, machine);
  machine.offset = node.offset;
  return node.operator === '-' ? negate(value) : value;
}

/** A link of a chain; undefined when the chain was broken by `?.` after a nil. */
function evaluateLink(node: Node, machine: Machine): Value | undefined {
  if (node.kind === 'member') return evaluateMember(node, machine);
  if (node.kind === 'call') return evaluateCall(node, machine);
  return evaluate(node, machine);
}

function evaluateMember(node: MemberNode, machine: Machine): Value | undefined {
  machine.budget.step();
  const base = evaluateLink(node.base, machine);
  if (base === undefined || (node.optional && isNil(base))) return undefined;
  const key = evaluate(node.property, machine);
  machine.offset = node.offset;
  return fetchMember(base, key);
}

function evaluateCall(node: CallNode, machine: Machine): Value | undefined {
  const callee = evaluateLink(node.callee, machine);
  if (callee === undefined) return undefined;
  const parameters = node.parameters.map((parameter) => evaluate(parameter, machine));
  machine.offset = node.offset;
  if (!(callee instanceof FunctionValue)) return failEvaluation(`${typeName(callee)} cannot be called`);
  if (parameters.length !== callee.parameters.length) {
    failEvaluation(`${callee.name}() needs ${callee.parameters.length} parameters, not ${parameters.length}`);
  }
  return callee.call(...parameters.map((value, index) => converted(value, callee, index, node.parameters[index])));
}

/** An int given for a float is converted only if it is written down as a number; a computed one must use float(). */
function converted(value: Value, callee: FunctionValue, index: number, node: Node | undefined): Value {
  if (callee.parameters[index] !== 'float' || typeof value === 'number') return value;
  if (typeof value === 'bigint' && node !== undefined && isLiteralInteger(node)) return Number(value);
  return failEvaluation(`${callee.name}() needs a float, not ${typeName(value)}`);
}

function isLiteralInteger(node: Node): boolean {
  if (node.kind === 'unary') return isLiteralInteger(node.operand);
  if (node.kind !== 'binary') return node.kind === 'integer';
  return ['+', '-', '*'].includes(node.operator) && isLiteralInteger(node.left) && isLiteralInteger(node.right);
}

function evaluateSlice(node: SliceNode, machine: Machine): Value {
  const base = evaluate(node.base, machine);
  const to = node.to === undefined ? undefined : evaluate(node.to, machine);
  const from = node.from === undefined ? undefined : evaluate(node.from, machine);
  machine.offset = node.offset;
  if (typeof base === 'string') machine.budget.growText(base.length);
  else machine.budget.step(itemsOf(base)?.length ?? 0);
  return slice(base, from, to);
}

function evaluateMap(node: MapNode, machine: Machine): Value {
  machine.budget.grow(node.pairs.length);
  const map = newPlainMap();
  // When a key stands twice the first one counts, as in the reference dialect.
  for (const { key, value } of node.pairs) {
    const name = evaluate(key, machine);
    const entry = evaluate(value, machine);
    machine.offset = key.offset;
    if (typeof name !== 'string') return failEvaluation(`a map has text keys, not ${typeName(name)}`);
    if (!Object.hasOwn(map, name)) map[name] = entry;
  }
  return map;
}

type BinaryRule = (node: BinaryNode, machine: Machine) => Value;

/** Evaluates both sides and then applies an operation. */
function onValues(apply: (left: Value, right: Value, machine: Machine, node: BinaryNode) => Value): BinaryRule {
  return (node, machine) => {
    const left = evaluate(node.left, machine);
    const right = evaluate(node.right, machine);
    machine.offset = node.offset;
    return apply(left, right, machine, node);
  };
}

const ordering = (accept: (order: number) => boolean): BinaryRule =>
  onValues((left, right, machine, node) => {
    if (typeof left === 'string') machine.budget.read(left);
    return accept(order(node.operator, left, right));
  });

const calculation = (operator: ArithmeticOperator): BinaryRule =>
  onValues((left, right, machine) => arithmetic(operator, left, right, machine.budget));

/** An operator on texts; it is false when one side is nil. */
const textual = (apply: (left: string, right: string, machine: Machine) => boolean): BinaryRule =>
  onValues((left, right, machine, node) => {
    if (isNil(left) || isNil(right)) return false;
    if (typeof left !== 'string' || typeof right !== 'string') {
      return failEvaluation(`"${node.operator}" needs two texts, not ${typeName(left)} and ${typeName(right)}`);
    }
    machine.budget.read(left);
    return apply(left, right, machine);
  });

const equality = onValues((left, right, machine, node) => {
  if (node.strict !== undefined && (typeName(left) !== node.strict || typeName(right) !== node.strict)) {
    return failEvaluation(`expected ${node.strict} on both sides, not ${typeName(left)} and ${typeName(right)}`);
  }
  return isEqual(left, right, machine.budget);
});

const binaryRules: Readonly<Record<BinaryOperator, BinaryRule>> = {
  // The right side is the result as it is, whatever its type: the reference dialect does not look at it.
  or: (node, machine) => truth(node.left, machine) || evaluate(node.right, machine),
  and: (node, machine) => truth(node.left, machine) && evaluate(node.right, machine),
  '==': equality,
  '!=': (node, machine) => equality(node, machine) !== true,
  '<': ordering((result) => result < 0),
  '>': ordering((result) => result > 0),
  '<=': ordering((result) => result <= 0),
  '>=': ordering((result) => result >= 0),
  in: evaluateIn,
  matches: onValues((left, right, machine) => {
    if (isNil(left) || isNil(right)) return false;
    const text =
      left instanceof List && left.storage === 'byte' ? decodeText(Uint8Array.from(left.items, Number)) : left;
    if (typeof text !== 'string' || typeof right !== 'string') {
      return failEvaluation(`"matches" needs two texts, not ${typeName(left)} and ${typeName(right)}`);
    }
    return machine.patterns.matches(right, text, machine.budget);
  }),
  contains: textual((left, right) => left.includes(right)),
  startsWith: textual((left, right) => left.startsWith(right)),
  endsWith: textual((left, right) => left.endsWith(right)),
  '..': onValues((from, to, machine) => {
    const [first, last] = [toInteger(from), toInteger(to)];
    const count = last < first ? 0n : last - first + 1n;
    if (count > BigInt(machine.budget.limits.elementCountMax)) throw new Fault('limit', 'the range is too large');
    machine.budget.grow(Number(count));
    return new List(
      'int',
      Array.from({ length: Number(count) }, (_, index) => first + BigInt(index)),
    );
  }),
  '+': calculation('+'),
  '-': calculation('-'),
  '*': calculation('*'),
  '/': calculation('/'),
  '%': calculation('%'),
  '**': calculation('**'),
  '??'(node, machine) {
    const left = evaluate(node.left, machine);
    return isNil(left) ? evaluate(node.right, machine) : left;
  },
};

function evaluateIn(node: BinaryNode, machine: Machine): Value {
  const needle = evaluate(node.left, machine);
  const { right } = node;
  if (right.kind === 'text-set') {
    machine.offset = node.offset;
    if (needle !== null && typeof needle !== 'string') failEvaluation(`expected a text, not ${typeName(needle)}`);
    return right.values.has(needle ?? '');
  }
  // A range need not be made to see what is in it.
  if (right.kind === 'binary' && right.operator === '..') return isInRange(needle, right, machine);
  const haystack = evaluate(right, machine);
  machine.offset = node.offset;
  if (haystack === null) return false;
  const items = itemsOf(haystack);
  if (items !== undefined) return items.some((item) => isEqual(item, needle, machine.budget));
  return hasKey(haystack, needle) ?? failEvaluation(`"in" cannot be applied to ${typeName(haystack)}`);
}

function isInRange(needle: Value, range: BinaryNode, machine: Machine): boolean {
  const [from, to] = [evaluate(range.left, machine), evaluate(range.right, machine)].map(toInteger);
  if (from === undefined || to === undefined) return false;
  if (typeof needle === 'bigint') return needle >= from && needle <= to;
  return typeof needle === 'number' && Number.isInteger(needle) && needle >= Number(from) && needle <= Number(to);
}
