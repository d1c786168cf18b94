import assert from 'node:assert/strict';
import { describe, test, type TestContext } from 'node:test';

import fc from 'fast-check';

import type { KubeObject } from '../../src/api/object.ts';
import { resourceTypes } from '../../src/api/resource-types.ts';
import { hasCode } from '../../src/base/error.ts';
import { FencedCluster } from '../../src/controller/fenced-cluster.ts';
import { leaseTimingDefault } from '../../src/controller/leadership.ts';
import { leaseAddress, Stage, type Network } from './candidates.ts';

const call = { signal: new AbortController().signal };
const at = { type: resourceTypes.lease, ...leaseAddress };
const { leaseMs, marginMs } = leaseTimingDefault;

function stageFor(context: TestContext): Stage {
  const stage = new Stage();
  context.after(() => stage.end());
  return stage;
}

async function specOf(stage: Stage): Promise<Readonly<Record<string, unknown>>> {
  const lease: KubeObject = await stage.settle(stage.cluster.get(at, call));
  return lease['spec'] as Readonly<Record<string, unknown>>;
}

/** Who wrote, in the order of their first write of each row. */
function rows(stage: Stage): readonly string[] {
  return stage.writes.map(({ by }) => by).filter((by, index, all) => by !== all[index - 1]);
}

describe('leadership', () => {
  test('goes to one of those who stand, and the others wait', async (context) => {
    const stage = stageFor(context);
    for (const name of ['a', 'bb', 'ccc']) stage.add(name);
    await stage.clock.advance(120_000);
    assert.equal(stage.leaders.length, 1);
    assert.equal(rows(stage).length, 1);
    const { holderIdentity, leaseDurationSeconds, leaseTransitions, acquireTime, renewTime } = await specOf(stage);
    assert.deepEqual([holderIdentity, leaseDurationSeconds, leaseTransitions], [stage.leaders[0], 15, 0]);
    assert.match(String(acquireTime), /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z$/);
    assert.ok(String(renewTime) > String(acquireTime));
  });

  test('is handed over within two seconds when the leader ends in order', async (context) => {
    const stage = stageFor(context);
    const first = stage.add('first');
    await stage.clock.advance(20_000);
    stage.add('second');
    await stage.clock.advance(20_000);
    const stoppedAtMs = stage.clock.monotonic();
    first.stop();
    await stage.clock.advance(2000);
    assert.ok(first.endedAtMs !== undefined && first.endedAtMs - stoppedAtMs < 2000);
    assert.deepEqual(stage.leaders, ['second']);
    assert.equal((await specOf(stage))['leaseTransitions'], 1);
    const firstWrite = stage.writes.find(({ by }) => by === 'second');
    assert.ok(firstWrite !== undefined && firstWrite.atMs - stoppedAtMs < 2000);
    assert.deepEqual(rows(stage), ['first', 'second']);
  });

  test('passes on after the whole lease when the leader is cut off, who stops before that', async (context) => {
    const stage = stageFor(context);
    const first = stage.add('first');
    await stage.clock.advance(20_000);
    stage.add('second');
    for (const network of ['hangs', 'refuses'] as const) {
      await stage.clock.advance(20_000);
      const [leader] = stage.leaders;
      const candidate = stage.candidates.find(({ name }) => name === leader) ?? first;
      candidate.network = network;
      const cutAtMs = stage.clock.monotonic();
      await stage.clock.advance(leaseMs - marginMs + 100);
      assert.deepEqual(stage.leaders, []);
      await stage.clock.advance(leaseMs);
      assert.equal(stage.leaders.length, 1);
      assert.notEqual(stage.leaders[0], leader);
      const [taken] = stage.writes.filter(({ by, atMs }) => by !== leader && atMs > cutAtMs);
      assert.ok(taken !== undefined && taken.atMs - cutAtMs >= marginMs, `taken after ${taken?.atMs} ms`);
      candidate.network = 'good';
    }
  });

  test('is lost by a leader that was paused: it sends nothing when it goes on', async (context) => {
    const stage = stageFor(context);
    const first = stage.add('first');
    await stage.clock.advance(20_000);
    stage.add('second');
    await stage.clock.advance(5000);
    first.clock.isPaused = true;
    await stage.clock.advance(60_000);
    assert.deepEqual(stage.leaders, ['second']);
    first.clock.resume();
    await stage.clock.advance(60_000);
    assert.deepEqual(rows(stage), ['first', 'second']);
    assert.equal(first.state, 'waiting');
  });

  test('is not moved by wall clocks that are wrong or jump', async (context) => {
    const stage = stageFor(context);
    const first = stage.add('first');
    const second = stage.add('second');
    second.clock.wallShiftMs = 3_600_000;
    await stage.clock.advance(20_000);
    const [leader] = stage.leaders;
    for (const shiftMs of [-86_400_000, 86_400_000, 0]) {
      first.clock.wallShiftMs = shiftMs;
      second.clock.wallShiftMs = -shiftMs;
      await stage.clock.advance(30_000);
      assert.deepEqual(stage.leaders, [leader]);
    }
    assert.deepEqual(rows(stage), [leader]);
  });

  test('survives lost answers: what was written counts once it is seen', async (context) => {
    const stage = stageFor(context);
    const first = stage.add('first');
    await stage.clock.advance(20_000);
    first.network = 'loses answers';
    await stage.clock.advance(7000);
    first.network = 'good';
    await stage.clock.advance(60_000);
    assert.deepEqual(stage.leaders, ['first']);
    assert.equal((await specOf(stage))['leaseTransitions'], 0);
  });

  test('survives a lease that is deleted: the holder makes it again, and others do not rush in', async (context) => {
    const stage = stageFor(context);
    stage.add('first');
    await stage.clock.advance(5000);
    stage.add('second');
    for (let count = 0; count < 5; count += 1) {
      await stage.clock.advance(7300);
      await stage.settle(stage.cluster.delete(at, {}, call));
    }
    await stage.clock.advance(20_000);
    assert.deepEqual(rows(stage), ['first']);
    assert.equal((await specOf(stage))['holderIdentity'], 'first');
  });

  test('respects a lease of another program, with its own duration, and keeps what it does not know', async (context) => {
    const stage = stageFor(context);
    const spec = { holderIdentity: 'other', leaseDurationSeconds: 40, leaseTransitions: 7, strategy: 'x' };
    const metadata = { ...leaseAddress, annotations: { mine: 'yes' } };
    const lease = { apiVersion: 'coordination.k8s.io/v1', kind: 'Lease', metadata, spec };
    await stage.settle(stage.cluster.create(at.type, lease, {}, call));
    stage.add('first');
    await stage.clock.advance(39_000);
    assert.deepEqual(stage.leaders, []);
    await stage.clock.advance(4000);
    assert.deepEqual(stage.leaders, ['first']);
    const found = await stage.settle(stage.cluster.get(at, call));
    assert.deepEqual(found.metadata.annotations, { mine: 'yes' });
    const { leaseTransitions, leaseDurationSeconds, strategy } = await specOf(stage);
    assert.deepEqual([leaseTransitions, leaseDurationSeconds, strategy], [8, 15, 'x']);
  });

  test('is never with two at once, whatever happens to processes, clocks and network', async () => {
    const event = fc.record({
      who: fc.nat(2),
      what: fc.constantFrom<'pause' | 'resume' | 'jump' | Network>(
        'pause',
        'resume',
        'resume',
        'jump',
        'good',
        'good',
        'refuses',
        'loses answers',
        'hangs',
      ),
      afterMs: fc.integer({ min: 0, max: 25_000 }),
    });
    await fc.assert(
      fc.asyncProperty(fc.array(event, { minLength: 1, maxLength: 12 }), async (events) => {
        const stage = new Stage();
        for (const name of ['a', 'bb', 'ccc']) stage.add(name, 500);
        for (const { who, what, afterMs } of events) {
          await stage.clock.advance(afterMs);
          const candidate = stage.candidates[who];
          if (candidate === undefined) continue;
          if (what === 'pause') candidate.clock.isPaused = true;
          else if (what === 'resume') candidate.clock.resume();
          else if (what === 'jump') candidate.clock.wallShiftMs += 1_000_000 - afterMs * 100;
          else candidate.network = what;
        }
        for (const candidate of stage.candidates) {
          candidate.network = 'good';
          candidate.clock.resume();
        }
        await stage.clock.advance(60_000);
        assert.equal(stage.leaders.length, 1);
        await stage.end();
        for (const [index, write] of stage.writes.entries()) {
          const before = stage.writes[index - 1];
          if (before === undefined || before.by === write.by) continue;
          // Between two leaders lies the margin of a lease, or the first one gave it back.
          assert.ok(write.atMs >= before.atMs, `${before.by} and ${write.by} write at the same time`);
          const later = stage.writes
            .slice(index)
            .filter(({ by, atMs }) => by === before.by && atMs - write.atMs < 1000);
          assert.deepEqual(later, []);
        }
      }),
      { numRuns: 20 },
    );
  });
});

describe('the fence', () => {
  const term = (leftMs: number, maySend = true) => ({
    over: call.signal,
    leftMs: () => leftMs,
    maySend,
    resign: async () => {},
  });

  test('refuses writes without sending them, and lets reads pass', async (context) => {
    const stage = stageFor(context);
    const fenced = new FencedCluster(stage.cluster, term(2000, false));
    const type = resourceTypes.configMap;
    const object = { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'x', namespace: 'default' } };
    const address = { type, namespace: 'default', name: 'x' };
    const writes = [
      () => fenced.create(type, object, {}, call),
      () => fenced.update(type, object, {}, call),
      () => fenced.patch(address, { kind: 'merge', body: {} }, {}, call),
      () => fenced.delete(address, {}, call),
      () => fenced.deleteCollection(type, {}, {}, call),
      () => fenced.evict(address, {}, call),
    ];
    for (const write of writes) await assert.rejects(write(), (error) => hasCode(error, 'NotLeader'));
    assert.deepEqual((await stage.settle(fenced.list(type, {}, call))).items, []);
  });

  test('ends every write before the lease ends', async () => {
    const limits: (number | undefined)[] = [];
    const cluster = {
      name: 'x',
      create: (...words: readonly { timeoutMs?: number }[]) => limits.push(words[3]?.timeoutMs),
    };
    // Only `create` is called.
    const fence = (leftMs: number) => new FencedCluster(cluster as never, term(leftMs));
    await fence(7000).create(resourceTypes.pod, {} as never, {}, call);
    await fence(15_000).create(resourceTypes.pod, {} as never, {}, call);
    await fence(15_000).create(resourceTypes.pod, {} as never, {}, { ...call, timeoutMs: 3000 });
    assert.deepEqual(limits, [6000, 10_000, 3000]);
  });

  test('leaves a late write of an old leader to the version it was based on', async (context) => {
    const stage = stageFor(context);
    const type = resourceTypes.configMap;
    const object = { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'x', namespace: 'default' } };
    const old = await stage.settle(stage.cluster.create(type, object, {}, call));
    const leading = new FencedCluster(stage.cluster, term(10_000));
    await stage.settle(
      leading.patch(
        { type, namespace: 'default', name: 'x' },
        { kind: 'merge', body: { data: { by: 'new' } } },
        {},
        call,
      ),
    );
    const late = leading.update(type, { ...old, data: { by: 'old' } }, {}, call);
    await assert.rejects(stage.settle(late), (error) => hasCode(error, 'Conflict'));
  });
});
