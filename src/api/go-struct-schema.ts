import { unreachable } from '../base/invariant.ts';
import type { GoField, GoStruct, GoType, ListKind } from './go-struct.ts';
import type { StructuralSchema } from './structural.ts';

/** The structural schema of a Go type, in the form in which controller-gen writes it (descriptions left out). */
export function goStructSchema(type: GoType): StructuralSchema {
  switch (type.kind) {
    case 'leaf':
      return type.leaf.schema;
    case 'pointer':
      return goStructSchema(type.of);
    case 'list':
      return { type: 'array', items: goStructSchema(type.of), ...listExtensions(type.listKind) };
    case 'map':
      return { type: 'object', additionalProperties: goStructSchema(type.of), ...mapExtension(type.isAtomic) };
    case 'struct':
      return structSchema(type);
    default:
      return unreachable(type);
  }
}

function structSchema(type: GoStruct): StructuralSchema {
  const required = type.fields.filter((field) => field.isRequired).map((field) => field.name);
  return {
    type: 'object',
    ...(type.fields.length > 0 ? { properties: fieldSchemas(type.fields) } : {}),
    ...(required.length > 0 ? { required: required.toSorted() } : {}),
    ...mapExtension(type.isAtomic),
  };
}

function fieldSchemas(fields: readonly GoField[]): Record<string, StructuralSchema> {
  return Object.fromEntries(fields.map((field) => [field.name, fieldSchema(field)]));
}

function fieldSchema(field: GoField): StructuralSchema {
  const schema = field.schema ?? goStructSchema(field.type);
  return field.default === undefined ? schema : { ...schema, default: field.default };
}

function listExtensions(listKind: ListKind): StructuralSchema {
  if (listKind === 'plain') return {};
  if (typeof listKind === 'string') return { 'x-kubernetes-list-type': listKind };
  return { 'x-kubernetes-list-map-keys': listKind, 'x-kubernetes-list-type': 'map' };
}

function mapExtension(isAtomic: boolean): StructuralSchema {
  return isAtomic ? { 'x-kubernetes-map-type': 'atomic' } : {};
}
