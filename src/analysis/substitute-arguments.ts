import type { Metric } from '../api/analysis-template.ts';
import type { Json } from '../api/object.ts';
import { fail, succeed, type Result } from '../base/result.ts';
import { conditionNames } from './condition.ts';
import { parseExpression } from './expression/expression.ts';
import { escapeForQuote, openQuote } from './quoted-text.ts';

/**
 * Puts argument values into all texts of a metric, where they stand as `{{args.name}}`. A value stays a value: it
 * cannot end the quotes that it stands in, and in a condition it cannot be more than one operand. Fails with the
 * placeholders for which there is no value.
 */
export function substituteArguments(metric: Metric, values: ReadonlyMap<string, string>): Result<Metric, string> {
  const missing = new Set<string>();
  const { successCondition, failureCondition, ...rest } = metric;
  const condition = (text: string): string => fill(text, values, missing, insertIntoCondition);
  const filled = fillMetric(rest, values, missing);
  const conditions = {
    ...(successCondition === undefined ? {} : { successCondition: condition(successCondition) }),
    ...(failureCondition === undefined ? {} : { failureCondition: condition(failureCondition) }),
  };
  if (missing.size > 0) return fail(`failed to resolve ${[...missing].map((tag) => `{{${tag}}}`).join(', ')}`);
  return succeed({ ...filled, ...conditions });
}

type WithoutConditions = Omit<Metric, 'successCondition' | 'failureCondition'>;

function fillMetric(
  metric: WithoutConditions,
  values: ReadonlyMap<string, string>,
  missing: Set<string>,
): WithoutConditions {
  // Substitution comes before validation, so that even the provider may be missing.
  const given: Metric['provider'] | undefined = metric.provider;
  const { job, ...others } = given ?? {};
  // A metric is a JSON value; its type does not say so.
  const filled = fillAll({ ...metric, provider: others } as unknown as Json, values, missing, insertIntoText);
  // The quotes in the commands of a Job are those of a shell, which knows no escapes in them.
  const filledJob =
    job === undefined ? undefined : fillAll(job as unknown as Json, values, missing, (_, value) => value);
  const { provider, ...rest } = filled as unknown as WithoutConditions;
  if (filledJob === undefined) return { ...rest, provider };
  return { ...rest, provider: { ...provider, job: filledJob as unknown as NonNullable<typeof job> } };
}

const placeholder = /\{\{([^{}]*)\}\}/g;

type Insert = (before: string, value: string) => string;

function fill(text: string, values: ReadonlyMap<string, string>, missing: Set<string>, insert: Insert): string {
  return text.replaceAll(placeholder, (whole: string, tag: string, offset: number) => {
    const name = tag.trim();
    const value = name.startsWith('args.') ? values.get(name.slice('args.'.length)) : undefined;
    if (value === undefined) missing.add(name);
    return value === undefined ? whole : insert(text.slice(0, offset), value);
  });
}

function fillAll(json: Json, values: ReadonlyMap<string, string>, missing: Set<string>, insert: Insert): Json {
  if (typeof json === 'string') return fill(json, values, missing, insert);
  if (json === null || typeof json !== 'object') return json;
  if (Array.isArray(json)) return json.map((item: Json) => fillAll(item, values, missing, insert));
  return Object.fromEntries(
    Object.entries(json).map(([key, value]) => [
      fill(key, values, missing, insert),
      fillAll(value, values, missing, insert),
    ]),
  );
}

/**
 * Queries have quoted texts too. Outside of quotes a value may be any part of a query: templates take whole queries as
 * arguments.
 */
const insertIntoText: Insert = (before, value) => {
  const quote = openQuote(before);
  return quote === undefined ? value : escapeForQuote(value, quote);
};

const insertIntoCondition: Insert = (before, value) => {
  const quote = openQuote(before);
  if (quote === '`') return value.replaceAll('`', '``');
  if (quote !== undefined) return escapeForQuote(value, quote).replaceAll('\n', String.raw`\n`);
  if (isHarmless(value)) return value;
  // In parentheses an expression is one operand, whatever stands around it.
  return parseExpression(value, conditionNames).ok ? `(${value})` : JSON.stringify(value);
};

const comparisons: ReadonlySet<string> = new Set(['<', '>', '<=', '>=', '==', '!=']);

/** A number, a name or a comparison sign is one part of a condition by itself. */
function isHarmless(value: string): boolean {
  return /^[\w.]+$/.test(value) || /^-\d[\w.]*$/.test(value) || comparisons.has(value.trim());
}
