import { unreachable } from '../base/invariant.ts';
import type { GoLeaf, PrintedLeaf } from './go-leaf.ts';
import { compareUtf8 } from './go-string.ts';
import type { GoField, GoStruct, GoType } from './go-struct.ts';
import type { Json } from './object.ts';

/** A value inside a Go struct. `nil` is a nil pointer, list or map. */
export type GoValue =
  | { readonly kind: 'nil' }
  | { readonly kind: 'leaf'; readonly leaf: PrintedLeaf }
  | { readonly kind: 'pointer'; readonly to: GoValue }
  | { readonly kind: 'list'; readonly items: readonly GoValue[] }
  | { readonly kind: 'map'; readonly entries: ReadonlyMap<string, GoValue> }
  | { readonly kind: 'struct'; readonly fields: readonly GoFieldValue[] };

/** A field of a struct and what is in it. */
export interface GoFieldValue {
  readonly field: GoField;
  readonly value: GoValue;
}

/**
 * Decodes a JSON value into a Go type as the reference controller does for a stored object: a strict conversion first
 * (runtime.DefaultUnstructuredConverter), and where that fails encoding/json, whose errors are ignored. There a value
 * of the wrong type leaves its field empty, and one that a type's own decoder refuses (a quantity, an int-or-string or
 * a time) ends decoding: whatever would come later, keys taken in sorted order, stays empty. Unknown fields are
 * dropped.
 */
export function decodeGo(type: GoType, value: Json): GoValue {
  const strict: Progress = { isStrict: true, hasFailed: false, hasEnded: false };
  const decoded = decode(type, value, strict);
  if (!strict.hasFailed) return decoded;
  return decode(type, value, { isStrict: false, hasFailed: false, hasEnded: false });
}

interface Progress {
  readonly isStrict: boolean;
  hasFailed: boolean;
  hasEnded: boolean;
}

type JsonObject = Readonly<Record<string, Json>>;

function decode(type: GoType, value: Json, progress: Progress): GoValue {
  if (value === null) return zeroValue(type);
  switch (type.kind) {
    case 'leaf':
      return { kind: 'leaf', leaf: decodeLeaf(type.leaf, value, progress) };
    case 'pointer':
      // Go sets the pointer before it decodes what it points to, so it stays set when that fails.
      return { kind: 'pointer', to: decode(type.of, value, progress) };
    case 'list':
      return isList(value) ? decodeList(type.of, value, progress) : mismatch(type, progress);
    case 'map':
      return isObject(value) ? decodeMap(type.of, value, progress) : mismatch(type, progress);
    case 'struct':
      return isObject(value) ? decodeStruct(type, value, progress) : mismatch(type, progress);
    default:
      return unreachable(type);
  }
}

/** What Go has in a variable of the type to which nothing was assigned. */
function zeroValue(type: GoType): GoValue {
  switch (type.kind) {
    case 'leaf':
      return { kind: 'leaf', leaf: type.leaf.zero };
    case 'struct':
      return { kind: 'struct', fields: type.fields.map((field) => ({ field, value: zeroValue(field.type) })) };
    case 'pointer':
    case 'list':
    case 'map':
      return { kind: 'nil' };
    default:
      return unreachable(type);
  }
}

/** A value of the wrong JSON type: the field keeps its zero value. */
function mismatch(type: GoType, progress: Progress): GoValue {
  progress.hasFailed = true;
  return zeroValue(type);
}

function decodeLeaf(leaf: GoLeaf, value: Json, progress: Progress): PrintedLeaf {
  const decoded = leaf.decode(value, progress.isStrict);
  if (typeof decoded !== 'string') return decoded;
  progress.hasFailed = true;
  progress.hasEnded = decoded === 'refused';
  return leaf.zero;
}

function decodeList(of: GoType, values: readonly Json[], progress: Progress): GoValue {
  const items: GoValue[] = [];
  for (const value of values) {
    items.push(decode(of, value, progress));
    if (progress.hasEnded) break;
  }
  return { kind: 'list', items };
}

function decodeMap(of: GoType, values: JsonObject, progress: Progress): GoValue {
  const entries = new Map<string, GoValue>();
  for (const [key, value] of sortedEntries(values)) {
    const decoded = decode(of, value, progress);
    if (progress.hasEnded) break;
    entries.set(key, decoded);
  }
  return { kind: 'map', entries };
}

function decodeStruct(type: GoStruct, values: JsonObject, progress: Progress): GoValue {
  const decoded = new Map<string, GoValue>();
  for (const [key, value] of sortedEntries(values)) {
    const field = findField(type, key, progress);
    if (field !== undefined) decoded.set(field.name, decode(field.type, value, progress));
    if (progress.hasEnded) break;
  }
  const fields = type.fields.map((field) => ({ field, value: decoded.get(field.name) ?? zeroValue(field.type) }));
  return { kind: 'struct', fields };
}

/** Only the strict conversion minds the case of a name. */
function findField(type: GoStruct, key: string, progress: Progress): GoField | undefined {
  const field = type.fields.find(({ name }) => name === key);
  if (field !== undefined || progress.isStrict) return field;
  return type.fields.find(({ name }) => name.toLowerCase() === key.toLowerCase());
}

function sortedEntries(values: JsonObject): [string, Json][] {
  return Object.entries(values).sort(([left], [right]) => compareUtf8(left, right));
}

function isList(value: Json): value is readonly Json[] {
  return Array.isArray(value);
}

function isObject(value: Json): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
