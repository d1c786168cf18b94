import { checkBuiltin } from './check-builtin.ts';
import type { CheckContext } from './check-context.ts';
import { checkBinary, checkUnary } from './check-operator.ts';
import { entryType } from './entry-type.ts';
import { Fault } from './expression-error.ts';
import { builtinNames } from './grammar.ts';
import { methodSignature } from './methods.ts';
import type { PatternCache } from './pattern.ts';
import {
  boolType,
  floatType,
  intType,
  isAssignable,
  isInteger,
  isUnknown,
  listOf,
  listType,
  nilType,
  plainListType,
  plainMapType,
  type Signature,
  type StaticType,
  stringType,
  typeLabel,
  unknownType,
} from './static-type.ts';
import type { ArrayNode, CallNode, ConditionalNode, LetNode, MemberNode, Node, SliceNode } from './syntax.ts';

/** Types of all nodes of an expression. */
export type TypesByNode = ReadonlyMap<Node, StaticType>;

/**
 * Checks an expression against the types of the environment before it runs: names must be known, and operands must be
 * able to fit. What is unknown is let through and checked when it runs. Throws a Fault.
 */
export function check(root: Node, names: ReadonlyMap<string, StaticType>, patterns: PatternCache): TypesByNode {
  const types = new Map<Node, StaticType>();
  const context: CheckContext = {
    names,
    patterns,
    variables: [],
    scopes: [],
    visit(node) {
      // In a chain of comparisons two nodes share one operand; without this, nested chains would cost exponential time.
      const seen = types.get(node);
      if (seen !== undefined) return seen;
      // The table has a rule for exactly this kind of node; the compiler cannot relate the two.
      const rule = rules[node.kind] as (node: Node, context: CheckContext) => StaticType;
      const type = rule(node, context);
      types.set(node, type);
      return type;
    },
  };
  context.visit(root);
  return types;
}

type Rules = {
  readonly [Kind in Node['kind']]: (node: Extract<Node, { kind: Kind }>, context: CheckContext) => StaticType;
};

const rules: Rules = {
  nil: () => nilType,
  boolean: () => boolType,
  integer: () => intType,
  float: () => floatType,
  text: () => stringType,
  'text-set': () => listType('string'),
  bytes: () => listType('byte'),
  identifier: (node, context) => checkName(node.name, node.offset, context),
  unary: (node, context) => checkUnary(node, context.visit(node.operand)),
  binary(node, context) {
    const left = context.visit(node.left);
    const right = context.visit(node.right);
    if (node.operator === 'matches' && node.right.kind === 'text') {
      context.patterns.check(node.right.value, node.right.offset);
    }
    return checkBinary(node, left, right);
  },
  chain: (node, context) => context.visit(node.inner),
  member: checkMember,
  slice: checkSlice,
  call: checkCall,
  builtin: checkBuiltin,
  predicate: (node, context) => context.visit(node.body),
  pointer: (node, context) => checkPointer(node.name, node.offset, context),
  let: checkLet,
  sequence: (node, context) => node.nodes.map((child) => context.visit(child)).at(-1) ?? unknownType,
  conditional: checkConditional,
  array: checkArray,
  map(node, context) {
    for (const { key, value } of node.pairs) {
      context.visit(key);
      context.visit(value);
    }
    return plainMapType;
  },
};

function checkName(name: string, offset: number, context: CheckContext): StaticType {
  const variable = context.variables.findLast((candidate) => candidate.name === name);
  if (variable !== undefined) return variable.type;
  if (name === '$env') return unknownType;
  const known = context.names.get(name);
  if (known !== undefined) return known;
  if (builtinNames.has(name)) return { kind: 'function', signature: undefined };
  throw unknownName(name, offset, context);
}

function unknownName(name: string, offset: number, context: CheckContext): Fault {
  const known = [...context.names.keys()].sort().join(', ');
  return new Fault('name', `unknown name ${JSON.stringify(name)}${known === '' ? '' : `; known are ${known}`}`, offset);
}

function checkMember(node: MemberNode, context: CheckContext): StaticType {
  const { property } = node;
  if (node.base.kind === 'identifier' && node.base.name === '$env') return checkEnvironmentMember(node, context);
  const base = context.visit(node.base);
  const key = context.visit(property);
  if (isUnknown(base)) return unknownType;
  if (property.kind === 'text') {
    const signature = methodSignature(base, property.value);
    if (signature !== undefined) return { kind: 'function', signature };
  }
  const entry = entryType(base, key);
  if (typeof entry !== 'string') return entry;
  const what = property.kind === 'text' ? JSON.stringify(property.value) : `an element by ${typeLabel(key)}`;
  throw new Fault('type', `${typeLabel(base)} has no ${what}; expected ${entry}`, property.offset);
}

function checkEnvironmentMember(node: MemberNode, context: CheckContext): StaticType {
  const { property } = node;
  if (property.kind !== 'text') {
    context.visit(property);
    return unknownType;
  }
  const known = context.names.get(property.value);
  if (known === undefined && !node.optional) throw unknownName(property.value, property.offset, context);
  return known ?? unknownType;
}

function checkSlice(node: SliceNode, context: CheckContext): StaticType {
  const base = context.visit(node.base);
  const bounds = [node.from, node.to].filter((bound) => bound !== undefined);
  const types = bounds.map((bound) => context.visit(bound));
  if (isUnknown(base)) return unknownType;
  if (base.kind !== 'string' && base.kind !== 'list') {
    throw new Fault('type', `${typeLabel(base)} cannot be sliced`, node.offset);
  }
  const wrong = types.findIndex((type) => !isInteger(type) && !isUnknown(type));
  if (wrong !== -1) {
    const found = typeLabel(types[wrong] ?? unknownType);
    throw new Fault('type', `a slice needs int bounds, not ${found}`, bounds[wrong]?.offset);
  }
  return base;
}

function checkCall(node: CallNode, context: CheckContext): StaticType {
  const callee = context.visit(node.callee);
  const parameters = node.parameters.map((parameter) => context.visit(parameter));
  if (isUnknown(callee) && !(node.callee.kind === 'identifier' && node.callee.name === '$env')) return unknownType;
  if (callee.kind !== 'function' || callee.signature === undefined) {
    throw new Fault('type', `${typeLabel(callee)} cannot be called`, node.offset);
  }
  checkParameters(node, callee.signature, parameters);
  return callee.signature.returns;
}

function checkParameters(node: CallNode, signature: Signature, given: readonly StaticType[]): void {
  const wanted = signature.parameters;
  if (given.length !== wanted.length) {
    const counts = `${given.length} parameters, it has ${wanted.length}`;
    throw new Fault('type', `${signature.name}() was given ${counts}`, node.offset);
  }
  for (const [index, type] of wanted.entries()) {
    const found = given[index] ?? unknownType;
    const converts = type.kind === 'float' && isInteger(found);
    const fits = converts || isAssignable(found, type) || isUnknown(found) || type.kind === 'any';
    if (fits) continue;
    const message = `${signature.name}() needs ${typeLabel(type)}, not ${typeLabel(found)}`;
    throw new Fault('type', message, node.parameters[index]?.offset);
  }
}

function checkPointer(name: string, offset: number, context: CheckContext): StaticType {
  const scope = context.scopes.at(-1);
  if (scope === undefined) throw new Fault('syntax', '"#" can only stand in a predicate', offset);
  if (name === '') {
    if (isUnknown(scope.collection)) return unknownType;
    return scope.collection.kind === 'list' ? scope.collection.element : unknownType;
  }
  const found = scope.pointers.get(name);
  if (found === undefined) throw new Fault('name', `"#${name}" is not known here`, offset);
  return found;
}

function checkLet(node: LetNode, context: CheckContext): StaticType {
  const { name } = node;
  const taken =
    context.names.has(name) || builtinNames.has(name) || context.variables.some((variable) => variable.name === name);
  if (taken) throw new Fault('name', `${JSON.stringify(name)} is taken, choose another name`, node.offset);
  const type = context.visit(node.value);
  context.variables.push({ name, type });
  const body = context.visit(node.body);
  context.variables.pop();
  return body;
}

function checkConditional(node: ConditionalNode, context: CheckContext): StaticType {
  const condition = context.visit(node.condition);
  if (condition.kind !== 'bool' && !isUnknown(condition)) {
    throw new Fault('type', `a condition must be bool, not ${typeLabel(condition)}`, node.condition.offset);
  }
  const whenTrue = context.visit(node.whenTrue);
  const whenFalse = context.visit(node.whenFalse);
  if (whenTrue.kind === 'nil') return whenFalse;
  if (whenFalse.kind === 'nil') return whenTrue;
  if (!isAssignable(whenTrue, whenFalse)) return unknownType;
  if (whenTrue.kind === 'list' && whenFalse.kind === 'list') {
    const [first, second] = [whenTrue.element, whenFalse.element];
    if (!isAssignable(first, second) || !isAssignable(second, first)) return plainListType;
  }
  return whenTrue;
}

function checkArray(node: ArrayNode, context: CheckContext): StaticType {
  const types = node.items.map((item) => context.visit(item));
  const last = types.at(-1) ?? unknownType;
  // A nil among unknown things counts as one of them.
  const kindOf = (type: StaticType): string => (type.kind === 'nil' ? 'unknown' : type.kind);
  return types.every((type) => kindOf(type) === kindOf(last)) ? listOf(last) : plainListType;
}
