import assert from 'node:assert/strict';
import { describe, it } from 'node:test';

import { compareGolden } from '../golden/difference.ts';
import { replicasDifferences } from '../golden/differences-replicas.ts';
import { readGolden } from '../golden/read-golden.ts';
import {
  runCanaryReplicas,
  type CanaryReplicasInput,
  type CanaryReplicasOutput,
} from '../golden/run-canary-replicas.ts';

const cases = readGolden<CanaryReplicasInput, CanaryReplicasOutput>('canary-replicas.json');

describe('sizes of canaries as recorded', () => {
  it('agree with every case, apart from the listed differences', () => {
    const failures = cases.flatMap(({ name, input, expected }) => {
      const actual = runCanaryReplicas(input);
      const { unexplained } = compareGolden(input, expected, actual, replicasDifferences);
      return unexplained.map((path) => `${name}: ${path}`);
    });
    assert.deepEqual(failures, []);
    assert.equal(cases.length, 376);
  });

  it('need the differences in few cases only', () => {
    const used = cases.filter(
      ({ input, expected }) =>
        compareGolden(input, expected, runCanaryReplicas(input), replicasDifferences).used.length > 0,
    );
    assert.ok(used.length > 0 && used.length <= 13, `${used.length} cases differ`);
  });
});
