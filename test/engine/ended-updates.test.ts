import assert from 'node:assert/strict';
import { describe, test } from 'node:test';

import type { DurationStatus } from '../../src/api/rollout-status.ts';
import { endedUpdates, nextDuration, type DurationNews } from '../../src/engine/duration.ts';

const startMs = Date.UTC(2026, 0, 1);
const quiet: DurationNews = {
  begins: false,
  revertsToStable: false,
  promoted: false,
  fast: false,
  available: false,
  aborted: false,
  heldByPerson: false,
};

/** Lives through passes, each so many seconds after the start, and gathers the ends that were told. */
function live(...passes: readonly (readonly [seconds: number, news: Partial<DurationNews>])[]) {
  let duration: DurationStatus | undefined;
  return passes.flatMap(([seconds, news]) => {
    const before = duration;
    duration = nextDuration(before, { ...quiet, ...news }, startMs + seconds * 1000);
    return endedUpdates(before, duration);
  });
}

const begins = { begins: true };
const promoted = { promoted: true, available: true };

describe('the end of an update is told once', () => {
  test('when it is promoted and its pods are available, without what people held', () => {
    const ends = live([0, begins], [10, { heldByPerson: true }], [40, {}], [50, { promoted: true }], [60, promoted]);
    assert.deepEqual(ends, [{ status: 'Promoted', totalSeconds: 60, heldSeconds: 30 }]);
    assert.deepEqual(live([0, begins], [60, promoted], [70, promoted], [80, promoted]).length, 1);
  });

  test('when it is aborted, and again when its next attempt ends', () => {
    assert.deepEqual(live([0, begins], [5, { aborted: true }], [9, { aborted: true }], [20, begins], [30, promoted]), [
      { status: 'Aborted', totalSeconds: 5, heldSeconds: 0 },
      { status: 'Promoted', totalSeconds: 10, heldSeconds: 0 },
    ]);
  });

  test('when another one takes its place, with the time for which people held it until then', () => {
    assert.deepEqual(live([0, begins], [10, { heldByPerson: true }], [25, begins], [30, promoted]), [
      { status: 'Superseded', totalSeconds: 25, heldSeconds: 15 },
      { status: 'Promoted', totalSeconds: 5, heldSeconds: 0 },
    ]);
  });

  test('when it goes back to the stable revision', () => {
    const back = { begins: true, revertsToStable: true };
    assert.deepEqual(live([0, begins], [8, back], [9, promoted]), [
      { status: 'FastRolledBack', totalSeconds: 9, heldSeconds: 0 },
    ]);
  });

  test('and nothing is told of times that cannot be read', () => {
    const odd = { rolloutStartedAt: 'soon', completionStatus: 'Promoted', finishedAt: 'later' } as const;
    assert.deepEqual(endedUpdates(undefined, odd), []);
    assert.deepEqual(endedUpdates({ rolloutStartedAt: 'soon' }, { rolloutStartedAt: '2026-01-01T00:00:00Z' }), []);
  });
});
