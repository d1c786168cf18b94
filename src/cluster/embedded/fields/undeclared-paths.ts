import type { Json } from '../../../api/object.ts';
import { isList, isRecord, type JsonRecord } from '../json.ts';
import { isNamedField, memberType, resolveType, undeclared, type FieldType, type MapType } from './field-type.ts';

/** Paths of members that the type does not know, e.g. `.spec.colour`. */
export function undeclaredPaths(object: JsonRecord, type: MapType): readonly string[] {
  return inMap(object, type, '');
}

function inMap(record: JsonRecord, type: MapType, path: string): readonly string[] {
  return Object.entries(record).flatMap(([key, value]) => {
    if (!isNamedField(type, key) && type.element === undeclared) return [`${path}.${key}`];
    return inValue(value, memberType(type, key), `${path}.${key}`);
  });
}

function inValue(value: Json, type: FieldType, path: string): readonly string[] {
  const resolved = resolveType(type, value);
  if (resolved.kind === 'map' && isRecord(value)) return inMap(value, resolved, path);
  if (resolved.kind === 'list' && isList(value)) {
    return value.flatMap((item, index) => inValue(item, resolved.element, `${path}[${index}]`));
  }
  return [];
}
