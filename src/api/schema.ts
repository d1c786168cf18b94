import { Type, type Static, type TSchema, type TUnsafe } from 'typebox';

import type { Json } from './object.ts';

/**
 * Building blocks of the resource schemas. Each yields a schema that is already structural in the sense of
 * CustomResourceDefinition v1, together with a readonly static type. An optional field may also be given as undefined,
 * which means absent.
 */
type Fields = Readonly<Record<string, TSchema>>;

type Flatten<Type> = { [Key in keyof Type]: Type[Key] };

type ObjectOf<Required extends Fields, Optional extends Fields> = Flatten<
  { readonly [Key in keyof Required]: Static<Required[Key]> } & {
    readonly [Key in keyof Optional]?: Static<Optional[Key]> | undefined;
  }
>;

interface ObjectOptions {
  readonly minProperties?: number;
  readonly maxProperties?: number;
}

/** An object with required and optional fields. */
export function object<Required extends Fields, Optional extends Fields>(
  required: Required,
  optional: Optional,
  options: ObjectOptions = {},
): TUnsafe<ObjectOf<Required, Optional>> {
  const names = Object.keys(required);
  return Type.Unsafe({
    type: 'object',
    ...(names.length > 0 ? { required: names } : {}),
    properties: { ...required, ...optional },
    ...options,
  });
}

/** A list of items of one kind. */
export function list<Item extends TSchema>(item: Item): TUnsafe<readonly Static<Item>[]> {
  return Type.Unsafe({ type: 'array', items: item });
}

/** A map from text to values of one kind. */
export function map<Value extends TSchema>(value: Value): TUnsafe<Readonly<Record<string, Static<Value>>>> {
  return Type.Unsafe({ type: 'object', additionalProperties: value });
}

/** One of several texts. */
export function stringEnum<const Values extends readonly string[]>(values: Values): TUnsafe<Values[number]> {
  return Type.Unsafe({ type: 'string', enum: values });
}

/** Any text. */
export const text: TUnsafe<string> = Type.Unsafe({ type: 'string' });

/** True or false. */
export const boolean: TUnsafe<boolean> = Type.Unsafe({ type: 'boolean' });

/** A signed 32-bit integer. */
export const int32: TUnsafe<number> = Type.Unsafe({ type: 'integer', format: 'int32' });

/** A signed 64-bit integer; beyond 2^53 JavaScript loses digits. */
export const int64: TUnsafe<number> = Type.Unsafe({ type: 'integer', format: 'int64' });

/** RFC 3339 text (metav1.Time). */
export const instant: TUnsafe<string> = Type.Unsafe({ type: 'string', format: 'date-time' });

/** An integer, or text such as `25%`. */
export const intOrString: TUnsafe<number | string> = Type.Unsafe({ 'x-kubernetes-int-or-string': true });

/** Labels, annotations and the like. */
export const textMap: TUnsafe<Readonly<Record<string, string>>> = map(text);

/** Any JSON value, kept as it is. */
export const anyValue: TUnsafe<Json> = Type.Unsafe({ 'x-kubernetes-preserve-unknown-fields': true });

/** An object whose fields nobody here knows, kept as it is: the configuration of plug-ins. */
export const anyObject: TUnsafe<Readonly<Record<string, Json>>> = Type.Unsafe({
  type: 'object',
  'x-kubernetes-preserve-unknown-fields': true,
});

/** The same schema, for a value that cannot be changed once it is stored. */
export function immutable<Schema extends TSchema>(schema: Schema, message: string): TUnsafe<Static<Schema>> {
  return Type.Unsafe({ ...schema, 'x-kubernetes-validations': [{ rule: 'self == oldSelf', message }] });
}
