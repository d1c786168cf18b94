import { RE2JS } from 're2js';

import { messageOf, SluiceError } from '../base/error.ts';
import { canonicalJson } from './json-value.ts';
import { keywordFaults } from './structural-keyword.ts';
import { nestedFaults } from './structural-nested.ts';
import { prunedForm, storedForm } from './structural-shape.ts';
import { schemaErrors, type Validation } from './structural-validate.ts';
import type { StructuralSchema, ValueValidation } from './structural.ts';

/**
 * Throws a SluiceError (Invalid) that names everything for which an API server would refuse the schema in a
 * CustomResourceDefinition, and every check in it that this code cannot do. Returns the schema's patterns, compiled.
 * Source: ValidateStructural of apiextensions-apiserver v0.34 and the validation of apiextensions.k8s.io/v1.
 */
export function checkStructural(schema: StructuralSchema): ReadonlyMap<string, RE2JS> {
  const patterns = new Map<string, RE2JS>();
  const faults = schemaFaults(schema, 'schema', patterns);
  // Only a sound schema can judge its own defaults.
  const wrong = faults.length > 0 ? faults : defaultFaults(schema, 'schema', { matches: matcher(patterns) });
  if (wrong.length === 0) return patterns;
  throw new SluiceError('Invalid', `The schema is not structural: ${wrong.join('; ')}`);
}

function schemaFaults(schema: StructuralSchema, path: string, patterns: Map<string, RE2JS>): readonly string[] {
  const own = keywordFaults(schema, path);
  // What has the wrong form cannot be looked into.
  if (own.length > 0) return own;
  return [
    ...typeFaults(schema, path),
    ...listFaults(schema, path),
    ...nestedFaults(schema, path),
    ...patternFaults(schema, path, patterns),
    ...partsOf(schema, path).flatMap(([part, partPath]) => schemaFaults(part, partPath, patterns)),
  ];
}

function partsOf(schema: StructuralSchema, path: string): [StructuralSchema, string][] {
  const parts: [StructuralSchema, string][] = Object.entries(schema.properties ?? {}).map(([name, property]) => [
    property,
    `${path}.properties[${name}]`,
  ]);
  if (schema.items !== undefined) parts.push([schema.items, `${path}.items`]);
  if (typeof schema.additionalProperties === 'object') {
    parts.push([schema.additionalProperties, `${path}.additionalProperties`]);
  }
  return parts;
}

/** Tells whether a text matches one of the compiled patterns. */
export function matcher(patterns: ReadonlyMap<string, RE2JS>): (pattern: string, text: string) => boolean {
  return (pattern, text) => patterns.get(pattern)?.matcher(text).find() === true;
}

/** A default must be what the schema itself would store, and be admitted by it. */
function defaultFaults(schema: StructuralSchema, path: string, validation: Validation): readonly string[] {
  const deeper = partsOf(schema, path).flatMap(([part, partPath]) => defaultFaults(part, partPath, validation));
  const value = schema.default;
  if (value === undefined) return deeper;
  const errors = schemaErrors(schema, storedForm(schema, value, false), '', undefined, validation);
  const isPruned = canonicalJson(prunedForm(schema, value)) !== canonicalJson(value);
  return [
    ...deeper,
    ...(isPruned ? [`${path}.default has fields that the schema does not have`] : []),
    ...errors.map((error) => `${path}.default ${error.field} ${error.message}`),
  ];
}

function typeFaults(schema: StructuralSchema, path: string): readonly string[] {
  const isOpen = schema['x-kubernetes-preserve-unknown-fields'] === true;
  const isIntOrString = schema['x-kubernetes-int-or-string'] === true;
  const isEmbedded = schema['x-kubernetes-embedded-resource'] === true;
  const type = schema.type ?? 'absent';
  const hasTwoKinds = schema.properties !== undefined && schema.additionalProperties !== undefined;
  const faults: readonly [isFault: boolean, message: string][] = [
    [type === 'absent' && !isOpen && !isIntOrString, `${path}.type is missing`],
    [type !== 'absent' && isIntOrString, `${path}.type must be absent from an int-or-string`],
    [isIntOrString && (isOpen || isEmbedded), `${path} is an int-or-string and can be nothing else`],
    [isEmbedded && type !== 'object', `${path}.type must be object in an embedded resource`],
    [type === 'array' && schema.items === undefined, `${path}.items is missing`],
    [hasTwoKinds, `${path} must have either properties or additionalProperties`],
  ];
  return faults.filter(([isFault]) => isFault).map(([, message]) => message);
}

const scalarTypes: ReadonlySet<string | undefined> = new Set(['string', 'integer', 'number', 'boolean']);

function listFaults(schema: StructuralSchema, path: string): readonly string[] {
  const { items, 'x-kubernetes-list-type': listType, 'x-kubernetes-list-map-keys': keys } = schema;
  if (listType === undefined) return keys === undefined ? [] : [`${path} has list map keys but is no map list`];
  if (schema.type !== 'array') return [`${path}.type must be array, for it has a list type`];
  if (listType !== 'map') return keys === undefined ? [] : [`${path} has list map keys but is no map list`];
  if (keys === undefined || keys.length === 0) return [`${path}.x-kubernetes-list-map-keys is missing`];
  if (items?.type !== 'object') return [`${path}.items.type must be object in a map list`];
  return keys.flatMap((key) => keyFaults(items, key, path));
}

function keyFaults(items: StructuralSchema, key: string, path: string): readonly string[] {
  const property = items.properties?.[key];
  if (property === undefined) return [`${path}.items has no property ${key}, which is a key of the list`];
  if (!scalarTypes.has(property.type))
    return [`${path}.items.properties[${key}] is a key of the list and must be scalar`];
  const isGiven = items.required?.includes(key) === true || property.default !== undefined;
  return isGiven ? [] : [`${path}.items.properties[${key}] is a key of the list: require it or give it a default`];
}

function patternFaults(schema: ValueValidation, path: string, patterns: Map<string, RE2JS>): readonly string[] {
  const faults: string[] = [];
  if (schema.pattern !== undefined && !patterns.has(schema.pattern)) {
    try {
      patterns.set(schema.pattern, RE2JS.compile(schema.pattern));
    } catch (error) {
      faults.push(`${path}.pattern is not a regular expression of Go: ${messageOf(error)}`);
    }
  }
  const nested = [...(schema.anyOf ?? []), ...(schema.oneOf ?? []), ...(schema.allOf ?? [])];
  if (schema.not !== undefined) nested.push(schema.not);
  return [...faults, ...nested.flatMap((one) => nestedPatternFaults(one, path, patterns))];
}

/** The parts of a nested validation are validations themselves; those of a schema are visited as schemas. */
function nestedPatternFaults(schema: ValueValidation, path: string, patterns: Map<string, RE2JS>): readonly string[] {
  const parts = Object.values(schema.properties ?? {});
  if (schema.items !== undefined) parts.push(schema.items);
  return [
    ...patternFaults(schema, path, patterns),
    ...parts.flatMap((part) => nestedPatternFaults(part, path, patterns)),
  ];
}
