import { formatInstant, parseInstant } from '../base/instant.ts';
import { compareUtf8, goString } from './go-string.ts';
import type { Json } from './object.ts';
import { formatQuantity, parseQuantity } from './quantity.ts';
import type { StructuralSchema } from './structural.ts';

/** A decoded value without parts, as Go prints it, and whether omitempty leaves it out. */
export interface PrintedLeaf {
  readonly json: string;
  readonly isEmpty: boolean;
}

/**
 * Why a value was not decoded: it has the wrong JSON type, or the type's own decoder refused it. The latter ends
 * decoding in encoding/json, the former does not.
 */
export type LeafFailure = 'wrong type' | 'refused';

/** A Go type without parts: how it is decoded and printed, and its schema. */
export interface GoLeaf {
  /** The zero value, which null stands for too. */
  readonly zero: PrintedLeaf;
  /** `isStrict` tells runtime.DefaultUnstructuredConverter from encoding/json. */
  readonly decode: (value: Json, isStrict: boolean) => PrintedLeaf | LeafFailure;
  readonly schema: StructuralSchema;
}

export const stringLeaf: GoLeaf = {
  zero: { json: '""', isEmpty: true },
  decode: (value) => (typeof value === 'string' ? { json: goString(value), isEmpty: value === '' } : 'wrong type'),
  schema: { type: 'string' },
};

export const boolLeaf: GoLeaf = {
  zero: { json: 'false', isEmpty: true },
  decode: (value) => (typeof value === 'boolean' ? { json: String(value), isEmpty: !value } : 'wrong type'),
  schema: { type: 'boolean' },
};

export const int32Leaf: GoLeaf = integerLeaf(32);
export const int64Leaf: GoLeaf = integerLeaf(64);

const intOrStringSchema: StructuralSchema = {
  anyOf: [{ type: 'integer' }, { type: 'string' }],
  'x-kubernetes-int-or-string': true,
};

/** A struct in Go, so it never counts as empty. */
export const intOrStringLeaf: GoLeaf = {
  zero: { json: '0', isEmpty: false },
  decode(value) {
    if (typeof value === 'string') return { json: goString(value), isEmpty: false };
    return isIntegerOf(32, value) ? { json: String(value), isEmpty: false } : 'refused';
  },
  schema: intOrStringSchema,
};

/** What the API server accepts as a quantity inside a custom resource, before the quantity itself is parsed. */
const quantityPattern =
  '^(\\+|-)?(([0-9]+(\\.[0-9]*)?)|(\\.[0-9]+))' +
  '(([KMGTPE]i)|[numkMGTPE]|([eE](\\+|-)?(([0-9]+(\\.[0-9]*)?)|(\\.[0-9]+))))?$';

/** What Go's strings.TrimSpace removes, but for the characters that a JSON string holds escaped. */
const space = '[ \\u0085\\u00a0\\u1680\\u2000-\\u200a\\u202f\\u205f\\u3000]+';
const outerSpace = new RegExp(`^${space}|${space}$`, 'g');

/** A struct in Go, so it never counts as empty. */
export const quantityLeaf: GoLeaf = {
  zero: { json: '"0"', isEmpty: false },
  decode(value) {
    if (typeof value !== 'string' && typeof value !== 'number') return 'refused';
    const parsed = parseQuantity(String(value).replaceAll(outerSpace, ''));
    return parsed.ok ? { json: goString(formatQuantity(parsed.value)), isEmpty: false } : 'refused';
  },
  schema: { ...intOrStringSchema, pattern: quantityPattern },
};

/** Its fields have omitzero wherever it is not a pointer, so an unset time counts as empty. */
export const timeLeaf: GoLeaf = {
  zero: { json: 'null', isEmpty: true },
  decode(value) {
    const instantMs = typeof value === 'string' ? parseInstant(value) : undefined;
    return instantMs === undefined ? 'refused' : { json: goString(formatInstant(instantMs)), isEmpty: false };
  },
  schema: { type: 'string', format: 'date-time' },
};

/** Raw JSON: as the API server stores it (keys sorted) and as Go prints it again. */
export const rawLeaf: GoLeaf = {
  zero: { json: 'null', isEmpty: true },
  decode: (value) => ({ json: rawJson(value), isEmpty: false }),
  schema: { type: 'object', 'x-kubernetes-preserve-unknown-fields': true },
};

function integerLeaf(bits: 32 | 64): GoLeaf {
  return {
    zero: { json: '0', isEmpty: true },
    decode(value, isStrict) {
      if (isIntegerOf(bits, value)) return { json: String(value), isEmpty: value === 0 };
      if (!isStrict || typeof value !== 'number' || !Number.isInteger(value)) return 'wrong type';
      // What exceeds 64 bits becomes the smallest integer when amd64 converts it; the rest wraps around.
      const wrapped = BigInt.asIntN(bits, isIntegerOf(64, value) ? BigInt(value) : -(2n ** 63n));
      return { json: String(wrapped), isEmpty: wrapped === 0n };
    },
    schema: { type: 'integer', format: `int${bits}` },
  };
}

function isIntegerOf(bits: 32 | 64, value: Json): value is number {
  const limit = 2 ** (bits - 1);
  return typeof value === 'number' && Number.isInteger(value) && value >= -limit && value < limit;
}

function rawJson(json: Json): string {
  if (typeof json === 'string') return goString(json);
  if (json === null || typeof json !== 'object') return String(json);
  if (isList(json)) return `[${json.map(rawJson).join(',')}]`;
  const entries = Object.entries(json).sort(([left], [right]) => compareUtf8(left, right));
  return `{${entries.map(([key, value]) => `${goString(key)}:${rawJson(value)}`).join(',')}}`;
}

function isList(json: Json): json is readonly Json[] {
  return Array.isArray(json);
}
