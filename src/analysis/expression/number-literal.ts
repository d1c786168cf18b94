import { Fault } from './expression-error.ts';

/** Reads a number as the lexer cut it out: an integer of 64 bits as bigint, a float as number. Throws a Fault. */
export function readNumber(token: string, offset: number): bigint | number {
  const text = token.replaceAll('_', '');
  if (/^0[xX]/.test(text)) return readInteger(text, /^0[xX][\da-fA-F]+$/, token, offset);
  if (/[.eE]/.test(text)) return readFloat(text, token, offset);
  if (/^0[bB]/.test(text)) return readInteger(text, /^0[bB][01]+$/, token, offset);
  if (/^0[oO]/.test(text)) return readInteger(text, /^0[oO][0-7]+$/, token, offset);
  return readInteger(text, /^\d+$/, token, offset);
}

function readInteger(text: string, form: RegExp, token: string, offset: number): bigint {
  if (!form.test(text)) throw new Fault('syntax', `"${token}" is not a number`, offset);
  const value = BigInt(text);
  if (value !== BigInt.asIntN(64, value)) throw new Fault('syntax', `"${token}" does not fit into 64 bits`, offset);
  return value;
}

function readFloat(text: string, token: string, offset: number): number {
  if (!/^(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?$/.test(text)) {
    throw new Fault('syntax', `"${token}" is not a number`, offset);
  }
  const value = Number(text);
  if (!Number.isFinite(value)) throw new Fault('syntax', `"${token}" is too large for a number`, offset);
  return value;
}
