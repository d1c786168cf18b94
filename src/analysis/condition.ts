import type { AnalysisPhase } from '../api/analysis-run.ts';
import type { Metric } from '../api/analysis-template.ts';
import { fail, succeed, type Result } from '../base/result.ts';
import { failEvaluation } from './expression/expression-error.ts';
import { evaluateExpression, parseExpression } from './expression/expression.ts';
import { truncate } from './expression/operators.ts';
import { parseFloatText, parseIntegerText } from './expression/parse-number.ts';
import { anyType, boolType, floatType, int64Type } from './expression/static-type.ts';
import { FunctionValue, isNil, itemsOf, type PlainMap, typeName, type Value } from './expression/value.ts';

/** What the conditions of a metric say about one result. The message is empty unless the phase is Error. */
export interface ConditionVerdict {
  readonly phase: Extract<AnalysisPhase, 'Successful' | 'Failed' | 'Inconclusive' | 'Error'>;
  readonly message: string;
}

/** The conditions of a metric; an absent or empty one was not given. */
export type Conditions = Pick<Metric, 'successCondition' | 'failureCondition'>;

/**
 * Judges a result by the conditions of its metric. Without conditions every result is Successful; with one of them, the
 * other one is its negation; with both, a result that meets neither is Inconclusive, and one that meets both is Failed.
 * Both are always evaluated, the success condition first, and an error in either is the verdict. `nowMs` is the time
 * for `now()`.
 */
export function evaluateConditions(conditions: Conditions, result: Value, nowMs?: number): ConditionVerdict {
  const success = evaluateCondition('successCondition', conditions.successCondition, result, nowMs);
  if (!success.ok) return { phase: 'Error', message: success.error };
  const failure = evaluateCondition('failureCondition', conditions.failureCondition, result, nowMs);
  if (!failure.ok) return { phase: 'Error', message: failure.error };
  return { phase: verdict(success.value, failure.value), message: '' };
}

/** Names that a condition can use. */
export const conditionNames = ['result', 'asInt', 'asFloat', 'isNaN', 'isInf', 'isNil', 'default'] as const;

/**
 * What is wrong with the text of a condition before there is a result, as far as that can be seen; undefined when
 * nothing is.
 */
export function conditionProblem(text: string): string | undefined {
  const parsed = parseExpression(text, conditionNames);
  return parsed.ok ? undefined : parsed.error.message;
}

/** The values that a condition on this result sees. */
export function conditionEnvironment(result: Value): PlainMap {
  // Both look at the whole result and not at what they are given, as conditions have come to expect.
  const isMissing = isNil(result);
  return {
    result: isMissing ? null : result,
    asInt: new FunctionValue('asInt', ['any'], int64Type, asInt),
    asFloat: new FunctionValue('asFloat', ['any'], floatType, asFloat),
    isNaN: new FunctionValue('isNaN', ['float'], boolType, (value = null) => Number.isNaN(value)),
    isInf: new FunctionValue('isInf', ['float'], boolType, (value = null) => value === Infinity || value === -Infinity),
    isNil: new FunctionValue('isNil', ['any'], boolType, () => isMissing),
    default: new FunctionValue('default', ['any', 'any'], anyType, (_, instead = null) =>
      isMissing ? instead : result,
    ),
  };
}

function verdict(success: boolean | undefined, failure: boolean | undefined): ConditionVerdict['phase'] {
  if (failure === true || (success === false && failure === undefined)) return 'Failed';
  return success === false ? 'Inconclusive' : 'Successful';
}

/** Undefined when the condition was not given. */
function evaluateCondition(
  which: keyof Conditions,
  text: string | undefined,
  result: Value,
  nowMs: number | undefined,
): Result<boolean | undefined, string> {
  if (text === undefined || text === '') return succeed(undefined);
  const outcome = evaluateBoolean(text, result, nowMs);
  if (outcome.ok) return outcome;
  const isEmpty = isNil(result) || itemsOf(result)?.length === 0;
  const reason = isEmpty ? 'metric result is nil or empty: no data returned from the metric provider' : outcome.error;
  return fail(`could not evaluate ${which} "${text}": ${reason}`);
}

function evaluateBoolean(text: string, result: Value, nowMs: number | undefined): Result<boolean, string> {
  const parsed = parseExpression(text, conditionNames);
  if (!parsed.ok) return fail(parsed.error.message);
  const options = nowMs === undefined ? {} : { nowMs };
  const outcome = evaluateExpression(parsed.value, conditionEnvironment(result), options);
  if (!outcome.ok) return fail(outcome.error.message);
  if (typeof outcome.value === 'boolean') return succeed(outcome.value);
  return fail(`expected bool, but got ${typeName(outcome.value)}`);
}

function asInt(value: Value = null): Value {
  if (typeof value === 'bigint') return value;
  if (typeof value === 'number') return truncate(value);
  const read = typeof value === 'string' ? parseIntegerText(value) : undefined;
  return read ?? failEvaluation(`asInt() cannot read ${describe(value)}`);
}

function asFloat(value: Value = null): Value {
  if (typeof value === 'bigint' || typeof value === 'number') return Number(value);
  const read = typeof value === 'string' ? parseFloatText(value) : undefined;
  return read ?? failEvaluation(`asFloat() cannot read ${describe(value)}`);
}

function describe(value: Value): string {
  return typeof value === 'string' ? `the text ${JSON.stringify(value)}` : typeName(value);
}
