import assert from 'node:assert/strict';
import { before, test } from 'node:test';

import { contractCases, runCase } from '../contract/cluster.ts';
import type { ContractCluster } from '../contract/cluster/case.ts';
import { realCluster } from '../contract/real-cluster.ts';
import { recordedAnswers, recordedVersions } from '../contract/recorded-answers.ts';
import { ownControlPlaneSuite } from './suite.ts';

ownControlPlaneSuite('the adapter for real clusters keeps the cluster contract', {}, (plane) => {
  let target: ContractCluster;
  before(async () => {
    target = await realCluster(plane());
  });

  test('the answers of this Kubernetes version are recorded', () => {
    assert.ok(recordedVersions().includes(plane().version), `run "npm run e2e:record" for ${plane().version}`);
    assert.deepEqual(
      Object.keys(recordedAnswers(plane().version)),
      contractCases.map(({ name }) => name),
    );
  });

  for (const contractCase of contractCases) {
    test(contractCase.name, async () => {
      const record = await runCase(target, contractCase);
      assert.deepEqual(record, recordedAnswers(plane().version)[contractCase.name]);
    });
  }
});
