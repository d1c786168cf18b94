import assert from 'node:assert/strict';
import { describe, test } from 'node:test';

import type { Conditions } from '../../src/analysis/condition.ts';
import { conditionProblem, evaluateConditions } from '../../src/analysis/condition.ts';
import { readGolden } from '../golden/read-golden.ts';
import { toResult } from '../golden/run-expression.ts';

type Input = Conditions & { readonly result: unknown; readonly resultKind: string };
type Expected = { readonly phase: string; readonly error?: string };

/** The part of a message that clients can rely on: which condition it was, and the text for missing data. */
function fixedPart(input: Input, error = ''): string {
  const prefixes = (['successCondition', 'failureCondition'] as const).map(
    (which) => `could not evaluate ${which} "${input[which] ?? ''}": `,
  );
  const prefix = prefixes.find((candidate) => error.startsWith(candidate)) ?? '';
  return error.slice(prefix.length).startsWith('metric result is nil or empty') ? error : prefix;
}

describe('conditions', () => {
  test('judge results as recorded', () => {
    const cases = readGolden<Input, Expected>('condition-eval.json');
    assert.equal(cases.length, 139);
    for (const { name, input, expected } of cases) {
      const { phase, message } = evaluateConditions(input, toResult(input.result, input.resultKind));
      assert.equal(phase, expected.phase, name);
      assert.equal(message.startsWith(fixedPart(input, expected.error)), true, `${name}: ${message}`);
      assert.equal(message === '', expected.error === undefined, name);
    }
  });

  test('both conditions are evaluated even when the first one decides', () => {
    const verdict = evaluateConditions({ successCondition: 'true', failureCondition: 'result.' }, 1);
    assert.equal(verdict.phase, 'Error');
  });

  test('now() is the time that was given, and an error without one', () => {
    const conditions = { successCondition: 'now() == date("2024-01-02T03:04:05Z")' };
    assert.equal(evaluateConditions(conditions, 1, Date.UTC(2024, 0, 2, 3, 4, 5)).phase, 'Successful');
    assert.equal(evaluateConditions(conditions, 1).phase, 'Error');
  });

  test('the text of a condition is checked without a result', () => {
    assert.equal(conditionProblem('result[0] < 0.5 && !isNaN(result[0])'), undefined);
    assert.match(conditionProblem('results[0] < 0.5') ?? '', /unknown name "results"; known are asFloat/);
    assert.match(conditionProblem('result[0] <') ?? '', /unexpected the end of the text/);
  });
});
