import assert from 'node:assert/strict';
import { test } from 'node:test';

import type { KubeObject } from '../../src/api/object.ts';
import { SluiceError } from '../../src/base/error.ts';
import { silentLog } from '../../src/base/log.ts';
import type { ClusterPort } from '../../src/cluster/port.ts';
import { createEventSink, type EventSink, type EventSubject } from '../../src/controller/event-sink.ts';
import type { Notice } from '../../src/engine/decision.ts';
import { VirtualClock } from '../cluster/embedded/virtual-clock.ts';

interface Fixture {
  readonly clock: VirtualClock;
  readonly sink: EventSink;
  /** Names of Events whose creation was begun, in order. */
  readonly begun: string[];
  readonly stored: Map<string, KubeObject>;
  readonly stop: AbortController;
  /** Largest number of requests at once. */
  readonly peak: () => number;
  isBusy: boolean;
  /** Thrown instead of an answer, as long as it is there. */
  failure: SluiceError | undefined;
}

const requestMs = 10;

function makeSink(): Fixture {
  const clock = new VirtualClock();
  const begun: string[] = [];
  const stored = new Map<string, KubeObject>();
  const stop = new AbortController();
  let [active, peak] = [0, 0];
  const request = async (): Promise<void> => {
    active += 1;
    peak = Math.max(peak, active);
    await new Promise<void>((resolve) => clock.schedule(requestMs, resolve));
    active -= 1;
    if (fixture.failure !== undefined) throw fixture.failure;
  };
  const cluster: Pick<ClusterPort, 'create' | 'get' | 'patch'> = {
    async create(_, object) {
      const { name } = object.metadata;
      begun.push(name);
      await request();
      if (stored.has(name)) throw new SluiceError('AlreadyExists', name);
      stored.set(name, object);
      return object;
    },
    get: async ({ name }) => stored.get(name) ?? assert.fail(`${name} is not there`),
    async patch({ name }, patch) {
      assert.equal(patch.kind, 'merge');
      const object = { ...stored.get(name), ...(patch.kind === 'merge' ? patch.body : {}) } as KubeObject;
      stored.set(name, object);
      return object;
    },
  };
  const fixture: Fixture = {
    clock,
    begun,
    stored,
    stop,
    peak: () => peak,
    isBusy: false,
    failure: undefined,
    sink: createEventSink({
      cluster: cluster as ClusterPort,
      clock,
      log: silentLog,
      signal: stop.signal,
      isBusy: () => fixture.isBusy,
    }),
  };
  return fixture;
}

function subject(name: string): EventSubject {
  return { apiVersion: 'argoproj.io/v1alpha1', kind: 'Rollout', namespace: 'shop', name, uid: `uid-${name}` };
}

function notice(reason: string): Notice {
  return { type: 'Normal', reason, message: `${reason} happened` };
}

const many = Array.from({ length: 40 }, (_, index) => `app-${index}`);

test('Events of one object arrive in their order, those of many objects side by side', async () => {
  const { sink, clock, begun, stored, peak } = makeSink();
  for (const name of many) sink.emit(subject(name), [notice('First'), notice('Second')], '1');
  await clock.advance(60_000);
  assert.equal(sink.isIdle, true);
  assert.equal(stored.size, 80);
  assert.ok(peak() > 4 && peak() <= 16, `${peak()} at once`);
  for (const name of many) {
    const order = begun.filter((event) => event.startsWith(`${name}.`)).map((event) => event.split('.')[1]);
    assert.deepEqual(order, ['first', 'second']);
  }
});

test('while other work waits Events take two requests at once, and still arrive', async () => {
  const fixture = makeSink();
  fixture.isBusy = true;
  for (const name of many) fixture.sink.emit(subject(name), [notice('First')], '1');
  await fixture.clock.advance(60_000);
  assert.equal(fixture.peak(), 2);
  assert.equal(fixture.stored.size, 40);
});

test('a notice that is repeated while it waits is one Event that counts', async () => {
  const { sink, clock, begun, stored } = makeSink();
  sink.emit(subject('web'), [notice('First'), notice('Second'), notice('Second')], '1');
  sink.emit(subject('web'), [notice('Second')], '1');
  sink.emit(subject('web'), [notice('Second')], '2');
  await clock.advance(1000);
  assert.equal(begun.length, 3);
  assert.deepEqual(
    [...stored.values()].map(({ reason, count }) => [reason, count]),
    [
      ['First', 1],
      ['Second', 3],
      ['Second', 1],
    ],
  );
});

test('a notice whose Event is on its way, or there from an earlier process, raises its count', async () => {
  const { sink, clock, stored } = makeSink();
  sink.emit(subject('web'), [notice('First')], '1');
  await clock.advance(requestMs / 2);
  sink.emit(subject('web'), [notice('First')], '1');
  await clock.advance(1000);
  assert.deepEqual(
    [...stored.values()].map(({ count }) => count),
    [2],
  );
});

test('Events outlast minutes in which the cluster is away', async () => {
  const fixture = makeSink();
  fixture.failure = new SluiceError('Unavailable', 'away');
  fixture.sink.emit(subject('web'), [notice('First'), notice('Second')], '1');
  await fixture.clock.advance(100_000);
  assert.equal(fixture.sink.waiting, 2);
  fixture.failure = undefined;
  await fixture.clock.advance(60_000);
  assert.equal(fixture.stored.size, 2);
  assert.equal(fixture.sink.lost, 0);
});

test('an Event that the cluster refuses is given up alone; without the lease all are', async () => {
  const fixture = makeSink();
  fixture.failure = new SluiceError('Invalid', 'no');
  fixture.sink.emit(subject('web'), [notice('First'), notice('Second')], '1');
  await fixture.clock.advance(requestMs);
  assert.deepEqual([fixture.sink.lost, fixture.sink.waiting], [1, 1]);
  fixture.failure = new SluiceError('NotLeader', 'over');
  for (const name of many) fixture.sink.emit(subject(name), [notice('First'), notice('Second')], '1');
  await fixture.clock.advance(1000);
  await fixture.sink.flushed();
  assert.deepEqual([fixture.stored.size, fixture.sink.lost, fixture.sink.waiting], [0, 82, 0]);
});

test('of more Events than can wait the oldest are given up', async () => {
  const { sink } = makeSink();
  for (let index = 0; index < 50_010; index += 1) sink.emit(subject(`app-${index % 2000}`), [notice(`N${index}`)], '1');
  assert.deepEqual([sink.waiting, sink.lost], [50_000, 10]);
});
