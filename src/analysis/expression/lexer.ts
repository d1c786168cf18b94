import { Fault } from './expression-error.ts';
import { readQuotedText, readRawText } from './text-literal.ts';

/** What a token is. Keywords such as `in` and `let` are operators, as in the reference dialect. */
export type TokenKind = 'operator' | 'bracket' | 'identifier' | 'number' | 'string' | 'bytes' | 'end';

/** One token. For strings `text` is the value without quotes and escapes; for bytes each character is one byte. */
export interface Token {
  readonly kind: TokenKind;
  readonly text: string;
  readonly offset: number;
}

/** Cuts the text into tokens, the last of which has kind `end`. Throws a Fault. */
export function tokenize(source: string): readonly Token[] {
  const tokens: Token[] = [];
  let offset = 0;
  while (offset < source.length) {
    blank.lastIndex = offset;
    const skipped = blank.exec(source);
    if (skipped !== null) {
      offset = blank.lastIndex;
      continue;
    }
    offset = readToken(source, offset, tokens);
  }
  tokens.push({ kind: 'end', text: '', offset: source.length });
  return tokens;
}

const keywords: ReadonlySet<string> = new Set(
  'not in or and matches contains startsWith endsWith let if else'.split(' '),
);

const blank = /(?:\p{White_Space}|\/\/[^\n]*|\/\*[^]*?\*\/)+/uy;
const word = /[\p{L}\p{Nd}_$]+/uy;
// One character after a number decides whether it may end there.
const wordCharacter = /[\p{L}\p{Nd}_$]/uy;
const number = /(?:0[xX][\da-fA-F_]*|0[oO][0-7_]*|0[bB][01_]*|\.?\d[\d_]*)/y;
const fraction = /\.(?!\.)[\d_]*/y;
const hexadecimalFraction = /\.(?!\.)[\da-fA-F_]*/y;
const exponent = /[eE][+-]?[\d_]*/y;
const bracket = /[([{)\]}]/y;
// The second character of some operators is taken whenever it is one of these, even if the pair means nothing.
const operator = /\?[.?]?|##?|\|\|?|::?|[,;%+\-^/]|[&!=*<>][&=*]?|\.\.?/y;

function readToken(source: string, offset: number, tokens: Token[]): number {
  const first = source.charAt(offset);
  if (first === "'" || first === '"') return readQuoted(source, offset, offset, 'string', tokens);
  if (first === '`') {
    const raw = readRawText(source, offset);
    tokens.push({ kind: 'string', text: raw.text, offset });
    return raw.end;
  }
  if (/^[bB]['"]/.test(source.slice(offset, offset + 2)))
    return readQuoted(source, offset, offset + 1, 'bytes', tokens);
  if (/^\.?\d/.test(source.slice(offset, offset + 2))) return readNumber(source, offset, tokens);
  if (source.startsWith('/*', offset)) throw new Fault('syntax', 'the comment is not closed by "*/"', offset);
  return readWordOrSign(source, offset, tokens);
}

function readQuoted(source: string, offset: number, quote: number, kind: 'string' | 'bytes', tokens: Token[]): number {
  const literal = readQuotedText(source, quote, kind);
  tokens.push({ kind, text: literal.text, offset });
  return literal.end;
}

function readNumber(source: string, offset: number, tokens: Token[]): number {
  let end = match(number, source, offset);
  const integerText = source.slice(offset, end);
  if (!integerText.startsWith('.')) {
    end = match(/^0[xX]/.test(integerText) ? hexadecimalFraction : fraction, source, end);
  }
  end = match(exponent, source, end);
  if (match(wordCharacter, source, end) !== end) {
    throw new Fault('syntax', `"${source.slice(offset, end + 1)}" is not a number`, offset);
  }
  tokens.push({ kind: 'number', text: source.slice(offset, end), offset });
  return end;
}

function readWordOrSign(source: string, offset: number, tokens: Token[]): number {
  for (const [pattern, kind] of [
    [bracket, 'bracket'],
    [operator, 'operator'],
    [word, 'identifier'],
  ] as const) {
    const end = match(pattern, source, offset);
    if (end === offset) continue;
    const text = source.slice(offset, end);
    tokens.push({ kind: kind === 'identifier' && keywords.has(text) ? 'operator' : kind, text, offset });
    return end;
  }
  const character = String.fromCodePoint(source.codePointAt(offset) ?? 0);
  throw new Fault('syntax', `the character ${JSON.stringify(character)} means nothing here`, offset);
}

/** End of the match of a sticky pattern at an offset; the offset itself when there is none. */
function match(pattern: RegExp, source: string, offset: number): number {
  pattern.lastIndex = offset;
  return pattern.test(source) ? pattern.lastIndex : offset;
}
