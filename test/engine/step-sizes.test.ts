import assert from 'node:assert/strict';
import { describe, it } from 'node:test';

import { modelWorld } from './model-world.ts';

const steps = [{ setWeight: 50 }, { pause: {} }];

describe('a step with a weight', () => {
  it('waits for its pods where those of a broken revision have to go first', () => {
    const model = modelWorld({ spec: { replicas: 2, strategy: { canary: { steps } } } });
    model.settle();
    model.broken.add('v2');
    model.setTemplate('v2');
    model.settle();
    assert.deepEqual(
      [...model.replicaSets.values()].map(({ specReplicas }) => specReplicas),
      [2, 1],
    );

    model.setTemplate('v3');
    for (let pass = 0; pass < 10; pass += 1) model.pass();
    assert.equal(model.status().currentStepIndex, 0, 'no pod of the new revision answers yet');
    assert.equal(model.replicaSets.get('web-v3')?.specReplicas, 1);
    model.settle();
    assert.equal(model.status().currentStepIndex, 1);
  });

  it('is passed without pods where none are wanted', () => {
    const canary = { stableService: 's', canaryService: 'c', trafficRouting: { plugins: { model: {} } }, steps };
    const model = modelWorld({ spec: { replicas: 0, strategy: { canary } }, services: ['s', 'c'] });
    model.settle();
    model.setTemplate('v2');
    model.settle();
    assert.equal(model.status().currentStepIndex, 1);
    model.patchStatus({ pauseConditions: undefined });
    model.settle();
    assert.equal(model.status().stableRS, 'v2');
    assert.equal(model.weight(), 0);
  });
});
