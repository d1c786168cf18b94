import assert from 'node:assert/strict';
import { describe, test } from 'node:test';

import { soundStatus } from '../../src/api/sound-status.ts';

describe('a stored status', () => {
  test('is taken as it is when everything has its type, unknown fields too', () => {
    const status = {
      phase: 'Paused',
      currentStepIndex: 2,
      pauseConditions: [{ reason: 'CanaryPauseStep', startTime: '2026-11-26T00:00:00Z' }],
      canary: { weights: { canary: { weight: 5 }, stable: { weight: 95 }, more: { x: 1 } } },
      future: { anything: [1] },
    };
    assert.deepEqual(soundStatus(status), { status });
    assert.equal(soundStatus(status).status, status);
  });

  test('loses only the fields with another type', () => {
    const stored = {
      phase: 5,
      conditions: 'good',
      currentStepIndex: '2',
      pauseConditions: [3],
      canary: { weights: { canary: { weight: 'half' } } },
      blueGreen: null,
      abort: 'yes',
      stableRS: 'abc',
      future: 7,
    };
    assert.deepEqual(soundStatus(stored), { status: { stableRS: 'abc', future: 7 }, storedStatus: stored });
  });

  for (const stored of [undefined, null, 'text', 5, []]) {
    test(`is empty when it is ${JSON.stringify(stored)}`, () => assert.deepEqual(soundStatus(stored), { status: {} }));
  }
});
