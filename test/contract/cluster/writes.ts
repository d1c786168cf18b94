import assert from 'node:assert/strict';

import { resourceTypes } from '../../../src/api/resource-types.ts';
import type { ContractCase } from './case.ts';
import { widget } from './widget.ts';

/** Creates, updates, names and preconditions. */
export const writeCases: readonly ContractCase[] = [
  {
    name: 'create answers the stored object',
    needs: [],
    async run({ client, tools }) {
      const created = await tools.expect('create', () => client.create(widget.type, 'one', { spec: { replicas: 3 } }));
      assert.equal(created.metadata.generation, 1);
      assert.ok(created.metadata.uid);
      assert.deepEqual(await client.get(widget.type, 'one'), created);
      await tools.expectError('create again', 'AlreadyExists', () => client.create(widget.type, 'one'), {
        message: true,
      });
      await tools.expectError('get another', 'NotFound', () => client.get(widget.type, 'other'), { message: true });
    },
  },
  {
    name: 'the server decides identity, version and times',
    needs: [],
    async run({ client, tools }) {
      const claims = {
        uid: '00000000-0000-4000-8000-000000000000',
        generation: 7,
        creationTimestamp: '2001-01-01T00:00:00Z',
        deletionTimestamp: '2001-01-01T00:00:00Z',
        selfLink: '/nowhere',
      };
      const created = await tools.expect('create', () => client.create(widget.type, 'one', { metadata: claims }));
      assert.notEqual(created.metadata.uid, claims.uid);
      assert.equal(created.metadata.generation, 1);
      assert.equal(created.metadata.deletionTimestamp, undefined);
      const changed = await tools.expect('change', () =>
        client.merge(widget.type, 'one', { metadata: { generation: 9, creationTimestamp: null } }),
      );
      assert.equal(changed.metadata.generation, 1);
      assert.equal(changed.metadata.creationTimestamp, created.metadata.creationTimestamp);
      await tools.expectError('change the uid', 'Invalid', () =>
        client.merge(widget.type, 'one', { metadata: { uid: claims.uid } }),
      );
      await tools.expectError('update under another uid', 'Conflict', () =>
        client.update(widget.type, { ...created, metadata: { ...created.metadata, uid: claims.uid } }),
      );
    },
  },
  {
    name: 'generateName completes a name',
    needs: [],
    async run({ client, tools }) {
      const content = { metadata: { generateName: 'many-' } };
      const names = new Set<string>();
      for (let count = 0; count < 3; count += 1) {
        names.add((await client.create(widget.type, '', content)).metadata.name);
      }
      assert.equal(names.size, 3);
      for (const name of names) assert.match(name, /^many-[bcdfghjklmnpqrstvwxz2456789]{5}$/);
      const long = { metadata: { generateName: 'x'.repeat(70) } };
      const created = await client.create(widget.type, '', long);
      tools.note('length of a cut name', created.metadata.name.length);
      assert.equal(created.metadata.name.length, 63);
      await tools.expectError('no name at all', 'Invalid', () => client.create(widget.type, ''));
    },
  },
  {
    name: 'a stale resourceVersion answers Conflict',
    needs: [],
    async run({ client, tools }) {
      const first = await client.create(widget.type, 'one', { spec: { replicas: 1 } });
      const second = await tools.expect('update', () =>
        client.update(widget.type, { ...first, spec: { replicas: 2 } }),
      );
      assert.notEqual(second.metadata.resourceVersion, first.metadata.resourceVersion);
      await tools.expectError(
        'stale update',
        'Conflict',
        () => client.update(widget.type, { ...first, spec: { replicas: 3 } }),
        { message: true },
      );
      const { resourceVersion } = first.metadata;
      await tools.expectError('stale merge patch', 'Conflict', () =>
        client.merge(widget.type, 'one', { metadata: { resourceVersion }, spec: { replicas: 4 } }),
      );
      await tools.expectError('stale JSON patch', 'Conflict', () =>
        client.json(widget.type, 'one', [
          { op: 'replace', path: '/metadata/resourceVersion', value: resourceVersion },
          { op: 'replace', path: '/spec/replicas', value: 5 },
        ]),
      );
      assert.deepEqual(await client.get(widget.type, 'one'), second);
    },
  },
  {
    name: 'an update without a resourceVersion depends on the kind',
    needs: [],
    async run({ client, tools }) {
      await client.create(widget.type, 'one');
      await tools.expectError('custom resource', 'Invalid', () =>
        client.update(widget.type, client.object(widget.type, 'one')),
      );
      await client.create(resourceTypes.configMap, 'one', { data: { a: '1' } });
      const updated = await tools.expect(
        'ConfigMap',
        () =>
          client.update(resourceTypes.configMap, client.object(resourceTypes.configMap, 'one', { data: { a: '2' } })),
        (object) => object['data'],
      );
      assert.deepEqual(updated['data'], { a: '2' });
      await tools.expectError('an object that is not there', 'NotFound', () =>
        client.update(widget.type, client.object(widget.type, 'two', { metadata: { resourceVersion: '1' } })),
      );
    },
  },
  {
    name: 'a write that changes nothing keeps the resourceVersion',
    needs: [],
    async run({ client, tools }) {
      const first = await tools.expect('create', () => client.create(widget.type, 'one', { spec: { replicas: 1 } }));
      const same = await tools.expect('update', () => client.update(widget.type, first));
      assert.equal(same.metadata.resourceVersion, first.metadata.resourceVersion);
      const patched = await tools.expect('patch', () => client.merge(widget.type, 'one', { spec: { replicas: 1 } }));
      assert.equal(patched.metadata.resourceVersion, first.metadata.resourceVersion);
      const other = await tools.expect('patch by another', () =>
        client.merge(widget.type, 'one', { spec: { replicas: 1 } }, { fieldManager: 'another' }),
      );
      assert.equal(other.metadata.resourceVersion, first.metadata.resourceVersion);
    },
  },
  {
    name: 'resource versions grow over all kinds',
    needs: [],
    async run({ client }) {
      const made = await client.create(widget.type, 'one');
      const later = await client.create(resourceTypes.configMap, 'one');
      assert.ok(BigInt(later.metadata.resourceVersion ?? '0') > BigInt(made.metadata.resourceVersion ?? '0'));
    },
  },
  {
    name: 'requests that fit no resource are refused',
    needs: [],
    async run({ client, tools, cluster }) {
      const unknown = { ...widget.type, kind: 'Sprocket', plural: 'sprockets' };
      await tools.expectError('unknown resource', 'NotFound', () => client.create(unknown, 'one'));
      await tools.expectError('list of an unknown resource', 'NotFound', () => client.list(unknown));
      const other = { ...client.object(widget.type, 'one'), kind: 'Gadget' };
      await tools.expectError('wrong kind', 'Invalid', () =>
        cluster.create(widget.type, other, { fieldManager: 'contract' }, tools.call),
      );
      const pod = { ...client.object(resourceTypes.configMap, 'one'), kind: 'Pod' };
      await tools.expectError('wrong built-in kind', 'BadRequest', () =>
        cluster.create(resourceTypes.configMap, pod, { fieldManager: 'contract' }, tools.call),
      );
      const version = { ...client.object(widget.type, 'one'), apiVersion: 'test.sluice.dev/v2' };
      await tools.expectError('wrong version', 'BadRequest', () =>
        cluster.create(widget.type, version, { fieldManager: 'contract' }, tools.call),
      );
      await tools.expectError('unknown subresource', 'NotFound', () =>
        client.merge(resourceTypes.configMap, 'one', {}, { subresource: 'status' }),
      );
    },
  },
  {
    name: 'bad names and labels are refused',
    needs: [],
    async run({ client, tools }) {
      await tools.expectError('name', 'Invalid', () => client.create(widget.type, 'Not_Good'));
      await tools.expectError('label value', 'Invalid', () =>
        client.create(widget.type, 'one', { metadata: { labels: { app: 'not good' } } }),
      );
      await tools.expectError('label key', 'Invalid', () =>
        client.create(widget.type, 'one', { metadata: { labels: { 'not good': 'a' } } }),
      );
      await tools.expectError('annotation key', 'Invalid', () =>
        client.create(widget.type, 'one', { metadata: { annotations: { 'not good': 'a' } } }),
      );
      await tools.expectError('label that is no text', 'BadRequest', () =>
        client.create(widget.type, 'one', { metadata: { labels: { app: 1 } } }),
      );
      await tools.expectError('owner without uid', 'Invalid', () =>
        client.create(widget.type, 'one', {
          metadata: { ownerReferences: [{ apiVersion: 'v1', kind: 'ConfigMap', name: 'a', uid: '' }] },
        }),
      );
      await tools.expectError('service name', 'Invalid', () =>
        client.create(resourceTypes.service, '1st', { spec: { ports: [{ port: 80 }] } }),
      );
    },
  },
  {
    name: 'dry run stores nothing',
    needs: [],
    async run({ client, tools, cluster }) {
      const dryRun = { dryRun: true } as const;
      const made = await tools.expect('create', () => client.create(widget.type, 'dry', { spec: {} }, dryRun));
      assert.deepEqual(made['spec'], { replicas: 1, size: 'small', limits: { cpu: 100 } });
      assert.equal(await tools.find(cluster, widget.type, 'dry'), undefined);
      const first = await client.create(widget.type, 'one', { spec: { replicas: 1 } });
      const changed = await tools.expect('patch', () =>
        client.merge(widget.type, 'one', { spec: { replicas: 2 } }, dryRun),
      );
      assert.equal(changed.metadata.generation, 2);
      await tools.expect('update', () => client.update(widget.type, { ...first, spec: { replicas: 3 } }, dryRun));
      await tools.expectError('invalid patch', 'Invalid', () =>
        client.merge(widget.type, 'one', { spec: { replicas: -1 } }, dryRun),
      );
      await client.delete(widget.type, 'one', dryRun);
      assert.deepEqual(await client.get(widget.type, 'one'), first);
    },
  },
];
