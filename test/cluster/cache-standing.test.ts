import assert from 'node:assert/strict';
import { test } from 'node:test';

import type { KubeObject } from '../../src/api/object.ts';
import { resourceTypes } from '../../src/api/resource-types.ts';
import { silentLog } from '../../src/base/log.ts';
import { seededRandom } from '../../src/base/random.ts';
import type { ClusterPort, WatchEvent } from '../../src/cluster/port.ts';
import { Reflector, type CacheStanding } from '../../src/cluster/reflector.ts';
import { VirtualClock } from './embedded/virtual-clock.ts';

function make(name: string, version: number): KubeObject {
  const metadata = { name, namespace: 'a', uid: `uid-${name}`, resourceVersion: String(version) };
  return { apiVersion: 'v1', kind: 'ConfigMap', metadata };
}

/** A watch that says what it is given, one event for each call. */
function scriptedWatch() {
  let next = Promise.withResolvers<WatchEvent>();
  return {
    say(event: WatchEvent): void {
      const { resolve } = next;
      next = Promise.withResolvers();
      resolve(event);
    },
    async *events(): AsyncIterable<WatchEvent> {
      for (;;) yield await next.promise;
    },
  };
}

test('a cache tells how long ago the cluster was heard of, and how late the watch brings our own writes', async () => {
  const clock = new VirtualClock();
  const watch = scriptedWatch();
  const cluster: Pick<ClusterPort, 'list' | 'watch'> = {
    list: () => Promise.resolve({ items: [make('a', 1)], resourceVersion: '5' }),
    watch: () => watch.events(),
  };
  const reflector = new Reflector<string>({
    // It only lists and watches.
    cluster: cluster as ClusterPort,
    type: resourceTypes.configMap,
    clock,
    random: seededRandom(1),
    log: silentLog,
    project: ({ metadata }) => metadata.name,
    onChange: () => undefined,
  });
  const standing = (): CacheStanding => reflector.standing;
  const say = async (event: WatchEvent): Promise<void> => {
    watch.say(event);
    await clock.advance(0);
  };
  assert.deepEqual(standing(), { size: 0, ageMs: undefined, lagMs: undefined });
  const stop = new AbortController();
  void reflector.run(stop.signal);
  await clock.advance(0);
  await clock.advance(30_000);
  assert.deepEqual(standing(), { size: 1, ageMs: 30_000, lagMs: undefined });
  reflector.remember(make('a', 7));
  await clock.advance(100);
  // Another write in between changes nothing: the first one is what is waited for.
  reflector.remember(make('b', 9));
  await say({ type: 'BOOKMARK', resourceVersion: '6' });
  assert.equal(standing().lagMs, undefined);
  await clock.advance(150);
  await say({ type: 'MODIFIED', object: make('a', 7) });
  await clock.advance(1000);
  assert.deepEqual(standing(), { size: 2, ageMs: 1000, lagMs: 250 });
  stop.abort();
});
