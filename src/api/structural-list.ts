import { canonicalJson, isJsonList, isJsonObject, jsonObject, type JsonObject } from './json-value.ts';
import type { Json } from './object.ts';
import { fieldSchema } from './structural-shape.ts';
import type { FieldError, StructuralSchema } from './structural.ts';

/**
 * Checks what x-kubernetes-list-type promises: no element twice in a set, no key twice in a map list. Where something
 * occurs more than once, its second occurrence is named. Source: apiextensions-apiserver v0.34, package listtype.
 */
export function listErrors(schema: StructuralSchema, value: Json, path: string): readonly FieldError[] {
  if (isJsonList(value)) {
    return [...ownErrors(schema, value, path), ...itemErrors(schema.items, value, path)];
  }
  if (!isJsonObject(value)) return [];
  const errors: FieldError[] = [];
  for (const [key, item] of Object.entries(value)) {
    const field = fieldSchema(schema, key);
    // There are no lists in a scalar.
    if (field === undefined || typeof item !== 'object') continue;
    errors.push(...listErrors(field, item, memberPath(schema, path, key)));
  }
  return errors;
}

function itemErrors(
  schema: StructuralSchema | undefined,
  values: readonly Json[],
  path: string,
): readonly FieldError[] {
  if (schema === undefined) return [];
  const errors: FieldError[] = [];
  for (const [index, item] of values.entries()) errors.push(...listErrors(schema, item, `${path}[${index}]`));
  return errors;
}

function memberPath(schema: StructuralSchema, path: string, key: string): string {
  if (schema.properties === undefined || !Object.hasOwn(schema.properties, key)) return `${path}[${key}]`;
  return path === '' ? key : `${path}.${key}`;
}

function ownErrors(schema: StructuralSchema, values: readonly Json[], path: string): readonly FieldError[] {
  const listType = schema['x-kubernetes-list-type'];
  if (listType === 'set') return duplicateErrors(values, path);
  return listType === 'map' ? mapErrors(schema['x-kubernetes-list-map-keys'] ?? [], values, path) : [];
}

function mapErrors(keys: readonly string[], values: readonly Json[], path: string): readonly FieldError[] {
  const wrong = values.findIndex((value) => value !== null && !isJsonObject(value));
  if (wrong < 0)
    return duplicateErrors(
      values.map((value) => keyOf(keys, value)),
      path,
    );
  const message = `must be an object with the keys ${keys.join(', ')}`;
  return [{ field: `${path}[${wrong}]`, reason: 'FieldValueInvalid', value: values[wrong] ?? null, message }];
}

function keyOf(keys: readonly string[], value: Json): JsonObject {
  if (!isJsonObject(value)) return {};
  return jsonObject(keys.flatMap((key) => (Object.hasOwn(value, key) ? [[key, value[key] ?? null] as const] : [])));
}

function duplicateErrors(values: readonly Json[], path: string): readonly FieldError[] {
  const counts = new Map<string, number>();
  const errors: FieldError[] = [];
  for (const [index, value] of values.entries()) {
    const text = canonicalJson(value);
    const count = (counts.get(text) ?? 0) + 1;
    counts.set(text, count);
    if (count !== 2) continue;
    const message = `${text} occurs more than once; each may occur once`;
    errors.push({ field: `${path}[${index}]`, reason: 'FieldValueDuplicate', value, message });
  }
  return errors;
}
