import { unreachable } from '../base/invariant.ts';
import { decodeGo, type GoFieldValue, type GoValue } from './go-decode.ts';
import { compareUtf8, goString } from './go-string.ts';
import type { GoType } from './go-struct.ts';
import type { Json } from './object.ts';

/**
 * Decodes a JSON value into a Go type and prints it again as Go's encoding/json does: fields in the order of the
 * struct, map keys sorted by their bytes, empty fields left out where the tag says omitempty, unknown fields dropped.
 */
export function goJson(type: GoType, value: Json): string {
  return encode(decodeGo(type, value));
}

function encode(value: GoValue): string {
  switch (value.kind) {
    case 'nil':
      return 'null';
    case 'leaf':
      return value.leaf.json;
    case 'pointer':
      return encode(value.to);
    case 'list':
      return `[${value.items.map(encode).join(',')}]`;
    case 'map':
      return encodeMap(value.entries);
    case 'struct':
      return encodeFields(value.fields);
    default:
      return unreachable(value);
  }
}

function encodeMap(entries: ReadonlyMap<string, GoValue>): string {
  const sorted = [...entries].sort(([left], [right]) => compareUtf8(left, right));
  return `{${sorted.map(([key, value]) => `${goString(key)}:${encode(value)}`).join(',')}}`;
}

function encodeFields(fields: readonly GoFieldValue[]): string {
  const printed = fields.filter(({ field, value }) => field.isPrintedEmpty || !isEmpty(value));
  return `{${printed.map(({ field, value }) => `${goString(field.name)}:${encode(value)}`).join(',')}}`;
}

/** What omitempty leaves out. A struct never counts as empty, whatever is in it; nor does a pointer that is set. */
function isEmpty(value: GoValue): boolean {
  switch (value.kind) {
    case 'nil':
      return true;
    case 'leaf':
      return value.leaf.isEmpty;
    case 'list':
      return value.items.length === 0;
    case 'map':
      return value.entries.size === 0;
    case 'pointer':
    case 'struct':
      return false;
    default:
      return unreachable(value);
  }
}
