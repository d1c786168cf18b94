import assert from 'node:assert/strict';
import { afterEach, beforeEach, describe, it } from 'node:test';

import { resourceTypes } from '../../src/api/resource-types.ts';
import { EventReader, type ReadEvent } from './event-reader.ts';
import { call, canarySpec, raiseCanary, Stage } from './stage.ts';

const one = '/api/v1/watch/namespaces/shop/rollouts/web';
const all = '/api/v1/watch/rollouts';

describe('a watch', () => {
  let stage: Stage;
  let url: string;
  const readers: EventReader[] = [];

  beforeEach(async () => {
    stage = new Stage({ limits: { heartbeatMs: 30, watchIntervalMs: 5, watchersMax: 3, waitingChangesMax: 4 } });
    await raiseCanary(stage);
    url = await stage.listen();
  });
  afterEach(async () => {
    for (const reader of readers.splice(0)) await reader.close().catch(() => undefined);
    await stage.close();
  });

  async function open(path: string, lastEventId?: string): Promise<EventReader> {
    const reader = await EventReader.open(stage, url, path, lastEventId);
    readers.push(reader);
    return reader;
  }

  async function next(reader: EventReader): Promise<ReadEvent> {
    const event = await reader.next();
    assert.ok(event, 'the stream should not have ended');
    return event;
  }

  const setReplicas = (replicas: number, name = 'web') => stage.setStatus(resourceTypes.rollout, name, { replicas });

  describe('of one Rollout', () => {
    it('begins with its state and tells changes of whatever belongs to it', async () => {
      const reader = await open(one);
      assert.equal((await next(reader)).data['phase'], 'Paused');
      await setReplicas(6);
      assert.equal((await next(reader)).data['current'], 6);
      const { items } = await stage.cluster.list(resourceTypes.pod, { namespace: 'shop', limit: 1 }, call);
      const at = { type: resourceTypes.pod, namespace: 'shop', name: items[0]!.metadata.name };
      await stage.cluster.delete(at, { gracePeriodSeconds: 0 }, call);
      const revisions = (await next(reader)).data['revisions'] as { replicaSet: { pods: object[] } }[];
      assert.equal(revisions.flatMap(({ replicaSet }) => replicaSet.pods).length, 4);
    });

    it('tells a new decision although no object changed', async () => {
      const reader = await open(one);
      await next(reader);
      const reason = { code: 'WaitingForPods', message: 'the step waits for its pods' };
      const decision = { reason, state: 'canary.step.setWeight', effects: [], events: [], status: {} };
      stage.decisions.record({ namespace: 'shop', name: 'web' }, decision, stage.clock.now());
      assert.equal(((await next(reader)).data['decision'] as { message: string }).message, reason.message);
    });

    it('goes on after the last event that the client saw, and tells nothing twice', async () => {
      const first = await open(one);
      const { id } = await next(first);
      await first.close();
      const second = await open(one, id);
      await setReplicas(7);
      const event = await next(second);
      assert.deepEqual([event.event, event.data['current']], ['rollout', 7]);
    });

    it('tells what happened while the client was away', async () => {
      const first = await open(one);
      const { id } = await next(first);
      await first.close();
      await setReplicas(8);
      assert.equal((await next(await open(one, id))).data['current'], 8);
    });

    it('says reset, and begins again, when the last event is too long ago or no event at all', async () => {
      const { id } = await next(await open(one));
      await setReplicas(9);
      stage.cluster.compact();
      for (const lastEventId of [id, 'nonsense']) {
        const reader = await open(one, lastEventId);
        assert.equal((await next(reader)).event, 'reset');
        const event = await next(reader);
        assert.deepEqual([event.event, event.data['current']], ['rollout', 9]);
        await reader.close();
      }
    });

    it('ends with deleted', async () => {
      const reader = await open(one);
      await next(reader);
      await stage.cluster.delete({ type: resourceTypes.rollout, namespace: 'shop', name: 'web' }, {}, call);
      let event = await next(reader);
      // Its ReplicaSets go after it.
      while (event.event === 'rollout') event = await next(reader);
      assert.deepEqual([event.event, event.data], ['deleted', { namespace: 'shop', name: 'web' }]);
      assert.equal(await reader.next(), undefined);
    });

    it('is refused for one that does not exist', async () => {
      await assert.rejects(open('/api/v1/watch/namespaces/shop/rollouts/wbe'), /^Error: 404 .*there is no Rollout wbe/);
    });
  });

  describe('of all Rollouts', () => {
    const add = (name: string) =>
      stage.create(resourceTypes.rollout, { metadata: { name, namespace: 'shop' }, spec: canarySpec });

    it('begins with all of them, then tells each change and deletion', async () => {
      const reader = await open(all);
      const start = await next(reader);
      assert.equal(start.event, 'rollouts');
      assert.deepEqual(
        (start.data['items'] as { name: string }[]).map(({ name }) => name),
        ['web'],
      );
      await add('api');
      const added = await next(reader);
      assert.deepEqual([added.event, added.data['name']], ['rollout', 'api']);
      await stage.cluster.delete({ type: resourceTypes.rollout, namespace: 'shop', name: 'api' }, {}, call);
      const deleted = await next(reader);
      assert.deepEqual([deleted.event, deleted.data], ['deleted', { namespace: 'shop', name: 'api' }]);
    });

    it('tells only those of a namespace when asked', async () => {
      const reader = await open(`${all}?namespace=other`);
      assert.deepEqual((await next(reader)).data['items'], []);
      await add('api');
      await stage.create(resourceTypes.rollout, { metadata: { name: 'far', namespace: 'other' }, spec: canarySpec });
      assert.equal((await next(reader)).data['name'], 'far');
    });

    it('goes on after the last event that the client saw', async () => {
      const first = await open(all);
      const { id } = await next(first);
      await first.close();
      await add('api');
      await setReplicas(8);
      const second = await open(all, id);
      const names = [(await next(second)).data['name'], (await next(second)).data['name']];
      assert.deepEqual(names, ['api', 'web']);
    });

    it('says reset, and begins again, when the last event is too long ago', async () => {
      const { id } = await next(await open(all));
      await setReplicas(9);
      stage.cluster.compact();
      const reader = await open(all, id);
      assert.equal((await next(reader)).event, 'reset');
      assert.equal((await next(reader)).event, 'rollouts');
    });
  });

  it('sends heartbeats while nothing happens', async () => {
    const reader = await open(one);
    await next(reader);
    const waiting = next(reader);
    while (reader.comments < 2) await new Promise((resolve) => setTimeout(resolve, 10));
    await setReplicas(6);
    await waiting;
    assert.ok(reader.comments >= 2);
  });

  it('is refused when too many watch already, until one of them leaves', async () => {
    const [first] = [await open(all), await open(all), await open(one)];
    await assert.rejects(open(all), /^Error: 429 .*3 clients watch already/);
    await first?.close();
    for (let attempt = 0; attempt < 100; attempt += 1) {
      const opened = await open(all).catch(() => undefined);
      if (opened !== undefined) return;
      await new Promise((resolve) => setTimeout(resolve, 10));
    }
    assert.fail('the place of the client that left was not given free');
  });

  it('ends when the server closes', async () => {
    const reader = await open(one);
    await next(reader);
    await stage.server.close();
    assert.equal(await reader.next(), undefined);
  });
});
