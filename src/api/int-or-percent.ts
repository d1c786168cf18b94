import { fail, succeed, type Result } from '../base/result.ts';

/** A count as the API writes it: an integer, or text that means percent (`25%`, and `25` as text too). */
export type IntOrPercent = number | string;

const int32Max = 2 ** 31 - 1;

/**
 * Resolves a count against a total, e.g. `25%` of 10. Percentages are rounded up or down as asked; a number is returned
 * as it is, also when it is negative or above the total. Text without a percent sign means percent, because
 * Kubernetes' own conversion drops the sign before it reads the number.
 */
export function resolveIntOrPercent(
  value: IntOrPercent,
  total: number,
  rounding: 'up' | 'down',
): Result<number, string> {
  if (typeof value === 'number') {
    return Number.isSafeInteger(value) ? succeed(value) : fail(`${value} is not an integer`);
  }
  const percent = parseInteger(value.replaceAll('%', ''));
  if (percent === undefined) return fail(`"${value}" is neither an integer nor a percentage such as "25%"`);
  const exact = (percent * total) / 100;
  return succeed((rounding === 'up' ? Math.ceil(exact) : Math.floor(exact)) + 0);
}

/**
 * The bare number in the value: 25 for `25%`, 3 for 3. Text that is neither a percentage nor an integer counts as 0,
 * as it does in Kubernetes' IntOrString.
 */
export function bareNumber(value: IntOrPercent): number {
  if (typeof value === 'number') return value;
  if (/^\d+%$/.test(value)) return Number(value.slice(0, -1));
  return parseInteger(value) ?? 0;
}

function parseInteger(text: string): number | undefined {
  if (!/^[+-]?\d+$/.test(text)) return undefined;
  const value = Number(text);
  return Math.abs(value) <= int32Max ? value + 0 : undefined;
}
