import assert from 'node:assert/strict';
import { test } from 'node:test';

import * as fc from 'fast-check';

import { WeightedChoice } from '../../../../src/cluster/embedded/gateway/weighted-choice.ts';

test('after every number of choices each share is within one of its exact quota', () => {
  const weights = fc
    .array(fc.oneof(fc.integer({ min: 0, max: 5 }), fc.integer({ min: 0, max: 1000 })), { minLength: 1, maxLength: 8 })
    .filter((list) => list.some((weight) => weight > 0));
  fc.assert(
    fc.property(weights, fc.integer({ min: 1, max: 3000 }), (list, length) => {
      const choice = new WeightedChoice(list);
      const total = list.reduce((sum, weight) => sum + weight, 0);
      const counts = list.map(() => 0);
      for (let step = 1; step <= length; step += 1) {
        const chosen = choice.next();
        assert.ok(chosen !== undefined && list[chosen]! > 0);
        counts[chosen]! += 1;
        for (const [index, count] of counts.entries()) {
          const quota = (step * list[index]!) / total;
          assert.ok(Math.abs(count - quota) < 1, `step ${step}: ${counts.join()} of ${list.join()}`);
        }
      }
    }),
    { numRuns: 60 },
  );
});

test('a small share comes evenly spread, not in bursts', () => {
  const choice = new WeightedChoice([95, 5]);
  const canary = Array.from({ length: 200 }, () => choice.next()).flatMap((chosen, index) =>
    chosen === 1 ? index : [],
  );
  assert.equal(canary.length, 10);
  for (const [index, at] of canary.entries()) if (index > 0) assert.ok(at - canary[index - 1]! >= 19);
});

test('without any weight nothing is chosen', () => {
  assert.equal(new WeightedChoice([0, 0]).next(), undefined);
  assert.equal(new WeightedChoice([]).next(), undefined);
});
