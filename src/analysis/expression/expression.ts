import { fail, succeed, type Result } from '../../base/result.ts';
import { Budget, expressionLimits, type ExpressionLimits } from './budget.ts';
import { check } from './check.ts';
import { evaluate } from './evaluate.ts';
import { type ExpressionError, expressionErrorOf } from './expression-error.ts';
import type { Machine } from './machine.ts';
import { parse } from './parser.ts';
import { PatternCache } from './pattern.ts';
import { simplify } from './simplify.ts';
import { typeOfValue, unknownType } from './static-type.ts';
import type { Node } from './syntax.ts';
import type { PlainMap, Value } from './value.ts';

/** An expression that was parsed and whose names are known. It can be evaluated any number of times. */
export interface Expression {
  readonly source: string;
  readonly root: Node;
  readonly patterns: PatternCache;
}

/** What an evaluation may use besides its environment. */
export interface EvaluationOptions extends Partial<ExpressionLimits> {
  /** The time for `now()`, in milliseconds since the Unix epoch. Without it `now()` is an error. */
  readonly nowMs?: number;
}

/**
 * Parses an expression of the expr-lang dialect (version 1.17), the language of conditions. `names` are the names that
 * the environment will have; any other name is an error, and so is an operation that fails whatever the data is.
 */
export function parseExpression(
  text: string,
  names: Iterable<string>,
  limits: Partial<ExpressionLimits> = {},
): Result<Expression, ExpressionError> {
  try {
    const types = new Map(Array.from(names, (name) => [name, unknownType] as const));
    const patterns = new PatternCache();
    const root = parse(text, new Set(types.keys()), { ...expressionLimits, ...limits });
    check(root, types, patterns);
    return succeed({ source: text, root, patterns });
  } catch (thrown) {
    return fail(expressionErrorOf(thrown, text, 0));
  }
}

/**
 * Evaluates an expression. It always ends: it has no loops but over lists, and the limits bound what it computes and
 * makes. It sees only the own properties of the environment and of the data in it, and changes nothing.
 */
export function evaluateExpression(
  expression: Expression,
  environment: PlainMap,
  options: EvaluationOptions = {},
): Result<Value, ExpressionError> {
  const { nowMs, ...limits } = options;
  const machine: Machine = {
    budget: new Budget({ ...expressionLimits, ...limits }),
    patterns: expression.patterns,
    environment,
    nowMs,
    variables: new Map(),
    scopes: [],
    offset: 0,
    run: (node) => evaluate(node, machine),
  };
  try {
    const types = new Map(Object.entries(environment).map(([name, value]) => [name, typeOfValue(value)] as const));
    const root = simplify(expression.root, check(expression.root, types, expression.patterns));
    return succeed(machine.run(root));
  } catch (thrown) {
    return fail(expressionErrorOf(thrown, expression.source, machine.offset));
  }
}
