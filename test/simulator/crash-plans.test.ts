import assert from 'node:assert/strict';
import { describe, test } from 'node:test';

import { crashReference, tryCrashPlan } from '../../src/simulator/crash-plans.ts';
import { readScenarios } from '../scenarios/read-scenarios.ts';

/** Short ones of every kind: `npm run simulate -- --crashes` tries them all. */
const scenarios = readScenarios([
  'abort-never-ready',
  'blue-green-auto',
  'blue-green-post-analysis-bad',
  'canary-basic-max-unavailable',
  'canary-no-steps',
  'experiment-never-ready',
  'roll-back-by-template',
]);

describe('a crash at any write', () => {
  for (const scenario of scenarios) {
    test(`changes nothing in the end of ${scenario.name}`, async () => {
      const reference = await crashReference(scenario);
      assert.ok(reference.plans.length > 60, 'there are writes to crash at');
      for (const plan of reference.plans) {
        const differences = await tryCrashPlan(reference, plan);
        assert.deepEqual(differences, [], `${plan.variant} of write ${plan.write}: ${plan.what}`);
      }
    });
  }

  test('is noticed when it changes something', async () => {
    const [scenario] = readScenarios(['canary-no-steps']);
    assert.ok(scenario !== undefined);
    const reference = await crashReference(scenario);
    const [deploy] = await Promise.all(readScenarios(['first-deploy-canary']).map(crashReference));
    assert.ok(deploy !== undefined);
    assert.notDeepEqual(reference.digest.differences(deploy.digest), []);
  });
});
