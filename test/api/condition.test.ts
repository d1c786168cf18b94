import assert from 'node:assert/strict';
import test from 'node:test';

import { getCondition, refreshCondition, removeCondition, setCondition } from '../../src/api/condition.ts';

const report = { type: 'Available', status: 'True', reason: 'Ready', message: 'all pods' } as const;

test('a condition with the same status and reason leaves the list as it is', () => {
  const first = setCondition(undefined, report, 1000);
  assert.equal(setCondition(first, { ...report, message: 'still all pods' }, 9000), first);
});

test('a new reason changes the update time but not the transition time', () => {
  const first = setCondition([], report, 1000);
  const second = setCondition(first, { ...report, reason: 'Better' }, 9000);
  assert.deepEqual(getCondition(second, 'Available'), {
    ...report,
    reason: 'Better',
    lastUpdateTime: '1970-01-01T00:00:09Z',
    lastTransitionTime: '1970-01-01T00:00:01Z',
  });
});

test('a new status changes both times', () => {
  const first = setCondition([], report, 1000);
  const second = setCondition(first, { ...report, status: 'False' }, 9000);
  assert.equal(getCondition(second, 'Available')?.lastTransitionTime, '1970-01-01T00:00:09Z');
});

test('refreshing restarts the update time though nothing else changes', () => {
  const first = setCondition([], report, 1000);
  const second = getCondition(refreshCondition(first, report, 9000), 'Available');
  assert.equal(second?.lastUpdateTime, '1970-01-01T00:00:09Z');
  assert.equal(second?.lastTransitionTime, '1970-01-01T00:00:01Z');
});

test('conditions of other types stay, and there is one per type', () => {
  const paused = { ...report, type: 'Paused' };
  const both = setCondition(setCondition([], report, 0), paused, 0);
  const changed = setCondition(both, { ...report, status: 'Unknown' }, 0);
  assert.deepEqual(changed.map(({ type }) => type).toSorted(), ['Available', 'Paused']);
  assert.equal(removeCondition(changed, 'Completed'), changed);
  assert.deepEqual(
    removeCondition(changed, 'Available').map(({ type }) => type),
    ['Paused'],
  );
});
