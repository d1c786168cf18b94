import { isJsonList, isJsonObject, jsonObject, type JsonObject } from './json-value.ts';
import type { Json } from './object.ts';
import type { StructuralSchema } from './structural.ts';

/**
 * The stored form of a value: defaults filled in, unknown fields pruned, and null removed from fields that neither
 * allow it nor have a default. Which parts are left alone follows apiextensions-apiserver v0.34 (packages defaulting
 * and pruning). `isResource` keeps apiVersion, kind and metadata whatever the schema says of them.
 */
export function storedForm(schema: StructuralSchema, value: Json, isResource: boolean): Json {
  return removeNulls(schema, prune(schema, fillDefaults(schema, value), isResource));
}

/** A value without the fields that its schema does not know. */
export function prunedForm(schema: StructuralSchema, value: Json): Json {
  return prune(schema, value, false);
}

type MaybeSchema = StructuralSchema | undefined;

const metaFields: ReadonlySet<string> = new Set(['apiVersion', 'kind', 'metadata']);

function fillDefaults(schema: MaybeSchema, value: Json): Json {
  if (schema === undefined) return value;
  if (isJsonList(value)) return changeItems(value, (item) => fillElement(schema.items, item));
  if (!isJsonObject(value)) return value;
  const filled = changeMembers(value, (key, item) => fillElement(fieldSchema(schema, key), item));
  const missing = defaultedFields(schema).filter(([key]) => !Object.hasOwn(filled, key));
  if (missing.length === 0) return filled;
  const defaults = missing.map(([key, property]) => [key, fillDefaults(property, property.default ?? null)] as const);
  return jsonObject([...Object.entries(filled), ...defaults]);
}

/** A memo only: what is kept for a schema follows from the schema. */
const defaultedFieldsMemo = new WeakMap<StructuralSchema, readonly (readonly [string, StructuralSchema])[]>();

/** The properties of a schema that have a default. */
function defaultedFields(schema: StructuralSchema): readonly (readonly [string, StructuralSchema])[] {
  const known = defaultedFieldsMemo.get(schema);
  if (known !== undefined) return known;
  const fields = Object.entries(schema.properties ?? {}).filter(([, property]) => property.default !== undefined);
  defaultedFieldsMemo.set(schema, fields);
  return fields;
}

function fillElement(schema: MaybeSchema, value: Json): Json {
  const isDefaulted = value === null && schema?.nullable !== true && schema?.default !== undefined;
  return fillDefaults(schema, isDefaulted ? schema.default : value);
}

function prune(schema: MaybeSchema, value: Json, isResource: boolean): Json {
  if (isJsonList(value)) return changeItems(value, (item) => pruneElement(schema, schema?.items, item));
  if (!isJsonObject(value)) return value;
  const keepsMeta = isResource || schema?.['x-kubernetes-embedded-resource'] === true;
  const keepsUnknown = schema?.['x-kubernetes-preserve-unknown-fields'] === true;
  return changeMembers(value, (key, item) => {
    if (keepsMeta && metaFields.has(key)) return item;
    if (isKnown(schema, key)) return prune(fieldSchema(schema, key), item, false);
    return keepsUnknown ? item : undefined;
  });
}

/** Items of a list inside a part that preserves unknown fields are preserved too. */
function pruneElement(list: MaybeSchema, schema: MaybeSchema, item: Json): Json {
  const isPreserved = list?.['x-kubernetes-preserve-unknown-fields'] === true;
  if (!isPreserved) return prune(schema, item, false);
  return schema === undefined ? item : prune({ ...schema, 'x-kubernetes-preserve-unknown-fields': true }, item, false);
}

function isKnown(schema: MaybeSchema, key: string): boolean {
  const additional = schema?.additionalProperties;
  return propertySchema(schema, key) !== undefined || (additional !== undefined && additional !== false);
}

function removeNulls(schema: MaybeSchema, value: Json): Json {
  // Nothing below a part without a schema has one.
  if (schema === undefined) return value;
  if (isJsonList(value)) return changeItems(value, (item) => removeNulls(schema.items, item));
  if (!isJsonObject(value)) return value;
  return changeMembers(value, (key, item) => {
    const field = fieldSchema(schema, key);
    const isRemoved = item === null && field !== undefined && field.nullable !== true && field.default === undefined;
    return isRemoved ? undefined : removeNulls(field, item);
  });
}

/** The list with each item made anew; the list itself when nothing changes, so that most values are not copied. */
function changeItems(list: readonly Json[], make: (item: Json) => Json): readonly Json[] {
  let changed: Json[] | undefined;
  for (const [index, item] of list.entries()) {
    const made = make(item);
    if (made !== item) changed ??= list.slice(0, index);
    changed?.push(made);
  }
  return changed ?? list;
}

/** The object with each member made anew or left out; the object itself when nothing changes. */
function changeMembers(object: JsonObject, make: (key: string, item: Json) => Json | undefined): JsonObject {
  let changed: [string, Json][] | undefined;
  const keys = Object.keys(object);
  for (const [index, key] of keys.entries()) {
    const item = object[key];
    // A field that is undefined in memory is absent in JSON.
    const made = item === undefined ? undefined : make(key, item);
    if (made !== item || made === undefined)
      changed ??= keys.slice(0, index).map((kept) => [kept, object[kept] ?? null]);
    if (made !== undefined) changed?.push([key, made]);
  }
  return changed === undefined ? object : jsonObject(changed);
}

/** The schema of a member of an object: of its property, or of additional properties. */
export function fieldSchema(schema: MaybeSchema, key: string): MaybeSchema {
  const additional = schema?.additionalProperties;
  return propertySchema(schema, key) ?? (typeof additional === 'object' ? additional : undefined);
}

function propertySchema(schema: MaybeSchema, key: string): MaybeSchema {
  const properties = schema?.properties;
  return properties !== undefined && Object.hasOwn(properties, key) ? properties[key] : undefined;
}
