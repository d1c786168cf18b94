import {
  boolLeaf,
  int32Leaf,
  int64Leaf,
  intOrStringLeaf,
  quantityLeaf,
  rawLeaf,
  stringLeaf,
  timeLeaf,
  type GoLeaf,
} from './go-leaf.ts';
import type { Json } from './object.ts';
import type { StructuralSchema } from './structural.ts';

/** How a list is merged and what must be unique in it; see x-kubernetes-list-type. */
export type ListKind = 'plain' | 'atomic' | 'set' | readonly [key: string, ...keys: string[]];

/** A Go type as encoding/json sees it. */
export type GoType =
  | { readonly kind: 'leaf'; readonly leaf: GoLeaf }
  | { readonly kind: 'pointer'; readonly of: GoType }
  | { readonly kind: 'list'; readonly of: GoType; readonly listKind: ListKind }
  | { readonly kind: 'map'; readonly of: GoType; readonly isAtomic: boolean }
  | GoStruct;

/** A struct: its fields in the order of declaration, which is the order in which Go prints them. */
export interface GoStruct {
  readonly kind: 'struct';
  readonly fields: readonly GoField[];
  /** True when it is replaced as a whole when merged (x-kubernetes-map-type: atomic). */
  readonly isAtomic: boolean;
}

/** One field of a struct with its JSON tag and what the resource's schema says about it. */
export interface GoField {
  readonly name: string;
  readonly type: GoType;
  /** True without omitempty: the field is printed even when it is empty. */
  readonly isPrintedEmpty: boolean;
  /** True when the schema demands the field. */
  readonly isRequired: boolean;
  /** Default that the schema fills in. */
  readonly default?: Json;
  /** Stands in the schema in place of what follows from the type. */
  readonly schema?: StructuralSchema;
}

/** What a field may be given as: a bare type stands for an optional field with omitempty. */
export type FieldEntry = GoType | Omit<GoField, 'name'>;

/** Fields by name, in order. Embedded (inlined) structs are spread into it. */
export type FieldTable = Readonly<Record<string, FieldEntry>>;

// resource.Quantity, intstr.IntOrString, metav1.Time and json.RawMessage are leaves too, each with its own decoder.
export const text: GoType = { kind: 'leaf', leaf: stringLeaf };
export const flag: GoType = { kind: 'leaf', leaf: boolLeaf };
export const int32: GoType = { kind: 'leaf', leaf: int32Leaf };
export const int64: GoType = { kind: 'leaf', leaf: int64Leaf };
export const quantity: GoType = { kind: 'leaf', leaf: quantityLeaf };
export const intOrString: GoType = { kind: 'leaf', leaf: intOrStringLeaf };
export const time: GoType = { kind: 'leaf', leaf: timeLeaf };
export const raw: GoType = { kind: 'leaf', leaf: rawLeaf };

/** Describes a struct. */
export function struct(fields: FieldTable): GoStruct {
  return {
    kind: 'struct',
    fields: Object.entries(fields).map(([name, entry]) => ({ name, ...asField(entry) })),
    isAtomic: false,
  };
}

/** Describes a struct that is replaced as a whole when merged. */
export function atomicStruct(fields: FieldTable): GoStruct {
  return { ...struct(fields), isAtomic: true };
}

export function pointer(of: GoType): GoType {
  return { kind: 'pointer', of };
}

export function list(of: GoType, listKind: ListKind = 'plain'): GoType {
  return { kind: 'list', of, listKind };
}

export function mapOf(of: GoType, isAtomic = false): GoType {
  return { kind: 'map', of, isAtomic };
}

/** A field without omitempty, which the schema demands: the usual meaning of a tag without omitempty. */
export function required(entry: FieldEntry): FieldEntry {
  return { ...asField(entry), isPrintedEmpty: true, isRequired: true };
}

/** A field without omitempty that the schema does not demand. */
export function printedEmpty(entry: FieldEntry): FieldEntry {
  return { ...asField(entry), isPrintedEmpty: true };
}

/** A field with omitempty that the schema demands all the same. */
export function demanded(entry: FieldEntry): FieldEntry {
  return { ...asField(entry), isRequired: true };
}

/** A field that the schema gives a default. */
export function withDefault(entry: FieldEntry, value: Json): FieldEntry {
  return { ...asField(entry), default: value };
}

/** A field whose schema does not follow from its type. */
export function withSchema(entry: FieldEntry, schema: StructuralSchema): FieldEntry {
  return { ...asField(entry), schema };
}

function asField(entry: FieldEntry): Omit<GoField, 'name'> {
  return 'kind' in entry ? { type: entry, isPrintedEmpty: false, isRequired: false } : entry;
}
