import { fail, succeed, type Result } from '../base/result.ts';
import type { LabelSelector, LabelSelectorRequirement } from './label-selector.ts';
import { labelValueProblems, qualifiedNameProblems } from './name-syntax.ts';

/** How a term compares; notEquals and notIn also hold when the key is absent. */
type SelectorOperator = 'equals' | 'notEquals' | 'in' | 'notIn' | 'exists' | 'absent' | 'greater' | 'less';

/** One condition on the labels of an object. */
export interface SelectorTerm {
  readonly key: string;
  readonly operator: SelectorOperator;
  /** Sorted; one value for equals, notEquals, greater and less, none for exists and absent. */
  readonly values: readonly string[];
}

/** A label selector that has been checked: all terms must hold. Without terms it matches everything. */
export interface Selector {
  readonly terms: readonly SelectorTerm[];
}

type Labels = Readonly<Record<string, string>> | undefined;

/** Whether labels fulfil all terms of a selector. */
export function selectorMatches(selector: Selector, labels: Labels): boolean {
  return selector.terms.every(({ key, operator, values }) => {
    const value = labels !== undefined && Object.hasOwn(labels, key) ? labels[key] : undefined;
    return operators[operator].matches(value, values);
  });
}

/** Checks the object form; the failure names the field inside the selector and what is wrong with it. */
export function selectorFromObject(selector: LabelSelector): Result<Selector, string> {
  const terms: SelectorTerm[] = [];
  for (const [key, value] of Object.entries(selector.matchLabels ?? {})) {
    const term = checkedTerm(key, 'equals', [value]);
    if (!term.ok) return fail(`matchLabels: ${term.error}`);
    terms.push(term.value);
  }
  for (const [index, requirement] of (selector.matchExpressions ?? []).entries()) {
    const term = termOfRequirement(requirement);
    if (!term.ok) return fail(`matchExpressions[${index}]: ${term.error}`);
    terms.push(term.value);
  }
  return succeed(selectorOf(terms));
}

/** The text form, as `status.selector` and list requests use it: `app=web,tier in (a,b),!legacy`. */
export function selectorText(selector: Selector): string {
  return selector.terms.map(({ key, operator, values }) => operators[operator].text(key, values)).join(',');
}

/** A selector from its terms, sorted by key as Kubernetes prints it. */
export function selectorOf(terms: readonly SelectorTerm[]): Selector {
  return { terms: terms.toSorted((left, right) => compareText(left.key, right.key)) };
}

/** Makes a term after checking key, values and their number. */
export function checkedTerm(
  key: string,
  operator: SelectorOperator,
  values: readonly string[],
): Result<SelectorTerm, string> {
  const [keyProblem] = qualifiedNameProblems(key);
  if (keyProblem !== undefined) return fail(`key "${key}" ${keyProblem}`);
  if (!valueCountFits(operator, values.length)) {
    return fail(`key "${key}" needs ${valueCountTexts[operators[operator].valueCount]} for this operator`);
  }
  for (const value of values) {
    const problem = labelValueProblems(value)[0] ?? comparedNumberProblem(operator, value);
    if (problem !== undefined) return fail(`value "${value}" of "${key}" ${problem}`);
  }
  return succeed({ key, operator, values: values.toSorted(compareText) });
}

function termOfRequirement(requirement: LabelSelectorRequirement): Result<SelectorTerm, string> {
  const { key, operator, values = [] } = requirement;
  switch (operator) {
    case 'In':
      return checkedTerm(key, 'in', values);
    case 'NotIn':
      return checkedTerm(key, 'notIn', values);
    case 'Exists':
      return checkedTerm(key, 'exists', values);
    case 'DoesNotExist':
      return checkedTerm(key, 'absent', values);
    default:
      return fail(`operator "${String(operator)}" is unknown; use In, NotIn, Exists or DoesNotExist`);
  }
}

type ValueCount = 'none' | 'one' | 'some';

const valueCountTexts: Readonly<Record<ValueCount, string>> = {
  none: 'no values',
  one: 'exactly one value',
  some: 'at least one value',
};

interface OperatorRules {
  readonly valueCount: ValueCount;
  readonly matches: (value: string | undefined, values: readonly string[]) => boolean;
  readonly text: (key: string, values: readonly string[]) => string;
}

const operators: Readonly<Record<SelectorOperator, OperatorRules>> = {
  equals: { valueCount: 'one', matches: isOneOf, text: (key, values) => `${key}=${values.join()}` },
  notEquals: {
    valueCount: 'one',
    matches: (value, values) => !isOneOf(value, values),
    text: (key, values) => `${key}!=${values.join()}`,
  },
  in: { valueCount: 'some', matches: isOneOf, text: (key, values) => `${key} in (${values.join()})` },
  notIn: {
    valueCount: 'some',
    matches: (value, values) => !isOneOf(value, values),
    text: (key, values) => `${key} notin (${values.join()})`,
  },
  exists: { valueCount: 'none', matches: (value) => value !== undefined, text: (key) => key },
  absent: { valueCount: 'none', matches: (value) => value === undefined, text: (key) => `!${key}` },
  greater: {
    valueCount: 'one',
    matches: (value, [limit]) => isInteger(value) && Number(value) > Number(limit),
    text: (key, values) => `${key}>${values.join()}`,
  },
  less: {
    valueCount: 'one',
    matches: (value, [limit]) => isInteger(value) && Number(value) < Number(limit),
    text: (key, values) => `${key}<${values.join()}`,
  },
};

function valueCountFits(operator: SelectorOperator, count: number): boolean {
  const wanted = operators[operator].valueCount;
  if (wanted === 'some') return count > 0;
  return count === (wanted === 'one' ? 1 : 0);
}

function comparedNumberProblem(operator: SelectorOperator, value: string): string | undefined {
  const compared = operator === 'greater' || operator === 'less';
  return compared && !isInteger(value) ? 'must be an integer for > and <' : undefined;
}

function isOneOf(value: string | undefined, values: readonly string[]): boolean {
  return value !== undefined && values.includes(value);
}

function isInteger(value: string | undefined): boolean {
  return value !== undefined && /^[+-]?\d+$/.test(value);
}

function compareText(left: string, right: string): number {
  if (left === right) return 0;
  return left < right ? -1 : 1;
}
