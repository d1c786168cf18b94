import assert from 'node:assert/strict';
import { test } from 'node:test';

import { promisesSettled } from '../../../src/base/clock.ts';
import { CallSlots } from '../../../src/cluster/kubernetes/call-slots.ts';

const never = new AbortController().signal;

/** Calls that end when they are told to. */
class Calls {
  readonly slots: CallSlots;
  readonly begun: string[] = [];
  readonly #ends = new Map<string, () => void>();

  constructor(activeMax: number, waitingMax = 100) {
    this.slots = new CallSlots(activeMax, waitingMax);
  }

  begin(name: string, isUrgent = false, signal = never): Promise<void> {
    const work = (): Promise<void> => {
      this.begun.push(name);
      return new Promise((resolve) => this.#ends.set(name, resolve));
    };
    return this.slots.run(signal, work, isUrgent);
  }

  async end(...names: readonly string[]): Promise<void> {
    for (const name of names) this.#ends.get(name)?.();
    await promisesSettled();
  }
}

test('calls wait in order when there is no room', async () => {
  const calls = new Calls(2);
  for (const name of ['a', 'b', 'c', 'd']) void calls.begin(name);
  await promisesSettled();
  assert.deepEqual([calls.begun, calls.slots.active, calls.slots.waiting], [['a', 'b'], 2, 2]);
  await calls.end('b');
  await calls.end('a', 'c');
  await calls.end('d');
  assert.deepEqual([calls.begun, calls.slots.active, calls.slots.waiting], [['a', 'b', 'c', 'd'], 0, 0]);
});

test('an urgent call goes before those that wait', async () => {
  const calls = new Calls(2);
  for (const name of ['a', 'b', 'c']) void calls.begin(name);
  void calls.begin('urgent', true);
  await promisesSettled();
  await calls.end('a');
  assert.deepEqual(calls.begun, ['a', 'b', 'urgent']);
  await calls.end('urgent', 'b');
  assert.deepEqual(calls.begun, ['a', 'b', 'urgent', 'c']);
});

test('others go on beside urgent calls, but only a few of them', async () => {
  const calls = new Calls(64);
  void calls.begin('urgent', true);
  for (let number = 1; number <= 10; number += 1) void calls.begin(`other ${number}`);
  void calls.begin('urgent too', true);
  await promisesSettled();
  assert.deepEqual(calls.begun, ['urgent', 'other 1', 'other 2', 'other 3', 'other 4', 'urgent too']);
  await calls.end('other 2');
  assert.equal(calls.begun.at(-1), 'other 5');
  await calls.end('urgent', 'urgent too');
  assert.deepEqual([calls.begun.length, calls.slots.waiting], [12, 0]);
});

test('a call that is given up leaves its place in the queue, and too many are refused', async () => {
  const calls = new Calls(1, 2);
  const ending = new AbortController();
  void calls.begin('a');
  const [given, kept] = [calls.begin('b', true, ending.signal), calls.begin('c')];
  await assert.rejects(calls.begin('d', true), /1 requests are under way and 2 wait: this one was not sent/);
  ending.abort(new Error('no more'));
  await assert.rejects(given, /no more/);
  await calls.end('a');
  assert.deepEqual(calls.begun, ['a', 'c']);
  await calls.end('c');
  await kept;
});

test('others go on when the only urgent call that waited is given up', async () => {
  const calls = new Calls(5);
  const ending = new AbortController();
  for (const name of ['a', 'b', 'c', 'd', 'e']) void calls.begin(name);
  const given = calls.begin('urgent', true, ending.signal);
  void calls.begin('f');
  ending.abort(new Error('no more'));
  await assert.rejects(given, /no more/);
  await calls.end('a');
  assert.equal(calls.begun.at(-1), 'f');
});
