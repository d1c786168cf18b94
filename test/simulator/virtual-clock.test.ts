import assert from 'node:assert/strict';
import { describe, test } from 'node:test';

import fc from 'fast-check';

import { EventHeap } from '../../src/simulator/event-heap.ts';
import { simulationStartMs, VirtualTime } from '../../src/simulator/virtual-clock.ts';

describe('virtual time', () => {
  test('passes only when nothing can be done any more', async () => {
    const time = new VirtualTime();
    const clock = time.clock();
    const seen: string[] = [];
    clock.schedule(10, () => {
      void Promise.resolve()
        .then(() => Promise.resolve())
        .then(() => seen.push(`follows at ${clock.monotonic()}`));
    });
    clock.schedule(20, () => seen.push(`next at ${clock.monotonic()}`));
    await time.run(100);
    assert.deepEqual(seen, ['follows at 10', 'next at 20']);
    assert.equal(time.nowMs, 100);
  });

  test('is told by clocks whose wall time may be off', async () => {
    const time = new VirtualTime();
    const [right, wrong] = [time.clock(), time.clock(5000)];
    await time.run(1000);
    assert.equal(right.now(), simulationStartMs + 1000);
    assert.equal(wrong.now(), simulationStartMs + 6000);
    wrong.skewMs = -2000;
    assert.equal(wrong.now(), simulationStartMs - 1000);
    assert.equal(wrong.monotonic(), right.monotonic());
  });

  test('wakes nobody who cancelled or whose process is gone', async () => {
    const time = new VirtualTime();
    const [alive, dead] = [time.clock(), time.clock()];
    const woken: string[] = [];
    alive.schedule(10, () => woken.push('cancelled'))();
    dead.schedule(10, () => woken.push('dead'));
    alive.schedule(10, () => woken.push('alive'));
    dead.end();
    dead.schedule(20, () => woken.push('after its end'));
    await time.run(100);
    assert.deepEqual(woken, ['alive']);
  });

  test('is given up when something goes round and round', async () => {
    const time = new VirtualTime(100);
    const clock = time.clock();
    const again = (): void => {
      clock.schedule(0, again);
    };
    again();
    await assert.rejects(time.run(1000), /more than 100 events at 0 ms/u);
  });
});

test('events come in the order of their times, then of their making', () => {
  fc.assert(
    fc.property(fc.array(fc.record({ atMs: fc.nat(20), isCancelled: fc.boolean() })), (given) => {
      const heap = new EventHeap();
      const events = given.map((event, order) => ({ ...event, order, wake: () => undefined }));
      for (const event of events) heap.push(event);
      const expected = events
        .filter(({ isCancelled }) => !isCancelled)
        .toSorted((left, right) => left.atMs - right.atMs || left.order - right.order);
      const taken = expected.map(() => heap.pop());
      assert.deepEqual(taken, expected);
      assert.equal(heap.pop(), undefined);
    }),
  );
});
