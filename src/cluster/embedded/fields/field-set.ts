import { isRecord } from '../json.ts';

/**
 * A set of field paths in the shape of FieldsV1: nested objects whose keys are path elements (`f:name` a field,
 * `k:{...}` an item by key, `v:...` an item by value). A node that is empty or has a `.` is itself a member; the root
 * never is. Sets are immutable and share structure.
 */
export interface FieldSet {
  readonly [element: string]: FieldSet;
}

/** The set without members, as a root. As a node below the root the same value means: a member without children. */
export const emptySet: FieldSet = Object.freeze({});

const self = '.';

/** True when a root has no members. */
export function isEmptySet(root: FieldSet): boolean {
  for (const _ in root) return false;
  return true;
}

/** True when a node below the root is itself in the set. */
export function isMember(node: FieldSet): boolean {
  return self in node || isEmptySet(node);
}

/** Elements below a node, without the mark of the node itself. */
export function childrenOf(node: FieldSet): readonly (readonly [string, FieldSet])[] {
  return Object.entries(node).filter(([element]) => element !== self);
}

/** Makes a node; undefined when it would stand for nothing. */
export function makeNode(member: boolean, children: FieldSet): FieldSet | undefined {
  if (isEmptySet(children)) return member ? emptySet : undefined;
  return member ? { [self]: emptySet, ...children } : children;
}

/** Members of either root. Answers `left` itself when it already has all. */
export function unionSets(left: FieldSet, right: FieldSet): FieldSet {
  if (left === right || isEmptySet(right)) return left;
  if (isEmptySet(left)) return right;
  let result: Record<string, FieldSet> | undefined;
  for (const [element, node] of childrenOf(right)) {
    const own = left[element];
    const merged = own === undefined ? node : unionNodes(own, node);
    if (merged === own) continue;
    result ??= { ...left };
    result[element] = merged;
  }
  return result ?? left;
}

function unionNodes(left: FieldSet, right: FieldSet): FieldSet {
  if (left === right) return left;
  const member = isMember(left) || isMember(right);
  const children = unionSets(left, right);
  if (!member || isMember(children)) return children;
  return { [self]: emptySet, ...children };
}

/** Members of both roots. */
export function intersectSets(left: FieldSet, right: FieldSet): FieldSet {
  let result: Record<string, FieldSet> | undefined;
  for (const [element, node] of childrenOf(left)) {
    const other = right[element];
    if (other === undefined) continue;
    const common = makeNode(isMember(node) && isMember(other), intersectSets(node, other));
    if (common === undefined) continue;
    result ??= {};
    result[element] = common;
  }
  return result ?? emptySet;
}

/** Members of the left root that the right one does not have. Answers `left` itself when nothing goes. */
export function subtractSets(left: FieldSet, right: FieldSet): FieldSet {
  let result: Record<string, FieldSet> | undefined;
  for (const [element, node] of childrenOf(right)) {
    const own = left[element];
    if (own === undefined) continue;
    const rest = subtractNodes(own, node);
    if (rest === own) continue;
    result ??= { ...left };
    if (rest === undefined) delete result[element];
    else result[element] = rest;
  }
  return result ?? left;
}

function subtractNodes(left: FieldSet, right: FieldSet): FieldSet | undefined {
  const member = isMember(left) && !isMember(right);
  const children = subtractSets(left, right);
  if (children === left && member === isMember(left)) return left;
  const { [self]: _, ...rest } = children;
  return makeNode(member, rest);
}

/** Members of the root that do not lie at or below a member of `cut`. */
export function subtractTrees(root: FieldSet, cut: FieldSet): FieldSet {
  let result: Record<string, FieldSet> | undefined;
  for (const [element, node] of childrenOf(cut)) {
    const own = root[element];
    if (own === undefined) continue;
    const rest = isMember(node) ? undefined : keepNode(own, subtractTrees(own, node));
    if (rest === own) continue;
    result ??= { ...root };
    if (rest === undefined) delete result[element];
    else result[element] = rest;
  }
  return result ?? root;
}

/** A node that lost all its children must not turn into a member. */
function keepNode(before: FieldSet, after: FieldSet): FieldSet | undefined {
  if (after === before) return before;
  const { [self]: _, ...children } = after;
  return makeNode(isMember(before), children);
}

/** Makes a root from paths of elements. */
export function setOfPaths(paths: readonly (readonly string[])[]): FieldSet {
  return paths.reduce<FieldSet>((set, path) => unionSets(set, setOfPath(path)), emptySet);
}

function setOfPath(path: readonly string[]): FieldSet {
  return path.reduceRight<FieldSet>((node, element) => ({ [element]: node }), emptySet);
}

/**
 * Every member as text, e.g. `.spec.ports[port=80,protocol="TCP"].name`. At each level the members come before what
 * lies deeper, as the API server lists them.
 */
export function pathsOf(root: FieldSet, prefix = ''): readonly string[] {
  const nodes = childrenOf(root).toSorted(([left], [right]) => compareElements(left, right));
  const members = nodes.filter(([, node]) => isMember(node)).map(([element]) => prefix + printElement(element));
  return [...members, ...nodes.flatMap(([element, node]) => pathsOf(node, prefix + printElement(element)))];
}

/** Fields come before items, fields by name, items by the values of their keys. */
function compareElements(left: string, right: string): number {
  const [leftKind, rightKind] = [left.slice(0, 2), right.slice(0, 2)];
  if (leftKind !== rightKind || leftKind === 'f:') return compareScalars(left, right);
  const [one, other] = [valuesOf(left), valuesOf(right)];
  const index = one.findIndex((value, position) => value !== other[position]);
  return index < 0 ? one.length - other.length : compareScalars(one[index], other[index]);
}

/** Keys and values of an item's key, in order; the value itself for an item of a set. */
function valuesOf(element: string): readonly unknown[] {
  const key: unknown = JSON.parse(element.slice(2));
  return isRecord(key) ? Object.entries(key).flat() : [key];
}

function compareScalars(left: unknown, right: unknown): number {
  if (typeof left === 'number' && typeof right === 'number') return left - right;
  const [one, other] = [String(left), String(right)];
  if (one === other) return 0;
  return one < other ? -1 : 1;
}

/** A path element as messages show it. */
export function printElement(element: string): string {
  const [kind, content] = [element.slice(0, 2), element.slice(2)];
  if (kind === 'f:') return `.${content}`;
  if (kind === 'v:') return `[=${content}]`;
  const key: unknown = JSON.parse(content);
  if (!isRecord(key)) return `[${content}]`;
  return `[${Object.entries(key)
    .map(([field, value]) => `${field}=${JSON.stringify(value)}`)
    .join(',')}]`;
}
