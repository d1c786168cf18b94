import assert from 'node:assert/strict';
import { describe, test } from 'node:test';

import type { KubeObject } from '../../src/api/object.ts';
import { resourceTypes } from '../../src/api/resource-types.ts';
import { SluiceError } from '../../src/base/error.ts';
import { silentLog } from '../../src/base/log.ts';
import { seededRandom } from '../../src/base/random.ts';
import type { CacheChange } from '../../src/cluster/object-index.ts';
import type { ClusterPort, ListPage, WatchEvent } from '../../src/cluster/port.ts';
import { Reflector, type ReflectorOptions } from '../../src/cluster/reflector.ts';
import { VirtualClock } from './embedded/virtual-clock.ts';

const type = resourceTypes.configMap;

interface View {
  readonly name: string;
  readonly version: string;
}

function make(name: string, version: number, metadata: object = {}): KubeObject {
  const identity = { name, namespace: 'a', uid: `uid-${name}`, resourceVersion: String(version) };
  return { apiVersion: 'v1', kind: 'ConfigMap', metadata: { ...identity, ...metadata } };
}

type Stream = { push(event: WatchEvent): void; end(): void; fail(error: Error): void };

/** An API server whose lists and watches a test scripts, and which records what it was asked. */
class ScriptedServer {
  readonly asked: string[] = [];
  readonly streams: Stream[] = [];
  lists: (ListPage | Error)[] = [];
  /** Errors of the next watches, in order; without one a watch stays open. */
  watchErrors: Error[] = [];
  readonly cluster: ClusterPort;

  constructor() {
    const refuse = (): Promise<never> => Promise.reject(new Error('a reflector only lists and watches'));
    this.cluster = {
      name: 'scripted',
      get: refuse,
      create: refuse,
      update: refuse,
      patch: refuse,
      delete: refuse,
      deleteCollection: refuse,
      evict: refuse,
      list: async (_, query) => {
        this.asked.push(`list${query.continueToken === undefined ? '' : ` ${query.continueToken}`}`);
        const next = this.lists.shift() ?? { items: [], resourceVersion: '1' };
        if (next instanceof Error) throw next;
        return next;
      },
      watch: (_, query, signal) => {
        this.asked.push(`watch ${query.resourceVersion}`);
        const error = this.watchErrors.shift();
        return error === undefined ? this.#open(signal) : failing(error);
      },
    };
  }

  /** The watch that is open now. */
  get stream(): Stream {
    return this.streams.at(-1)!;
  }

  async *#open(signal: AbortSignal): AsyncIterable<WatchEvent> {
    const queue: (WatchEvent | Error | undefined)[] = [];
    let wake = (): void => undefined;
    const add = (item: WatchEvent | Error | undefined): void => {
      queue.push(item);
      wake();
    };
    this.streams.push({ push: add, end: () => add(undefined), fail: add });
    signal.addEventListener('abort', () => add(undefined), { once: true });
    for (;;) {
      while (queue.length === 0) {
        await new Promise<void>((resolve) => {
          wake = resolve;
        });
      }
      const item = queue.shift();
      if (item === undefined) return;
      if (item instanceof Error) throw item;
      yield item;
    }
  }
}

function failing(error: Error): AsyncIterable<WatchEvent> {
  return { [Symbol.asyncIterator]: () => ({ next: () => Promise.reject(error) }) };
}

class Stage {
  readonly clock = new VirtualClock();
  readonly server = new ScriptedServer();
  readonly changes: string[] = [];
  readonly reflector: Reflector<View>;
  readonly #stop = new AbortController();
  #ended: Promise<void> | undefined;

  constructor(options: Partial<ReflectorOptions<View>> = {}) {
    this.reflector = new Reflector<View>({
      cluster: this.server.cluster,
      type,
      clock: this.clock,
      random: seededRandom(1),
      log: silentLog,
      project: ({ metadata }) => ({ name: metadata.name, version: metadata.resourceVersion ?? '' }),
      onChange: (change) => this.changes.push(describeChange(change)),
      ...options,
    });
  }

  async start(): Promise<void> {
    this.#ended = this.reflector.run(this.#stop.signal);
    await this.clock.advance(0);
  }

  async send(...events: readonly WatchEvent[]): Promise<void> {
    for (const event of events) this.server.stream.push(event);
    await this.clock.advance(0);
  }

  async end(): Promise<void> {
    this.#stop.abort();
    await this.clock.advance(0);
    await this.#ended;
  }

  get names(): readonly string[] {
    return [...this.reflector.list()].map(({ name, version }) => `${name}@${version}`).toSorted();
  }
}

function describeChange({ name, before, after }: CacheChange<View>): string {
  return `${name} ${before?.version ?? '-'} > ${after?.version ?? '-'}`;
}

const added = (object: KubeObject): WatchEvent => ({ type: 'ADDED', object });
const modified = (object: KubeObject): WatchEvent => ({ type: 'MODIFIED', object });
const deleted = (object: KubeObject): WatchEvent => ({ type: 'DELETED', object });

describe('a reflector', () => {
  test('lists in pages, then watches from the version of the list', async () => {
    const stage = new Stage({ pageSize: 2 });
    stage.server.lists = [
      { items: [make('a', 3), make('b', 5)], resourceVersion: '9', continueToken: 'next' },
      { items: [make('c', 4)], resourceVersion: '9' },
    ];
    assert.equal(stage.reflector.hasSynced, false);
    await stage.start();
    assert.deepEqual(stage.server.asked, ['list', 'list next', 'watch 9']);
    assert.equal(stage.reflector.hasSynced, true);
    await stage.reflector.synced;
    assert.deepEqual(stage.names, ['a@3', 'b@5', 'c@4']);
    await stage.send(added(make('d', 10)), modified(make('a', 11)), deleted(make('b', 12)));
    assert.deepEqual(stage.names, ['a@11', 'c@4', 'd@10']);
    assert.deepEqual(stage.changes.slice(3), ['d - > 10', 'a 3 > 11', 'b 5 > -']);
    await stage.end();
  });

  test('goes on from the newest version when a watch ends', async () => {
    const stage = new Stage();
    stage.server.lists = [{ items: [], resourceVersion: '5' }];
    await stage.start();
    await stage.send(added(make('a', 7)), { type: 'BOOKMARK', resourceVersion: '20' });
    stage.server.stream.end();
    await stage.clock.advance(0);
    assert.deepEqual(stage.server.asked, ['list', 'watch 5', 'watch 20']);
    await stage.end();
  });

  test('lists again when its version is Gone, and tells what went meanwhile', async () => {
    const stage = new Stage();
    stage.server.lists = [
      { items: [make('a', 1), make('b', 2)], resourceVersion: '5' },
      { items: [make('b', 8), make('c', 9)], resourceVersion: '12' },
    ];
    await stage.start();
    stage.server.stream.fail(new SluiceError('Gone', 'too old resource version'));
    await stage.clock.advance(1000);
    assert.deepEqual(stage.server.asked, ['list', 'watch 5', 'list', 'watch 12']);
    assert.deepEqual(stage.names, ['b@8', 'c@9']);
    assert.deepEqual(stage.changes.slice(2).toSorted(), ['a 1 > -', 'b 2 > 8', 'c - > 9']);
    await stage.end();
  });

  test('any other error only opens the watch again', async () => {
    for (const code of [
      'Unavailable',
      'Unauthorized',
      'Forbidden',
      'TooManyRequests',
      'Internal',
      'Timeout',
    ] as const) {
      const stage = new Stage();
      await stage.start();
      stage.server.stream.fail(new SluiceError(code, 'no'));
      await stage.clock.advance(1000);
      assert.deepEqual(stage.server.asked, ['list', 'watch 1', 'watch 1'], code);
      await stage.end();
    }
  });

  test('waits longer after every failure in a row, at random, and at most half a minute', async () => {
    const stage = new Stage();
    stage.server.lists = Array.from({ length: 40 }, () => new SluiceError('Unavailable', 'no'));
    const times: number[] = [];
    const startMs = stage.clock.now();
    await stage.start();
    for (let count = stage.server.asked.length; times.length < 20; await stage.clock.advance(10)) {
      if (stage.server.asked.length === count) continue;
      count = stage.server.asked.length;
      times.push(stage.clock.now() - startMs);
    }
    const pauses = times.map((time, index) => time - (times[index - 1] ?? 0));
    assert.equal((pauses[0] ?? 0) <= 110 && (pauses[0] ?? 0) >= 50, true);
    assert.equal(Math.max(...pauses) <= 30_010, true);
    assert.equal(
      pauses.slice(-5).every((pause) => pause >= 15_000),
      true,
    );
    assert.equal(new Set(pauses.slice(-8)).size > 4, true);
    await stage.end();
  });

  test('waits as long as the server asks for', async () => {
    const stage = new Stage();
    stage.server.lists = [new SluiceError('TooManyRequests', 'later', { retryAfterMs: 7000 })];
    await stage.start();
    await stage.clock.advance(6999);
    assert.deepEqual(stage.server.asked, ['list']);
    await stage.clock.advance(1);
    assert.deepEqual(stage.server.asked, ['list', 'list', 'watch 1']);
    await stage.end();
  });

  test('a server that ends every watch at once is not stormed', async () => {
    const stage = new Stage();
    await stage.start();
    let opened = 0;
    for (let time = 0; time < 10_000; time += 10) {
      if (stage.server.streams.length > opened) stage.server.stream.end();
      opened = stage.server.streams.length;
      await stage.clock.advance(10);
    }
    assert.equal(opened > 3 && opened < 12, true, `${opened} watches in 10 s`);
    await stage.end();
  });

  test('a watch that says nothing is given up and opened again', async () => {
    const stage = new Stage({ silenceMsMax: 60_000 });
    await stage.start();
    await stage.clock.advance(50_000);
    await stage.send({ type: 'BOOKMARK', resourceVersion: '4' });
    await stage.clock.advance(59_000);
    assert.deepEqual(stage.server.asked, ['list', 'watch 1']);
    await stage.clock.advance(2_000);
    assert.deepEqual(stage.server.asked, ['list', 'watch 1', 'watch 4']);
    await stage.end();
  });

  test('an object never goes back to an older version', async () => {
    const stage = new Stage();
    stage.server.lists = [{ items: [make('a', 5)], resourceVersion: '5' }];
    await stage.start();
    stage.reflector.remember(make('a', 9));
    await stage.send(modified(make('a', 7)), modified(make('a', 9)));
    assert.deepEqual(stage.names, ['a@9']);
    assert.deepEqual(stage.changes, ['a - > 5', 'a 5 > 9']);
    await stage.send(modified(make('a', 10)));
    assert.deepEqual(stage.names, ['a@10']);
    await stage.end();
  });

  test('a deletion that we know of is not undone by older news', async () => {
    const stage = new Stage();
    stage.server.lists = [{ items: [make('a', 5)], resourceVersion: '5' }];
    await stage.start();
    stage.reflector.forget('a', 'a', 'uid-a');
    await stage.send(modified(make('a', 6)), deleted(make('a', 7)));
    assert.deepEqual(stage.names, []);
    assert.deepEqual(stage.changes, ['a - > 5', 'a 5 > -']);
    await stage.send(added(make('a', 8, { uid: 'another' })));
    assert.deepEqual(stage.names, ['a@8']);
    await stage.end();
  });

  test('an object that was made anew is not deleted by the end of the old one', async () => {
    const stage = new Stage();
    stage.server.lists = [{ items: [make('a', 5)], resourceVersion: '5' }];
    await stage.start();
    stage.reflector.remember(make('a', 8, { uid: 'another' }));
    await stage.send(deleted(make('a', 7)));
    assert.deepEqual(stage.names, ['a@8']);
    await stage.send(modified(make('a', 6)));
    assert.deepEqual(stage.names, ['a@8']);
    await stage.end();
  });

  test('an object that lost the selector comes back when it gains it again', async () => {
    const stage = new Stage({ labelSelector: 'app=web' });
    const labels = { app: 'web' };
    stage.server.lists = [{ items: [make('a', 5, { labels })], resourceVersion: '5' }];
    await stage.start();
    await stage.send(deleted(make('a', 7, { labels })));
    assert.deepEqual(stage.names, []);
    await stage.send(added(make('a', 8, { labels })));
    assert.deepEqual(stage.names, ['a@8']);
    stage.reflector.remember(make('a', 9, { labels: { app: 'db' } }));
    assert.deepEqual(stage.names, []);
    await stage.end();
  });

  test('a list that is older than what was seen is refused, but not for ever', async () => {
    const stage = new Stage();
    const stale = { items: [make('a', 3), make('old', 2)], resourceVersion: '4' };
    stage.server.lists = [{ items: [make('a', 8)], resourceVersion: '9' }, stale, stale, stale, stale];
    await stage.start();
    stage.server.stream.fail(new SluiceError('Gone', 'too old'));
    await stage.clock.advance(500);
    assert.deepEqual(stage.names, ['a@8']);
    stage.server.lists = [stale, stale, stale, stale, stale, stale];
    await stage.clock.advance(60_000);
    assert.deepEqual(stage.names, ['a@3', 'old@2']);
    await stage.end();
  });

  test('what we wrote after a list was read survives that list', async () => {
    const stage = new Stage();
    stage.reflector.remember(make('mine', 12));
    stage.server.lists = [{ items: [make('a', 5)], resourceVersion: '9' }];
    await stage.start();
    assert.deepEqual(stage.names, ['a@5', 'mine@12']);
    await stage.end();
  });

  test('objects are found by controller, uid and label', async () => {
    const owner = { apiVersion: 'v1', kind: 'ConfigMap', name: 'o', uid: 'uid-o', controller: true };
    const stage = new Stage({ labelKeys: ['app'] });
    const labels = { app: 'web', other: 'x' };
    stage.server.lists = [
      { items: [make('a', 1, { ownerReferences: [owner], labels }), make('b', 2, { labels })], resourceVersion: '5' },
    ];
    await stage.start();
    const namesOf = (views: readonly View[]): readonly string[] => views.map(({ name }) => name);
    assert.deepEqual(namesOf(stage.reflector.ownedBy('uid-o')), ['a']);
    assert.deepEqual(namesOf(stage.reflector.withLabel('app', 'web')), ['a', 'b']);
    assert.equal(stage.reflector.find('uid-b')?.name, 'b');
    assert.equal(stage.reflector.get('a', 'a')?.name, 'a');
    await stage.send(modified(make('a', 7, { labels: { app: 'db' } })));
    assert.deepEqual(namesOf(stage.reflector.ownedBy('uid-o')), []);
    assert.deepEqual(namesOf(stage.reflector.withLabel('app', 'web')), ['b']);
    assert.deepEqual(namesOf(stage.reflector.withLabel('app', 'db')), ['a']);
    await stage.send(deleted(make('a', 9)));
    assert.deepEqual(namesOf(stage.reflector.withLabel('app', 'db')), []);
    assert.equal(stage.reflector.find('uid-a'), undefined);
    await stage.end();
  });

  test('an optional kind that is not known counts as empty, and is followed once it is', async () => {
    const stage = new Stage({ optional: true });
    stage.server.lists = [new SluiceError('NotFound', 'the server could not find the requested resource')];
    await stage.start();
    await stage.reflector.synced;
    stage.server.lists = [{ items: [make('a', 5)], resourceVersion: '5' }];
    await stage.clock.advance(60_000);
    assert.deepEqual(stage.names, ['a@5']);
    await stage.end();
  });

  test('a kind that must be there is waited for', async () => {
    const stage = new Stage();
    stage.server.lists = [new SluiceError('NotFound', 'the server could not find the requested resource')];
    await stage.start();
    assert.equal(stage.reflector.hasSynced, false);
    await stage.end();
  });

  test('more objects than there is room for stop the list, not the process', async () => {
    const stage = new Stage({ objectsMax: 2 });
    stage.server.lists = [{ items: [make('a', 1), make('b', 2), make('c', 3)], resourceVersion: '5' }];
    await stage.start();
    assert.equal(stage.reflector.size, 2);
    assert.equal(stage.reflector.hasSynced, false);
    stage.server.lists = [{ items: [make('a', 1), make('c', 3)], resourceVersion: '6' }];
    await stage.end();
  });

  test('nothing is asked any more after the end', async () => {
    const stage = new Stage();
    await stage.start();
    await stage.end();
    const { length } = stage.server.asked;
    await stage.clock.advance(600_000);
    assert.equal(stage.server.asked.length, length);
  });
});
