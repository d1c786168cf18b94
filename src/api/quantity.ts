import { fail, succeed, type Result } from '../base/result.ts';

/** The suffix family that a quantity was written in; it is kept when the quantity is printed. */
export type QuantityFormat = 'DecimalSI' | 'DecimalExponent' | 'BinarySI';

/** An exact amount: `mantissa` times ten to the power of `exponent`. Make one with `parseQuantity`. */
export interface Quantity {
  readonly mantissa: bigint;
  readonly exponent: number;
  readonly format: QuantityFormat;
  /** How it was written, when that is printed unchanged (see `parseQuantity`). */
  readonly text?: string;
}

/** Nothing smaller than this power of ten is kept: a quantity is rounded up, away from zero, to a billionth. */
const exponentMin = -9;

/** Most decimal digits that the reference reads into a 64-bit integer; longer ones take its slow path. */
const fastDigitsMax = 18;

/** Ours, to bound the work on one number: no real amount comes near it. */
const writtenExponentMax = 9999;

const binaryAmountMax = 2n ** 63n - 1n;

const decimalExponents: ReadonlyMap<string, number> = new Map([
  ['n', -9],
  ['u', -6],
  ['m', -3],
  ['', 0],
  ['k', 3],
  ['M', 6],
  ['G', 9],
  ['T', 12],
  ['P', 15],
  ['E', 18],
]);
const decimalSuffixes: ReadonlyMap<number, string> = new Map(
  [...decimalExponents].map(([suffix, exponent]) => [exponent, suffix]),
);
const binarySuffixes = ['', 'Ki', 'Mi', 'Gi', 'Ti', 'Pi', 'Ei'];

const written = /^([+-]?)0*(\d*)(?:\.(\d*))?([eEinumkKMGTP]*[-+]?\d*)$/;

/**
 * Parses a quantity such as `500m`, `0.5`, `1Gi` or `12e6`, with the caps and the rounding of resource.Quantity in
 * k8s.io/apimachinery v0.34. Some quantities keep their own text when printed (`+1`, `007`, `5.`, `1e3`); that is so
 * there, and the pod-template hash depends on it.
 */
export function parseQuantity(text: string): Result<Quantity, string> {
  const parts = text === '' ? null : written.exec(text);
  const unit = readSuffix(parts?.[4] ?? '');
  if (parts === null || unit === undefined) return fail(notAQuantity(text));
  const digits = { sign: parts[1] ?? '', integer: parts[2] || '0', fraction: parts[3] ?? '' };
  const fast = readFast(text, digits, unit);
  if (fast !== undefined) return succeed(fast);
  // A suffix without a number is read as zero on the fast path only; so it is there.
  return /^[+-]?\.?\d/.test(text) ? succeed(readExact(digits, unit)) : fail(notAQuantity(text));
}

/** Prints a quantity in its canonical form, as Go marshals it. */
export function formatQuantity(quantity: Quantity): string {
  if (quantity.text !== undefined) return quantity.text;
  if (quantity.mantissa === 0n) return '0';
  const binary = quantity.format === 'BinarySI' ? wholeNumber(quantity) : undefined;
  // Below 1024 the binary family has no suffix to offer; the decimal one has.
  if (binary !== undefined && (binary >= 1024n || binary <= -1024n)) return formatBinary(binary);
  const { mantissa, exponent } = inThousands(quantity);
  if (quantity.format === 'DecimalExponent') return exponent === 0 ? `${mantissa}` : `${mantissa}e${exponent}`;
  return `${mantissa}${decimalSuffixes.get(exponent) ?? ''}`;
}

/** Compares two amounts: negative, zero or positive as `left` is less than, equal to or greater than `right`. */
export function compareQuantities(left: Quantity, right: Quantity): number {
  const exponent = Math.min(left.exponent, right.exponent);
  const difference = scaledTo(left, exponent) - scaledTo(right, exponent);
  return difference < 0n ? -1 : difference > 0n ? 1 : 0;
}

/** The exact sum, in the suffix family of `left`, or that of `right` when `left` is nothing. */
export function addQuantities(left: Quantity, right: Quantity): Quantity {
  const exponent = Math.min(left.exponent, right.exponent);
  return {
    mantissa: scaledTo(left, exponent) + scaledTo(right, exponent),
    exponent,
    format: left.mantissa === 0n ? right.format : left.format,
  };
}

interface Digits {
  readonly sign: string;
  readonly integer: string;
  readonly fraction: string;
}

interface Unit {
  readonly format: QuantityFormat;
  /** Power of ten, or of two for the binary family. */
  readonly exponent: number;
}

function notAQuantity(text: string): string {
  return `${JSON.stringify(text)} is not a quantity; write a number with or without a suffix, such as "500m" or "1Gi"`;
}

function readSuffix(suffix: string): Unit | undefined {
  const decimal = decimalExponents.get(suffix);
  if (decimal !== undefined) return { format: 'DecimalSI', exponent: decimal };
  const binary = binarySuffixes.indexOf(suffix);
  if (binary > 0) return { format: 'BinarySI', exponent: binary * 10 };
  if (!/^[eE][+-]?\d+$/.test(suffix)) return undefined;
  const exponent = Number(suffix.slice(1));
  return Math.abs(exponent) <= writtenExponentMax ? { format: 'DecimalExponent', exponent } : undefined;
}

/** The reference's path for numbers that fit its 64-bit integers; only there can the written text survive. */
function readFast(text: string, digits: Digits, unit: Unit): Quantity | undefined {
  const shifted = digits.integer + digits.fraction;
  if (unit.format === 'BinarySI') {
    const room = 14 - digits.integer.length - (unit.exponent * 3) / 10;
    if (digits.fraction !== '' || room < 0) return undefined;
    const amount = signed(digits.sign, BigInt(digits.integer) << BigInt(unit.exponent));
    const keepsText = (BigInt(digits.integer) & 7n) !== 0n;
    return { mantissa: amount, exponent: 0, format: unit.format, ...(keepsText ? { text } : {}) };
  }
  const exponent = unit.exponent - digits.fraction.length;
  if (shifted.length > fastDigitsMax || exponent < exponentMin) return undefined;
  const keepsText = exponent % 3 === 0 && !shifted.endsWith('000') && !shifted.startsWith('0');
  const mantissa = signed(digits.sign, BigInt(shifted));
  return { mantissa, exponent, format: unit.format, ...(keepsText ? { text } : {}) };
}

/** The reference's path for everything else: exact, rounded up to a billionth, binary amounts capped at 2^63 - 1. */
function readExact(digits: Digits, unit: Unit): Quantity {
  const isBinary = unit.format === 'BinarySI';
  const written = BigInt(digits.integer + digits.fraction) << (isBinary ? BigInt(unit.exponent) : 0n);
  const exact = { mantissa: written, exponent: (isBinary ? 0 : unit.exponent) - digits.fraction.length };
  const rounded = exact.exponent < exponentMin ? roundUp(exact) : exact;
  if (!isBinary) return { ...rounded, mantissa: signed(digits.sign, rounded.mantissa), format: unit.format };
  const one = { mantissa: 1n, exponent: 0, format: unit.format };
  const amount: Quantity = { ...rounded, format: unit.format };
  if (compareQuantities(amount, { ...one, mantissa: binaryAmountMax }) > 0) {
    return { ...one, mantissa: signed(digits.sign, binaryAmountMax) };
  }
  const isFraction = amount.mantissa > 0n && compareQuantities(amount, one) < 0;
  return { ...amount, mantissa: signed(digits.sign, amount.mantissa), format: isFraction ? 'DecimalSI' : unit.format };
}

function roundUp(amount: { mantissa: bigint; exponent: number }): { mantissa: bigint; exponent: number } {
  const divisor = 10n ** BigInt(exponentMin - amount.exponent);
  return { mantissa: (amount.mantissa + divisor - 1n) / divisor, exponent: exponentMin };
}

function signed(sign: string, amount: bigint): bigint {
  return sign === '-' ? -amount : amount;
}

function scaledTo(quantity: Quantity, exponent: number): bigint {
  return quantity.mantissa * 10n ** BigInt(quantity.exponent - exponent);
}

/** The amount as a whole number, or undefined when it has a fraction. */
function wholeNumber(quantity: Quantity): bigint | undefined {
  if (quantity.exponent >= 0) return scaledTo(quantity, 0);
  const divisor = 10n ** BigInt(-quantity.exponent);
  return quantity.mantissa % divisor === 0n ? quantity.mantissa / divisor : undefined;
}

function formatBinary(amount: bigint): string {
  let [rest, power] = [amount, 0];
  while (rest % 1024n === 0n) [rest, power] = [rest / 1024n, power + 1];
  return `${rest}${binarySuffixes[power] ?? ''}`;
}

/** The same amount with the smallest mantissa whose exponent is a multiple of three. */
function inThousands(quantity: Quantity): { mantissa: bigint; exponent: number } {
  let { mantissa, exponent } = quantity;
  while (mantissa % 10n === 0n) [mantissa, exponent] = [mantissa / 10n, exponent + 1];
  while (exponent % 3 !== 0) [mantissa, exponent] = [mantissa * 10n, exponent - 1];
  return { mantissa, exponent };
}
