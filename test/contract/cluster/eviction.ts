import assert from 'node:assert/strict';

import { resourceTypes } from '../../../src/api/resource-types.ts';
import { valueAt, type ContractCase, type ContractWorld } from './case.ts';
import { podContent, runningStatus } from './workload.ts';

const { pod, podDisruptionBudget } = resourceTypes;
const status = { subresource: 'status' } as const;

async function runPods({ client }: ContractWorld, names: readonly string[], isReady = true): Promise<void> {
  for (const name of names) {
    await client.create(pod, name, podContent({ node: 'contract-node' }));
    await client.merge(pod, name, runningStatus(isReady), status);
  }
}

async function budget(world: ContractWorld, name: string, spec: object, allowed: number): Promise<void> {
  const { client, tools } = world;
  const selector = { matchLabels: { app: 'one' } };
  await client.create(podDisruptionBudget, name, { spec: { selector, ...spec } });
  await untilAllowed(world, name, allowed);
  await tools.expect(
    `status of ${name}`,
    () => client.get(podDisruptionBudget, name),
    (object) => {
      const { conditions: _, disruptedPods: __, ...counts } = object['status'] as Record<string, unknown>;
      return counts;
    },
  );
}

async function untilAllowed({ client, tools }: ContractWorld, name: string, allowed: number): Promise<void> {
  await tools.eventually(
    `${name} allows ${allowed}`,
    () => client.get(podDisruptionBudget, name),
    (object) =>
      valueAt(object, 'status.observedGeneration') === object.metadata.generation &&
      valueAt(object, 'status.disruptionsAllowed') === allowed,
  );
}

async function cleanUp({ client }: ContractWorld, names: readonly string[]): Promise<void> {
  for (const name of names) await client.delete(pod, name, { gracePeriodSeconds: 0 });
}

/** Evictions and disruption budgets. */
export const evictionCases: readonly ContractCase[] = [
  {
    name: 'a pod without a budget can be evicted',
    needs: [],
    async run(world) {
      const { client, tools, cluster } = world;
      await runPods(world, ['one']);
      await tools.expectError('no such pod', 'NotFound', () => cluster.evict(tools.at(pod, 'two'), {}, tools.call));
      await cluster.evict(tools.at(pod, 'one'), {}, tools.call);
      const evicted = await client.get(pod, 'one');
      assert.ok(evicted.metadata.deletionTimestamp);
      await cleanUp(world, ['one']);
    },
  },
  {
    name: 'a budget without room refuses evictions',
    needs: ['disruption-controller'],
    async run(world) {
      const { client, tools, cluster } = world;
      await runPods(world, ['a', 'b']);
      await budget(world, 'all', { minAvailable: 2 }, 0);
      await tools.expectError('eviction', 'TooManyRequests', () => cluster.evict(tools.at(pod, 'a'), {}, tools.call));
      assert.equal((await client.get(pod, 'a')).metadata.deletionTimestamp, undefined);
      await cleanUp(world, ['a', 'b']);
    },
  },
  {
    name: 'a budget is spent by evictions and filled again',
    needs: ['disruption-controller'],
    async run(world) {
      const { tools, cluster } = world;
      await runPods(world, ['a', 'b', 'c']);
      await budget(world, 'some', { minAvailable: 2 }, 1);
      await cluster.evict(tools.at(pod, 'a'), {}, tools.call);
      await tools.expectError('second eviction', 'TooManyRequests', () =>
        cluster.evict(tools.at(pod, 'b'), {}, tools.call),
      );
      await cleanUp(world, ['a']);
      await runPods(world, ['d']);
      await untilAllowed(world, 'some', 1);
      await cluster.evict(tools.at(pod, 'b'), {}, tools.call);
      await cleanUp(world, ['b', 'c', 'd']);
    },
  },
  {
    name: 'pods that do not serve need no room',
    needs: ['disruption-controller'],
    async run(world) {
      const { client, tools, cluster } = world;
      await runPods(world, ['ready']);
      await runPods(world, ['unready'], false);
      await client.create(pod, 'pending', podContent({ node: 'contract-node' }));
      await budget(world, 'one', { minAvailable: 1 }, 0);
      await tools.expectError('ready', 'TooManyRequests', () => cluster.evict(tools.at(pod, 'ready'), {}, tools.call));
      await cluster.evict(tools.at(pod, 'unready'), {}, tools.call);
      await cluster.evict(tools.at(pod, 'pending'), {}, tools.call);
      await cleanUp(world, ['ready', 'unready', 'pending']);
    },
  },
  {
    name: 'two budgets on one pod are an error',
    needs: ['disruption-controller'],
    async run(world) {
      const { tools, cluster } = world;
      await runPods(world, ['a']);
      await budget(world, 'first', { minAvailable: 0 }, 1);
      await budget(world, 'second', { minAvailable: 0 }, 1);
      await tools.expectError('eviction', 'Internal', () => cluster.evict(tools.at(pod, 'a'), {}, tools.call), {
        message: true,
      });
      await cleanUp(world, ['a']);
    },
  },
];
