import type { Json } from '../../../api/object.ts';
import type { StructuralSchema } from '../../../api/structural.ts';
import { isList, isRecord } from '../json.ts';

/**
 * How a value is merged and how its parts are owned.
 *
 * - A granular map's members are owned one by one, an atomic map as a whole.
 * - An associative list is keyed by some fields of its items, a set by the items themselves; an atomic list is one
 *   value.
 * - A deduced type takes its shape from the value: maps granular, lists atomic.
 *
 * Source: Kubernetes documentation, "Server-Side Apply", merge strategy, and the structured-merge-diff library's
 * schema.
 */
export type FieldType = ScalarType | MapType | ListType | DeducedType;

interface ScalarType {
  readonly kind: 'scalar';
  /** What the value must be; undefined when anything will do. */
  readonly of?: 'number' | 'string' | 'boolean';
}

/** An object. `element` is the type of members that `fields` does not name. */
export interface MapType {
  readonly kind: 'map';
  readonly atomic: boolean;
  readonly fields: ReadonlyMap<string, FieldType>;
  readonly element: FieldType;
  /** Every member counts as a named field, also those that `fields` does not name (a struct we know only partly). */
  readonly open: boolean;
}

/** A list. */
export interface ListType {
  readonly kind: 'list';
  readonly relation: 'atomic' | 'set' | 'associative';
  /** Fields that make up the key of an item of an associative list. */
  readonly keys: readonly string[];
  readonly keyDefaults: Readonly<Record<string, Json>>;
  readonly element: FieldType;
}

interface DeducedType {
  readonly kind: 'deduced';
  readonly open: boolean;
}

/** A type that is settled for a value. */
export type ResolvedType = ScalarType | MapType | ListType;

const scalar: ScalarType = { kind: 'scalar' };
const noFields: ReadonlyMap<string, FieldType> = new Map();

/** Unknown content: every member is a map key. */
export const untyped: FieldType = { kind: 'deduced', open: false };

/** Element type of a map that has only its named fields: what is found there is no field of the schema. */
export const undeclared: FieldType = { kind: 'deduced', open: false };

/** Content of a built-in type that is not described further: every member is a named field. */
export const openStruct: FieldType = { kind: 'deduced', open: true };

/** A built-in object type of which only the fields that need it are described. */
export function struct(fields: Readonly<Record<string, FieldType>>): MapType {
  return { kind: 'map', atomic: false, fields: new Map(Object.entries(fields)), element: openStruct, open: true };
}

/** A map with free keys. */
export function mapOf(element: FieldType = scalar): MapType {
  return { kind: 'map', atomic: false, fields: noFields, element, open: false };
}

/** A map with free keys that one owner holds as a whole. */
export const atomicMap: MapType = { kind: 'map', atomic: true, fields: noFields, element: untyped, open: false };

/** An object type of a built-in kind that one owner holds as a whole. */
export const atomicStruct: MapType = { ...atomicMap, open: true, element: openStruct };

/** A list that is merged by the value of its items. */
export const setList: ListType = { kind: 'list', relation: 'set', keys: [], keyDefaults: {}, element: scalar };

/** A list that is merged by the value of some fields of its items. */
export function listBy(
  keys: readonly string[],
  element: FieldType = openStruct,
  keyDefaults: Readonly<Record<string, Json>> = {},
): ListType {
  return { kind: 'list', relation: 'associative', keys, keyDefaults, element };
}

const atomicList: ListType = { kind: 'list', relation: 'atomic', keys: [], keyDefaults: {}, element: untyped };
const openList: ListType = { ...atomicList, element: openStruct };

/** Metadata is merged the same way in every kind (metav1.ObjectMeta). */
export const metadataType: MapType = struct({
  labels: mapOf({ kind: 'scalar', of: 'string' }),
  annotations: mapOf({ kind: 'scalar', of: 'string' }),
  finalizers: setList,
  ownerReferences: listBy(['uid'], atomicStruct),
});

/** The type of a custom resource, from its schema. Without a schema everything but metadata is deduced. */
export function customFieldType(schema: StructuralSchema | undefined): MapType {
  const root = schema === undefined ? untyped : fieldTypeOf(schema);
  const fields = root.kind === 'map' ? root.fields : noFields;
  return {
    kind: 'map',
    atomic: false,
    fields: new Map([...fields, ['apiVersion', scalar], ['kind', scalar], ['metadata', metadataType]]),
    element: root.kind === 'map' ? root.element : untyped,
    open: false,
  };
}

function fieldTypeOf(schema: StructuralSchema): FieldType {
  if (schema.type === 'array') return listTypeOf(schema);
  if (schema.type === 'object') return mapTypeOf(schema);
  if (schema['x-kubernetes-int-or-string'] === true) return scalar;
  return schema.type === undefined ? untyped : scalarTypes[schema.type];
}

const scalarTypes = {
  integer: { kind: 'scalar', of: 'number' },
  number: { kind: 'scalar', of: 'number' },
  string: { kind: 'scalar', of: 'string' },
  boolean: { kind: 'scalar', of: 'boolean' },
} as const satisfies Record<string, ScalarType>;

function mapTypeOf(schema: StructuralSchema): MapType {
  const fields = new Map(Object.entries(schema.properties ?? {}).map(([key, field]) => [key, fieldTypeOf(field)]));
  const element = elementTypeOf(schema);
  return { kind: 'map', atomic: schema['x-kubernetes-map-type'] === 'atomic', fields, element, open: false };
}

/** Unknown fields are kept only where the schema says so; an embedded resource keeps its own identity. */
function elementTypeOf(schema: StructuralSchema): FieldType {
  const additional = schema.additionalProperties;
  if (typeof additional === 'object') return fieldTypeOf(additional);
  const keepsUnknown = additional === true || schema['x-kubernetes-preserve-unknown-fields'] === true;
  return keepsUnknown || schema['x-kubernetes-embedded-resource'] === true ? untyped : undeclared;
}

function listTypeOf(schema: StructuralSchema): ListType {
  const element = schema.items === undefined ? untyped : fieldTypeOf(schema.items);
  const relation = schema['x-kubernetes-list-type'];
  if (relation === 'map') return listBy(schema['x-kubernetes-list-map-keys'] ?? [], element, keyDefaultsOf(schema));
  return relation === 'set' ? { ...setList, element } : { ...atomicList, element };
}

function keyDefaultsOf(schema: StructuralSchema): Readonly<Record<string, Json>> {
  const defaults: Record<string, Json> = {};
  for (const key of schema['x-kubernetes-list-map-keys'] ?? []) {
    const keyDefault = schema.items?.properties?.[key]?.default;
    if (keyDefault !== undefined) defaults[key] = keyDefault;
  }
  return defaults;
}

/** Settles the type of a value: its declared type when the value has that shape, else what the value itself says. */
export function resolveType(type: FieldType, value: unknown): ResolvedType {
  if (type.kind === 'map' && (isRecord(value) || value === null)) return type;
  if (type.kind === 'list' && (isList(value) || value === null)) return type;
  const isOpen = type.kind === 'deduced' && type.open;
  if (isRecord(value)) return deducedMap(isOpen);
  if (!isList(value)) return scalar;
  return isOpen ? openList : atomicList;
}

const deducedMaps = {
  open: { kind: 'map', atomic: false, fields: noFields, element: openStruct, open: true },
  keyed: { kind: 'map', atomic: false, fields: noFields, element: untyped, open: false },
} as const;

function deducedMap(open: boolean): MapType {
  return open ? deducedMaps.open : deducedMaps.keyed;
}

/** Type of a member of a map. */
export function memberType(type: MapType, key: string): FieldType {
  return type.fields.get(key) ?? type.element;
}

/** True when a member is a named field of its map rather than a free key. */
export function isNamedField(type: MapType, key: string): boolean {
  return type.open || type.fields.has(key);
}
