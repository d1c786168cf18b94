import assert from 'node:assert/strict';
import { describe, it } from 'node:test';

import type { RolloutSpec } from '../../src/api/rollout.ts';
import { modelWorld, type ModelWorld } from './model-world.ts';

const spec: RolloutSpec = {
  replicas: 4,
  strategy: {
    canary: {
      trafficRouting: {
        istio: {
          virtualService: { name: 'web' },
          destinationRule: { name: 'web', canarySubsetName: 'canary', stableSubsetName: 'stable' },
        },
      },
      steps: [{ setWeight: 25 }, { pause: {} }, { setWeight: 75 }, { pause: {} }],
    },
  },
};

/** Passes until nothing changes; every reading must keep traffic off revisions that cannot answer. */
function settle(model: ModelWorld, availableMax: Readonly<Record<string, number>> = {}): void {
  for (let turn = 0; turn < 60; turn += 1) {
    const [before, status] = [readingOf(model), JSON.stringify(model.status())];
    const decision = model.pass();
    checkTurn(before, readingOf(model), model);
    let isChanged = false;
    for (const set of model.replicaSets.values()) {
      const available = Math.min(set.specReplicas, availableMax[set.hash] ?? set.specReplicas);
      isChanged ||= available !== set.availableReplicas;
      model.replicaSets.set(set.name, { ...set, readyReplicas: available, availableReplicas: available });
    }
    if (!isChanged && decision.effects.length === 0 && JSON.stringify(model.status()) === status) return;
  }
  assert.fail('does not settle');
}

type Reading = ReturnType<ModelWorld['world']>['traffic'][number]['reading'];

function readingOf(model: ModelWorld): Reading {
  const [router] = model.world().traffic;
  assert.ok(router !== undefined);
  return router.reading;
}

function checkTurn(before: Reading, after: Reading, model: ModelWorld): void {
  assert.ok(after.hashes !== undefined && before.hashes !== undefined);
  const available = (hash: string): number =>
    [...model.replicaSets.values()].find((set) => set.hash === hash)?.availableReplicas ?? 0;
  if (after.canaryWeight !== 0) assert.ok(available(after.hashes.canary) > 0, 'the canary subset can answer');
  if (after.stableWeight !== 0 && after.hashes.stable !== '') {
    assert.ok(available(after.hashes.stable) > 0, 'the stable subset can answer');
  }
  if (after.hashes.canary !== before.hashes.canary && before.hashes.canary !== '') {
    assert.equal(before.canaryWeight, 0, 'a subset is turned only while it has no traffic');
  }
}

function hashes(model: ModelWorld): unknown {
  return readingOf(model).hashes;
}

describe('traffic that is split by subset', () => {
  function started(): ModelWorld {
    const model = modelWorld({ spec, splitsByHash: true });
    settle(model);
    assert.deepEqual(hashes(model), { canary: 'v1', stable: 'v1' });
    model.setTemplate('v2');
    settle(model);
    assert.deepEqual(hashes(model), { canary: 'v2', stable: 'v1' });
    assert.equal(model.weight(), 25);
    return model;
  }

  function resume(model: ModelWorld): void {
    model.patchStatus({ pauseConditions: [] });
    settle(model);
  }

  it('turns the canary subset to a new revision, and at the end the stable one', () => {
    const model = started();
    resume(model);
    assert.equal(model.weight(), 75);
    resume(model);
    assert.deepEqual(hashes(model), { canary: 'v2', stable: 'v2' });
    assert.equal(model.weight(), 0);
  });

  it('leaves the subset where it is after an abort, without traffic', () => {
    const model = started();
    model.patchStatus({ abort: true });
    settle(model);
    assert.equal(model.weight(), 0);
    assert.deepEqual(hashes(model), { canary: 'v2', stable: 'v1' });
  });

  it('takes all traffic from a canary before another one gets its subset', () => {
    const model = started();
    model.setTemplate('v3');
    settle(model);
    assert.deepEqual(hashes(model), { canary: 'v3', stable: 'v1' });
    assert.equal(model.weight(), 25);
  });

  it('gives no traffic to a revision whose pods never start', () => {
    const model = modelWorld({ spec, splitsByHash: true });
    settle(model);
    model.setTemplate('v2');
    settle(model, { v2: 0 });
    assert.equal(model.weight(), 0);
  });

  it('gives no traffic to a subset that still leads elsewhere, because a stable pod is missing', () => {
    const model = modelWorld({ spec, splitsByHash: true });
    settle(model);
    model.setTemplate('v2');
    model.replicaSets.set('web-v1', { ...model.replicaSets.get('web-v1')!, availableReplicas: 3 });
    settle(model, { v1: 3 });
    assert.deepEqual(hashes(model), { canary: 'v1', stable: 'v1' });
    assert.equal(model.weight(), 0);
    settle(model);
    assert.deepEqual(hashes(model), { canary: 'v2', stable: 'v1' });
    assert.equal(model.weight(), 25);
  });
});
