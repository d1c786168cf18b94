import { evaluateExpression, parseExpression, type Expression } from '../../analysis/expression/expression.ts';
import { Instant } from '../../analysis/expression/value.ts';
import { fail, succeed, type Result } from '../../base/result.ts';
import type { ConfigReader } from './config-reader.ts';

/** Which times a range query asks for; start and end are worked out anew for each measurement. */
export interface PrometheusRange {
  readonly start: Expression;
  readonly end: Expression;
  readonly stepMs: number;
}

/** The times of one query, in milliseconds since the epoch. */
export interface RangeTimes {
  readonly startMs: number;
  readonly endMs: number;
}

const yearMs = 366 * 24 * 3_600_000;

/** Reads the field `rangeQuery`: start and end such as `now() - duration("1h")`, and the step, such as `1m`. */
export function readRange(fields: ConfigReader): PrometheusRange | undefined {
  if (!fields.has('rangeQuery')) return undefined;
  const range = fields.nested('rangeQuery');
  const [start, end] = [readTime(range, 'start'), readTime(range, 'end')];
  const stepMs = range.duration('step', { minMs: 1, maxMs: yearMs });
  return start === undefined || end === undefined ? undefined : { start, end, stepMs };
}

/** The times of a query that is made now. */
export function rangeTimes({ start, end }: PrometheusRange, nowMs: number): Result<RangeTimes, string> {
  const [from, to] = [timeOf(start, nowMs), timeOf(end, nowMs)];
  if (!from.ok) return fail(`rangeQuery.start: ${from.error}`);
  if (!to.ok) return fail(`rangeQuery.end: ${to.error}`);
  if (from.value > to.value) return fail('rangeQuery: the start is later than the end');
  return succeed({ startMs: from.value, endMs: to.value });
}

function readTime(fields: ConfigReader, name: string): Expression | undefined {
  return fields.parsed(name, '', (text) => {
    const parsed = parseExpression(text, []);
    if (!parsed.ok) return fail(`${parsed.error.message}; write a time such as "now()" or "now() - duration("1h")"`);
    const time = timeOf(parsed.value, 0);
    return time.ok ? succeed(parsed.value) : time;
  });
}

function timeOf(expression: Expression, nowMs: number): Result<number, string> {
  const value = evaluateExpression(expression, {}, { nowMs });
  if (!value.ok) return fail(value.error.message);
  if (value.value instanceof Instant) return succeed(Number(value.value.nanoseconds / 1_000_000n));
  return fail('it must be a time, such as "now()" or "now() - duration("1h")"');
}
