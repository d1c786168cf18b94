/** A place in a line that is being read. `problem` is set when the line is wrong; reading then stops. */
export interface LineCursor {
  readonly text: string;
  at: number;
  readonly end: number;
  problem: string | undefined;
}

/** What a line may look like. */
export interface LineRules {
  readonly openMetrics: boolean;
  readonly labelsMax: number;
  readonly labelLengthMax: number;
}

/** Codes of the characters with a meaning in a line. */
export const codes = {
  tab: 0x09,
  space: 0x20,
  quote: 0x22,
  hash: 0x23,
  comma: 0x2c,
  colon: 0x3a,
  equals: 0x3d,
  backslash: 0x5c,
  underscore: 0x5f,
  openBrace: 0x7b,
  closeBrace: 0x7d,
} as const;

/** Code of the character at the cursor; not a number at the end of the line. */
export function peek(cursor: LineCursor): number {
  return cursor.at < cursor.end ? cursor.text.charCodeAt(cursor.at) : Number.NaN;
}

/** What is left of the line, cut for a message. */
export function rest(cursor: LineCursor): string {
  const shown = cursor.text.slice(cursor.at, Math.min(cursor.end, cursor.at + 40));
  return cursor.end - cursor.at > 40 ? `${shown}…` : shown;
}

/** Marks the line as wrong. */
export function refuse(cursor: LineCursor, problem: string): undefined {
  cursor.problem ??= problem;
}

/** Moves over blanks where the text format allows any; OpenMetrics allows none. */
export function skipBlanks(cursor: LineCursor, { openMetrics }: Pick<LineRules, 'openMetrics'>): void {
  if (openMetrics) return;
  while (cursor.at < cursor.end && isBlank(cursor.text.charCodeAt(cursor.at))) cursor.at += 1;
}

/**
 * Moves over what separates tokens: one space in OpenMetrics, any blanks in the text format. False when it is missing.
 */
export function skipSeparator(cursor: LineCursor, rules: LineRules): boolean {
  if (!rules.openMetrics) {
    skipBlanks(cursor, rules);
    return true;
  }
  if (peek(cursor) !== codes.space) {
    refuse(cursor, `expected one space before "${rest(cursor)}"`);
    return false;
  }
  cursor.at += 1;
  return true;
}

/** Longest run of name characters from the cursor on; empty when there is none. Colons only in metric names. */
export function scanName(cursor: LineCursor, colons: boolean): string {
  const { text, end } = cursor;
  const start = cursor.at;
  let at = start;
  while (at < end && isNameCode(text.charCodeAt(at), colons, at > start)) at += 1;
  cursor.at = at;
  return text.slice(start, at);
}

/** Characters up to the next blank. */
export function scanToken(cursor: LineCursor): string {
  const start = cursor.at;
  while (cursor.at < cursor.end && !isBlank(cursor.text.charCodeAt(cursor.at))) cursor.at += 1;
  return cursor.text.slice(start, cursor.at);
}

/** From `"` to after the closing `"`. Known escapes are replaced, others kept as they are. */
export function scanQuoted(cursor: LineCursor, { labelLengthMax }: LineRules): string | undefined {
  const start = cursor.at + 1;
  let escaped = false;
  let at = start;
  for (; at < cursor.end; at += 1) {
    const code = cursor.text.charCodeAt(at);
    if (code === codes.quote) break;
    if (code !== codes.backslash) continue;
    escaped = true;
    at += 1;
  }
  if (at >= cursor.end) return refuse(cursor, 'a quoted text does not end');
  if (at - start > labelLengthMax) return refuse(cursor, `a label is longer than ${labelLengthMax} characters`);
  cursor.at = at + 1;
  const raw = cursor.text.slice(start, at);
  return escaped ? unescapeText(raw) : raw;
}

/** Replaces `\\`, `\"` and `\n` as label values write them. */
export function unescapeText(raw: string): string {
  return raw.replaceAll(/\\([\\"n])/g, (_, character: string) => (character === 'n' ? '\n' : character));
}

function isBlank(code: number): boolean {
  return code === codes.space || code === codes.tab;
}

function isNameCode(code: number, colons: boolean, digits: boolean): boolean {
  if ((code >= 0x61 && code <= 0x7a) || (code >= 0x41 && code <= 0x5a) || code === codes.underscore) return true;
  return (digits && code >= 0x30 && code <= 0x39) || (colons && code === codes.colon);
}
