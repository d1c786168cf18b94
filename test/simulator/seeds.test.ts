import assert from 'node:assert/strict';
import { describe, test } from 'node:test';

import { simulateSeed } from '../../src/simulator/random/simulate-seed.ts';
import { playScenario } from '../../src/simulator/scenario/play-scenario.ts';
import { readScenarios } from '../scenarios/read-scenarios.ts';

/** More of them are tried by `npm run simulate -- --seeds N --from S`. */
const seedCount = 40;

describe('a random life with random faults', () => {
  test('breaks no invariant and ends well', async () => {
    for (let seed = 1; seed <= seedCount; seed += 1) {
      const { outcome } = await simulateSeed(seed);
      assert.deepEqual(outcome.complaints, [], `npm run simulate -- --seed ${seed}`);
    }
  });

  test('is the same every time', async () => {
    for (const seed of [1, 7, 33]) {
      const [first, second] = [await simulateSeed(seed), await simulateSeed(seed)];
      assert.equal(first.outcome.hash, second.outcome.hash);
      assert.deepEqual(first.outcome.lines, second.outcome.lines);
    }
  });

  test('is another one with another seed', async () => {
    const [first, second] = [await simulateSeed(1), await simulateSeed(2)];
    assert.notEqual(first.outcome.hash, second.outcome.hash);
  });
});

test('a scenario is the same every time', async () => {
  for (const scenario of readScenarios(['canary-inline-analysis-bad', 'controller-restarts'])) {
    const [first, second] = [await playScenario(scenario), await playScenario(scenario)];
    assert.equal(first.hash, second.hash);
  }
});
