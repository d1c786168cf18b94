import assert from 'node:assert/strict';
import { describe, test } from 'node:test';

import { playScenario } from '../../src/simulator/scenario/play-scenario.ts';
import { readScenarios } from './read-scenarios.ts';

const hourMs = 3_600_000;

describe('scenarios', () => {
  for (const scenario of readScenarios()) {
    test(scenario.name, async () => {
      const { lines, complaints } = await playScenario(scenario, { freeze: true, stableMs: hourMs });
      assert.deepEqual(complaints, []);
      // What happens is rewritten by `npm run scenarios -- --rewrite`; whether that is right is for a reader to say.
      assert.deepEqual(lines, scenario.golden);
    });
  }
});
