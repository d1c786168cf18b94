/**
 * Reading of JSON whose shape is not known for sure. A value of another type counts as absent: telling the user about
 * wrong types is the schema's part.
 */

/** An object of unknown content. */
export type JsonRecord = Readonly<Record<string, unknown>>;

/** The value as an object; empty when it is none. */
export function recordOf(value: unknown): JsonRecord {
  return optionalRecord(value) ?? {};
}

/** The value as an object, if it is one. */
export function optionalRecord(value: unknown): JsonRecord | undefined {
  return typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as JsonRecord) : undefined;
}

/** The value as a list; empty when it is none. */
export function listOf(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : [];
}

/** The value as text; empty when it is none. */
export function textOf(value: unknown): string {
  return typeof value === 'string' ? value : '';
}

/** The value as a number, if it is one. */
export function numberOf(value: unknown): number | undefined {
  return typeof value === 'number' ? value : undefined;
}

/** The entries of an object of texts; entries of another type are left out. */
export function textMapOf(value: unknown): Readonly<Record<string, string>> {
  return Object.fromEntries(
    Object.entries(recordOf(value)).filter((entry): entry is [string, string] => typeof entry[1] === 'string'),
  );
}
