import assert from 'node:assert/strict';
import { describe, it } from 'node:test';

import { resolveFenceposts } from '../../src/engine/fenceposts.ts';

function resolve(replicas: number, maxSurge?: number | string, maxUnavailable?: number | string) {
  return resolveFenceposts({ replicas, strategy: { canary: { maxSurge, maxUnavailable } } });
}

describe('fenceposts', () => {
  it('round surge up and unavailable down, a quarter when absent', () => {
    assert.deepEqual(resolve(10), { maxSurge: 3, maxUnavailable: 2 });
    assert.deepEqual(resolve(10, '33%', '33%'), { maxSurge: 4, maxUnavailable: 3 });
    assert.deepEqual(resolve(10, '25', 1), { maxSurge: 3, maxUnavailable: 1 });
  });

  it('leave one pod to be unavailable when nothing could move otherwise', () => {
    assert.deepEqual(resolve(3, 0, '1%'), { maxSurge: 0, maxUnavailable: 1 });
    assert.deepEqual(resolve(0, 0, 0), { maxSurge: 0, maxUnavailable: 0 });
  });

  it('move nothing when a value cannot be read', () => {
    assert.deepEqual(resolve(10, 'abc', '25%'), { maxSurge: 0, maxUnavailable: 0 });
  });

  it('are never negative, and unavailable never more than there are', () => {
    assert.deepEqual(resolve(10, -1, -1), { maxSurge: 0, maxUnavailable: 0 });
    assert.deepEqual(resolve(3, 20, 20), { maxSurge: 20, maxUnavailable: 3 });
    assert.deepEqual(resolve(-3, 1, 1), { maxSurge: 1, maxUnavailable: 0 });
  });
});
