import { isUncheckedFormat } from './structural-format.ts';
import type { StructuralSchema } from './structural.ts';

/**
 * Faults in the keywords of one node of a schema: those that CustomResourceDefinition v1 does not know (`const`,
 * `patternProperties`, `$ref` and the like) and those whose value has the wrong form (a numeric `exclusiveMinimum`).
 */
export function keywordFaults(schema: StructuralSchema, path: string): readonly string[] {
  if (!isRecord(schema)) return [`${path} must be a schema, not ${JSON.stringify(schema)}`];
  return Object.entries(schema).flatMap(([keyword, value]) => {
    if (value === undefined) return [];
    const form = forms.get(keyword);
    if (form === undefined) return [`${path}.${keyword} is not a keyword of CustomResourceDefinition v1`];
    return form.fits(value) ? [] : [`${path}.${keyword} must be ${form.name}, not ${JSON.stringify(value)}`];
  });
}

interface Form {
  readonly name: string;
  readonly fits: (value: unknown) => boolean;
}

const text: Form = { name: 'text', fits: (value) => typeof value === 'string' };
const flag: Form = { name: 'true or false', fits: (value) => typeof value === 'boolean' };
const onlyTrue: Form = { name: 'true or absent', fits: (value) => value === true };
const onlyFalse: Form = { name: 'false or absent', fits: (value) => value === false };
const number: Form = { name: 'a number', fits: (value) => Number.isFinite(value) };
const step: Form = { name: 'a number above 0', fits: (value) => Number(value) > 0 && Number.isFinite(value) };
const count: Form = { name: 'a whole number from 0', fits: (value) => Number.isInteger(value) && Number(value) >= 0 };
const schemaForm: Form = { name: 'one schema', fits: isRecord };
const schemas: Form = { name: 'a list of schemas', fits: (value) => Array.isArray(value) && value.every(isRecord) };
const names: Form = { name: 'a list of different names', fits: isNames };
const anything: Form = { name: 'anything', fits: () => true };
const values: Form = { name: 'a list of values', fits: (value) => Array.isArray(value) && value.length > 0 };

/** The rule that a value never changes is the only one that is evaluated here. */
const rules: Form = {
  name: 'rules "self == oldSelf"',
  fits: (value) => Array.isArray(value) && value.every((rule) => isRecord(rule) && rule['rule'] === 'self == oldSelf'),
};

const forms: ReadonlyMap<string, Form> = new Map([
  ['type', oneOf('object', 'array', 'string', 'integer', 'number', 'boolean')],
  ['title', text],
  ['description', text],
  ['format', { name: 'a format that is checked here', fits: isFormat }],
  ['nullable', flag],
  ['default', anything],
  ['enum', values],
  ['minimum', number],
  ['maximum', number],
  ['exclusiveMinimum', flag],
  ['exclusiveMaximum', flag],
  ['multipleOf', step],
  ['minLength', count],
  ['maxLength', count],
  ['pattern', text],
  ['minItems', count],
  ['maxItems', count],
  ['uniqueItems', onlyFalse],
  ['minProperties', count],
  ['maxProperties', count],
  ['required', names],
  ['properties', { name: 'schemas by name', fits: (value) => isRecord(value) && Object.values(value).every(isRecord) }],
  ['additionalProperties', { name: 'true or a schema', fits: (value) => value === true || isRecord(value) }],
  ['items', schemaForm],
  ['anyOf', schemas],
  ['oneOf', schemas],
  ['allOf', schemas],
  ['not', schemaForm],
  ['x-kubernetes-preserve-unknown-fields', onlyTrue],
  ['x-kubernetes-embedded-resource', flag],
  ['x-kubernetes-int-or-string', flag],
  ['x-kubernetes-list-type', oneOf('atomic', 'set', 'map')],
  ['x-kubernetes-list-map-keys', names],
  ['x-kubernetes-map-type', oneOf('atomic', 'granular')],
  ['x-kubernetes-validations', rules],
]);

function oneOf(...allowed: readonly string[]): Form {
  return { name: allowed.join(', '), fits: (value) => typeof value === 'string' && allowed.includes(value) };
}

function isFormat(value: unknown): boolean {
  return typeof value === 'string' && !isUncheckedFormat(value);
}

function isNames(value: unknown): boolean {
  const isList = Array.isArray(value) && value.every((name) => typeof name === 'string');
  return isList && new Set(value).size === value.length;
}

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
