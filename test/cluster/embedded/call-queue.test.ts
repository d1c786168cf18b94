import assert from 'node:assert/strict';
import { test } from 'node:test';

import { resourceTypes } from '../../../src/api/resource-types.ts';
import { hasCode } from '../../../src/base/error.ts';
import { builtinTraits } from '../../../src/cluster/embedded/builtin/builtin-resources.ts';
import { CallQueue } from '../../../src/cluster/embedded/call-queue.ts';
import { ObjectStore } from '../../../src/cluster/embedded/object-store.ts';
import { VirtualClock } from './virtual-clock.ts';

const type = resourceTypes.configMap;
const call = { signal: new AbortController().signal };

test('what cannot be kept has not happened', async () => {
  const clock = new VirtualClock();
  const store = new ObjectStore(builtinTraits, { version: 0, historyMax: 100, freeze: true });
  const told: string[] = [];
  store.log.subscribe(({ object }) => told.push(object.metadata.name));
  let isFull = false;
  const keeper = {
    append: () => {
      if (isFull) throw new Error('database or disk is full');
    },
    close: () => undefined,
  };
  const queue = new CallQueue(clock, store, keeper, () => undefined);
  const put = (name: string, value: string): Promise<unknown> =>
    queue.run(call, () => {
      const object = { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name, namespace: 'a' }, data: { value } };
      return store.put(type, object, store.find(type, 'a', name));
    });
  const settled = Promise.all([put('one', '1'), clock.advance(0)]);
  await settled;
  isFull = true;
  const failed = Promise.allSettled([put('one', '2'), put('two', '2')]);
  await clock.advance(0);
  for (const outcome of await failed) {
    assert.equal(outcome.status === 'rejected' && hasCode(outcome.reason, 'Unavailable'), true);
  }
  assert.deepEqual(store.find(type, 'a', 'one')?.['data'], { value: '1' });
  assert.equal(store.find(type, 'a', 'two'), undefined);
  assert.equal(store.log.version, 1);
  isFull = false;
  await Promise.all([put('two', '3'), clock.advance(0)]);
  assert.equal(store.find(type, 'a', 'two')?.metadata.resourceVersion, '2');
  assert.deepEqual(told, ['one', 'two']);
  queue.close();
});

test('more calls than can wait are refused', async () => {
  const clock = new VirtualClock();
  const store = new ObjectStore(builtinTraits, { version: 0, historyMax: 100, freeze: true });
  const queue = new CallQueue(clock, store, undefined, () => undefined);
  const waiting = Array.from({ length: 20_001 }, () => queue.run(call, () => 'done'));
  await assert.rejects(waiting.at(-1) as Promise<string>, (error) => hasCode(error, 'TooManyRequests'));
  await clock.advance(0);
  assert.equal(await waiting[0], 'done');
  assert.equal(await waiting.at(-2), 'done');
  queue.close();
});
