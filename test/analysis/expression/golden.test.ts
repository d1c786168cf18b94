import assert from 'node:assert/strict';
import { describe, test } from 'node:test';

import { expressionDifference, readExpressionCases } from '../../golden/run-expression.ts';

describe('expressions', () => {
  for (const fileName of ['expr-lang-cases.json', 'expr-lang-more.json']) {
    test(`give what was recorded in ${fileName}`, () => {
      const cases = readExpressionCases(fileName);
      assert.equal(cases.length >= 91, true);
      assert.deepEqual(
        cases.map(expressionDifference).filter((difference) => difference !== undefined),
        [],
      );
    });
  }
});
