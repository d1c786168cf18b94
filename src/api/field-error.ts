/** What kind of mistake it is; the names are those that the API server puts into the causes of a refusal. */
export type FieldErrorType =
  | 'FieldValueRequired'
  | 'FieldValueInvalid'
  | 'FieldValueTypeInvalid'
  | 'FieldValueNotSupported'
  | 'FieldValueDuplicate'
  | 'FieldValueForbidden'
  | 'FieldValueNotFound'
  | 'FieldValueTooLong'
  | 'FieldValueTooMany'
  | 'InternalError';

/** One mistake in a resource: where, what stands there, and what would be right. */
export interface FieldError {
  /** Path from the resource's root, e.g. `spec.template.spec.containers[0].name`. */
  readonly field: string;
  readonly type: FieldErrorType;
  /** The offending value; undefined when it is missing. */
  readonly value?: unknown;
  readonly detail: string;
}

/** A list of mistakes; empty means valid. */
export type FieldErrors = readonly FieldError[];

/** The field must be given. */
export function required(field: string, detail = 'a value is needed'): FieldError {
  return { field, type: 'FieldValueRequired', detail };
}

/** The value is wrong; the detail says what would be right. */
export function invalid(field: string, value: unknown, detail: string): FieldError {
  return { field, type: 'FieldValueInvalid', value, detail };
}

/** The value is none of those that are known. */
export function notSupported(field: string, value: unknown, supported: readonly string[]): FieldError {
  return { field, type: 'FieldValueNotSupported', value, detail: `use one of: ${supported.join(', ')}` };
}

/** The value must be unique and is not. */
export function duplicate(field: string, value: unknown, detail = 'it must be unique'): FieldError {
  return { field, type: 'FieldValueDuplicate', value, detail };
}

/** The field must not be given here. */
export function forbidden(field: string, detail: string): FieldError {
  return { field, type: 'FieldValueForbidden', detail };
}

/** The value names something that is not there. */
export function notFound(field: string, value: unknown, detail: string): FieldError {
  return { field, type: 'FieldValueNotFound', value, detail };
}

/** Parts of the resource contradict each other. */
export function contradictory(field: string, detail: string): FieldError {
  return { field, type: 'InternalError', detail };
}

/** One error per problem text with the same field and value. */
export function invalidEach(field: string, value: unknown, problems: readonly string[]): FieldErrors {
  return problems.map((problem) => invalid(field, value, problem));
}

const typeTexts: Readonly<Record<FieldErrorType, string>> = {
  FieldValueRequired: 'Required value',
  FieldValueInvalid: 'Invalid value',
  FieldValueTypeInvalid: 'Wrong type',
  FieldValueNotSupported: 'Unsupported value',
  FieldValueDuplicate: 'Duplicate value',
  FieldValueForbidden: 'Forbidden',
  FieldValueNotFound: 'Not found',
  FieldValueTooLong: 'Too long',
  FieldValueTooMany: 'Too many',
  InternalError: 'Internal error',
};

const valueTextMax = 200;

/** One line of text: `field: Invalid value: "x": what would be right`. */
export function fieldErrorText(error: FieldError): string {
  return `${error.field}: ${fieldErrorMessage(error)}`;
}

/** The same without the field, for places that name it themselves. */
export function fieldErrorMessage({ type, value, detail }: FieldError): string {
  const shown = value === undefined ? '' : `: ${valueText(value)}`;
  return `${typeTexts[type]}${shown}: ${detail}`;
}

/** Errors without exact repetitions, which rules that look at the same field from two sides can make. */
export function distinctErrors(errors: FieldErrors): FieldErrors {
  const seen = new Set<string>();
  return errors.filter((error) => {
    const text = fieldErrorText(error);
    const isNew = !seen.has(text);
    seen.add(text);
    return isNew;
  });
}

function valueText(value: unknown): string {
  const text = JSON.stringify(value) ?? 'undefined';
  return text.length > valueTextMax ? `${text.slice(0, valueTextMax)}…` : text;
}
