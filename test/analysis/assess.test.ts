import assert from 'node:assert/strict';
import { describe, test } from 'node:test';

import { compareGolden } from '../golden/difference.ts';
import { analysisDifferences, type AnalysisExpected } from '../golden/differences-analysis.ts';
import { readGolden } from '../golden/read-golden.ts';
import { runAnalysis, type AnalysisInput } from '../golden/run-analysis.ts';

describe('analysis', () => {
  test('assesses metrics, schedules measurements and plays runs as recorded', () => {
    const cases = readGolden<AnalysisInput, AnalysisExpected>('analysis-assess.json');
    assert.equal(cases.length, 142);
    const used = new Set<string>();
    for (const { name, input, expected } of cases) {
      const comparison = compareGolden(input, expected, runAnalysis(input), analysisDifferences);
      assert.deepEqual(comparison.unexplained, [], name);
      for (const difference of comparison.used) used.add(difference);
    }
    // Each difference is there because a recorded run shows it, but for the last one, which has tests of its own.
    const shown = analysisDifferences.slice(0, -1).map(({ name }) => name);
    assert.deepEqual([...used].sort(), shown.sort());
  });
});
