import assert from 'node:assert/strict';
import { describe, test } from 'node:test';

import type { KubeObject } from '../../../src/api/object.ts';
import { resourceTypes } from '../../../src/api/resource-types.ts';
import { hasCode } from '../../../src/base/error.ts';
import { seededRandom } from '../../../src/base/random.ts';
import type { Change } from '../../../src/cluster/embedded/change-log.ts';
import { createEmbeddedCluster, type EmbeddedCluster } from '../../../src/cluster/embedded/embedded-cluster.ts';
import type { WatchEvent, WatchQuery } from '../../../src/cluster/port.ts';
import { VirtualClock } from './virtual-clock.ts';

const { configMap, pod, event: eventType, namespace: namespaceType } = resourceTypes;
const call = { signal: new AbortController().signal };
const hourMs = 3_600_000;

/** A cluster under virtual time. */
class Stage {
  readonly clock = new VirtualClock();
  readonly cluster: EmbeddedCluster;

  constructor(
    options: { readonly seed?: number; readonly historyMax?: number; readonly requireNamespaces?: boolean } = {},
  ) {
    const { seed = 1, ...rest } = options;
    this.cluster = createEmbeddedCluster({ clock: this.clock, random: seededRandom(seed), freeze: true, ...rest });
  }

  /** Lets a call and everything it causes happen. */
  async settle<T>(work: Promise<T>): Promise<T> {
    const [result] = await Promise.all([work, this.clock.advance(0)]);
    await this.clock.advance(0);
    return result;
  }

  create(name: string, data: Record<string, string> = {}, metadata: object = {}): Promise<KubeObject> {
    const object = { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name, namespace: 'a', ...metadata }, data };
    return this.settle(this.cluster.create(configMap, object, {}, call));
  }

  set(name: string, key: string, value: string): Promise<KubeObject> {
    const body = { data: { [key]: value } };
    const at = { type: configMap, namespace: 'a', name };
    return this.settle(this.cluster.patch(at, { kind: 'merge', body }, {}, call));
  }
}

/** Reads a watch in the background. */
function follow(
  cluster: EmbeddedCluster,
  query: WatchQuery,
): { seen: string[]; ended: Promise<unknown>; stop(): void } {
  const controller = new AbortController();
  const seen: string[] = [];
  const describeOne = (one: WatchEvent): string =>
    one.type === 'BOOKMARK' ? `BOOKMARK ${one.resourceVersion}` : `${one.type} ${one.object.metadata.name}`;
  const ended = (async () => {
    for await (const one of cluster.watch(configMap, query, controller.signal)) seen.push(describeOne(one));
    return undefined;
  })().catch((error: unknown) => error);
  return { seen, ended, stop: () => controller.abort() };
}

describe('the embedded cluster', () => {
  test('one seed replays a whole run', async () => {
    const run = async (seed: number): Promise<string> => {
      const stage = new Stage({ seed });
      const changes: Change[] = [];
      stage.cluster.log.subscribe((change) => changes.push(change));
      const owner = await stage.create('owner');
      for (let index = 0; index < 5; index += 1) {
        const reference = { apiVersion: 'v1', kind: 'ConfigMap', name: 'owner', uid: owner.metadata.uid };
        await stage.create('', {}, { generateName: 'child-', ownerReferences: [reference] });
      }
      await stage.settle(stage.cluster.delete({ type: configMap, namespace: 'a', name: 'owner' }, {}, call));
      await stage.clock.advance(hourMs);
      return JSON.stringify(changes);
    };
    const first = await run(7);
    assert.equal(await run(7), first);
    assert.notEqual(await run(8), first);
    assert.match(first, /DELETED.*child-/);
  });

  test('a call waits for its turn, and one that is cancelled before does nothing', async () => {
    const stage = new Stage();
    const controller = new AbortController();
    const make = (name: string, signal: AbortSignal): Promise<KubeObject> =>
      stage.cluster.create(
        configMap,
        { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name, namespace: 'a' } },
        {},
        { signal },
      );
    const cancelled = make('one', controller.signal);
    const kept = make('two', call.signal);
    assert.equal(stage.cluster.log.version, 1);
    controller.abort();
    const settled = Promise.allSettled([cancelled, kept]);
    await stage.clock.advance(0);
    const [first, second] = await settled;
    assert.equal(first.status === 'rejected' && hasCode(first.reason, 'Cancelled'), true);
    assert.equal(second.status, 'fulfilled');
    assert.equal(stage.cluster.log.version, 2);
  });

  test('the log is told before the caller', async () => {
    const stage = new Stage();
    const order: string[] = [];
    stage.cluster.log.subscribe(({ object }) => order.push(`log ${object.metadata.name}`));
    const object = { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'one', namespace: 'a' } };
    await stage.settle(stage.cluster.create(configMap, object, {}, call).then(() => order.push('answer')));
    assert.deepEqual(order, ['log one', 'answer']);
  });

  test('nobody can change what is stored', async () => {
    const stage = new Stage();
    const data = { key: 'before' };
    const object = { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'one', namespace: 'a' }, data };
    const created = await stage.settle(stage.cluster.create(configMap, object, {}, call));
    data.key = 'after';
    assert.throws(() => {
      (created['data'] as { key: string }).key = 'after';
    }, TypeError);
    const read = await stage.settle(stage.cluster.get({ type: configMap, namespace: 'a', name: 'one' }, call));
    assert.deepEqual(read['data'], { key: 'before' });
  });

  test('versions of an object share what did not change', async () => {
    const stage = new Stage();
    const first = await stage.create('one', { a: '1' }, { labels: { app: 'one' } });
    const second = await stage.set('one', 'a', '2');
    assert.equal(second.metadata.labels, first.metadata.labels);
  });

  test('what JSON cannot express is refused', async () => {
    const stage = new Stage();
    const refused: readonly unknown[] = [{ a: 1n }, { a: Number.NaN }, { a: () => 1 }, JSON.parse('{"__proto__": {}}')];
    for (const data of refused) {
      const object = { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'one', namespace: 'a' }, data };
      await assert.rejects(stage.settle(stage.cluster.create(configMap, object as never, {}, call)), (error) =>
        hasCode(error, 'BadRequest'),
      );
    }
    assert.equal(stage.cluster.log.version, 1);
  });

  test('a call that fails half-way leaves nothing behind', async () => {
    const stage = new Stage();
    await stage.create('one', {}, { finalizers: ['a/b'] });
    await stage.create('two');
    const before = stage.cluster.log.version;
    const options = { resourceVersion: '2' };
    // The first object fits the precondition and would be marked, the second does not.
    await assert.rejects(stage.settle(stage.cluster.deleteCollection(configMap, {}, options, call)), (error) =>
      hasCode(error, 'Conflict'),
    );
    assert.equal(stage.cluster.log.version, before);
    const one = await stage.settle(stage.cluster.get({ type: configMap, namespace: 'a', name: 'one' }, call));
    assert.equal(one.metadata.deletionTimestamp, undefined);
  });

  test('a closed cluster refuses calls and ends watches', async () => {
    const stage = new Stage();
    const watching = follow(stage.cluster, { resourceVersion: '0' });
    const pending = stage.cluster.list(configMap, {}, call);
    stage.cluster.close();
    await assert.rejects(pending, (error) => hasCode(error, 'Unavailable'));
    await assert.rejects(stage.cluster.list(configMap, {}, call), (error) => hasCode(error, 'Unavailable'));
    assert.equal(await watching.ended, undefined);
    const late = await follow(stage.cluster, { resourceVersion: '0' }).ended;
    assert.equal(hasCode(late, 'Unavailable'), true);
  });

  test('namespaces must exist when that is asked for', async () => {
    const stage = new Stage({ requireNamespaces: true });
    await assert.rejects(stage.create('one'), (error) => hasCode(error, 'NotFound'));
    const object = { apiVersion: 'v1', kind: 'Namespace', metadata: { name: 'a' } };
    await stage.settle(stage.cluster.create(namespaceType, object, {}, call));
    await stage.create('one');
  });

  test('an Event is kept for an hour', async () => {
    const stage = new Stage();
    const report = (name: string): Promise<KubeObject> => {
      const involvedObject = { kind: 'ConfigMap', namespace: 'a', name: 'one' };
      const object = { apiVersion: 'v1', kind: 'Event', metadata: { name, namespace: 'a' }, involvedObject };
      return stage.settle(stage.cluster.create(eventType, object, {}, call));
    };
    await report('first');
    await stage.clock.advance(hourMs / 2);
    await report('second');
    await stage.clock.advance(hourMs / 2 + 1000);
    await report('third');
    const { items } = await stage.settle(stage.cluster.list(eventType, {}, call));
    assert.deepEqual(
      items.map(({ metadata }) => metadata.name),
      ['second', 'third'],
    );
  });

  test('a grace period is told in whole seconds of the clock', async () => {
    const stage = new Stage();
    const spec = { nodeName: 'node', terminationGracePeriodSeconds: 20, containers: [{ name: 'a', image: 'a' }] };
    const object = { apiVersion: 'v1', kind: 'Pod', metadata: { name: 'one', namespace: 'a' }, spec };
    await stage.settle(stage.cluster.create(pod, object, {}, call));
    await stage.clock.advance(10_000);
    const deleted = await stage.settle(stage.cluster.delete({ type: pod, namespace: 'a', name: 'one' }, {}, call));
    assert.equal(deleted.metadata.deletionTimestamp, '2026-01-01T00:00:30Z');
  });
});

describe('watches of the embedded cluster', () => {
  test('a reader that falls behind the history is told so', async () => {
    const stage = new Stage({ historyMax: 4 });
    await stage.create('one');
    const stream = stage.cluster.watch(configMap, { resourceVersion: '2' }, call.signal)[Symbol.asyncIterator]();
    for (let index = 0; index < 20; index += 1) await stage.set('one', 'a', String(index));
    await assert.rejects(stream.next(), (error) => hasCode(error, 'Gone'));
    assert.equal((await stream.next()).done, true);
  });

  test('a watch from the list of an empty cluster sees all that follows, also what is gone by then', async () => {
    const stage = new Stage();
    const { resourceVersion } = await stage.settle(stage.cluster.list(configMap, {}, call));
    await stage.create('one');
    await stage.settle(stage.cluster.delete({ type: configMap, namespace: 'a', name: 'one' }, {}, call));
    const watching = follow(stage.cluster, { resourceVersion });
    await stage.clock.advance(0);
    assert.deepEqual(watching.seen, ['ADDED one', 'DELETED one']);
    watching.stop();
  });

  test('a reader that waits is not disturbed by what happens to other kinds', async () => {
    const stage = new Stage({ historyMax: 4 });
    await stage.create('one');
    const watching = follow(stage.cluster, { resourceVersion: '2' });
    await stage.clock.advance(0);
    for (let index = 0; index < 20; index += 1) {
      const object = { apiVersion: 'v1', kind: 'Namespace', metadata: { name: `n${index}` } };
      await stage.settle(stage.cluster.create(namespaceType, object, {}, call));
    }
    await stage.set('one', 'a', '1');
    assert.deepEqual(watching.seen, ['MODIFIED one']);
    watching.stop();
    assert.equal(await watching.ended, undefined);
  });

  test('bookmarks come by the clock, and only with news', async () => {
    const stage = new Stage();
    await stage.create('one');
    const query = { resourceVersion: '2', bookmarks: true, labelSelector: 'app=web', timeoutSeconds: 600 };
    const watching = follow(stage.cluster, query);
    await stage.clock.advance(120_000);
    assert.deepEqual(watching.seen, []);
    await stage.set('one', 'a', '1');
    await stage.clock.advance(60_000);
    assert.deepEqual(watching.seen, ['BOOKMARK 3']);
    await stage.clock.advance(180_000);
    assert.deepEqual(watching.seen, ['BOOKMARK 3']);
    await stage.clock.advance(600_000);
    assert.equal(await watching.ended, undefined);
  });

  test('a watch without a timeout of its own ends within an hour', async () => {
    const stage = new Stage();
    const watching = follow(stage.cluster, { resourceVersion: '0' });
    let isOver = false;
    const ended = watching.ended.then(() => {
      isOver = true;
    });
    await stage.clock.advance(hourMs / 2 - 1);
    assert.equal(isOver, false);
    await stage.clock.advance(hourMs / 2 + 1);
    await ended;
  });

  test('every watcher sees every change once and in order', async () => {
    const stage = new Stage();
    const watchers = Array.from({ length: 3 }, () => follow(stage.cluster, { resourceVersion: '0' }));
    await stage.clock.advance(0);
    const expected: string[] = [];
    const writes: Promise<unknown>[] = [];
    for (let index = 0; index < 50; index += 1) {
      const object = { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: `c${index}`, namespace: 'a' } };
      writes.push(stage.cluster.create(configMap, object, {}, call));
      expected.push(`ADDED c${index}`);
    }
    await stage.settle(Promise.all(writes));
    for (const watcher of watchers) {
      assert.deepEqual(watcher.seen, expected);
      watcher.stop();
    }
  });
});
