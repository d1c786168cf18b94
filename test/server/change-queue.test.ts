import assert from 'node:assert/strict';
import { describe, it } from 'node:test';

import { ChangeQueue } from '../../src/server/change-queue.ts';

async function drain<Change>(queue: ChangeQueue<Change>): Promise<(readonly Change[])[]> {
  const batches: (readonly Change[])[] = [];
  for await (const batch of queue) batches.push(batch);
  return batches;
}

describe('a queue of changes', () => {
  it('keeps the newest of each key, in the order of the newest', async () => {
    const queue = new ChangeQueue<string>(10);
    for (const [key, change] of [
      ['a', 'a1'],
      ['b', 'b1'],
      ['a', 'a2'],
    ] as const) {
      queue.push(key, change);
    }
    queue.close();
    assert.deepEqual(await drain(queue), [['b1', 'a2']]);
  });

  it('wakes a reader that waits', async () => {
    const queue = new ChangeQueue<number>(10);
    const draining = drain(queue);
    await Promise.resolve();
    queue.push('a', 1);
    await new Promise((resolve) => setImmediate(resolve));
    queue.push('a', 2);
    queue.close();
    assert.deepEqual(await draining, [[1], [2]]);
  });

  it('fails with Gone beyond its bound instead of growing', async () => {
    const queue = new ChangeQueue<number>(2);
    for (let key = 0; key < 3; key += 1) queue.push(String(key), key);
    await assert.rejects(drain(queue), { code: 'Gone' });
  });

  it('hands over what waits before the failure that ended it', async () => {
    const queue = new ChangeQueue<number>(2);
    queue.push('a', 1);
    queue.fail(new Error('broken'));
    const batches: unknown[] = [];
    await assert.rejects(async () => {
      for await (const batch of queue) batches.push(batch);
    }, /broken/);
    assert.deepEqual(batches, [[1]]);
  });
});
