import assert from 'node:assert/strict';
import { describe, test } from 'node:test';

import { setting } from './doctored-log.ts';
import { experimentCases } from './experiment-cases.ts';
import { gateCases } from './gate-cases.ts';
import { podCases } from './pod-cases.ts';
import { proxyCases } from './proxy-cases.ts';
import { takeoverCases } from './takeover-cases.ts';
import { trafficCases } from './traffic-cases.ts';

const planted = [...trafficCases, ...proxyCases, ...takeoverCases, ...podCases, ...gateCases, ...experimentCases];

describe('an invariant', () => {
  for (const { invariant, what, given, sound, bad } of planted) {
    test(`${invariant} notices ${what}`, () => {
      const good = setting(given);
      sound(good);
      assert.deepEqual(
        good.watch.violations.map(({ id, message }) => `${id}: ${message}`),
        [],
      );
      const doctored = setting(given);
      bad(doctored);
      assert.ok(doctored.broken.includes(invariant), `only ${doctored.broken.join(', ')} complain`);
    });
  }

  test('is planted a violation for each of its numbers', () => {
    const numbers = Array.from({ length: 25 }, (_, index) => `I${String(index + 1).padStart(2, '0')}`);
    const beyond = new Set(['I16', 'I23']);
    assert.deepEqual(
      numbers.filter((number) => !beyond.has(number) && !planted.some(({ invariant }) => invariant === number)),
      [],
    );
  });
});
