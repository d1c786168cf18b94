import assert from 'node:assert/strict';
import { test } from 'node:test';

import { seededRandom } from '../../src/base/random.ts';
import { createQueue, type Queue, type WorkOutcome } from '../../src/controller/queue.ts';
import { VirtualClock } from '../cluster/embedded/virtual-clock.ts';

interface Fixture {
  readonly clock: VirtualClock;
  readonly queue: Queue;
  /** Keys in the order in which work on them began, with the second. */
  readonly begun: string[];
  readonly panics: string[];
  outcome: (key: string) => WorkOutcome | Promise<WorkOutcome>;
}

function makeQueue(concurrencyMax = 2): Fixture {
  const clock = new VirtualClock();
  const startMs = clock.now();
  const begun: string[] = [];
  const panics: string[] = [];
  const fixture: Fixture = {
    clock,
    begun,
    panics,
    outcome: () => ({ kind: 'done' }),
    queue: createQueue({
      clock,
      random: seededRandom(1),
      concurrencyMax,
      work: async (key) => {
        begun.push(`${key}@${(clock.now() - startMs) / 1000}`);
        return fixture.outcome(key);
      },
      onPanic: (key, error) => panics.push(`${key}: ${String(error)}`),
      retryDelayMsMin: 1000,
      retryDelayMsMax: 8000,
      quarantineDelayMs: 60_000,
    }),
  };
  return fixture;
}

function wait(clock: VirtualClock, durationMs: number): Promise<WorkOutcome> {
  return new Promise((resolve) => {
    clock.schedule(durationMs, () => resolve({ kind: 'done' }));
  });
}

test('a key that is asked for often while it waits is worked on once', async () => {
  const { queue, clock, begun } = makeQueue(1);
  queue.add('a');
  queue.add('b');
  queue.add('b');
  queue.add('b');
  await clock.advance(0);
  assert.deepEqual(begun, ['a@0', 'b@0']);
});

test('a key that is asked for while it is worked on is worked on again, never twice at once', async () => {
  const fixture = makeQueue();
  const { queue, clock, begun } = fixture;
  fixture.outcome = () => wait(clock, 500);
  queue.add('a');
  await clock.advance(100);
  queue.add('a');
  assert.equal(queue.active, 1);
  await clock.advance(2000);
  assert.deepEqual(begun, ['a@0', 'a@0.5']);
});

test('no more keys than allowed are worked on at the same time', async () => {
  const fixture = makeQueue(2);
  const { queue, clock, begun } = fixture;
  fixture.outcome = () => wait(clock, 1000);
  for (const key of ['a', 'b', 'c']) queue.add(key);
  await clock.advance(500);
  assert.deepEqual([queue.active, queue.depth], [2, 1]);
  assert.deepEqual(queue.pending, [{ key: 'c' }, { key: 'a', runningMs: 500 }, { key: 'b', runningMs: 500 }]);
  await clock.advance(5000);
  assert.deepEqual(begun, ['a@0', 'b@0', 'c@1']);
});

test('the earliest of several asked-for times counts', async () => {
  const { queue, clock, begun } = makeQueue();
  queue.addAfter('a', 5000);
  queue.addAfter('a', 2000);
  queue.addAfter('a', 9000);
  await clock.advance(20_000);
  assert.deepEqual(begun, ['a@2']);
});

test('failures wait longer and longer up to a limit, and success forgets them', async () => {
  const fixture = makeQueue();
  const { queue, clock, begun } = fixture;
  fixture.outcome = () => ({ kind: 'retry' });
  queue.add('a');
  await clock.advance(60_000);
  const times = begun.map((entry) => Number(entry.split('@')[1]));
  const gaps = times.slice(1).map((time, index) => time - (times[index] ?? 0));
  assert.ok(gaps.length >= 6);
  gaps.forEach((gap, index) => {
    const delay = Math.min(2 ** index, 8);
    assert.ok(gap >= delay / 2 && gap <= delay, `gap ${index} is ${gap}`);
  });
  fixture.outcome = () => ({ kind: 'done' });
  queue.add('a');
  await clock.advance(1000);
  fixture.outcome = () => ({ kind: 'retry' });
  const before = begun.length;
  queue.add('a');
  await clock.advance(1001);
  assert.equal(begun.length, before + 2, 'the first delay is the shortest again');
});

test('a failure waits at least as long as the other side asked for', async () => {
  const fixture = makeQueue();
  fixture.outcome = () => ({ kind: 'retry', afterMs: 30_000 });
  fixture.queue.add('a');
  await fixture.clock.advance(29_999);
  assert.deepEqual(fixture.begun, ['a@0']);
  await fixture.clock.advance(1);
  assert.equal(fixture.begun.length, 2);
});

test('work that throws is reported and kept apart, and others go on', async () => {
  const fixture = makeQueue(1);
  fixture.outcome = (key) => {
    if (key === 'bad') throw new Error('a bug');
    return { kind: 'done' };
  };
  fixture.queue.add('bad');
  fixture.queue.add('good');
  await fixture.clock.advance(59_000);
  assert.deepEqual(fixture.begun, ['bad@0', 'good@0']);
  assert.deepEqual(fixture.panics, ['bad: Error: a bug']);
  await fixture.clock.advance(8000);
  assert.equal(fixture.begun.length, 3);
});

test('stopping waits for the work under way and begins nothing more', async () => {
  const fixture = makeQueue(1);
  const { queue, clock, begun } = fixture;
  fixture.outcome = () => wait(clock, 1000);
  queue.add('a');
  queue.add('b');
  queue.addAfter('c', 10);
  await clock.advance(100);
  let stopped = false;
  const stopping = queue.stop().then(() => (stopped = true));
  await clock.advance(500);
  assert.equal(stopped, false);
  await clock.advance(5000);
  await stopping;
  queue.add('d');
  await clock.advance(5000);
  assert.deepEqual(begun, ['a@0']);
});

test('work is told how long it waited since it was first asked for, also while it ran', async () => {
  const clock = new VirtualClock();
  const waits: string[] = [];
  const queue = createQueue({
    clock,
    random: seededRandom(1),
    concurrencyMax: 1,
    work: async (key, _, waitedMs) => {
      waits.push(`${key} ${waitedMs}`);
      return wait(clock, 100);
    },
    onPanic: () => assert.fail(),
  });
  queue.add('a');
  await clock.advance(20);
  queue.add('b');
  queue.add('a');
  await clock.advance(10);
  queue.add('a');
  queue.addAfter('c', 1000);
  await clock.advance(2000);
  assert.deepEqual(waits, ['a 0', 'b 80', 'a 180', 'c 0']);
});

test('an urgent key goes before the others, and waits for none of them', async () => {
  const fixture = makeQueue(2);
  const { queue, clock, begun } = fixture;
  fixture.outcome = (key) => (key.startsWith('slow') ? wait(clock, 60_000) : { kind: 'done' });
  for (const key of ['slow 1', 'slow 2', 'slow 3', 'b']) queue.add(key);
  queue.add('urgent', true);
  // It waits already, and becomes urgent.
  queue.add('b', true);
  await clock.advance(0);
  assert.deepEqual(begun, ['slow 1@0', 'slow 2@0', 'urgent@0', 'b@0']);
  assert.equal(queue.depth, 1);
});

test('urgent keys are many at most, and one that is worked on is worked on again before the others', async () => {
  const fixture = makeQueue(1);
  const { queue, clock, begun } = fixture;
  fixture.outcome = () => wait(clock, 1000);
  queue.add('a');
  queue.add('a', true);
  queue.add('b');
  for (const key of ['u1', 'u2', 'u3', 'u4']) queue.add(key, true);
  await clock.advance(0);
  assert.deepEqual(begun, ['a@0', 'u1@0', 'u2@0', 'u3@0']);
  await clock.advance(1000);
  assert.deepEqual(begun.slice(4), ['a@1', 'u4@1']);
  await clock.advance(2000);
  assert.deepEqual(begun.slice(6), ['b@2']);
  queue.forget('b');
  await queue.stop();
});
