import { Fault } from './expression-error.ts';

/** A literal that was read: its value and the offset behind its closing quote. */
export interface TextLiteral {
  readonly text: string;
  readonly end: number;
}

/**
 * Reads text in single or double quotes. `quote` is the offset of the opening one. In `bytes` each escape is one byte,
 * and other characters stand for the bytes of their UTF-8 form; the text then has one character per byte.
 */
export function readQuotedText(source: string, quote: number, kind: 'string' | 'bytes'): TextLiteral {
  const closing = source.charAt(quote);
  let text = '';
  let offset = quote + 1;
  while (source.charAt(offset) !== closing) {
    const character = source.charAt(offset);
    if (character === '' || character === '\n') throw new Fault('syntax', 'the text is not closed by a quote', quote);
    if (character === '\\') {
      const escape = readEscape(source, offset, closing, kind);
      text += escape.text;
      offset = escape.end;
      continue;
    }
    const point = source.codePointAt(offset) ?? 0;
    const whole = String.fromCodePoint(point);
    offset += whole.length;
    text += kind === 'bytes' ? bytesAsText(whole) : normalLineEnd(whole, source, offset);
  }
  return { text, end: offset + 1 };
}

/** Reads text in backticks, in which two backticks stand for one and nothing else is special. */
export function readRawText(source: string, quote: number): TextLiteral {
  raw.lastIndex = quote;
  const found = raw.exec(source);
  if (found === null) throw new Fault('syntax', 'the text is not closed by a backtick', quote);
  return { text: (found[1] ?? '').replaceAll('``', '`').toWellFormed(), end: raw.lastIndex };
}

const raw = /`((?:[^`]|``)*)`(?!`)/y;

/** A carriage return, alone or before a line feed, is a line feed. (A raw line feed cannot stand in quotes.) */
function normalLineEnd(character: string, source: string, next: number): string {
  if (character !== '\r') return character.toWellFormed();
  return source.charAt(next) === '\n' ? '' : '\n';
}

function bytesAsText(character: string): string {
  return Array.from(new TextEncoder().encode(character), (byte) => String.fromCharCode(byte)).join('');
}

const simpleEscapes: ReadonlyMap<string, string> = new Map([
  ['a', '\u0007'],
  ['b', '\b'],
  ['f', '\f'],
  ['n', '\n'],
  ['r', '\r'],
  ['t', '\t'],
  ['v', '\v'],
  ['\\', '\\'],
]);

const numericEscape =
  /\\(?:([0-3][0-7]{2})|x([\da-fA-F]{2})|u([\da-fA-F]{4})|u\{([\da-fA-F]{1,6})\}|U([\da-fA-F]{8}))/y;

function readEscape(source: string, offset: number, quote: string, kind: 'string' | 'bytes'): TextLiteral {
  const character = source.charAt(offset + 1);
  const simple = character === quote ? quote : simpleEscapes.get(character);
  if (simple !== undefined) return { text: simple, end: offset + 2 };
  numericEscape.lastIndex = offset;
  const found = numericEscape.exec(source);
  const code = found === null ? Number.NaN : escapeCode(found, kind);
  if (!(code <= 0x10ffff)) throw new Fault('syntax', `"\\${character}" does not begin a valid escape`, offset);
  return { text: String.fromCodePoint(code).toWellFormed(), end: offset + (found?.[0].length ?? 0) };
}

function escapeCode(found: RegExpExecArray, kind: 'string' | 'bytes'): number {
  const [, octal, byte, ...unicode] = found;
  if (octal !== undefined) return Number.parseInt(octal, 8);
  if (byte !== undefined) return Number.parseInt(byte, 16);
  // A byte cannot hold a Unicode escape.
  return kind === 'bytes' ? Number.NaN : Number.parseInt(unicode.find((digits) => digits !== undefined) ?? '', 16);
}
