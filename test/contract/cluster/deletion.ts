import assert from 'node:assert/strict';

import type { KubeObject } from '../../../src/api/object.ts';
import { resourceTypes } from '../../../src/api/resource-types.ts';
import { describeEvent, namesOf, type ContractCase } from './case.ts';
import { widget } from './widget.ts';
import { podContent } from './workload.ts';

const finalizer = 'test.sluice.dev/hold';

/** What of an object on its way out is worth a record. */
function leaving({ metadata }: KubeObject): object {
  const { name, deletionTimestamp, deletionGracePeriodSeconds, finalizers, generation } = metadata;
  return { name, deletionTimestamp, deletionGracePeriodSeconds, finalizers, generation };
}

/** Deletion: finalizers, preconditions, grace periods, collections, namespaces. */
export const deletionCases: readonly ContractCase[] = [
  {
    name: 'an object without finalizers goes at once',
    needs: [],
    async run({ client, tools, cluster }) {
      const created = await client.create(widget.type, 'one');
      const deleted = await client.delete(widget.type, 'one');
      assert.equal(deleted.metadata.name, 'one');
      assert.equal(deleted.metadata.uid, created.metadata.uid);
      assert.equal(await tools.find(cluster, widget.type, 'one'), undefined);
      await tools.expectError('again', 'NotFound', () => client.delete(widget.type, 'one'), { message: true });
      const anew = await client.create(widget.type, 'one');
      assert.notEqual(anew.metadata.uid, created.metadata.uid);
    },
  },
  {
    name: 'finalizers hold an object until the last is removed',
    needs: [],
    async run({ client, tools, cluster }) {
      const { resourceVersion } = await client.list(widget.type);
      const finalizers = [finalizer, 'test.sluice.dev/second'];
      await client.create(widget.type, 'one', { metadata: { finalizers } });
      const held = await tools.expect('delete', () => client.delete(widget.type, 'one'), leaving);
      assert.ok(held.metadata.deletionTimestamp);
      const again = await tools.expect('delete again', () => client.delete(widget.type, 'one'), leaving);
      assert.equal(again.metadata.resourceVersion, held.metadata.resourceVersion);
      await tools.expectError('new finalizer', 'Invalid', () =>
        client.merge(widget.type, 'one', { metadata: { finalizers: [...finalizers, 'test.sluice.dev/third'] } }),
      );
      await tools.expect(
        'change while it leaves',
        () => client.merge(widget.type, 'one', { metadata: { deletionTimestamp: null }, spec: { replicas: 2 } }),
        leaving,
      );
      await tools.expect(
        'first finalizer removed',
        () => client.merge(widget.type, 'one', { metadata: { finalizers: [finalizer] } }),
        leaving,
      );
      await tools.expectError('create beside it', 'AlreadyExists', () => client.create(widget.type, 'one'));
      await tools.expect(
        'last finalizer removed',
        () => client.merge(widget.type, 'one', { metadata: { finalizers: null } }),
        leaving,
      );
      assert.equal(await tools.find(cluster, widget.type, 'one'), undefined);
      const query = { namespace: tools.namespace, resourceVersion };
      const events = await tools.watchUntil(cluster, widget.type, query, (seen) => seen.at(-1)?.type === 'DELETED');
      tools.note(
        'events',
        events.map((event) => [describeEvent(event), event.type !== 'BOOKMARK' && leaving(event.object)]),
      );
    },
  },
  {
    name: 'a deletion can be bound to one object and version',
    needs: [],
    async run({ client, tools, cluster }) {
      const first = await tools.expect('create', () => client.create(widget.type, 'one'));
      const second = await client.merge(widget.type, 'one', { spec: { replicas: 2 } });
      const uid = '00000000-0000-4000-8000-000000000000';
      await tools.expectError('another uid', 'Conflict', () => client.delete(widget.type, 'one', { uid }), {
        message: true,
      });
      const { resourceVersion = '' } = first.metadata;
      await tools.expectError('old version', 'Conflict', () => client.delete(widget.type, 'one', { resourceVersion }));
      await client.create(widget.type, 'held', { metadata: { finalizers: [finalizer] } });
      await tools.expectError('another uid of a held object', 'Conflict', () =>
        client.delete(widget.type, 'held', { uid }),
      );
      await client.merge(widget.type, 'held', { metadata: { finalizers: null } });
      assert.deepEqual(await client.get(widget.type, 'one'), second);
      const right = { uid: second.metadata.uid ?? '', resourceVersion: second.metadata.resourceVersion ?? '' };
      await client.delete(widget.type, 'one', right);
      assert.equal(await tools.find(cluster, widget.type, 'one'), undefined);
    },
  },
  {
    name: 'a collection is deleted by selector',
    needs: [],
    async run({ client, tools, cluster }) {
      for (const name of ['a', 'b', 'c']) {
        const metadata = {
          labels: { app: name === 'b' ? 'stay' : 'go' },
          ...(name === 'c' ? { finalizers: [finalizer] } : {}),
        };
        await client.create(widget.type, name, { metadata });
      }
      const query = { namespace: tools.namespace, labelSelector: 'app=go' };
      await cluster.deleteCollection(widget.type, query, {}, tools.call);
      const left = await tools.expect(
        'left',
        () => client.list(widget.type),
        (page) => page.items.map(leaving),
      );
      assert.deepEqual(namesOf(left), ['b', 'c']);
      await client.merge(widget.type, 'c', { metadata: { finalizers: null } });
    },
  },
  {
    name: 'a pod without a node goes at once',
    needs: [],
    async run({ client, tools, cluster }) {
      const scheduling = { schedulingGates: [{ name: 'test.sluice.dev/wait' }] };
      const content = podContent({}) as { spec: object };
      await client.create(resourceTypes.pod, 'one', { ...content, spec: { ...content.spec, ...scheduling } });
      await client.delete(resourceTypes.pod, 'one');
      assert.equal(await tools.find(cluster, resourceTypes.pod, 'one'), undefined);
    },
  },
  {
    name: 'a pod on a node waits for its kubelet',
    needs: [],
    async run({ client, tools, cluster }) {
      const type = resourceTypes.pod;
      await client.create(type, 'one', podContent({ node: 'contract-node', graceSeconds: 60 }));
      const held = await tools.expect('delete', () => client.delete(type, 'one'), leaving);
      assert.equal(held.metadata.deletionGracePeriodSeconds, 60);
      const longer = await tools.expect(
        'longer',
        () => client.delete(type, 'one', { gracePeriodSeconds: 90 }),
        leaving,
      );
      assert.equal(longer.metadata.deletionGracePeriodSeconds, 60);
      const shorter = await tools.expect(
        'shorter',
        () => client.delete(type, 'one', { gracePeriodSeconds: 20 }),
        leaving,
      );
      assert.equal(shorter.metadata.deletionGracePeriodSeconds, 20);
      await client.delete(type, 'one', { gracePeriodSeconds: 0 });
      assert.equal(await tools.find(cluster, type, 'one'), undefined);
    },
  },
  {
    name: 'the grace period of a pod follows from the request and the pod',
    needs: [],
    async run({ client, tools, cluster }) {
      const type = resourceTypes.pod;
      const graceOf = ({ metadata }: KubeObject): unknown => metadata.deletionGracePeriodSeconds;
      await client.create(type, 'a', podContent({ node: 'contract-node' }));
      const usual = await tools.expect('default', () => client.delete(type, 'a'), graceOf);
      assert.equal(usual.metadata.deletionGracePeriodSeconds, 30);
      await client.delete(type, 'a', { gracePeriodSeconds: 0 });
      await client.create(type, 'b', podContent({ node: 'contract-node', graceSeconds: 60 }));
      const asked = await tools.expect('asked', () => client.delete(type, 'b', { gracePeriodSeconds: 5 }), graceOf);
      assert.equal(asked.metadata.deletionGracePeriodSeconds, 5);
      await client.delete(type, 'b', { gracePeriodSeconds: 0 });
      await client.create(type, 'c', podContent({ node: 'contract-node' }));
      await client.merge(type, 'c', { status: { phase: 'Succeeded' } }, { subresource: 'status' });
      await client.delete(type, 'c');
      assert.equal(await tools.find(cluster, type, 'c'), undefined);
    },
  },
  {
    name: 'a pod with a finalizer outlives its kubelet',
    needs: [],
    async run({ client, tools, cluster }) {
      const type = resourceTypes.pod;
      const { metadata, ...content } = podContent({ node: 'contract-node' }) as { metadata: object };
      await client.create(type, 'one', { ...content, metadata: { ...metadata, finalizers: [finalizer] } });
      await tools.expect('delete', () => client.delete(type, 'one'), leaving);
      await tools.expect(
        'finished by the kubelet',
        () => client.delete(type, 'one', { gracePeriodSeconds: 0 }),
        leaving,
      );
      await client.merge(type, 'one', { metadata: { finalizers: null } });
      assert.equal(await tools.find(cluster, type, 'one'), undefined);
    },
  },
  {
    name: 'a namespace takes its content along',
    needs: ['garbage-collector'],
    async run({ client, tools, cluster }) {
      await client.create(widget.type, 'one');
      await client.create(widget.type, 'held', { metadata: { finalizers: [finalizer] } });
      const gone = await tools.expect(
        'delete',
        () => cluster.delete({ type: resourceTypes.namespace, name: tools.namespace }, {}, tools.call),
        (namespace) => namespace['status'],
      );
      assert.ok(gone.metadata.deletionTimestamp);
      await tools.eventually(
        'content goes',
        () => tools.find(cluster, widget.type, 'one'),
        (one) => one === undefined,
      );
      await tools.expectError('create in it', 'Forbidden', () => client.create(widget.type, 'late'));
      await tools.eventually(
        'held object is marked',
        () => tools.find(cluster, widget.type, 'held'),
        (held) => held?.metadata.deletionTimestamp !== undefined,
      );
      await client.merge(widget.type, 'held', { metadata: { finalizers: null } });
      await tools.eventually(
        'namespace goes',
        () => tools.find(cluster, resourceTypes.namespace, tools.namespace),
        (namespace) => namespace === undefined,
      );
    },
  },
];
