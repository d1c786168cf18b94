import assert from 'node:assert/strict';

import type { KubeObject } from '../../../src/api/object.ts';
import { resourceTypes } from '../../../src/api/resource-types.ts';
import type { ContractCase, ContractWorld } from './case.ts';

const type = resourceTypes.configMap;

function ownedBy(...owners: readonly KubeObject[]): object {
  const ownerReferences = owners.map(({ apiVersion, kind, metadata }) => ({
    apiVersion,
    kind,
    name: metadata.name,
    uid: metadata.uid,
  }));
  return { metadata: { ownerReferences } };
}

function blocking(owner: KubeObject): object {
  const { metadata } = ownedBy(owner) as { metadata: { ownerReferences: readonly object[] } };
  return {
    metadata: { ownerReferences: metadata.ownerReferences.map((one) => ({ ...one, blockOwnerDeletion: true })) },
  };
}

async function untilGone({ tools, cluster }: ContractWorld, name: string): Promise<void> {
  await tools.eventually(
    `${name} goes`,
    () => tools.find(cluster, type, name),
    (object) => object === undefined,
  );
}

/** Owner references and the garbage collector. */
export const garbageCases: readonly ContractCase[] = [
  {
    name: 'dependents go after their owner',
    needs: ['garbage-collector'],
    async run(world) {
      const { client, tools, cluster } = world;
      const owner = await client.create(type, 'owner');
      const child = await client.create(type, 'child', ownedBy(owner));
      await client.create(type, 'grandchild', ownedBy(child));
      await client.create(type, 'stranger');
      await client.delete(type, 'owner');
      assert.equal(await tools.find(cluster, type, 'owner'), undefined);
      await untilGone(world, 'child');
      await untilGone(world, 'grandchild');
      assert.ok(await client.get(type, 'stranger'));
    },
  },
  {
    name: 'an object with an owner left stays',
    needs: ['garbage-collector'],
    async run({ client, tools }) {
      const [first, second] = [await client.create(type, 'first'), await client.create(type, 'second')];
      await client.create(type, 'child', ownedBy(first, second));
      await client.delete(type, 'first');
      const child = await tools.eventually(
        'reference goes',
        () => client.get(type, 'child'),
        ({ metadata }) => metadata.ownerReferences?.length === 1,
      );
      assert.equal(child.metadata.ownerReferences?.[0]?.name, 'second');
    },
  },
  {
    name: 'an owner deleted in the foreground waits for its dependents',
    needs: ['garbage-collector'],
    async run(world) {
      const { client, tools } = world;
      const owner = await client.create(type, 'owner');
      const { metadata } = blocking(owner) as { metadata: object };
      await client.create(type, 'child', { metadata: { ...metadata, finalizers: ['test.sluice.dev/hold'] } });
      const waiting = await tools.expect(
        'delete',
        () => client.delete(type, 'owner', { propagation: 'Foreground' }),
        (object) => object.metadata.finalizers,
      );
      assert.deepEqual(waiting.metadata.finalizers, ['foregroundDeletion']);
      await tools.eventually(
        'child is marked',
        () => client.get(type, 'child'),
        (child) => child.metadata.deletionTimestamp !== undefined,
      );
      assert.ok(await client.get(type, 'owner'));
      await client.merge(type, 'child', { metadata: { finalizers: null } });
      await untilGone(world, 'child');
      await untilGone(world, 'owner');
    },
  },
  {
    name: 'orphans lose their owner and stay',
    needs: ['garbage-collector'],
    async run(world) {
      const { client, tools } = world;
      const owner = await client.create(type, 'owner');
      await client.create(type, 'child', ownedBy(owner));
      const letting = await tools.expect(
        'delete',
        () => client.delete(type, 'owner', { propagation: 'Orphan' }),
        (object) => object.metadata.finalizers,
      );
      assert.deepEqual(letting.metadata.finalizers, ['orphan']);
      await untilGone(world, 'owner');
      const child = await client.get(type, 'child');
      assert.equal(child.metadata.ownerReferences, undefined);
    },
  },
  {
    name: 'an object whose owner never was goes',
    needs: ['garbage-collector'],
    async run(world) {
      const { client } = world;
      const owner = await client.create(type, 'owner');
      const other = { ...owner, metadata: { ...owner.metadata, uid: '00000000-0000-4000-8000-000000000000' } };
      await client.create(type, 'child', ownedBy(other));
      await untilGone(world, 'child');
    },
  },
];
