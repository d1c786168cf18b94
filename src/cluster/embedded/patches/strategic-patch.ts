import type { Json } from '../../../api/object.ts';
import { SluiceError } from '../../../base/error.ts';
import { memberType, resolveType, type FieldType, type ListType, type MapType } from '../fields/field-type.ts';
import { equalJson, isList, isRecord, ownMember, type JsonRecord } from '../json.ts';

/**
 * Kubernetes' strategic merge: like RFC 7396, but lists with a merge key are merged item by item, and directives
 * (`$patch`, `$retainKeys`, `$deleteFromPrimitiveList/`, `$setElementOrder/`) say what merging cannot express.
 * Source: "Strategic Merge Patch" in the Kubernetes API conventions. The merge key of a list is its first key here.
 */
export function strategicPatch(target: JsonRecord, patch: JsonRecord, type: MapType): JsonRecord {
  return mergeMap(target, patch, type) ?? {};
}

const directive = '$patch';
const retainKeys = '$retainKeys';
const deletePrefix = '$deleteFromPrimitiveList/';
const orderPrefix = '$setElementOrder/';

/** Undefined when the patch deletes the map. */
function mergeMap(target: JsonRecord, patch: JsonRecord, type: MapType): JsonRecord | undefined {
  const action = actionOf(patch);
  if (action === 'delete') return undefined;
  const base = action === 'replace' ? {} : target;
  const merged: Record<string, Json> = { ...base };
  for (const [key, value] of Object.entries(patch)) {
    if (!key.startsWith('$')) mergeMember(merged, key, value, type);
  }
  for (const [key, value] of Object.entries(patch)) applyDirective({ merged, base, type }, key, value);
  return merged;
}

function actionOf(patch: JsonRecord): 'merge' | 'replace' | 'delete' {
  const action = patch[directive] ?? 'merge';
  if (action === 'merge' || action === 'replace' || action === 'delete') return action;
  throw new SluiceError('BadRequest', `$patch is ${JSON.stringify(action)}; use merge, replace or delete`);
}

function mergeMember(merged: Record<string, Json>, key: string, value: Json, type: MapType): void {
  const next = value === null ? undefined : mergeValue(ownMember(merged, key), value, memberType(type, key));
  if (next === undefined) delete merged[key];
  else merged[key] = next;
}

function mergeValue(target: Json | undefined, patch: Json, type: FieldType): Json | undefined {
  if (target === undefined) return withoutDirectives(patch);
  const resolved = resolveType(type, patch);
  if (isRecord(patch) && resolved.kind === 'map') return mergeMap(isRecord(target) ? target : {}, patch, resolved);
  if (!isList(patch) || resolved.kind !== 'list') return patch;
  if (resolved.relation === 'atomic') return withoutDirectives(patch);
  const own = isList(target) ? target : [];
  const merged = resolved.relation === 'set' ? [...new Set([...own, ...patch])] : mergeItems(own, patch, resolved);
  return orderItems(merged, patch, own, resolved);
}

/** What a patch brings where there is nothing yet is taken as it is, but for its directives and nulls. */
function withoutDirectives(patch: Json): Json {
  if (isList(patch)) return patch.filter((item) => !(isRecord(item) && directive in item)).map(withoutDirectives);
  if (!isRecord(patch)) return patch;
  const kept = Object.entries(patch).filter(([key, value]) => !key.startsWith('$') && value !== null);
  return Object.fromEntries(kept.map(([key, value]) => [key, withoutDirectives(value)]));
}

function mergeItems(target: readonly Json[], patch: readonly Json[], type: ListType): readonly Json[] {
  const replaces = patch.some((item) => isRecord(item) && item[directive] === 'replace');
  let items: Json[] = replaces ? [] : [...target];
  for (const change of patch) {
    if (!isRecord(change)) throw new SluiceError('BadRequest', 'an item of a list with a merge key must be an object');
    if (change[directive] === 'replace') continue;
    const key = keyOf(change, type);
    const index = items.findIndex((item) => isRecord(item) && equalJson(item[type.keys[0] ?? ''], key));
    const current = items[index];
    const elementType = resolveType(type.element, change);
    if (elementType.kind !== 'map') continue;
    const next = mergeMap(isRecord(current) ? current : {}, change, elementType);
    if (next === undefined) items = items.filter((_, position) => position !== index);
    else if (index < 0) items.push(next);
    else items[index] = next;
  }
  return items;
}

function keyOf(item: JsonRecord, type: ListType): Json {
  const field = type.keys[0] ?? '';
  const key = item[field];
  if (key !== undefined) return key;
  throw new SluiceError('Invalid', `map: ${JSON.stringify(item)} does not contain declared merge key: ${field}`);
}

interface Merging {
  readonly merged: Record<string, Json>;
  readonly base: JsonRecord;
  readonly type: MapType;
}

function applyDirective(merging: Merging, key: string, value: Json): void {
  if (!key.startsWith('$') || key === directive) return;
  if (!isList(value)) throw new SluiceError('BadRequest', `directive ${key} of a strategic merge patch needs a list`);
  const { merged } = merging;
  if (key === retainKeys) {
    for (const name of Object.keys(merged)) if (!value.includes(name)) delete merged[name];
  } else if (key.startsWith(deletePrefix)) {
    changeList(merged, key, (list) => list.filter((item) => !value.some((one) => equalJson(one, item))));
  } else if (key.startsWith(orderPrefix)) {
    changeList(merged, key, (list, field) => {
      const original = merging.base[field];
      return orderItems(list, value, isList(original) ? original : [], memberType(merging.type, field));
    });
  } else {
    throw new SluiceError('BadRequest', `unknown directive ${key} in a strategic merge patch`);
  }
}

/** Changes the list that a directive `$name/field` is about, if there is one. */
function changeList(
  merged: Record<string, Json>,
  key: string,
  make: (list: readonly Json[], field: string) => readonly Json[],
): void {
  const field = key.slice(key.indexOf('/') + 1);
  const list = merged[field];
  if (isList(list)) merged[field] = make(list, field);
}

/**
 * Items that the patch names in the order of the patch. The others keep the order they had, and stay before a named
 * item that they were before.
 */
function orderItems(
  items: readonly Json[],
  order: readonly Json[],
  original: readonly Json[],
  type: FieldType,
): readonly Json[] {
  const key = type.kind === 'list' ? type.keys[0] : undefined;
  const identity = (item: Json): Json => (key !== undefined && isRecord(item) ? (item[key] ?? null) : item);
  const rankIn = (list: readonly Json[], item: Json): number =>
    list.findIndex((one) => equalJson(identity(one), identity(item)));
  const byRankIn = (list: readonly Json[]) => (left: Json, right: Json) => rankIn(list, left) - rankIn(list, right);
  const named = items.filter((item) => rankIn(order, item) >= 0).toSorted(byRankIn(order));
  const others = items.filter((item) => rankIn(order, item) < 0).toSorted(byRankIn(original));
  const ordered: Json[] = [];
  for (const item of named) {
    const rank = rankIn(original, item);
    const before = rank < 0 ? 0 : others.filter((other) => rankIn(original, other) < rank).length;
    ordered.push(...others.splice(0, before), item);
  }
  return [...ordered, ...others];
}
