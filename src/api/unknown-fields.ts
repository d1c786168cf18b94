import { listOf, optionalRecord } from './json-access.ts';
import type { Json } from './object.ts';

/** Paths of fields that stand in an object but not in its stored form: nobody reads them. Null counts as absent. */
export function unknownFields(given: Json, stored: unknown, path = ''): readonly string[] {
  if (Array.isArray(given)) {
    const kept = listOf(stored);
    return given.flatMap((item: Json, index) => unknownFields(item, kept[index], `${path}[${index}]`));
  }
  const fields = optionalRecord(given);
  const kept = optionalRecord(stored);
  if (fields === undefined || kept === undefined) return [];
  return Object.entries(fields as Readonly<Record<string, Json>>).flatMap(([key, value]) => {
    const at = path === '' ? key : `${path}.${key}`;
    if (Object.hasOwn(kept, key)) return unknownFields(value, kept[key], at);
    return value === null ? [] : [at];
  });
}
