import assert from 'node:assert/strict';
import test from 'node:test';

import * as fc from 'fast-check';

import {
  abortScaleDownDelay,
  scaleDownDeadline,
  scaleDownDeadlineMs,
  scaleDownDelaySeconds,
} from '../../src/api/scale-down-delay.ts';
import { parseInstant } from '../../src/base/instant.ts';

test('a canary with a router waits 30 seconds unless it says otherwise', () => {
  const trafficRouting = { smi: {} };
  assert.equal(scaleDownDelaySeconds({ canary: { trafficRouting } }), 30);
  assert.equal(scaleDownDelaySeconds({ canary: { trafficRouting, scaleDownDelaySeconds: 5 } }), 5);
  assert.deepEqual(abortScaleDownDelay({ canary: { trafficRouting } }), { seconds: 30, explicit: false });
  assert.deepEqual(abortScaleDownDelay({ canary: { trafficRouting, abortScaleDownDelaySeconds: 0 } }), {
    seconds: undefined,
    explicit: true,
  });
});

test('a deadline is never earlier than asked and at most a second later', () => {
  fc.assert(
    fc.property(fc.nat(2_000_000_000), fc.nat(1000), (nowMs, seconds) => {
      const remainingMs = scaleDownDeadlineMs(nowMs, seconds) - nowMs;
      assert.ok(remainingMs >= seconds * 1000 && remainingMs < (seconds + 1) * 1000);
      assert.equal(parseInstant(scaleDownDeadline(nowMs, seconds)), nowMs + remainingMs);
    }),
  );
});
