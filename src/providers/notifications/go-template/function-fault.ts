import { kindOf, listIn, type TemplateValue } from './template-value.ts';

/** UTF-16 units of a text that a template makes. */
export const textLengthMax = 256 * 1024;

/** Why a function cannot do what it was asked; the place is known to who called it. */
export class FunctionFault extends Error {
  override readonly name = 'FunctionFault';
}

/** The argument as text. */
export function textAt(given: readonly TemplateValue[], index: number): string {
  const value = given[index];
  if (typeof value === 'string') return value;
  throw new FunctionFault(`argument ${index + 1} must be a string, not ${kindOf(value)}`);
}

/** The argument as a whole number, in the way of `integerOf`. */
export function integerAt(given: readonly TemplateValue[], index: number): bigint {
  return integerOf(given[index]);
}

/** The argument as a list. */
export function listAt(given: readonly TemplateValue[], index: number): readonly TemplateValue[] {
  const items = listIn(given[index]);
  if (items !== undefined) return items;
  throw new FunctionFault(`argument ${index + 1} must be a list, not ${kindOf(given[index])}`);
}

/** A whole number, as sprig reads one: floats are cut, texts are read, and whatever is no number counts as zero. */
export function integerOf(value: TemplateValue): bigint {
  if (typeof value === 'bigint') return value;
  if (typeof value === 'boolean') return value ? 1n : 0n;
  if (typeof value === 'number') return Number.isFinite(value) ? BigInt.asIntN(64, BigInt(Math.trunc(value))) : 0n;
  return typeof value === 'string' && /^[+-]?\d{1,19}$/.test(value) ? BigInt.asIntN(64, BigInt(value)) : 0n;
}
