import type { JsonObject } from './json-value.ts';
import type { FieldError, ValueValidation } from './structural.ts';

/** What is wrong with an object itself: fields that are missing, too few or too many of them. */
export function objectErrors(schema: ValueValidation, value: JsonObject, path: string): readonly FieldError[] {
  const missing = (schema.required ?? []).filter((name) => !Object.hasOwn(value, name));
  return [
    ...countErrors(schema, value, path),
    ...missing.map((name): FieldError => {
      const field = path === '' ? name : `${path}.${name}`;
      return { field, reason: 'FieldValueRequired', value: '', message: 'is required' };
    }),
  ];
}

function countErrors(schema: ValueValidation, object: JsonObject, path: string): readonly FieldError[] {
  const { minProperties = 0, maxProperties = Infinity } = schema;
  const value = Object.keys(object).length;
  if (value < minProperties) {
    const message = `must have at least ${minProperties} ${fields(minProperties)}`;
    return [{ field: path, reason: 'FieldValueInvalid', value, message }];
  }
  if (value <= maxProperties) return [];
  const message = `must have at most ${maxProperties} ${fields(maxProperties)}, has ${Object.keys(object).join(', ')}`;
  return [{ field: path, reason: 'FieldValueTooMany', value, message }];
}

function fields(count: number): string {
  return count === 1 ? 'field' : 'fields';
}
