import assert from 'node:assert/strict';
import { describe, test } from 'node:test';

import { conditionProblem, evaluateConditions } from '../../src/analysis/condition.ts';
import { readGolden } from '../golden/read-golden.ts';
import { expectedCondition, runCondition, type ConditionInput, type ConditionOutput } from '../golden/run-condition.ts';

describe('conditions', () => {
  test('judge results as recorded', () => {
    const cases = readGolden<ConditionInput, ConditionOutput>('condition-eval.json');
    assert.equal(cases.length, 139);
    for (const { name, input, expected } of cases) {
      assert.deepEqual(runCondition(input), expectedCondition(input, expected), name);
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
