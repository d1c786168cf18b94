import assert from 'node:assert/strict';
import test from 'node:test';

import { compareGolden } from '../golden/difference.ts';
import { durationDifferences } from '../golden/differences-duration.ts';
import { readGolden } from '../golden/read-golden.ts';
import {
  askedParts,
  runDurationWindow,
  withoutErrorText,
  type DurationInput,
  type DurationOutput,
} from '../golden/run-duration-window.ts';

for (const { name, input, expected } of readGolden<DurationInput, DurationOutput>('duration-window.json')) {
  test(`duration window, ${name}`, () => {
    const actual = askedParts(runDurationWindow(input), expected);
    assert.deepEqual(compareGolden(input, withoutErrorText(expected), actual, durationDifferences).mismatches, []);
  });
}

test('a pause whose start was cut to a whole second is not over early', () => {
  const status = {
    controllerPause: true,
    pauseConditions: [{ reason: 'CanaryPauseStep' as const, startTime: '2024-01-01T12:00:00Z' }],
  };
  const ask = (now: string): DurationOutput =>
    runDurationWindow({ kind: 'pause-step', pause: { duration: 10 }, status, now });
  assert.deepEqual(ask('2024-01-01T12:00:10.9Z'), { completed: false });
  assert.deepEqual(ask('2024-01-01T12:00:11Z'), { completed: true });
});
