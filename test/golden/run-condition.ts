import { evaluateConditions, type Conditions } from '../../src/analysis/condition.ts';
import { toResult } from './run-expression.ts';

/** The input of a case of condition-eval.json. */
export type ConditionInput = Conditions & { readonly result?: unknown; readonly resultKind?: string };

/** The expected part: the verdict, and of an error's text what clients can rely on. */
export interface ConditionOutput {
  readonly phase: string;
  readonly error?: string;
}

/** Judges the result of a case. The part of an error's text that is free is cut off. */
export function runCondition(input: ConditionInput): ConditionOutput {
  const { phase, message } = evaluateConditions(input, toResult(input.result, input.resultKind));
  return message === '' ? { phase } : { phase, error: fixedPart(input, message) };
}

/** The recorded answer, with the free part of an error's text cut off as in ours. */
export function expectedCondition(input: ConditionInput, { phase, error }: ConditionOutput): ConditionOutput {
  return error === undefined ? { phase } : { phase, error: fixedPart(input, error) };
}

const missingText = 'metric result is nil or empty';

/**
 * Which condition could not be evaluated, and the text for missing data, are fixed; the rest says why in free words.
 */
function fixedPart(input: ConditionInput, error: string): string {
  const prefixes = (['successCondition', 'failureCondition'] as const).map(
    (which) => `could not evaluate ${which} "${input[which] ?? ''}": `,
  );
  const prefix = prefixes.find((candidate) => error.startsWith(candidate)) ?? '';
  return error.slice(prefix.length).startsWith(missingText) ? error : prefix;
}
