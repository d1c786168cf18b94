import type { Json } from '../../../api/object.ts';
import { isList, isRecord, ownMember, type JsonRecord } from '../json.ts';
import { indexItems, itemElement } from './compare-fields.ts';
import { childrenOf, isEmptySet, isMember, makeNode, type FieldSet } from './field-set.ts';
import { isNamedField, memberType, resolveType, type FieldType, type ListType, type MapType } from './field-type.ts';

/**
 * Lays an applied configuration over an object: maps are merged, keyed lists item by item, everything else is replaced.
 * Rules: the merge of structured-merge-diff.
 */
export function mergeFields(live: JsonRecord, applied: JsonRecord, type: MapType): JsonRecord {
  const merged: Record<string, Json> = { ...live };
  for (const [key, value] of Object.entries(applied)) {
    merged[key] = mergeValue(ownMember(live, key), value, memberType(type, key));
  }
  return merged;
}

function mergeValue(live: Json | undefined, applied: Json, type: FieldType): Json {
  const resolved = resolveType(type, applied ?? live ?? null);
  if (resolved.kind === 'map' && !resolved.atomic && isRecord(live)) {
    return isRecord(applied) ? mergeFields(live, applied, resolved) : keepContent(live, applied);
  }
  if (resolved.kind === 'list' && resolved.relation !== 'atomic' && isList(live)) {
    return isList(applied) ? mergeLists(live, applied, resolved) : keepContent(live, applied);
  }
  return applied;
}

/** Null in place of a map or list that is merged adds nothing to it; anything else replaces it. */
function keepContent(live: JsonRecord | readonly Json[], applied: Json): Json {
  return applied === null && Object.keys(live).length > 0 ? live : applied;
}

/**
 * Items of both lists: those that both have come in the order of `applied`; the others keep their place before them.
 */
function mergeLists(live: readonly Json[], applied: readonly Json[], type: ListType): readonly Json[] {
  const own = indexItems(live, type);
  const wanted = indexItems(applied, type);
  const shared = [...wanted.keys()].filter((element) => own.has(element));
  const merged: Json[] = [];
  let index = 0;
  const takeOthersBefore = (stop: string | undefined): void => {
    for (; index < live.length; index += 1) {
      const item = live[index] ?? null;
      const element = itemElement(item, type) ?? '';
      if (element === stop) return;
      if (!wanted.has(element)) merged.push(item);
    }
  };
  for (const [element, [item = null]] of wanted) {
    takeOthersBefore(shared[0]);
    if (element === shared[0]) shared.shift();
    const same = own.get(element);
    merged.push(same?.length === 1 ? mergeValue(same[0], item, type.element) : item);
  }
  takeOthersBefore(undefined);
  return merged;
}

/** The object without the members of a set. A container that lost all its content is null. */
export function removeFields(object: JsonRecord, gone: FieldSet, type: MapType): JsonRecord {
  return removeFromMap(object, gone, type) ?? {};
}

function removeFromValue(value: Json, gone: FieldSet, type: FieldType): Json {
  const resolved = resolveType(type, value);
  if (resolved.kind === 'map' && isRecord(value)) return resolved.atomic ? null : removeFromMap(value, gone, resolved);
  if (resolved.kind !== 'list' || !isList(value)) return value;
  return resolved.relation === 'atomic' ? null : removeFromList(value, gone, resolved);
}

function removeFromMap(record: JsonRecord, gone: FieldSet, type: MapType): JsonRecord | null {
  const kept: Record<string, Json> = {};
  for (const [key, value] of Object.entries(record)) {
    const rest = removeNode(value, gone[`f:${key}`], memberType(type, key));
    if (rest !== undefined) kept[key] = rest;
  }
  return Object.keys(kept).length > 0 ? kept : null;
}

function removeFromList(items: readonly Json[], gone: FieldSet, type: ListType): readonly Json[] | null {
  const kept: Json[] = [];
  for (const item of items) {
    const element = itemElement(item, type);
    const rest = removeNode(item, element === undefined ? undefined : gone[element], type.element);
    if (rest !== undefined) kept.push(rest);
  }
  return kept.length > 0 ? kept : null;
}

function removeNode(value: Json, gone: FieldSet | undefined, type: FieldType): Json | undefined {
  if (gone === undefined) return value;
  return isMember(gone) ? undefined : removeFromValue(value, gone, type);
}

/**
 * The set with every named field on the way to a member made a member too. A struct is then removed or kept with its
 * last field, while a map with free keys stays unless it was owned itself.
 */
export function withNamedFields(root: FieldSet, type: MapType): FieldSet {
  return namedInside(root, type);
}

function namedInside(node: FieldSet, type: FieldType | undefined): FieldSet {
  const children: Record<string, FieldSet> = {};
  for (const [element, child] of childrenOf(node)) {
    const map = mapBehind(type);
    const key = element.startsWith('f:') ? element.slice(2) : undefined;
    const named = map !== undefined && key !== undefined && isNamedField(map, key);
    const inside = isEmptySet(child) ? child : namedInside(child, typeOfElement(type, map, key));
    const marked = makeNode(named || isMember(child), inside);
    if (marked !== undefined) children[element] = marked;
  }
  return children;
}

/** The map type behind a type, also for content whose type is only deduced from values. */
function mapBehind(type: FieldType | undefined): MapType | undefined {
  if (type?.kind === 'map') return type;
  if (type?.kind !== 'deduced') return undefined;
  const resolved = resolveType(type, {});
  return resolved.kind === 'map' ? resolved : undefined;
}

function typeOfElement(
  type: FieldType | undefined,
  map: MapType | undefined,
  key: string | undefined,
): FieldType | undefined {
  if (map !== undefined && key !== undefined) return memberType(map, key);
  return type?.kind === 'list' ? type.element : undefined;
}
