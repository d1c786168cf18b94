import type { Budget } from './budget.ts';
import { sortedKeys } from './fetch.ts';
import { compareText } from './text.ts';
import { formatDurationText, formatInstantVerbose, unitName } from './time-format.ts';
import {
  CalendarUnit,
  Dictionary,
  type DictionaryKey,
  Duration,
  Instant,
  isPlainMap,
  itemsOf,
  ownValue,
  type Value,
} from './value.ts';

/** The text that string() makes of a value, e.g. `1e+06`, `[1 a]`, `map[k:v]`, `<nil>`. */
export function formatValue(value: Value, budget: Budget, depth = 0): string {
  budget.depth(depth);
  const text = formatScalar(value) ?? formatCollection(value, budget, depth);
  budget.growText(text.length);
  return text;
}

/** Shortest decimal text of a float, with an exponent when the power of ten is below -4 or at least 6. */
export function formatFloat(value: number): string {
  if (Number.isNaN(value)) return 'NaN';
  if (!Number.isFinite(value)) return value > 0 ? '+Inf' : '-Inf';
  if (value === 0) return Object.is(value, -0) ? '-0' : '0';
  const [digits = '', exponent = '0'] = value.toExponential().split('e');
  const power = Number(exponent);
  if (power >= -4 && power < exponentMin) return plainDecimal(value, digits, power);
  const sign = power < 0 ? '-' : '+';
  return `${digits}e${sign}${String(Math.abs(power)).padStart(2, '0')}`;
}

/** Order in which keys are shown: by type, and within a type by value. */
function compareKeys(left: DictionaryKey, right: DictionaryKey): number {
  if (left === null || right === null) return Number(right === null) - Number(left === null);
  if (typeof left === 'string' && typeof right === 'string') return compareText(left, right);
  if (typeof left !== typeof right) return typeof left < typeof right ? -1 : 1;
  if (left === right) return 0;
  return left < right ? -1 : 1;
}

/** From this power of ten on floats are written with an exponent. */
const exponentMin = 6;

function plainDecimal(value: number, digits: string, power: number): string {
  const fractionLength = Math.max(digits.replace('-', '').replace('.', '').length - 1 - power, 0);
  return value.toFixed(Math.min(fractionLength, 100));
}

function formatScalar(value: Value): string | undefined {
  if (value === null) return '<nil>';
  if (typeof value === 'string') return value;
  if (typeof value === 'number') return formatFloat(value);
  if (typeof value !== 'object') return String(value);
  if (value instanceof Duration) return formatDurationText(value.nanoseconds);
  if (value instanceof CalendarUnit) return unitName(value);
  return value instanceof Instant ? formatInstantVerbose(value) : undefined;
}

function formatCollection(value: Value, budget: Budget, depth: number): string {
  const items = itemsOf(value);
  if (items !== undefined) return `[${items.map((item) => formatValue(item, budget, depth + 1)).join(' ')}]`;
  if (value instanceof Dictionary) {
    return formatEntries(
      Array.from(value.entries)
        .sort(([left], [right]) => compareKeys(left, right))
        .map(([key, entry]) => [formatValue(key, budget), entry] as const),
    );
  }
  if (!isPlainMap(value)) return 'func';
  return formatEntries(sortedKeys(value).map((key) => [key, ownValue(value, key) ?? null] as const));

  function formatEntries(entries: readonly (readonly [string, Value])[]): string {
    return `map[${entries.map(([key, entry]) => `${key}:${formatValue(entry, budget, depth + 1)}`).join(' ')}]`;
  }
}
