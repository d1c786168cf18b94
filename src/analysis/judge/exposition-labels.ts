import {
  codes,
  peek,
  refuse,
  rest,
  scanName,
  scanQuoted,
  skipBlanks,
  type LineCursor,
  type LineRules,
} from './exposition-cursor.ts';

/** What stands in braces. */
export interface ScannedLabels {
  readonly labels: ReadonlyMap<string, string>;
  /** The metric's name, when it stands in quotes inside the braces instead of before them. */
  readonly quotedName: string | undefined;
}

/** Reads from `{` to after `}`; undefined when it is wrong. */
export function scanLabels(cursor: LineCursor, rules: LineRules, nameInside: boolean): ScannedLabels | undefined {
  const labels = new Map<string, string>();
  let quotedName: string | undefined;
  cursor.at += 1;
  skipBlanks(cursor, rules);
  for (let count = 0; ; count += 1) {
    if (closes(cursor, rules, count)) return { labels, quotedName };
    if (count >= rules.labelsMax) return refuse(cursor, `more than ${rules.labelsMax} labels`);
    if (nameInside && count === 0 && peek(cursor) === codes.quote) quotedName = scanFirstName(cursor, rules, labels);
    else scanLabel(cursor, rules, labels);
    if (cursor.problem !== undefined || !skipComma(cursor, rules)) return undefined;
  }
}

/** A closing brace ends the list; after a comma only in the text format. */
function closes(cursor: LineCursor, rules: LineRules, count: number): boolean {
  if (peek(cursor) !== codes.closeBrace) return false;
  if (count > 0 && rules.openMetrics && cursor.text.charCodeAt(cursor.at - 1) === codes.comma) return false;
  cursor.at += 1;
  return true;
}

/** Moves over the comma between labels, or up to the closing brace. */
function skipComma(cursor: LineCursor, rules: LineRules): boolean {
  skipBlanks(cursor, rules);
  if (peek(cursor) === codes.closeBrace) return true;
  if (peek(cursor) !== codes.comma) {
    refuse(cursor, 'expected "," or "}" after a label');
    return false;
  }
  cursor.at += 1;
  skipBlanks(cursor, rules);
  return true;
}

/** The first text in quotes is the metric's name unless "=" follows. */
function scanFirstName(cursor: LineCursor, rules: LineRules, labels: Map<string, string>): string | undefined {
  const name = scanQuoted(cursor, rules);
  skipBlanks(cursor, rules);
  if (peek(cursor) !== codes.equals) return name;
  if (name !== undefined) scanLabelValue(cursor, rules, name, labels);
  return undefined;
}

function scanLabel(cursor: LineCursor, rules: LineRules, labels: Map<string, string>): void {
  const name = peek(cursor) === codes.quote ? scanQuoted(cursor, rules) : scanName(cursor, false);
  if (name === undefined) return;
  if (name === '') refuse(cursor, `no label name at "${rest(cursor)}"`);
  else scanLabelValue(cursor, rules, name, labels);
}

function scanLabelValue(cursor: LineCursor, rules: LineRules, name: string, labels: Map<string, string>): void {
  skipBlanks(cursor, rules);
  if (peek(cursor) !== codes.equals) return refuse(cursor, `expected "=" after the label ${name}`);
  cursor.at += 1;
  skipBlanks(cursor, rules);
  if (peek(cursor) !== codes.quote) return refuse(cursor, `the value of the label ${name} is not in quotes`);
  const value = scanQuoted(cursor, rules);
  if (value === undefined) return undefined;
  if (labels.has(name)) return refuse(cursor, `the label ${name} stands there twice`);
  labels.set(name, value);
  return undefined;
}
