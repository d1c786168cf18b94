import type { Metric } from '../api/analysis-template.ts';
import { conditionNames, type ConditionVerdict, evaluateConditions } from './condition.ts';
import { parseExpression } from './expression/expression.ts';
import { someNode } from './expression/some-node.ts';
import type { Node } from './expression/syntax.ts';
import { isNil, itemsOf, type Value } from './expression/value.ts';

/**
 * Judges a sample by the conditions of its metric, except that missing data and not-a-number are a success only for a
 * condition that speaks of them. Without this, `all(result, # < 5)` would hold for no data at all, and a failure
 * condition alone would let everything pass that is not a number. `reason` says why data is missing, if somebody knows.
 */
export function judgeSample(metric: Metric, value: Value, nowMs: number, reason = ''): ConditionVerdict {
  const verdict = evaluateConditions(metric, value, nowMs);
  if (verdict.phase !== 'Successful') return verdict;
  const conditions = [metric.successCondition ?? '', metric.failureCondition ?? ''].filter((text) => text !== '');
  if (isMissing(value) && !conditions.some((text) => mentions(text, missingWords))) {
    const cause = reason === '' ? 'the result is empty' : reason;
    return error(`no data: ${cause}; a condition with default(), isNil() or len() can say what that means`);
  }
  if (hasNan(value) && !conditions.some((text) => mentions(text, nanWords))) {
    return error('the result is not a number; a condition with isNaN() can say what that means');
  }
  return verdict;
}

const missingWords: ReadonlySet<string> = new Set(['default', 'isNil', 'nil', 'len', 'count', '??']);
const nanWords: ReadonlySet<string> = new Set(['isNaN']);

function error(message: string): ConditionVerdict {
  return { phase: 'Error', message };
}

function isMissing(value: Value): boolean {
  return isNil(value) || itemsOf(value)?.length === 0;
}

function hasNan(value: Value): boolean {
  return Number.isNaN(value) || (itemsOf(value)?.some((item) => Number.isNaN(item)) ?? false);
}

/** True when an expression uses one of these names, functions or signs. */
function mentions(text: string, words: ReadonlySet<string>): boolean {
  const parsed = parseExpression(text, conditionNames);
  return parsed.ok && someNode(parsed.value.root, (node) => words.has(wordOf(node)));
}

function wordOf(node: Node): string {
  switch (node.kind) {
    case 'identifier':
    case 'builtin':
      return node.name;
    case 'binary':
      return node.operator;
    default:
      return node.kind;
  }
}
