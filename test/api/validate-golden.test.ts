import assert from 'node:assert/strict';
import test from 'node:test';

import { readGolden } from '../golden/read-golden.ts';
import {
  errorPlaces,
  runValidation,
  wantedErrors,
  type ValidationCaseInput,
  type ValidationExpected,
} from '../golden/run-validation.ts';

for (const { name, input, expected } of readGolden<ValidationCaseInput, ValidationExpected>('validation.json')) {
  test(`validation, ${name}`, () => {
    const actual = runValidation(input);
    const { wanted } = wantedErrors(input, expected, actual);
    assert.deepEqual(errorPlaces(actual), errorPlaces(wanted), JSON.stringify(actual, undefined, 1));
    for (const { detail } of actual) assert.ok(detail.length > 5, 'every error says what would be right');
  });
}
