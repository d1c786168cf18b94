import assert from 'node:assert/strict';
import { test } from 'node:test';

import { findKiller, mutants } from '../../src/simulator/mutants.ts';
import { readScenarios } from '../scenarios/read-scenarios.ts';

// All of them are tried by `npm run mutants`.
test('a scenario notices a guard and a gate that are wrong', async () => {
  const scenarios = readScenarios(['canary-routed', 'pause-and-resume']);
  for (const mutant of mutants(['pauseElapsed', 'SpecPaused'])) {
    const killer = await findKiller(mutant, scenarios);
    assert.notEqual(killer, undefined, `nobody notices ${mutant.name}=${mutant.value}`);
  }
});

test('a mutant that no scenario can notice survives', async () => {
  const [mutant] = mutants(['postAnalysisPassed']);
  assert.ok(mutant !== undefined);
  assert.equal(await findKiller(mutant, readScenarios(['canary-routed'])), undefined);
});

test('a name that is none is refused', () => {
  assert.throws(() => mutants(['isWrong']), /there is no guard or gate "isWrong"/u);
});
