import { formatFloat } from './expression/format-value.ts';
import { isPlainMap, type Value } from './expression/value.ts';

/** A result as the status shows it: JSON, with NaN, +Inf and -Inf for the numbers that JSON does not have. */
export function resultText(value: Value): string {
  if (typeof value === 'number' && !Number.isFinite(value)) return formatFloat(value);
  if (typeof value === 'bigint') return String(value);
  if (Array.isArray(value)) return `[${value.map((item: Value) => resultText(item)).join(',')}]`;
  if (typeof value === 'object' && value !== null && isPlainMap(value)) {
    const members = Object.entries(value).map(([name, member]) => `${JSON.stringify(name)}:${resultText(member)}`);
    return `{${members.join(',')}}`;
  }
  // What no source gives, such as a duration, shows what it is made of.
  return JSON.stringify(value, (_, part: unknown) => (typeof part === 'bigint' ? Number(part) : part)) ?? 'null';
}
