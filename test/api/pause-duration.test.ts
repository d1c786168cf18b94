import assert from 'node:assert/strict';
import test from 'node:test';

import * as fc from 'fast-check';

import { pauseDuration } from '../../src/api/pause-duration.ts';
import { pauseStepProgress } from '../../src/api/pause-step-progress.ts';
import { formatInstant } from '../../src/base/instant.ts';

test('a pause of whole seconds, minutes and hours is read exactly', () => {
  fc.assert(
    fc.property(fc.nat(500), fc.nat(59), fc.nat(59), (hours, minutes, seconds) => {
      assert.deepEqual(pauseDuration({ duration: `${hours}h${minutes}m${seconds}s` }), {
        kind: 'seconds',
        seconds: hours * 3600 + minutes * 60 + seconds,
      });
    }),
  );
});

test('tenths of a minute keep every second', () => {
  for (let tenths = 0; tenths < 1000; tenths += 1) {
    const duration = `${tenths / 10}m`;
    assert.deepEqual(pauseDuration({ duration }), { kind: 'seconds', seconds: tenths * 6 }, duration);
  }
});

test('an unreadable pause says what would be right', () => {
  const duration = pauseDuration({ duration: '1d' });
  assert.ok(duration.kind === 'invalid');
  assert.match(duration.problem, /"1d".*"30s"/);
});

test('a pause never ends before its time, whatever fraction of a second it began at', () => {
  fc.assert(
    fc.property(fc.nat(10_000), fc.nat(100), fc.nat(200_000), (startMs, seconds, laterMs) => {
      const status = {
        controllerPause: true,
        pauseConditions: [{ reason: 'CanaryPauseStep', startTime: formatInstant(startMs) }],
      };
      const progress = pauseStepProgress({ duration: seconds }, status, startMs + laterMs);
      if (progress.kind === 'completed') assert.ok(laterMs >= seconds * 1000);
      if (laterMs >= (seconds + 1) * 1000) assert.equal(progress.kind, 'completed');
    }),
  );
});

test('a pause whose duration cannot be read waits for a person', () => {
  const status = {
    controllerPause: true,
    pauseConditions: [{ reason: 'CanaryPauseStep', startTime: '2024-01-01T00:00:00Z' }],
  };
  assert.deepEqual(pauseStepProgress({ duration: 'soon' }, status, 2e12), { kind: 'waiting', resumeAtMs: undefined });
});

test('a pause step that has not begun is entered', () => {
  assert.deepEqual(pauseStepProgress({ duration: 5 }, {}, 0), { kind: 'entering' });
});
