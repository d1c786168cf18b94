import type { Budget } from './budget.ts';
import { failEvaluation } from './expression-error.ts';

/**
 * Texts of the language are sequences of UTF-8 bytes: lengths of slices, positions and the order of texts count bytes.
 * These functions give that meaning to JavaScript's texts, with a short way for ASCII.
 */
const encoder = new TextEncoder();
const decoder = new TextDecoder('utf-8', { ignoreBOM: true });

const asciiOnly = /^\p{ASCII}*$/u;

/** Number of bytes. */
export function byteLength(text: string): number {
  return asciiOnly.test(text) ? text.length : encoder.encode(text).length;
}

/** Number of code points. */
export function pointLength(text: string): number {
  return asciiOnly.test(text) ? text.length : Array.from(text).length;
}

/** The byte at a position, which must exist. */
export function byteAt(text: string, position: number): bigint {
  const byte = asciiOnly.test(text) ? text.charCodeAt(position) : encoder.encode(text)[position];
  return BigInt(byte ?? failEvaluation(`there is no byte ${position}`));
}

/** The bytes from one position up to another; a cut character becomes U+FFFD. */
export function byteSlice(text: string, from: number, to: number): string {
  return asciiOnly.test(text) ? text.slice(from, to) : decoder.decode(encoder.encode(text).subarray(from, to));
}

/** Position in bytes of a position in UTF-16 units; -1 stays -1. */
export function bytePosition(text: string, unit: number): number {
  return unit < 0 ? -1 : byteLength(text.slice(0, unit));
}

/** Order by bytes, which is the order by code points: negative, zero or positive. */
export function compareText(left: string, right: string): number {
  if (left === right) return 0;
  let at = 0;
  const length = Math.min(left.length, right.length);
  while (at < length && left.charCodeAt(at) === right.charCodeAt(at)) at += 1;
  if (at === length) return left.length - right.length;
  const [first, second] = [left.charCodeAt(at), right.charCodeAt(at)];
  // Halves of surrogate pairs are below some units of the basic plane, yet stand for code points above all of them.
  const [isPairFirst, isPairSecond] = [isSurrogate(first), isSurrogate(second)];
  if (isPairFirst !== isPairSecond) return isPairFirst ? 1 : -1;
  return first - second;
}

function isSurrogate(unit: number): boolean {
  return unit >= 0xd800 && unit <= 0xdfff;
}

/** Maps each code point on its own; a mapping to several code points is left out. */
export function mapPoints(text: string, map: (point: string) => string, budget: Budget): string {
  budget.growText(text.length);
  return Array.from(text, (point) => {
    const mapped = map(point);
    return Array.from(mapped).length === 1 ? mapped : point;
  }).join('');
}

/** Bytes of a text. */
export function encodeText(text: string): Uint8Array {
  return encoder.encode(text);
}

/** Text of bytes; what is not UTF-8 becomes U+FFFD. */
export function decodeText(bytes: Uint8Array): string {
  return decoder.decode(bytes);
}
