import assert from 'node:assert/strict';
import { describe, it } from 'node:test';

import { splitsByHash, waitsForPods } from '../../src/engine/hash-switch.ts';

describe('turning a router to other revisions', () => {
  const replicaSet = (hash: string, specReplicas: number, availableReplicas: number) => ({
    hash,
    specReplicas,
    availableReplicas,
  });

  it('waits until every pod behind the hashes can answer', () => {
    const hashes = { canary: 'new', stable: 'old' };
    assert.equal(waitsForPods(hashes, false, [replicaSet('old', 3, 3), replicaSet('new', 2, 1)]), true);
    assert.equal(waitsForPods(hashes, false, [replicaSet('old', 3, 2), replicaSet('new', 2, 2)]), true);
    assert.equal(waitsForPods(hashes, false, [replicaSet('old', 3, 3), replicaSet('new', 2, 2)]), false);
    assert.equal(waitsForPods(hashes, false, [replicaSet('old', 3, 3), replicaSet('new', 0, 0)]), false);
    assert.equal(waitsForPods(hashes, false, [replicaSet('older', 3, 0)]), false);
  });

  it('does not wait for an aborted canary', () => {
    const hashes = { canary: 'new', stable: 'old' };
    assert.equal(waitsForPods(hashes, true, [replicaSet('old', 3, 3), replicaSet('new', 2, 1)]), false);
    assert.equal(waitsForPods(hashes, true, [replicaSet('old', 3, 2)]), true);
  });

  it('matters only where no Service leads to the two sides', () => {
    const istio = {
      virtualService: { name: 'v' },
      destinationRule: { name: 'r', canarySubsetName: 'c', stableSubsetName: 's' },
    };
    assert.equal(splitsByHash({ strategy: { canary: { trafficRouting: { istio } } } }), true);
    const services = { canaryService: 'c', stableService: 's' };
    assert.equal(splitsByHash({ strategy: { canary: { ...services, trafficRouting: { istio } } } }), false);
    assert.equal(splitsByHash({ strategy: { canary: { trafficRouting: { smi: {} } } } }), false);
  });
});
