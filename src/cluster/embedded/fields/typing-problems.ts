import type { Json } from '../../../api/object.ts';
import { isList, isRecord, type JsonRecord } from '../json.ts';
import { indexItems } from './compare-fields.ts';
import { printElement } from './field-set.ts';
import { isNamedField, memberType, resolveType, undeclared, type FieldType, type MapType } from './field-type.ts';

/**
 * What keeps an applied configuration from being understood by its type: values of another type, members that the type
 * does not know, and list items that have the same key. Texts such as `.spec.colour: field not declared in schema`.
 */
export function typingProblems(object: JsonRecord, type: MapType): readonly string[] {
  return inMap(object, type, '');
}

function inMap(record: JsonRecord, type: MapType, path: string): readonly string[] {
  return Object.entries(record).flatMap(([key, value]) => {
    if (!isNamedField(type, key) && type.element === undeclared)
      return [`${path}.${key}: field not declared in schema`];
    return inValue(value, memberType(type, key), `${path}.${key}`);
  });
}

function inValue(value: Json, type: FieldType, path: string): readonly string[] {
  const problem = value === null ? undefined : typeProblem(value, type);
  if (problem !== undefined) return [`${path}: ${problem}`];
  const resolved = resolveType(type, value);
  if (resolved.kind === 'map' && isRecord(value)) return inMap(value, resolved, path);
  if (resolved.kind !== 'list' || !isList(value)) return [];
  const inside = value.flatMap((item, index) => inValue(item, resolved.element, `${path}[${index}]`));
  if (resolved.relation === 'atomic') return inside;
  const twice = [...indexItems(value, resolved)].filter(([, items]) => items.length > 1);
  return [...twice.map(([element]) => `${path}: duplicate entries for key ${printElement(element)}`), ...inside];
}

function typeProblem(value: Json, type: FieldType): string | undefined {
  if (type.kind === 'map') return isRecord(value) ? undefined : `expected map, got ${JSON.stringify(value)}`;
  if (type.kind === 'list') return isList(value) ? undefined : `expected list, got ${JSON.stringify(value)}`;
  if (type.kind === 'deduced' || type.of === undefined || typeof value === type.of) return undefined;
  return `expected ${type.of}, got ${JSON.stringify(value)}`;
}
