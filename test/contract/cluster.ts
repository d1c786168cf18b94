import assert from 'node:assert/strict';
import { describe, test } from 'node:test';

import type { Json } from '../../src/api/object.ts';
import { resourceTypes } from '../../src/api/resource-types.ts';
import { ContractTools, type ContractCase, type ContractCluster } from './cluster/case.ts';
import { ContractClient } from './cluster/client.ts';
import { deletionCases } from './cluster/deletion.ts';
import { evictionCases } from './cluster/eviction.ts';
import { garbageCases } from './cluster/garbage.ts';
import { limitCases } from './cluster/limits.ts';
import { ownershipCases } from './cluster/ownership.ts';
import { pageCases } from './cluster/pages.ts';
import { patchCases } from './cluster/patches.ts';
import { schemaCases } from './cluster/schemas.ts';
import { selectorCases } from './cluster/selectors.ts';
import { subresourceCases } from './cluster/subresources.ts';
import { watchCases } from './cluster/watches.ts';
import { writeCases } from './cluster/writes.ts';

/** Every behaviour that a cluster must have, whichever implementation it is. */
export const contractCases: readonly ContractCase[] = [
  ...writeCases,
  ...subresourceCases,
  ...patchCases,
  ...ownershipCases,
  ...schemaCases,
  ...limitCases,
  ...selectorCases,
  ...pageCases,
  ...watchCases,
  ...deletionCases,
  ...garbageCases,
  ...evictionCases,
];

/** The answers of one cluster, by name of the case. */
export type ContractRecord = Readonly<Record<string, Json>>;

/**
 * Runs the suite against a cluster. With `recorded` (the answers of a real API server) each case must be recorded there
 * and answer the same. Cases that need what the cluster does not have are skipped by name.
 */
export function clusterContract(
  name: string,
  makeCluster: () => Promise<ContractCluster>,
  recorded?: ContractRecord,
): void {
  describe(`cluster contract: ${name}`, async () => {
    const target = await makeCluster();
    for (const contractCase of contractCases) {
      const missing = contractCase.needs.filter((need) => !target.has.includes(need));
      const skip = missing.length > 0 ? `needs ${missing.join(', ')}` : false;
      test(contractCase.name, { skip }, async () => {
        const record = await runCase(target, contractCase);
        if (recorded !== undefined) assert.deepEqual(record, recorded[contractCase.name], 'the recorded answers');
      });
    }
    test('the cluster closes', () => target.close());
  });
}

/** Runs every case that the cluster can run and returns the answers, to be kept as `test/contract/recorded/*.json`. */
export async function recordContract(target: ContractCluster): Promise<ContractRecord> {
  const records: Record<string, Json> = {};
  for (const contractCase of contractCases) {
    if (contractCase.needs.some((need) => !target.has.includes(need))) continue;
    records[contractCase.name] = await runCase(target, contractCase);
  }
  return records;
}

/** Runs one case in a namespace of its own and returns its record. */
export async function runCase(target: ContractCluster, contractCase: ContractCase): Promise<Json> {
  const controller = new AbortController();
  const namespace = await createNamespace(target, controller.signal);
  const tools = new ContractTools(namespace, controller.signal, async () => target.compact?.());
  try {
    const client = new ContractClient(target.cluster, tools);
    await contractCase.run({ cluster: target.cluster, client, tools });
  } finally {
    controller.abort();
  }
  return tools.record;
}

async function createNamespace(target: ContractCluster, signal: AbortSignal): Promise<string> {
  const created = await target.cluster.create(
    resourceTypes.namespace,
    { apiVersion: 'v1', kind: 'Namespace', metadata: { name: '', generateName: 'contract-' } },
    {},
    { signal },
  );
  return created.metadata.name;
}
