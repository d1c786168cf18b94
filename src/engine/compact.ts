/** Fields of which some may be undefined. */
type Loose<Fields> = { readonly [Field in keyof Fields]?: Fields[Field] | undefined };

/** The fields that have a value. */
export function compact<Fields extends object>(fields: Loose<Fields>): Fields {
  return Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined)) as Fields;
}

/**
 * The fields that say something: undefined, 0, false and empty text are left out, as Go's omitempty does, except for
 * the fields in `pointers`, whose zero is written.
 */
export function omitEmpty<Fields extends object>(fields: Loose<Fields>, pointers: ReadonlySet<string>): Fields {
  const empty: ReadonlySet<unknown> = new Set([undefined, 0, false, '']);
  return Object.fromEntries(
    Object.entries(fields).filter(([field, value]) => !empty.has(value) || (value === 0 && pointers.has(field))),
  ) as Fields;
}
