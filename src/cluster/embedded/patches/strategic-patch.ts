import type { Json } from '../../../api/object.ts';
import { SluiceError } from '../../../base/error.ts';
import { memberType, resolveType, type FieldType, type ListType, type MapType } from '../fields/field-type.ts';
import { equalJson, isList, isRecord, type JsonRecord } from '../json.ts';

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
  for (const [key, value] of Object.entries(patch)) applyDirective(merged, key, value, type);
  return merged;
}

function actionOf(patch: JsonRecord): 'merge' | 'replace' | 'delete' {
  const action = patch[directive] ?? 'merge';
  if (action === 'merge' || action === 'replace' || action === 'delete') return action;
  throw new SluiceError('BadRequest', `$patch is ${JSON.stringify(action)}; use merge, replace or delete`);
}

function mergeMember(merged: Record<string, Json>, key: string, value: Json, type: MapType): void {
  const next = value === null ? undefined : mergeValue(merged[key], value, memberType(type, key));
  if (next === undefined) delete merged[key];
  else merged[key] = next;
}

function mergeValue(target: Json | undefined, patch: Json, type: FieldType): Json | undefined {
  const resolved = resolveType(type, patch);
  if (isRecord(patch) && resolved.kind === 'map') return mergeMap(isRecord(target) ? target : {}, patch, resolved);
  if (!isList(patch) || resolved.kind !== 'list') return patch;
  if (resolved.relation === 'set') return [...new Set([...(isList(target) ? target : []), ...patch])];
  return resolved.relation === 'associative'
    ? mergeItems(isList(target) ? target : [], patch, resolved)
    : withoutDirectives(patch);
}

/** A list that is replaced may still carry the directive that says so. */
function withoutDirectives(items: readonly Json[]): readonly Json[] {
  return items.filter((item) => !(isRecord(item) && directive in item));
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

function applyDirective(merged: Record<string, Json>, key: string, value: Json, type: MapType): void {
  if (!key.startsWith('$') || key === directive) return;
  const field = key.slice(key.indexOf('/') + 1);
  const list = merged[field];
  if (!isList(value)) throw new SluiceError('BadRequest', `directive ${key} of a strategic merge patch needs a list`);
  if (key === retainKeys) {
    for (const name of Object.keys(merged)) if (!value.includes(name)) delete merged[name];
  } else if (key.startsWith(deletePrefix)) {
    if (isList(list)) merged[field] = list.filter((item) => !value.some((one) => equalJson(one, item)));
  } else if (key.startsWith(orderPrefix)) {
    if (isList(list)) merged[field] = orderItems(list, value, memberType(type, field));
  } else {
    throw new SluiceError('BadRequest', `unknown directive ${key} in a strategic merge patch`);
  }
}

/** Listed items in the given order; an item that is not listed stays behind the item it followed. */
function orderItems(items: readonly Json[], order: readonly Json[], type: FieldType): readonly Json[] {
  const key = type.kind === 'list' ? type.keys[0] : undefined;
  const identity = (item: Json): Json => (key !== undefined && isRecord(item) ? (item[key] ?? null) : item);
  const rankOf = (item: Json): number => order.findIndex((one) => equalJson(identity(one), identity(item)));
  const listed = items.filter((item) => rankOf(item) >= 0).toSorted((left, right) => rankOf(left) - rankOf(right));
  const ordered: Json[] = [];
  for (const item of items) ordered.push(rankOf(item) < 0 ? item : (listed.shift() ?? item));
  return ordered;
}
