import assert from 'node:assert/strict';
import { describe, it } from 'node:test';

import { modelWorld } from './model-world.ts';

describe('a background analysis', () => {
  it('has begun when its first step, a pause, is told of', () => {
    const analysis = { templates: [{ templateName: 'check' }], startingStep: 1 };
    const canary = { steps: [{ setWeight: 50 }, { pause: {} }], analysis };
    const metric = { name: 'errors', provider: {} };
    const model = modelWorld({
      spec: { replicas: 2, strategy: { canary } },
      templates: { check: { metrics: [metric] } },
    });
    model.settle();
    model.setTemplate('v2');
    for (let turn = 0; turn < 60 && model.status().phase !== 'Paused'; turn += 1) {
      assert.equal(model.runs.size, 0);
      model.pass();
      for (const set of model.replicaSets.values()) {
        const count = set.specReplicas;
        model.replicaSets.set(set.name, { ...set, readyReplicas: count, availableReplicas: count });
      }
    }
    assert.equal(model.status().phase, 'Paused');
    assert.equal(model.runs.size, 1);
    model.settle();
    assert.equal(model.runs.size, 1);
  });
});

describe('an inconclusive background analysis', () => {
  it('outlasts the pause of the step that it came in', () => {
    const analysis = { templates: [{ templateName: 'check' }] };
    const canary = { steps: [{ setWeight: 50 }, { pause: { duration: '30s' } }, { setWeight: 100 }], analysis };
    const model = modelWorld({
      spec: { replicas: 2, strategy: { canary } },
      templates: { check: { metrics: [{ name: 'errors', provider: {} }] } },
    });
    const reasons = (): readonly string[] => (model.status().pauseConditions ?? []).map(({ reason }) => reason);
    model.settle();
    model.setTemplate('v2');
    model.settle();
    const [run] = model.runs.keys();
    model.setRun(run ?? '', 'Inconclusive');
    const [last] = model.settle().slice(-1);
    assert.deepEqual(reasons(), ['CanaryPauseStep', 'InconclusiveAnalysisRun']);
    assert.equal(model.status().message, 'CanaryPauseStep');

    assert.notEqual(last?.lookAgainAt, undefined, 'the end of the pause is looked at');
    model.advance(31);
    model.settle();
    assert.deepEqual(reasons(), ['InconclusiveAnalysisRun']);
    assert.equal(model.status().message, 'InconclusiveAnalysisRun');
    assert.equal(model.status().currentStepIndex, 1);

    model.patchStatus({ pauseConditions: undefined });
    model.settle();
    assert.equal(model.status().stableRS, 'v2');
  });
});
