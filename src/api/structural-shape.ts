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
  if (isJsonList(value)) return value.map((item) => fillElement(schema.items, item));
  if (!isJsonObject(value)) return value;
  const filled = new Map(
    definedEntries(value).map(([key, item]) => [key, fillElement(fieldSchema(schema, key), item)]),
  );
  for (const [key, property] of Object.entries(schema.properties ?? {})) {
    if (property.default !== undefined && !filled.has(key)) filled.set(key, fillDefaults(property, property.default));
  }
  return jsonObject(filled);
}

function fillElement(schema: MaybeSchema, value: Json): Json {
  const isDefaulted = value === null && schema?.nullable !== true && schema?.default !== undefined;
  return fillDefaults(schema, isDefaulted ? schema.default : value);
}

function prune(schema: MaybeSchema, value: Json, isResource: boolean): Json {
  if (isJsonList(value)) return value.map((item) => pruneElement(schema, schema?.items, item));
  if (!isJsonObject(value)) return value;
  const keepsMeta = isResource || schema?.['x-kubernetes-embedded-resource'] === true;
  const kept: [string, Json][] = [];
  for (const [key, item] of definedEntries(value)) {
    if (keepsMeta && metaFields.has(key)) kept.push([key, item]);
    else if (isKnown(schema, key)) kept.push([key, prune(fieldSchema(schema, key), item, false)]);
    else if (schema?.['x-kubernetes-preserve-unknown-fields'] === true) kept.push([key, item]);
  }
  return jsonObject(kept);
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
  if (isJsonList(value)) return value.map((item) => removeNulls(schema.items, item));
  if (!isJsonObject(value)) return value;
  const kept: [string, Json][] = [];
  for (const [key, item] of Object.entries(value)) {
    const field = fieldSchema(schema, key);
    const isRemoved = item === null && field !== undefined && field.nullable !== true && field.default === undefined;
    if (!isRemoved) kept.push([key, removeNulls(field, item)]);
  }
  return jsonObject(kept);
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

/** A field that is undefined in memory is absent in JSON. */
function definedEntries(value: JsonObject): [string, Json][] {
  return Object.entries(value).filter(([, item]) => item !== undefined);
}
