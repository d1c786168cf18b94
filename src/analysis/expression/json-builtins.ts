import type { Budget } from './budget.ts';
import type { Builtin } from './builtin.ts';
import { failEvaluation } from './expression-error.ts';
import { sortedKeys } from './fetch.ts';
import { formatInstantText } from './time-format.ts';
import {
  CalendarUnit,
  Duration,
  Instant,
  isNil,
  isPlainMap,
  itemsOf,
  List,
  ownValue,
  typeName,
  type Value,
} from './value.ts';

/** Functions that write and read JSON. */
export const jsonBuiltins: Readonly<Record<string, Builtin>> = {
  toJSON: ([value = null], { budget }) => writeJson(value, '\n', budget, 0),
  fromJSON([text = null], { budget }) {
    if (typeof text !== 'string') return failEvaluation(`fromJSON() needs a text, not ${typeName(text)}`);
    budget.growText(text.length);
    const value = readJson(text);
    checkSize(value, budget, 0);
    return value;
  },
};

function readJson(text: string): Value {
  try {
    // JSON.parse gives exactly the plain values of the language.
    return JSON.parse(text, refuseInfinity) as Value;
  } catch (error) {
    // The parser says only by throwing that the text is not JSON.
    return failEvaluation(`fromJSON() was given no JSON: ${error instanceof Error ? error.message : 'invalid'}`);
  }
}

function refuseInfinity(_: string, value: unknown): unknown {
  if (value === Infinity || value === -Infinity) throw new RangeError('a number is too large');
  return value;
}

function checkSize(value: Value, budget: Budget, depth: number): void {
  budget.depth(depth);
  const children = itemsOf(value) ?? (isPlainMap(value) ? Object.values(value) : []);
  budget.grow(children.length);
  for (const child of children) checkSize(child, budget, depth + 1);
}

/** JSON with two spaces per level and sorted keys. `lineStart` is the line break with the indentation of this level. */
function writeJson(value: Value, lineStart: string, budget: Budget, depth: number): string {
  budget.depth(depth);
  const text = isNil(value) ? 'null' : (writeScalar(value) ?? writeCollection(value, lineStart, budget, depth));
  budget.growText(text.length);
  return text;
}

function writeScalar(value: Value): string | undefined {
  if (typeof value === 'boolean' || typeof value === 'bigint') return String(value);
  if (typeof value === 'number') return writeFloat(value);
  if (typeof value === 'string') return writeText(value);
  if (value instanceof Duration) return String(value.nanoseconds);
  if (value instanceof CalendarUnit) return String(value.index);
  if (value instanceof Instant) return writeText(formatInstantText(value));
  const isBytes = value instanceof List && value.storage === 'byte';
  return isBytes ? writeText(Buffer.from(value.items.map(Number)).toString('base64')) : undefined;
}

function writeFloat(value: number): string {
  if (!Number.isFinite(value)) return failEvaluation(`JSON cannot hold ${value}`);
  return Object.is(value, -0) ? '-0' : String(value);
}

function writeCollection(value: Value, lineStart: string, budget: Budget, depth: number): string {
  const inner = `${lineStart}  `;
  const items = itemsOf(value);
  if (items !== undefined) {
    const parts = items.map((item) => writeJson(item, inner, budget, depth + 1));
    return parts.length === 0 ? '[]' : `[${inner}${parts.join(`,${inner}`)}${lineStart}]`;
  }
  if (!isPlainMap(value)) return failEvaluation(`JSON cannot hold a ${typeName(value)} that is no plain map`);
  const parts = sortedKeys(value).map(
    (key) => `${writeText(key)}: ${writeJson(ownValue(value, key) ?? null, inner, budget, depth + 1)}`,
  );
  return parts.length === 0 ? '{}' : `{${inner}${parts.join(`,${inner}`)}${lineStart}}`;
}

/** Quotes a text. Signs that mean something in HTML are written as escapes too. */
function writeText(text: string): string {
  return JSON.stringify(text.toWellFormed()).replaceAll(
    /[<>&\u2028\u2029]/g,
    (sign) => `\\u${sign.charCodeAt(0).toString(16).padStart(4, '0')}`,
  );
}
