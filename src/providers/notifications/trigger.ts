import { failEvaluation } from '../../analysis/expression/expression-error.ts';
import { evaluateExpression, parseExpression, type Expression } from '../../analysis/expression/expression.ts';
import { formatFloat } from '../../analysis/expression/format-value.ts';
import { timeType } from '../../analysis/expression/static-type.ts';
import { parseUsualInstant } from '../../analysis/expression/time-parse.ts';
import { FunctionValue, Instant, type PlainMap, typeName, type Value } from '../../analysis/expression/value.ts';
import { listOf, optionalRecord, textOf } from '../../api/json-access.ts';
import type { Json } from '../../api/object.ts';
import { fail, succeed, type Result } from '../../base/result.ts';

/** One condition of a trigger, and the templates that are sent when it holds. */
export interface TriggerCondition {
  /** As written; it is part of what is remembered about a notification. */
  readonly when: string;
  /** Absent: always. */
  readonly condition?: Expression;
  /** What makes another time of the same condition worth another notification. */
  readonly oncePer?: Expression;
  readonly send: readonly string[];
}

/** Names that conditions can use. */
const names = ['rollout', 'time'] as const;

/** Reads the conditions of a trigger from its YAML. The failure names the condition and the place. */
export function parseTrigger(content: Json): Result<readonly TriggerCondition[], string> {
  if (!Array.isArray(content)) return fail('it must be a list of conditions, each with "send"');
  const conditions: TriggerCondition[] = [];
  for (const [index, item] of listOf(content).entries()) {
    const record = optionalRecord(item);
    if (record === undefined) return fail(`[${index}]: it must be a mapping with "send"`);
    const when = textOf(record['when']);
    const condition = parseOptional(when, `[${index}].when`);
    if (!condition.ok) return condition;
    const oncePer = parseOptional(textOf(record['oncePer']), `[${index}].oncePer`);
    if (!oncePer.ok) return oncePer;
    const send = listOf(record['send']).map(textOf);
    if (send.length === 0 || send.includes('')) return fail(`[${index}].send: name at least one template`);
    conditions.push({
      when,
      ...(condition.value === undefined ? {} : { condition: condition.value }),
      ...(oncePer.value === undefined ? {} : { oncePer: oncePer.value }),
      send,
    });
  }
  return succeed(conditions);
}

/** Whether a condition holds, and for what. */
export interface ConditionOutcome {
  readonly holds: boolean;
  /** Value of `oncePer` as text; empty when there is none. */
  readonly oncePer: string;
}

/** Evaluates a condition on a Rollout. The failure says what could not be evaluated. */
export function evaluateCondition(
  { condition, oncePer }: TriggerCondition,
  rollout: Json,
  nowMs: number,
): Result<ConditionOutcome, string> {
  const environment: PlainMap = { rollout, time: timeFunctions(nowMs) };
  if (condition !== undefined) {
    const holds = evaluateExpression(condition, environment, { nowMs });
    if (!holds.ok) return fail(`when: ${holds.error.message}`);
    if (typeof holds.value !== 'boolean') return fail(`when: expected bool, but got ${typeName(holds.value)}`);
    if (!holds.value) return succeed({ holds: false, oncePer: '' });
  }
  if (oncePer === undefined) return succeed({ holds: true, oncePer: '' });
  const value = evaluateExpression(oncePer, environment, { nowMs });
  return value.ok ? succeed({ holds: true, oncePer: keyText(value.value) }) : fail(`oncePer: ${value.error.message}`);
}

function parseOptional(text: string, where: string): Result<Expression | undefined, string> {
  if (text.trim() === '') return succeed(undefined);
  const parsed = parseExpression(text, names);
  if (parsed.ok) return parsed;
  const { line, column } = parsed.error.position;
  return fail(`${where}, line ${line}, column ${column}: ${parsed.error.message}`);
}

/** `time.Now()` and `time.Parse(text)`. */
function timeFunctions(nowMs: number): PlainMap {
  const now = new Instant(BigInt(Math.trunc(nowMs)) * 1_000_000n);
  return {
    Now: new FunctionValue('Now', [], timeType, () => now),
    Parse: new FunctionValue('Parse', ['any'], timeType, (text = null) => {
      const instant = typeof text === 'string' ? parseUsualInstant(text) : undefined;
      return instant ?? failEvaluation('time.Parse() needs a time such as "2026-01-31T12:00:00Z"');
    }),
  };
}

function keyText(value: Value): string {
  if (value === null) return '<nil>';
  if (typeof value === 'number') return formatFloat(value);
  return typeof value === 'object' ? JSON.stringify(value) : String(value);
}
