import { canonicalJson, isJsonList, isJsonObject, type JsonObject } from './json-value.ts';
import type { Json } from './object.ts';
import { objectErrors } from './structural-object.ts';
import { formatErrors, numberErrors, stringErrors, typeNames, typeOf } from './structural-scalar.ts';
import { fieldSchema } from './structural-shape.ts';
import type { FieldError, StructuralSchema, ValueValidation } from './structural.ts';

/** What stays the same while one value is validated. */
export interface Validation {
  /** True when the text matches the pattern, in Go's regular expression syntax. */
  readonly matches: (pattern: string, text: string) => boolean;
}

/**
 * Everything in which a value breaks its schema, with the full path of each field. Parts that are equal to the same
 * part of `previous` are not blamed again (ratcheting), so that an object stored under an older schema can still be
 * changed. Source: k8s.io/kube-openapi, package validate, as apiextensions-apiserver v0.34 uses it. There a list passes
 * for a text that has a format, by an oversight; here it does not.
 */
export function schemaErrors(
  schema: StructuralSchema,
  value: Json,
  path: string,
  previous: Json | undefined,
  validation: Validation,
): readonly FieldError[] {
  if (previous !== undefined && canonicalJson(previous) === canonicalJson(value)) return [];
  return [
    ...valueErrors(schema, value, path, validation),
    ...ruleErrors(schema, value, path, previous),
    ...partErrors(schema, value, path, previous, validation),
  ];
}

/** True when a value has the type of its schema, and is among the values that the schema lists; its parts may not. */
export function fitsType(schema: StructuralSchema, value: Json): boolean {
  return wrongType(schema, value, '').length === 0 && enumErrors(schema, value, '').length === 0;
}

/** What is wrong with the value itself: its type, its bounds, its alternatives; not with what is in it. */
function valueErrors(
  schema: ValueValidation & StructuralSchema,
  value: Json,
  path: string,
  validation: Validation,
): readonly FieldError[] {
  const typeError = wrongType(schema, value, path);
  if (value === null) return [...typeError, ...enumErrors(schema, value, path)];
  return [
    ...typeError,
    ...(hasAlternatives(schema) ? alternativeErrors(schema, value, path, validation) : []),
    ...(typeof value === 'string' ? stringErrors(schema, value, path, validation.matches) : []),
    ...(typeof value === 'string' ? formatErrors(schema, value, path) : []),
    ...(typeof value === 'number' ? numberErrors(schema, value, path) : []),
    ...(isJsonList(value) ? lengthErrors(schema, value, path) : []),
    ...enumErrors(schema, value, path),
    ...(isJsonObject(value) ? objectErrors(schema, value, path) : []),
  ];
}

function partErrors(
  schema: StructuralSchema,
  value: Json,
  path: string,
  previous: Json | undefined,
  validation: Validation,
): readonly FieldError[] {
  if (isJsonList(value)) return itemErrors(schema, value, path, previous, validation);
  if (!isJsonObject(value)) return [];
  const before = isJsonObject(previous) ? previous : {};
  const errors: FieldError[] = [];
  for (const [key, item] of Object.entries(value)) {
    const field = fieldSchema(schema, key);
    const earlier = Object.hasOwn(before, key) ? before[key] : undefined;
    if (field !== undefined) errors.push(...schemaErrors(field, item, memberPath(path, key), earlier, validation));
  }
  return errors;
}

function itemErrors(
  schema: StructuralSchema,
  values: readonly Json[],
  path: string,
  previous: Json | undefined,
  validation: Validation,
): readonly FieldError[] {
  const items = schema.items;
  if (items === undefined) return [];
  const before = isJsonList(previous) ? previous : [];
  const errors: FieldError[] = [];
  for (const [index, item] of values.entries()) {
    const earlier = earlierItem(schema, item, before);
    errors.push(...schemaErrors(items, item, `${path}[${index}]`, earlier, validation));
  }
  return errors;
}

/** Only the items of a map list can be told apart from one version to the next. */
function earlierItem(schema: StructuralSchema, item: Json, before: readonly Json[]): Json | undefined {
  if (before.length === 0) return undefined;
  const keys = schema['x-kubernetes-list-map-keys'];
  if (keys === undefined || !isJsonObject(item)) return undefined;
  return before.find((other) => isJsonObject(other) && keys.every((key) => sameMember(key, item, other)));
}

function sameMember(key: string, left: JsonObject, right: JsonObject): boolean {
  return canonicalJson(left[key] ?? null) === canonicalJson(right[key] ?? null);
}

function memberPath(path: string, key: string): string {
  return path === '' ? key : `${path}.${key}`;
}

function wrongType(schema: StructuralSchema, value: Json, path: string): readonly FieldError[] {
  const allowed = schema['x-kubernetes-int-or-string'] === true ? ['integer', 'string'] : namedType(schema);
  const actual = typeOf(value);
  if (allowed.length === 0 || allowed.includes(actual)) return [];
  if (actual === 'integer' && allowed.includes('number')) return [];
  if (value === null && schema.nullable === true) return [];
  return [
    { field: path, reason: 'FieldValueTypeInvalid', value, message: `must be ${typeNames(allowed)}, not ${actual}` },
  ];
}

function namedType(schema: StructuralSchema): readonly string[] {
  return schema.type === undefined ? [] : [schema.type];
}

function enumErrors(schema: ValueValidation, value: Json, path: string): readonly FieldError[] {
  const allowed = schema.enum;
  if (allowed === undefined || allowed.length === 0) return [];
  // The API server never finds null among the allowed values, not even where the schema is nullable.
  if (value !== null && isAmong(value, allowed)) return [];
  const message = `must be one of ${allowed.map((one) => JSON.stringify(one)).join(', ')}`;
  return [{ field: path, reason: 'FieldValueNotSupported', value, message }];
}

function isAmong(value: Json, allowed: readonly Json[]): boolean {
  if (allowed.includes(value)) return true;
  const text = canonicalJson(value);
  return allowed.some((one) => canonicalJson(one) === text);
}

function lengthErrors(schema: ValueValidation, values: readonly Json[], path: string): readonly FieldError[] {
  const { minItems = 0, maxItems = Infinity } = schema;
  const value = values.length;
  if (value < minItems) {
    return [{ field: path, reason: 'FieldValueInvalid', value, message: `must have at least ${minItems} items` }];
  }
  if (value <= maxItems) return [];
  return [{ field: path, reason: 'FieldValueTooMany', value, message: `must have at most ${maxItems} items` }];
}

function alternativeErrors(
  schema: StructuralSchema,
  value: Json,
  path: string,
  validation: Validation,
): readonly FieldError[] {
  // The two alternatives of an int-or-string only repeat its type.
  const isIntOrString = schema['x-kubernetes-int-or-string'] === true;
  const failures = (one: ValueValidation): readonly FieldError[] => nestedErrors(one, value, path, validation);
  const errors: FieldError[] = (schema.allOf ?? [])
    .filter((one) => !isIntOrString || !isTypePair(one))
    .flatMap(failures);
  const add = (message: string): number => errors.push({ field: path, reason: 'FieldValueInvalid', value, message });
  if (schema.anyOf !== undefined && !(isIntOrString && isTypePair(schema))) {
    const all = schema.anyOf.map(failures);
    if (all.every((one) => one.length > 0)) add(`must meet one of its alternatives (anyOf): ${closest(all)}`);
  }
  if (schema.oneOf !== undefined) {
    const all = schema.oneOf.map(failures);
    const count = all.filter((one) => one.length === 0).length;
    if (count === 0) add(`must meet exactly one of its alternatives (oneOf), meets none: ${closest(all)}`);
    if (count > 1) add(`must meet exactly one of its alternatives (oneOf), meets ${count}`);
  }
  if (schema.not !== undefined && failures(schema.not).length === 0)
    add('must not meet what the schema excludes (not)');
  return errors;
}

function hasAlternatives({ allOf, anyOf, oneOf, not }: StructuralSchema): boolean {
  return allOf !== undefined || anyOf !== undefined || oneOf !== undefined || not !== undefined;
}

function isTypePair(schema: ValueValidation): boolean {
  const [first, second, ...others] = schema.anyOf ?? [];
  return first?.type === 'integer' && second?.type === 'string' && others.length === 0;
}

/** Nested validations reach into the value themselves: properties and items inside them are validations too. */
function nestedErrors(
  schema: ValueValidation,
  value: Json,
  path: string,
  validation: Validation,
): readonly FieldError[] {
  return [
    // A nested validation has no more than the checks of a schema.
    ...valueErrors(schema, value, path, validation),
    ...nestedPartErrors(schema, value, path, validation),
  ];
}

function nestedPartErrors(
  schema: ValueValidation,
  value: Json,
  path: string,
  validation: Validation,
): readonly FieldError[] {
  if (isJsonList(value)) {
    const items = schema.items;
    if (items === undefined) return [];
    return value.flatMap((item, index) => nestedErrors(items, item, `${path}[${index}]`, validation));
  }
  if (!isJsonObject(value)) return [];
  return Object.entries(schema.properties ?? {}).flatMap(([key, property]) =>
    Object.hasOwn(value, key) ? nestedErrors(property, value[key] ?? null, memberPath(path, key), validation) : [],
  );
}

/** The complaints of the alternative that has fewest. */
function closest(alternatives: readonly (readonly FieldError[])[]): string {
  const [best = []] = [...alternatives].sort((left, right) => left.length - right.length);
  return best.map((error) => `${error.field} ${error.message}`).join('; ');
}

function ruleErrors(
  schema: StructuralSchema,
  value: Json,
  path: string,
  previous: Json | undefined,
): readonly FieldError[] {
  // The only rule there can be (the schema was checked) is that the value stays as it is; here it does not.
  if (previous === undefined) return [];
  const rules = schema['x-kubernetes-validations'] ?? [];
  return rules.map(({ message = 'cannot be changed' }) => ({
    field: path,
    reason: 'FieldValueInvalid',
    value,
    message,
  }));
}
