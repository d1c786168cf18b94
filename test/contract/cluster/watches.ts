import assert from 'node:assert/strict';

import { hasCode } from '../../../src/base/error.ts';
import type { WatchEvent } from '../../../src/cluster/port.ts';
import { describeEvent, type ContractCase } from './case.ts';
import { widget } from './widget.ts';

const countOf = (count: number) => (events: readonly WatchEvent[]) => events.length >= count;

/** Watches. */
export const watchCases: readonly ContractCase[] = [
  {
    name: 'a watch tells what happens after a version',
    needs: [],
    async run({ client, tools, cluster }) {
      await client.create(widget.type, 'before');
      const { resourceVersion } = await client.list(widget.type);
      await client.create(widget.type, 'one', { spec: { replicas: 1 } });
      const changed = await client.merge(widget.type, 'one', { spec: { replicas: 2 } });
      await client.merge(widget.type, 'one', { spec: { replicas: 2 } });
      await client.delete(widget.type, 'one');
      const query = { namespace: tools.namespace, resourceVersion };
      const events = await tools.watchUntil(cluster, widget.type, query, countOf(3));
      tools.note('events', events);
      assert.deepEqual(events.map(describeEvent), ['ADDED one', 'MODIFIED one', 'DELETED one']);
      const last = events[2]?.type === 'DELETED' ? events[2].object : undefined;
      assert.deepEqual(last?.['spec'], changed['spec']);
      assert.ok(BigInt(last?.metadata.resourceVersion ?? '0') > BigInt(changed.metadata.resourceVersion ?? '0'));
    },
  },
  {
    name: 'a watch waits for what comes',
    needs: [],
    async run({ client, tools, cluster }) {
      const { resourceVersion } = await client.list(widget.type);
      const query = { namespace: tools.namespace, resourceVersion };
      const watching = tools.watchUntil(cluster, widget.type, query, countOf(2));
      await client.create(widget.type, 'one');
      await client.merge(widget.type, 'one', { metadata: { labels: { a: 'b' } } });
      const events = await watching;
      tools.note('events', events.map(describeEvent));
      assert.deepEqual(events.map(describeEvent), ['ADDED one', 'MODIFIED one']);
    },
  },
  {
    name: 'a watch without a version starts with what is there',
    needs: [],
    async run({ client, tools, cluster }) {
      await client.create(widget.type, 'b');
      await client.create(widget.type, 'a');
      const query = { namespace: tools.namespace, resourceVersion: '' };
      const events = await tools.watchUntil(cluster, widget.type, query, countOf(2));
      tools.note('events', events.map(describeEvent).toSorted());
      assert.deepEqual(events.map(describeEvent).toSorted(), ['ADDED a', 'ADDED b']);
    },
  },
  {
    name: 'gaining and losing a selector look like creation and deletion',
    needs: [],
    async run({ client, tools, cluster }) {
      const { resourceVersion } = await client.list(widget.type);
      const label = (app: string | null) => client.merge(widget.type, 'one', { metadata: { labels: { app } } });
      await client.create(widget.type, 'one', { metadata: { labels: { app: 'x' } } });
      await label('web');
      await client.merge(widget.type, 'one', { spec: { replicas: 2 } });
      const lost = await label('y');
      await label('web');
      await client.delete(widget.type, 'one');
      const query = { namespace: tools.namespace, resourceVersion, labelSelector: 'app=web' };
      const events = await tools.watchUntil(cluster, widget.type, query, countOf(5));
      tools.note('events', events);
      assert.deepEqual(events.map(describeEvent), [
        'ADDED one',
        'MODIFIED one',
        'DELETED one',
        'ADDED one',
        'DELETED one',
      ]);
      const event = events[2];
      assert.equal(event?.type === 'DELETED' && event.object.metadata.labels?.['app'], 'web');
      assert.equal(event?.type === 'DELETED' && event.object.metadata.resourceVersion, lost.metadata.resourceVersion);
    },
  },
  {
    name: 'a field selector watches one object',
    needs: [],
    async run({ client, tools, cluster }) {
      const { resourceVersion } = await client.list(widget.type);
      for (const name of ['a', 'b', 'c']) await client.create(widget.type, name);
      await client.merge(widget.type, 'b', { spec: { replicas: 2 } });
      const query = { namespace: tools.namespace, resourceVersion, fieldSelector: 'metadata.name=b' };
      const events = await tools.watchUntil(cluster, widget.type, query, countOf(2));
      tools.note('events', events.map(describeEvent));
      assert.deepEqual(events.map(describeEvent), ['ADDED b', 'MODIFIED b']);
    },
  },
  {
    name: 'bookmarks carry a version that a watch can go on from',
    needs: [],
    async run({ client, tools, cluster }) {
      const { resourceVersion } = await client.list(widget.type);
      const told = await client.create(widget.type, 'one');
      const elsewhere = { type: widget.type, name: `${tools.namespace}-news`, namespace: 'default' };
      let news: Promise<unknown> | undefined;
      const query = { namespace: tools.namespace, resourceVersion, bookmarks: true, timeoutSeconds: 4 };
      const events = await tools.watchUntil(cluster, widget.type, query, (seen) => {
        // A bookmark comes only when something happened that the watch is not about.
        news ??= client.create(widget.type, elsewhere.name, { metadata: { namespace: elsewhere.namespace } });
        return seen.at(-1)?.type === 'BOOKMARK';
      });
      await news;
      await cluster.delete(elsewhere, {}, tools.call);
      tools.note('events', events.map(describeEvent));
      assert.deepEqual(events.map(describeEvent), ['ADDED one', 'BOOKMARK']);
      const last = events.at(-1);
      const bookmark = last?.type === 'BOOKMARK' ? last.resourceVersion : '';
      assert.ok(BigInt(bookmark) > BigInt(told.metadata.resourceVersion ?? '0'));
      const further = { namespace: tools.namespace, resourceVersion: bookmark };
      await client.create(widget.type, 'three');
      const next = await tools.watchUntil(cluster, widget.type, further, countOf(1));
      assert.deepEqual(next.map(describeEvent), ['ADDED three']);
    },
  },
  {
    name: 'the server ends a watch at its timeout',
    needs: [],
    async run({ client, tools, cluster }) {
      const { resourceVersion } = await client.list(widget.type);
      const query = { namespace: tools.namespace, resourceVersion, timeoutSeconds: 1 };
      const events = await tools.watchUntil(cluster, widget.type, query, () => false);
      tools.note('events', events.map(describeEvent));
      assert.deepEqual(events, []);
    },
  },
  {
    name: 'a watch ends when its signal aborts',
    needs: [],
    async run({ client, tools, cluster }) {
      const { resourceVersion } = await client.list(widget.type);
      const stop = new AbortController();
      const query = { namespace: tools.namespace, resourceVersion };
      const watching = (async () => {
        for await (const event of cluster.watch(widget.type, query, stop.signal)) assert.fail(describeEvent(event));
      })();
      await client.list(widget.type);
      stop.abort();
      // It may end quietly or say that it was stopped.
      await watching.catch((error: unknown) => assert.ok(hasCode(error, 'Cancelled'), String(error)));
    },
  },
  {
    name: 'a watch from a forgotten version is Gone',
    needs: ['compaction'],
    async run({ client, tools, cluster }) {
      const { resourceVersion } = await client.list(widget.type);
      await client.create(widget.type, 'one');
      await client.merge(widget.type, 'one', { spec: { replicas: 2 } });
      await tools.compact();
      await client.merge(widget.type, 'one', { spec: { replicas: 3 } });
      const query = { namespace: tools.namespace, resourceVersion };
      await tools.expectError('watch', 'Gone', () => tools.watchUntil(cluster, widget.type, query, countOf(3)));
    },
  },
  {
    name: 'a watch that cannot be is refused',
    needs: [],
    async run({ tools, cluster }) {
      const { namespace } = tools;
      const watch = (query: object) => () =>
        tools.watchUntil(cluster, widget.type, { namespace, resourceVersion: '0', ...query }, () => false);
      await tools.expectError('selector', 'BadRequest', watch({ labelSelector: '=x' }));
      await tools.expectError('field', 'BadRequest', watch({ fieldSelector: 'spec.size=small' }));
      const unknown = { ...widget.type, plural: 'sprockets' };
      await tools.expectError('resource', 'NotFound', () =>
        tools.watchUntil(cluster, unknown, { namespace, resourceVersion: '0' }, () => false),
      );
    },
  },
];
