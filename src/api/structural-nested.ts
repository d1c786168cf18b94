import { keywordFaults } from './structural-keyword.ts';
import type { StructuralSchema, ValueValidation } from './structural.ts';

/**
 * Faults in anyOf, oneOf, allOf and not: they may only validate, and only parts that the schema describes outside of
 * them. The two types of an int-or-string are the one exception.
 */
export function nestedFaults(schema: StructuralSchema, path: string): readonly string[] {
  return junctors(schema, path).flatMap(([nested, nestedPath, junctor]) => {
    if (schema['x-kubernetes-int-or-string'] === true && isIntOrStringPart(nested, junctor)) return [];
    return validationFaults(nested, schema, nestedPath);
  });
}

type Junctor = 'anyOf' | 'oneOf' | 'allOf' | 'not';

/** What a nested validation may not contain. */
const forbidden: readonly string[] = [
  'type',
  'default',
  'title',
  'description',
  'nullable',
  'additionalProperties',
  'x-kubernetes-preserve-unknown-fields',
  'x-kubernetes-embedded-resource',
  'x-kubernetes-int-or-string',
  'x-kubernetes-list-type',
  'x-kubernetes-list-map-keys',
  'x-kubernetes-map-type',
  'x-kubernetes-validations',
];

function junctors(schema: ValueValidation, path: string): [ValueValidation, string, Junctor][] {
  const lists = (['anyOf', 'oneOf', 'allOf'] as const).flatMap((junctor) =>
    (schema[junctor] ?? []).map((nested, index): [ValueValidation, string, Junctor] => [
      nested,
      `${path}.${junctor}[${index}]`,
      junctor,
    ]),
  );
  return schema.not === undefined ? lists : [...lists, [schema.not, `${path}.not`, 'not']];
}

function isIntOrStringPart(nested: ValueValidation, junctor: Junctor): boolean {
  const text = JSON.stringify(nested);
  if (junctor === 'allOf') return text === '{"anyOf":[{"type":"integer"},{"type":"string"}]}';
  return junctor === 'anyOf' && (text === '{"type":"integer"}' || text === '{"type":"string"}');
}

function validationFaults(
  nested: ValueValidation,
  outer: StructuralSchema | undefined,
  path: string,
): readonly string[] {
  const own = keywordFaults(nested, path);
  if (own.length > 0) return own;
  if (outer === undefined) return [`${path} validates what the schema does not describe outside of it`];
  const faults = forbidden.filter((keyword) => keyword in nested).map((keyword) => `${path}.${keyword} is not allowed`);
  const deeper = junctors(nested, path).flatMap(([one, onePath]) => validationFaults(one, outer, onePath));
  const items = nested.items === undefined ? [] : validationFaults(nested.items, outer.items, `${path}.items`);
  const properties = Object.entries(nested.properties ?? {}).flatMap(([name, property]) =>
    validationFaults(property, outer.properties?.[name], `${path}.properties[${name}]`),
  );
  return [...faults, ...deeper, ...items, ...properties];
}
