import { RE2JS } from 're2js';

import { fail, succeed, type Result } from '../../base/result.ts';
import { codes, peek, rest, scanName, scanQuoted, skipBlanks, type LineCursor } from './exposition-cursor.ts';

/** A metric name and conditions on labels. A label that a series does not have counts as empty. */
export interface SeriesSelector {
  readonly name: string;
  readonly matches: (labels: ReadonlyMap<string, string>) => boolean;
}

const rules = { openMetrics: false, labelsMax: 32, labelLengthMax: 1024 };

/**
 * Parses a selector as Prometheus writes it: `http_requests_total{handler!~"/health.*",method="GET"}`, with `=`, `!=`,
 * and `=~`, `!~` for regular expressions (RE2, always on the whole value).
 */
export function parseSeriesSelector(text: string): Result<SeriesSelector, string> {
  const cursor: LineCursor = { text, at: 0, end: text.length, problem: undefined };
  skipBlanks(cursor, rules);
  const name = scanName(cursor, true);
  if (name === '') return fail('it must start with the name of a metric, such as http_requests_total');
  skipBlanks(cursor, rules);
  const matchers = peek(cursor) === codes.openBrace ? scanMatchers(cursor) : [];
  skipBlanks(cursor, rules);
  if (cursor.problem !== undefined) return fail(cursor.problem);
  if (cursor.at < cursor.end) return fail(`"${rest(cursor)}" is too much after the metric ${name}`);
  return succeed({ name, matches: (labels) => matchers.every((matches) => matches(labels)) });
}

type Matcher = SeriesSelector['matches'];

function scanMatchers(cursor: LineCursor): readonly Matcher[] {
  const matchers: Matcher[] = [];
  cursor.at += 1;
  for (;;) {
    skipBlanks(cursor, rules);
    if (peek(cursor) === codes.closeBrace) {
      cursor.at += 1;
      return matchers;
    }
    const matcher = matchers.length < rules.labelsMax ? scanMatcher(cursor) : undefined;
    if (matcher === undefined) {
      cursor.problem ??= `more than ${rules.labelsMax} conditions`;
      return [];
    }
    matchers.push(matcher);
    skipBlanks(cursor, rules);
    if (peek(cursor) === codes.comma) cursor.at += 1;
    else if (peek(cursor) !== codes.closeBrace) cursor.problem ??= 'expected "," or "}" after a condition';
    if (cursor.problem !== undefined) return [];
  }
}

function scanMatcher(cursor: LineCursor): Matcher | undefined {
  const label = scanName(cursor, false);
  skipBlanks(cursor, rules);
  const operator = ['=~', '!~', '!=', '='].find((one) => cursor.text.startsWith(one, cursor.at));
  if (label === '' || operator === undefined) {
    cursor.problem ??= `"${rest(cursor)}" is no condition such as method="GET"`;
    return undefined;
  }
  cursor.at += operator.length;
  skipBlanks(cursor, rules);
  if (peek(cursor) !== codes.quote) {
    cursor.problem ??= `the value for the label ${label} is not in quotes`;
    return undefined;
  }
  const value = scanQuoted(cursor, rules);
  return value === undefined ? undefined : matcherOf(cursor, label, operator, value);
}

function matcherOf(cursor: LineCursor, label: string, operator: string, value: string): Matcher | undefined {
  const wanted = !operator.startsWith('!');
  if (!operator.endsWith('~')) return (labels) => ((labels.get(label) ?? '') === value) === wanted;
  const pattern = parsePattern(value);
  if (pattern.ok) return (labels) => pattern.value(labels.get(label) ?? '') === wanted;
  cursor.problem ??= pattern.error;
  return undefined;
}

/** A regular expression (RE2) as a test of a whole text. Linear in the text, so that no pattern can block us. */
export function parsePattern(expression: string): Result<(text: string) => boolean, string> {
  try {
    const pattern = RE2JS.compile(expression);
    return succeed((text) => pattern.matches(text));
  } catch (error) {
    return fail(
      `"${expression}" is not a regular expression: ${error instanceof Error ? error.message : String(error)}`,
    );
  }
}
