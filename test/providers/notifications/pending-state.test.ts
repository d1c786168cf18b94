import assert from 'node:assert/strict';
import { describe, test } from 'node:test';

import * as fc from 'fast-check';

import {
  pendingKey,
  readPending,
  writePending,
  type PendingOccasion,
} from '../../../src/providers/notifications/pending-state.ts';

const word = fc.stringMatching(/^[\w-]{1,16}$/);
const occasion = fc.record(
  {
    type: fc.constantFrom('Normal', 'Warning'),
    reason: word,
    once: word,
    atSeconds: fc.nat(),
    step: fc.nat(100),
    before: word,
  },
  { requiredKeys: ['type', 'reason', 'once', 'atSeconds'], noNullPrototype: true },
);

function mapOf(occasions: readonly PendingOccasion[]): ReadonlyMap<string, PendingOccasion> {
  return new Map(occasions.map((one) => [pendingKey(one), one]));
}

describe('what is kept on a Rollout', () => {
  test('is read as it was written', () => {
    fc.assert(
      fc.property(fc.array(occasion, { maxLength: 40 }), (occasions) => {
        const state = mapOf(occasions);
        const text = writePending(state);
        assert.equal(text === null, state.size === 0);
        assert.deepEqual(readPending(text ?? undefined), state);
      }),
    );
  });

  test('is not more than fifty occasions, the newest', () => {
    const many = Array.from({ length: 60 }, (_, index): PendingOccasion => ({
      type: 'Normal',
      reason: 'ScalingReplicaSet',
      once: `o${index}`,
      atSeconds: index,
    }));
    const kept = [...readPending(writePending(mapOf(many)) ?? '').values()];
    assert.deepEqual([kept.length, Math.min(...kept.map(({ atSeconds }) => atSeconds))], [50, 10]);
  });

  test('is nothing where it is not understood', () => {
    for (const text of ['', 'x', '[]', 'null', '{"a": {"at": 1}}', '{"a:b:c": {"at": 1}}', '{"a:b": {"at": "1"}}']) {
      assert.equal(readPending(text).size, 0, text);
    }
  });
});
