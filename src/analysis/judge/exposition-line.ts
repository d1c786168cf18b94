import {
  codes,
  peek,
  refuse,
  rest,
  scanName,
  scanToken,
  skipBlanks,
  skipSeparator,
  type LineCursor,
  type LineRules,
} from './exposition-cursor.ts';
import { scanLabels } from './exposition-labels.ts';
import type { NativeHistogram } from './native-histogram.ts';

/** One sample line. */
export interface Sample {
  readonly name: string;
  readonly labels: ReadonlyMap<string, string>;
  readonly value: number;
  readonly timestampMs?: number;
  readonly exemplar?: Exemplar;
  /** A native histogram instead of a value, which is its count then. No text format has them. */
  readonly histogram?: NativeHistogram;
}

/** A single observation that a counter or bucket points to. */
export interface Exemplar {
  readonly labels: ReadonlyMap<string, string>;
  readonly value: number;
  readonly timestampMs?: number;
}

/** Characters of all names and values of an exemplar, by the OpenMetrics specification. */
const exemplarLengthMax = 128;

const noLabels: ReadonlyMap<string, string> = new Map();

/** Reads a sample line from its first character to its end; undefined with `problem` set when it is wrong. */
export function scanSample(cursor: LineCursor, rules: LineRules): Sample | undefined {
  const series = scanSeries(cursor, rules);
  if (series === undefined) return undefined;
  const point = scanPoint(cursor, rules);
  if (point === undefined) return undefined;
  if (cursor.at === cursor.end) return { ...series, ...point };
  const exemplar = scanExemplar(cursor, rules);
  if (exemplar === undefined) return undefined;
  if (cursor.at < cursor.end) return refuse(cursor, `"${rest(cursor)}" after the exemplar`);
  return { ...series, ...point, exemplar };
}

function scanSeries(cursor: LineCursor, rules: LineRules): Pick<Sample, 'name' | 'labels'> | undefined {
  const name = scanName(cursor, true);
  skipBlanks(cursor, rules);
  if (peek(cursor) !== codes.openBrace) {
    return name === '' ? refuse(cursor, `no metric name at "${rest(cursor)}"`) : { name, labels: noLabels };
  }
  const scanned = scanLabels(cursor, rules, name === '');
  if (scanned === undefined) return undefined;
  const fullName = name === '' ? (scanned.quotedName ?? '') : name;
  return fullName === ''
    ? refuse(cursor, 'a sample without a metric name')
    : { name: fullName, labels: scanned.labels };
}

/** One text for name and labels, whatever their order; lengths keep it free of ambiguity. */
export function seriesKey({ name, labels }: Pick<Sample, 'name' | 'labels'>): string {
  if (labels.size === 0) return name;
  const pairs: string[] = [];
  for (const [label, value] of labels) pairs.push(`${label}=${value.length}:${value}`);
  if (pairs.length > 1) pairs.sort();
  return `${name}{${pairs.join(',')}`;
}

interface Point {
  readonly value: number;
  readonly timestampMs?: number;
}

/** Value and timestamp; stops before an exemplar. */
function scanPoint(cursor: LineCursor, rules: LineRules): Point | undefined {
  if (!skipSeparator(cursor, rules)) return undefined;
  const token = scanToken(cursor);
  const value = parseValue(token);
  if (value === undefined) return refuse(cursor, `"${token}" is not a value; write a number, NaN, +Inf or -Inf`);
  if (cursor.at === cursor.end || cursor.text.startsWith(' # ', cursor.at)) return { value };
  if (!skipSeparator(cursor, rules)) return undefined;
  if (cursor.at === cursor.end && !rules.openMetrics) return { value };
  const timestampMs = scanTimestamp(cursor, rules);
  if (timestampMs === undefined) return undefined;
  skipBlanks(cursor, rules);
  return { value, timestampMs };
}

/** Milliseconds as an integer in the text format, seconds as a number in OpenMetrics. */
function scanTimestamp(cursor: LineCursor, { openMetrics }: LineRules): number | undefined {
  const token = scanToken(cursor);
  const number = openMetrics || /^-?\d+$/.test(token) ? parseValue(token) : undefined;
  if (number !== undefined && Number.isFinite(number)) return openMetrics ? number * 1000 : number;
  return refuse(cursor, `"${token}" is not a timestamp in ${openMetrics ? 'seconds' : 'milliseconds'}`);
}

function scanExemplar(cursor: LineCursor, rules: LineRules): Exemplar | undefined {
  if (!rules.openMetrics || !cursor.text.startsWith(' # {', cursor.at)) {
    return refuse(cursor, `"${rest(cursor)}" after the value`);
  }
  cursor.at += 3;
  const scanned = scanLabels(cursor, rules, false);
  if (scanned === undefined) return undefined;
  let length = 0;
  for (const pair of scanned.labels) length += characterCount(pair[0]) + characterCount(pair[1]);
  if (length > exemplarLengthMax) {
    return refuse(
      cursor,
      `the labels of an exemplar have ${length} characters; at most ${exemplarLengthMax} are allowed`,
    );
  }
  const point = scanPoint(cursor, rules);
  return point === undefined ? undefined : { labels: scanned.labels, ...point };
}

function characterCount(text: string): number {
  return Array.from(text).length;
}

const decimal = /^[+-]?(?:\d+(?:\.\d*)?|\.\d+)(?:[eE][+-]?\d+)?$/;
const infinite = /^[+-]?inf(?:inity)?$/i;

/** A number as the formats write it; undefined for anything else. */
export function parseValue(token: string): number | undefined {
  if (decimal.test(token)) return Number(token);
  if (infinite.test(token)) return token.startsWith('-') ? -Infinity : Infinity;
  return /^nan$/i.test(token) ? Number.NaN : undefined;
}
