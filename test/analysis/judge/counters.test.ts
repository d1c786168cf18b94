import assert from 'node:assert/strict';
import { describe, it } from 'node:test';

import * as fc from 'fast-check';

import {
  emptyCounters,
  readCounters,
  type CounterDeltas,
  type CounterMemory,
  type PodReading,
} from '../../../src/analysis/judge/counters.ts';

function reading(values: Readonly<Record<string, number>>, change: Partial<PodReading> = {}): PodReading {
  return { pod: 'a', atMs: 1000, startedAtMs: 0, restarts: 0, values: new Map(Object.entries(values)), ...change };
}

/** Readings one after the other, a second apart unless they say otherwise. */
function follow(readings: readonly PodReading[], countedFromMs = -Infinity, start = emptyCounters(500)) {
  let memory: CounterMemory = start;
  const results: CounterDeltas[] = [];
  readings.forEach((one, at) => {
    const timed = one.atMs === 1000 ? { ...one, atMs: 1000 * (at + 1) } : one;
    const read = readCounters(memory, [timed], countedFromMs);
    memory = read.memory;
    results.push(...read.results);
  });
  return { memory, results, deltas: results.map(({ deltas }) => deltas && Object.fromEntries(deltas)) };
}

describe('readCounters', () => {
  it('counts nothing at the first sight of a pod that was there before', () => {
    assert.deepEqual(follow([reading({ x: 5 }), reading({ x: 7 })]).deltas, [undefined, { x: 2 }]);
    assert.deepEqual(follow([reading({ x: 5 }, { startedAtMs: 500 })]).deltas, [undefined]);
  });

  it('counts a pod that started later from zero', () => {
    assert.deepEqual(follow([reading({ x: 5 }, { startedAtMs: 501 }), reading({ x: 7 })]).deltas, [{ x: 5 }, { x: 2 }]);
  });

  it('lengthens the interval over missing readings', () => {
    const late = reading({ x: 70 }, { atMs: 600_000 });
    assert.deepEqual(follow([reading({ x: 5 }), late]).deltas, [undefined, { x: 65 }]);
  });

  it('starts anew a pod that was last read before the time that counts', () => {
    const { deltas, results } = follow([reading({ x: 5 }), reading({ x: 7 }), reading({ x: 8 })], 1500);
    assert.deepEqual(deltas, [undefined, undefined, { x: 1 }]);
    assert.match(results[1]?.note ?? '', /silent for too long/);
  });

  it('takes a smaller value for a reset and counts it whole, and the other series as they are', () => {
    const { deltas, results } = follow([reading({ x: 50, y: 3 }), reading({ x: 4, y: 5 }), reading({ x: 6, y: 5 })]);
    assert.deepEqual(deltas, [undefined, { x: 4, y: 2 }, { x: 2, y: 0 }]);
    assert.match(results[1]?.note ?? '', /a: x went back/);
  });

  it('counts a new series from zero, and one that was away from where it was', () => {
    const { deltas } = follow([reading({ x: 5 }), reading({ x: 5, y: 3 }), reading({ x: 6 }), reading({ x: 6, y: 4 })]);
    assert.deepEqual(deltas, [undefined, { x: 0, y: 3 }, { x: 1 }, { x: 0, y: 1 }]);
  });

  it('ignores a reading that is not newer than the last one', () => {
    const { deltas } = follow([reading({ x: 5 }, { atMs: 2000 }), reading({ x: 9 }, { atMs: 2000 })]);
    assert.deepEqual(deltas, [undefined, undefined]);
  });

  it('leaves worthless readings out and goes on from the last good one', () => {
    for (const value of [Number.NaN, Infinity, -1]) {
      const { deltas, results } = follow([reading({ x: 5 }), reading({ x: value, y: 1 }), reading({ x: 8 })]);
      assert.deepEqual(deltas, [undefined, undefined, { x: 3 }]);
      assert.match(results[1]?.note ?? '', /a: the counter x is .*left out/);
    }
  });

  it('refuses a pod with too many series', () => {
    const many = Object.fromEntries(Array.from({ length: 5001 }, (_, at) => [`x${at}`, at]));
    assert.match(follow([reading(many)]).results[0]?.note ?? '', /5001 series to count, more than 5000/);
  });

  it('bounds what it remembers of series that come and go', () => {
    const rounds = Array.from({ length: 40 }, (_, round) =>
      reading(Object.fromEntries(Array.from({ length: 200 }, (_unused, at) => [`x${round}-${at}`, 1]))),
    );
    assert.ok((follow(rounds).memory.pods.get('a')?.values.size ?? 0) <= 5000);
  });

  it('leaves a pod out that goes back again and again, until it is steady', () => {
    const torn = Array.from({ length: 8 }, (_, at) => reading({ x: at % 2 === 0 ? 100 : 50 }));
    const steady = Array.from({ length: 21 }, (_, at) => reading({ x: 1000 + at }));
    const { deltas } = follow([...torn, ...steady]);
    const none = [undefined, undefined, undefined, undefined, undefined];
    assert.deepEqual(deltas.slice(0, 8), [undefined, { x: 50 }, { x: 50 }, ...none]);
    assert.equal(deltas.at(-3), undefined);
    assert.deepEqual(deltas.at(-1), { x: 1 });
  });

  it('keeps counting a crash loop whose failures have a series only from the first one on', () => {
    const lives = [1, 2, 3].flatMap((restarts) => [
      reading({ good: 5 }, { restarts }),
      reading({ good: 9, bad: 1 }, { restarts }),
    ]);
    const { deltas } = follow([reading({ good: 20, bad: 4 }), ...lives]);
    assert.deepEqual(
      deltas,
      [undefined, ...lives].map((_, at) => (at === 0 ? undefined : at % 2 === 1 ? { good: 5 } : { good: 4, bad: 1 })),
    );
  });

  it('counts the crash loop of a pod, whether restarts are known before or after', () => {
    for (const ahead of [0, 1]) {
      const loop = Array.from({ length: 12 }, (_, at) =>
        reading({ x: 9 - (at % 3) }, { restarts: Math.floor((at + ahead) / 1) }),
      );
      const { deltas } = follow(loop);
      assert.ok(deltas.slice(1).every((one) => one !== undefined));
    }
  });

  it('forgets pods after 15 silent minutes and does not count them from zero when they come back', () => {
    const young = { startedAtMs: 600 };
    const first = follow([reading({ x: 5 }, young)]);
    const later = { ...reading({ x: 1 }, { pod: 'b', atMs: 1_000_000 }) };
    const forgotten = readCounters(first.memory, [later], -Infinity).memory;
    assert.deepEqual([...forgotten.pods.keys()], ['b']);
    const back = readCounters(forgotten, [reading({ x: 9 }, { ...young, atMs: 1_001_000 })], -Infinity);
    assert.equal(back.results[0]?.deltas, undefined);
  });

  it('changes nothing of its arguments', () => {
    const memory = follow([reading({ x: 5 })]).memory;
    const copy = structuredClone(memory);
    readCounters(memory, [reading({ x: 2, y: 1 }, { atMs: 5000 })], -Infinity);
    assert.deepEqual(memory, copy);
  });
});

describe('any history of one process', () => {
  it('adds up to what was counted since the first reading, however readings are spread', () => {
    const steps = fc.array(fc.record({ add: fc.nat(50), read: fc.boolean(), hide: fc.boolean() }), { maxLength: 30 });
    fc.assert(
      fc.property(steps, fc.boolean(), (all, isNew) => {
        let value = isNew ? 0 : 123;
        let firstValue: number | undefined = isNew ? 0 : undefined;
        let lastValue = value;
        const readings: PodReading[] = [];
        all.forEach(({ add, read, hide }, at) => {
          value += add;
          if (!read) return;
          readings.push(reading(hide ? {} : { x: value }, { atMs: 10_000 + at, startedAtMs: isNew ? 501 : 0 }));
          // A page without the series, before it was ever seen, says that nothing was counted yet.
          firstValue ??= hide ? 0 : value;
          if (!hide) lastValue = value;
        });
        const { results } = follow(readings);
        const total = results.reduce((sum, { deltas }) => sum + (deltas?.get('x') ?? 0), 0);
        const seen = readings.some(({ values }) => values.has('x'));
        assert.equal(total, seen ? lastValue - (firstValue ?? 0) : 0);
        assert.ok(results.every(({ note }) => note === undefined));
      }),
    );
  });

  it('never counts more than there was, with resets at any time', () => {
    const steps = fc.array(fc.record({ add: fc.nat(50), restart: fc.boolean(), read: fc.boolean() }), {
      maxLength: 40,
    });
    fc.assert(
      fc.property(steps, (all) => {
        let [value, total, restarts] = [0, 0, 0];
        const readings: PodReading[] = [];
        all.forEach(({ add, restart, read }, at) => {
          if (restart) [value, restarts] = [0, restarts + 1];
          value += add;
          total += add;
          if (read) readings.push(reading({ x: value }, { atMs: 10_000 + at, startedAtMs: 501, restarts }));
        });
        const counted = follow(readings).results.reduce((sum, { deltas }) => sum + (deltas?.get('x') ?? 0), 0);
        assert.ok(counted <= total);
      }),
    );
  });
});
