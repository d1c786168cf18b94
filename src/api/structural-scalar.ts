import type { Json } from './object.ts';
import { formatChecks, formatName } from './structural-format.ts';
import type { FieldError, ValueValidation } from './structural.ts';

/** The schema type of a value. Every number without a fraction is an integer, as in Go's decoding. */
export function typeOf(value: Json): string {
  if (value === null) return 'null';
  if (Array.isArray(value)) return 'array';
  if (typeof value === 'number') return Number.isInteger(value) && Math.abs(value) <= 2 ** 63 ? 'integer' : 'number';
  return typeof value;
}

/** Types as they read in a message, e.g. `an integer or a string`. */
export function typeNames(types: readonly string[]): string {
  return types.map((type) => (/^[aeiou]/.test(type) ? `an ${type}` : `a ${type}`)).join(' or ');
}

/** Length and pattern of a text; the first thing that is wrong. Lengths count characters, not code units. */
export function stringErrors(
  schema: ValueValidation,
  value: string,
  path: string,
  matches: (pattern: string, text: string) => boolean,
): readonly FieldError[] {
  const { minLength = 0, maxLength = Infinity, pattern } = schema;
  // Counting characters costs more than anything else here; there are never more of them than code units.
  const isBounded = minLength > 0 || value.length > maxLength;
  const length = isBounded ? Array.from(value).length : value.length;
  if (length > maxLength) {
    return [{ field: path, reason: 'FieldValueTooLong', value, message: `must have at most ${maxLength} characters` }];
  }
  if (length < minLength) return [invalid(path, value, `must have at least ${minLength} characters`)];
  if (pattern === undefined || matches(pattern, value)) return [];
  return [invalid(path, value, `must match the pattern ${pattern}`)];
}

/** Whether a text has the format that its schema names, if that is one which is checked. */
export function formatErrors(schema: ValueValidation, value: string, path: string): readonly FieldError[] {
  if (schema.format === undefined) return [];
  const isOfFormat = formatChecks.get(formatName(schema.format));
  if (isOfFormat === undefined || isOfFormat(value)) return [];
  return [{ field: path, reason: 'FieldValueTypeInvalid', value, message: `must be in the format ${schema.format}` }];
}

/** Bounds and step of a number. */
export function numberErrors(schema: ValueValidation, value: number, path: string): readonly FieldError[] {
  const { minimum, maximum, multipleOf } = schema;
  const [isMore, isLess] = [schema.exclusiveMinimum === true, schema.exclusiveMaximum === true];
  const errors: FieldError[] = [];
  if (multipleOf !== undefined && !isMultiple(value, multipleOf)) {
    errors.push(invalid(path, value, `must be a multiple of ${multipleOf}`));
  }
  if (minimum !== undefined && !(isMore ? value > minimum : value >= minimum)) {
    errors.push(invalid(path, value, `must be ${isMore ? 'more than' : 'at least'} ${minimum}`));
  }
  if (maximum !== undefined && !(isLess ? value < maximum : value <= maximum)) {
    errors.push(invalid(path, value, `must be ${isLess ? 'less than' : 'at most'} ${maximum}`));
  }
  return errors;
}

/** A step below 1 is seldom exact in binary, its inverse more often is. */
function isMultiple(value: number, step: number): boolean {
  return Number.isInteger(step < 1 ? (1 / step) * value : value / step);
}

function invalid(field: string, value: Json, message: string): FieldError {
  return { field, reason: 'FieldValueInvalid', value, message };
}
