import type { TypesByNode } from './check.ts';
import { fold } from './fold.ts';
import { isSameNode } from './is-same-node.ts';
import { mapChildren } from './map-children.ts';
import { someNode } from './some-node.ts';
import { intType, type StaticType, stringType } from './static-type.ts';
import type { BinaryNode, BuiltinNode, MemberNode, Node, PredicateNode } from './syntax.ts';

/**
 * Rewrites a checked expression as the reference dialect's optimiser does, as far as that can be seen from outside:
 * which errors come up, and what is not evaluated at all. Throws a Fault for a division of constants by zero.
 */
export function simplify(root: Node, types: TypesByNode): Node {
  const done = new Map<Node, Node>();
  const known = new Map(types);

  const visit = (node: Node): Node => {
    const seen = done.get(node);
    if (seen !== undefined) return seen;
    const rebuilt = mapChildren(node, visit);
    const simplified = rewrite(rebuilt, (child) => known.get(child));
    const type = literalType(simplified) ?? known.get(node);
    if (type !== undefined) {
      known.set(rebuilt, type);
      known.set(simplified, type);
    }
    done.set(node, simplified);
    return simplified;
  };
  return visit(root);
}

function literalType(node: Node): StaticType | undefined {
  if (node.kind === 'integer') return intType;
  return node.kind === 'text' ? stringType : undefined;
}

type TypeOf = (node: Node) => StaticType | undefined;

function rewrite(node: Node, typeOf: TypeOf): Node {
  if (node.kind === 'unary') return fold(node);
  if (node.kind === 'binary') return rewriteBinary(node, typeOf);
  if (node.kind === 'member') return rewriteMember(node);
  return node.kind === 'builtin' ? rewriteBuiltin(node) : node;
}

function rewriteBinary(node: BinaryNode, typeOf: TypeOf): Node {
  const folded = fold(node);
  if (folded.kind !== 'binary' || folded !== node) return folded;
  if (node.operator === 'in') return withTextSet(node);
  if (node.operator === '==' || node.operator === '!=') return strict(node, typeOf);
  if (node.operator === 'and' || node.operator === 'or') return combined(node);
  return counted(node);
}

/** `x in ["a", "b"]` asks for a key, so that x must be a text. */
function withTextSet(node: BinaryNode): Node {
  const { right } = node;
  if (right.kind !== 'array' || right.items.length === 0) return node;
  const values = right.items.map((item) => (item.kind === 'text' ? item.value : undefined));
  const texts = values.filter((value) => value !== undefined);
  if (texts.length < values.length) return node;
  return { ...node, right: { kind: 'text-set', values: new Set(texts), offset: right.offset } };
}

/** Two sides that are both known to be ints, or texts, are compared without a look at what they turn out to be. */
function strict(node: BinaryNode, typeOf: TypeOf): Node {
  const [left, right] = [typeOf(node.left)?.kind, typeOf(node.right)?.kind];
  if (left !== right || (left !== 'int' && left !== 'string')) return node;
  return { ...node, strict: left };
}

const combinations: Readonly<Record<string, { readonly by: 'and' | 'or'; readonly inner: 'and' | 'or' }>> = {
  all: { by: 'and', inner: 'and' },
  any: { by: 'or', inner: 'or' },
  none: { by: 'and', inner: 'or' },
};

/** Two walks through the same list become one: `all(x, a) && all(x, b)` is `all(x, a && b)`. */
function combined(node: BinaryNode): Node {
  const { left, right, offset } = node;
  if (left.kind !== 'builtin' || right.kind !== 'builtin' || left.name !== right.name) return node;
  const rule = combinations[left.name];
  if (rule === undefined || rule.by !== node.operator) return node;
  const [first, second] = [walkOf(left), walkOf(right)];
  if (first === undefined || second === undefined || !isSameNode(first.list, second.list)) return node;
  const body = combined({ kind: 'binary', operator: rule.inner, left: first.body, right: second.body, offset });
  return { ...left, parameters: [first.list, { kind: 'predicate', body, offset }], offset };
}

/** The list and the predicate of a function that walks through a list. */
function walkOf(node: BuiltinNode): { readonly list: Node; readonly body: Node } | undefined {
  const [list, predicate] = node.parameters;
  return list !== undefined && predicate?.kind === 'predicate' ? { list, body: predicate.body } : undefined;
}

/** How far beyond the number a count must go until the answer is known. */
const countSteps: Readonly<Record<string, bigint>> = { '>': 1n, '>=': 0n, '<': 0n, '<=': 1n };

/** A count that is compared with a number need not count on when the answer is known. */
function counted(node: BinaryNode): Node {
  const { left, right, operator } = node;
  if (left.kind !== 'builtin' || left.name !== 'count' || left.parameters.length !== 2) return node;
  const step = countSteps[operator];
  if (right.kind !== 'integer' || step === undefined || right.value < 0n) return node;
  const enough = right.value + step;
  if (enough > 1n) return { ...node, left: { ...left, enough } };
  const isAny = enough === 1n && operator.startsWith('>');
  return isAny ? { kind: 'builtin', name: 'any', parameters: left.parameters, offset: node.offset } : node;
}

/** `filter(x, p)[0]` stops at the first element that fits, `filter(x, p)[-1]` at the last one. */
function rewriteMember(node: MemberNode): Node {
  const { base, property } = node;
  if (node.optional || property.kind !== 'integer' || base.kind !== 'builtin' || base.name !== 'filter') return node;
  if (property.value === 0n) return { ...base, name: 'find', mustFind: true, offset: node.offset };
  return property.value === -1n ? { ...base, name: 'findLast', mustFind: true, offset: node.offset } : node;
}

function rewriteBuiltin(node: BuiltinNode): Node {
  const [inner, predicate] = node.parameters;
  if (inner?.kind === 'array') return node.name === 'sum' && predicate === undefined ? summed(node, inner.items) : node;
  if (inner?.kind !== 'builtin') return node;
  if (node.name === 'sum' && predicate === undefined && inner.name === 'map') {
    return { ...node, parameters: inner.parameters };
  }
  return inner.name === 'filter' ? onFilter(node, inner, predicate) : node;
}

function onFilter(node: BuiltinNode, filter: BuiltinNode, predicate: Node | undefined): Node {
  const { offset } = node;
  if (predicate?.kind === 'predicate') return onFilterWithPredicate(node, filter, predicate);
  if (node.parameters.length !== 1) return node;
  if (node.name === 'len') return { kind: 'builtin', name: 'count', parameters: filter.parameters, offset };
  if (node.name === 'first') return { ...filter, name: 'find', offset };
  return node.name === 'last' ? { ...filter, name: 'findLast', offset } : node;
}

function onFilterWithPredicate(node: BuiltinNode, filter: BuiltinNode, predicate: PredicateNode): Node {
  const { offset } = node;
  const [list, first] = filter.parameters;
  if (filter.kept !== undefined || list === undefined || first?.kind !== 'predicate') return node;
  if (node.name === 'map' && !someNode(predicate, isIndexPointer)) return { ...filter, kept: predicate.body, offset };
  if (node.name !== 'filter') return node;
  const body = fold({ kind: 'binary', operator: 'and', left: first.body, right: predicate.body, offset });
  return { ...filter, parameters: [list, { kind: 'predicate', body, offset }], offset };
}

function isIndexPointer(node: Node): boolean {
  return node.kind === 'pointer' && node.name === 'index';
}

/** The sum of a written list is a chain of `+` from the right, unless all its elements are constants. */
function summed(node: BuiltinNode, items: readonly Node[]): Node {
  const isConstant = items.every((item) => ['integer', 'float', 'text', 'boolean'].includes(item.kind));
  const last = items.at(-1);
  if (isConstant || items.length < 2 || last === undefined) return node;
  const { offset } = node;
  return items
    .slice(0, -1)
    .reduceRight<Node>((right, left) => ({ kind: 'binary', operator: '+', left, right, offset }), last);
}
