import { readFileSync } from 'node:fs';
import { isDeepStrictEqual } from 'node:util';

import { conditionEnvironment, conditionNames } from '../../src/analysis/condition.ts';
import { evaluateExpression, parseExpression } from '../../src/analysis/expression/expression.ts';
import { formatFloat } from '../../src/analysis/expression/format-value.ts';
import { formatInstantText } from '../../src/analysis/expression/time-format.ts';
import {
  absentList,
  CalendarUnit,
  Dictionary,
  Duration,
  Instant,
  isNil,
  itemsOf,
  List,
  type Value,
  Zone,
} from '../../src/analysis/expression/value.ts';

/** A case of expr-lang-cases.json: an expression, what `result` is in it, and the value or that it fails. */
export interface ExpressionCase {
  readonly expression: string;
  readonly result?: unknown;
  readonly resultKind?: string;
  readonly value?: unknown;
  readonly error?: string;
}

/** Reads a file of such cases beside this module. */
export function readExpressionCases(fileName: string): readonly ExpressionCase[] {
  return JSON.parse(readFileSync(new URL(fileName, import.meta.url), 'utf8')) as readonly ExpressionCase[];
}

/** Evaluates the expression of a case; a failure is a value too. */
export function runExpression(input: ExpressionCase): { readonly value: unknown } | { readonly error: string } {
  const parsed = parseExpression(input.expression, conditionNames);
  if (!parsed.ok) return { error: parsed.error.message };
  const result = toResult(input.result, input.resultKind);
  const outcome = evaluateExpression(parsed.value, conditionEnvironment(result));
  return outcome.ok ? { value: toJson(outcome.value) } : { error: outcome.error.message };
}

/** What was recorded, in the shape of ours. */
export function expectedExpression({ value, error }: ExpressionCase): ReturnType<typeof runExpression> {
  return error === undefined ? { value: value ?? null } : { error };
}

/** Says how ours differs from what was recorded; undefined when it does not. Texts of errors are free. */
export function expressionDifference(input: ExpressionCase): string | undefined {
  const actual = runExpression(input);
  const expected = expectedExpression(input);
  if ('error' in expected && 'error' in actual) return undefined;
  if ('value' in expected && 'value' in actual && isDeepStrictEqual(actual.value, expected.value)) return undefined;
  return `${input.expression}: expected ${JSON.stringify(expected)}, got ${JSON.stringify(actual)}`;
}

/** The value that the expression sees, of the type that resultKind names. */
export function toResult(json: unknown, kind: string | undefined): Value {
  if (kind === undefined) return json === 'NaN' ? Number.NaN : ((json ?? null) as Value);
  return kinds[kind]?.(json) ?? ((json ?? null) as Value);
}

const kinds: Readonly<Record<string, (json: unknown) => Value>> = {
  float: toFloat,
  vector: (json) => new List('float', (json as unknown[]).map(toFloat)),
  'float64 vector': (json) => new List('float', (json as unknown[]).map(toFloat)),
  'float-pointer': toFloatOrNil,
  'float-pointer-vector': (json) => new List('float-or-nil', (json as unknown[]).map(toFloatOrNil)),
  'nil-vector': () => absentList,
  objects: (json) => new List('map', json as Value[]),
};

const special: Readonly<Record<string, number>> = { NaN: Number.NaN, '+Inf': Infinity, '-Inf': -Infinity };

function toFloat(json: unknown): number {
  return typeof json === 'string' ? (special[json] ?? Number(json)) : Number(json);
}

function toFloatOrNil(json: unknown): number | null {
  return json === null ? null : toFloat(json);
}

/** The value as the recording wrote it. */
function toJson(value: Value): unknown {
  if (isNil(value)) return null;
  if (typeof value === 'bigint') return Number(value);
  if (typeof value === 'number') return Number.isFinite(value) ? value : formatFloat(value);
  if (typeof value !== 'object' || value === null) return value;
  return itemsOf(value) === undefined ? objectToJson(value) : listToJson(value);
}

function listToJson(value: Value): unknown {
  const items = itemsOf(value) ?? [];
  const isBytes = value instanceof List && value.storage === 'byte';
  return isBytes ? Buffer.from(items.map(Number)).toString('base64') : items.map(toJson);
}

function objectToJson(value: Value & object): unknown {
  if (value instanceof Duration) return Number(value.nanoseconds);
  if (value instanceof Instant) return formatInstantText(value);
  if (value instanceof CalendarUnit) return value.index;
  if (value instanceof Zone) return {};
  const entries = value instanceof Dictionary ? [...value.entries] : Object.entries(value);
  return Object.fromEntries(entries.map(([key, entry]) => [String(key), toJson(entry as Value)]));
}
