import type { Json } from '../../../api/object.ts';
import { equalJson, isList, isRecord, ownMember, type JsonRecord } from '../json.ts';
import { emptySet, makeNode, unionSets, type FieldSet } from './field-set.ts';
import {
  isNamedField,
  memberType,
  resolveType,
  type FieldType,
  type ListType,
  type MapType,
  type ResolvedType,
} from './field-type.ts';

/** What changed from one object to another, as roots. */
export interface Comparison {
  readonly added: FieldSet;
  readonly modified: FieldSet;
  readonly removed: FieldSet;
}

/** The same below the root: undefined means nothing. */
interface Difference {
  readonly added?: FieldSet | undefined;
  readonly modified?: FieldSet | undefined;
  readonly removed?: FieldSet | undefined;
}

const member = emptySet;
const nothing: Difference = {};

/**
 * Fields that were added, changed or removed. Parts that both objects share are not looked at. Rules: the comparison of
 * structured-merge-diff (a container that appears is a member itself; empty containers and atomic values are leaves).
 */
export function compareFields(left: JsonRecord, right: JsonRecord, type: MapType): Comparison {
  const difference = compareMaps(left, right, type);
  return {
    added: difference.added ?? emptySet,
    modified: difference.modified ?? emptySet,
    removed: difference.removed ?? emptySet,
  };
}

type MaybeJson = Json | undefined;

function compareValues(left: MaybeJson, right: MaybeJson, type: FieldType): Difference {
  if (left === right) return nothing;
  if (haveDifferentShapes(left, right)) return compareShapes(left, right, type);
  const resolved = resolveType(type, right ?? left);
  const inside = compareInside(left, right, resolved);
  if (inside === undefined) return compareLeaf(left, right);
  if (left === undefined) return { ...inside, added: addSelf(inside.added) };
  if (right === undefined) return { ...inside, removed: addSelf(inside.removed) };
  return inside;
}

/** An object, a list and a scalar are of different shapes; null fits all of them. */
function haveDifferentShapes(left: MaybeJson, right: MaybeJson): boolean {
  const [one, other] = [left ?? null, right ?? null];
  if (one === null || other === null) return false;
  return isRecord(one) !== isRecord(other) || isList(one) !== isList(other);
}

/** A value that changes its shape is changed itself, and the content of an object is added or removed besides. */
function compareShapes(left: MaybeJson, right: MaybeJson, type: FieldType): Difference {
  const removed = compareInside(left, null, resolveType(type, left))?.removed;
  const added = compareInside(null, right, resolveType(type, right))?.added;
  return { added, removed, modified: member };
}

function addSelf(node: FieldSet | undefined): FieldSet {
  return makeNode(true, node ?? emptySet) ?? member;
}

function compareLeaf(left: MaybeJson, right: MaybeJson): Difference {
  if (left === undefined) return { added: member };
  if (right === undefined) return { removed: member };
  return equalJson(left, right) ? nothing : { modified: member };
}

/** Undefined when the value is a leaf: a scalar, an atomic value, nothing but empty containers, or two shapes. */
function compareInside(left: MaybeJson, right: MaybeJson, type: ResolvedType): Difference | undefined {
  if (type.kind === 'scalar' || !(hasContent(left) || hasContent(right))) return undefined;
  if (type.kind === 'map') {
    if (type.atomic || !fits(left, isRecord) || !fits(right, isRecord)) return undefined;
    return compareMaps(recordOf(left), recordOf(right), type);
  }
  if (type.relation === 'atomic' || !fits(left, isList) || !fits(right, isList)) return undefined;
  return compareLists(listOf(left), listOf(right), type);
}

function fits(value: MaybeJson, hasShape: (value: unknown) => boolean): boolean {
  return value === undefined || value === null || hasShape(value);
}

function recordOf(value: MaybeJson): JsonRecord {
  return isRecord(value) ? value : {};
}

function listOf(value: MaybeJson): readonly Json[] {
  return isList(value) ? value : [];
}

function hasContent(value: MaybeJson): boolean {
  if (isList(value)) return value.length > 0;
  if (!isRecord(value)) return false;
  for (const _ in value) return true;
  return false;
}

function compareMaps(left: JsonRecord, right: JsonRecord, type: MapType): Difference {
  const collector = new Collector();
  for (const key of Object.keys(left)) {
    const [before, after] = [left[key], ownMember(right, key)];
    if (before !== after) collector.add(`f:${key}`, compareValues(before, after, memberType(type, key)));
  }
  for (const key of Object.keys(right)) {
    if (Object.hasOwn(left, key)) continue;
    collector.add(`f:${key}`, compareValues(undefined, right[key], memberType(type, key)));
  }
  return collector.difference;
}

function compareLists(left: readonly Json[], right: readonly Json[], type: ListType): Difference {
  const collector = new Collector();
  const [leftItems, rightItems] = [indexItems(left, type), indexItems(right, type)];
  for (const element of new Set([...leftItems.keys(), ...rightItems.keys()])) {
    collector.add(element, compareItems(leftItems.get(element), rightItems.get(element), type));
  }
  return collector.difference;
}

/** Items that share a key are compared as one atomic value. */
function compareItems(left: readonly Json[] = [], right: readonly Json[] = [], type: ListType): Difference {
  if (left.length <= 1 && right.length <= 1) return compareValues(left[0], right[0], type.element);
  if (left.length > 1 && right.length > 1) return equalJson(left, right) ? nothing : { modified: member };
  if (left.length > 1) return { ...compareValues(undefined, right[0], type.element), removed: member };
  return { ...compareValues(left[0], undefined, type.element), added: member };
}

/** Items of a list by their path element, in order of first appearance. Items without a key are left out. */
export function indexItems(items: readonly Json[], type: ListType): Map<string, Json[]> {
  const index = new Map<string, Json[]>();
  for (const item of items) {
    const element = itemElement(item, type);
    if (element === undefined) continue;
    const same = index.get(element);
    if (same === undefined) index.set(element, [item]);
    else same.push(item);
  }
  return index;
}

/** Path element of a list item: `k:{...}` with sorted keys or `v:...`. Undefined when the item has none of the keys. */
export function itemElement(item: Json, type: ListType): string | undefined {
  if (type.relation === 'set') return `v:${JSON.stringify(item)}`;
  if (!isRecord(item)) return undefined;
  const key: Record<string, Json> = {};
  for (const field of type.keys.toSorted()) {
    const value = item[field] ?? type.keyDefaults[field];
    if (value !== undefined) key[field] = value;
  }
  return Object.keys(key).length === 0 ? undefined : `k:${JSON.stringify(key)}`;
}

class Collector {
  #added: Record<string, FieldSet> | undefined;
  #modified: Record<string, FieldSet> | undefined;
  #removed: Record<string, FieldSet> | undefined;

  add(element: string, difference: Difference): void {
    if (difference.added !== undefined) (this.#added ??= {})[element] = difference.added;
    if (difference.modified !== undefined) (this.#modified ??= {})[element] = difference.modified;
    if (difference.removed !== undefined) (this.#removed ??= {})[element] = difference.removed;
  }

  get difference(): Difference {
    return { added: this.#added, modified: this.#modified, removed: this.#removed };
  }
}

/**
 * Every field that an applied configuration states: leaves, list items, map keys and empty containers, but not the
 * structs around them.
 */
export function fieldsOf(object: JsonRecord, type: MapType): FieldSet {
  return fieldsOfMap(object, type);
}

function fieldsOfValue(value: Json, type: FieldType): { readonly leaf: boolean; readonly inside: FieldSet } {
  const resolved = resolveType(type, value);
  if (resolved.kind === 'scalar') return { leaf: true, inside: emptySet };
  if (resolved.kind === 'map') {
    if (resolved.atomic) return { leaf: true, inside: emptySet };
    const empty = !hasContent(value);
    return { leaf: empty, inside: empty ? emptySet : fieldsOfMap(recordOf(value), resolved) };
  }
  if (resolved.relation === 'atomic' || value === null) return { leaf: true, inside: emptySet };
  return { leaf: false, inside: fieldsOfList(listOf(value), resolved) };
}

function fieldsOfMap(record: JsonRecord, type: MapType): FieldSet {
  const children: Record<string, FieldSet> = {};
  for (const [key, value] of Object.entries(record)) {
    const { leaf, inside } = fieldsOfValue(value, memberType(type, key));
    const node = makeNode(leaf || !isNamedField(type, key), inside);
    if (node !== undefined) children[`f:${key}`] = node;
  }
  return children;
}

function fieldsOfList(items: readonly Json[], type: ListType): FieldSet {
  let children: FieldSet = emptySet;
  for (const [element, same] of indexItems(items, type)) {
    const [item] = same;
    const inside = same.length === 1 && item !== undefined ? fieldsOfValue(item, type.element).inside : emptySet;
    children = unionSets(children, { [element]: makeNode(true, inside) ?? member });
  }
  return children;
}
