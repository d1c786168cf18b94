import assert from 'node:assert/strict';
import { describe, it } from 'node:test';

import type { CanaryStep } from '../../src/api/canary-step.ts';
import type { RolloutSpec } from '../../src/api/rollout.ts';
import type { Effect } from '../../src/engine/decision.ts';
import { modelWorld, type ModelWorld } from './model-world.ts';

const services = { stableService: 'stable', canaryService: 'canary' };

/** A second revision that comes while pods of the first one are missing, so that nothing leads to stable alone yet. */
function pushedTwice(canary: object, steps: readonly CanaryStep[], available = 3): ModelWorld {
  const spec: RolloutSpec = { replicas: 4, strategy: { canary: { ...canary, steps } } };
  const model = modelWorld({ spec, services: ['stable', 'canary'], splitsByHash: !('stableService' in canary) });
  pass(model, available);
  assert.equal(model.status().stableRS, 'v1');
  model.setTemplate('v2');
  return model;
}

function pass(model: ModelWorld, available: number): readonly Effect[] {
  return Array.from({ length: 12 }, () => {
    const { effects } = model.pass();
    const set = model.replicaSets.get('web-v1')!;
    model.replicaSets.set('web-v1', { ...set, readyReplicas: available, availableReplicas: available });
    return effects;
  }).flat();
}

function podsOf(model: ModelWorld, hash: string): number | undefined {
  return model.replicaSets.get(`web-${hash}`)?.specReplicas;
}

describe('a new revision beside Services or subsets that select the pods of all revisions', () => {
  const smi = { ...services, trafficRouting: { smi: {} } };
  const subsets = {
    trafficRouting: {
      istio: {
        virtualService: { name: 'web' },
        destinationRule: { name: 'web', canarySubsetName: 'c', stableSubsetName: 's' },
      },
    },
  };
  for (const [what, canary] of Object.entries({ Services: smi, subsets })) {
    it(`gets no pods until ${what} lead to stable alone`, () => {
      const model = pushedTwice(canary, [{ setWeight: 25 }]);
      pass(model, 3);
      assert.equal(podsOf(model, 'v2'), 0);
      pass(model, 4);
      assert.equal(podsOf(model, 'v2'), 1);
    });
  }

  it('gets no pods where spec.replicas changes meanwhile', () => {
    const model = pushedTwice(smi, [{ setWeight: 25 }]);
    pass(model, 3);
    model.patchSpec({ replicas: 8 });
    pass(model, 3);
    assert.deepEqual([podsOf(model, 'v1'), podsOf(model, 'v2')], [8, 0]);
  });

  it('gets its pods after a minute, behind a stable Service that leads to the pods that stable has', () => {
    const model = pushedTwice(smi, [{ setWeight: 25 }]);
    pass(model, 3);
    assert.equal(model.services.get('stable')?.hash, '');
    model.advance(60);
    pass(model, 3);
    assert.equal(model.services.get('stable')?.hash, 'v1');
    assert.equal(podsOf(model, 'v2'), 1);
  });

  it('gets its pods after a minute where stable has none that answer', () => {
    const model = pushedTwice(smi, [{ setWeight: 25 }], 0);
    pass(model, 0);
    assert.equal(podsOf(model, 'v2'), 0);
    model.advance(60);
    pass(model, 0);
    assert.equal(model.services.get('stable')?.hash, '');
    assert.equal(podsOf(model, 'v2'), 1);
  });

  it('is tried by an Experiment only when they lead to stable alone', () => {
    const templates = [{ name: 'candidate', specRef: 'canary' as const }];
    const model = pushedTwice(smi, [{ experiment: { duration: '1m', templates } }]);
    const isTried = (effects: readonly Effect[]): boolean => effects.some(({ kind }) => kind === 'createExperiment');
    assert.equal(isTried(pass(model, 3)), false);
    assert.equal(isTried(pass(model, 4)), true);
  });

  it('gets its pods at once without a router: users are shared by pods then', () => {
    const model = pushedTwice(services, [{ setWeight: 25 }]);
    pass(model, 3);
    assert.equal(podsOf(model, 'v2'), 1);
  });

  it('gets its pods at once with blue/green where nothing has to let it pass, else not before', () => {
    for (const [autoPromotionEnabled, pods] of [
      [true, 4],
      [false, 0],
    ] as const) {
      const blueGreen = { activeService: 'stable', autoPromotionEnabled };
      const model = modelWorld({ spec: { replicas: 4, strategy: { blueGreen } }, services: ['stable'] });
      pass(model, 3);
      model.setTemplate('v2');
      pass(model, 3);
      assert.equal(podsOf(model, 'v2'), pods);
      assert.equal(model.services.get('stable')?.hash, '');
      model.advance(60);
      pass(model, 3);
      assert.equal(podsOf(model, 'v2'), 4);
      assert.equal(model.services.get('stable')?.hash, autoPromotionEnabled ? '' : 'v1');
    }
  });

  it('gives users back to a stable Service that was opened, but only when that leads to stable alone', () => {
    const model = pushedTwice(smi, [{ setWeight: 25 }, { pause: {} }], 4);
    pass(model, 4);
    const set = model.replicaSets.get('web-v2')!;
    model.replicaSets.set('web-v2', { ...set, readyReplicas: 1, availableReplicas: 1 });
    pass(model, 4);
    assert.equal(model.weight(), 25);
    model.services.set('stable', { ...model.services.get('stable')!, hash: '' });
    model.replicaSets.set('web-v1', { ...model.replicaSets.get('web-v1')!, availableReplicas: 3 });
    model.patchStatus({ abort: true });
    const changes = pass(model, 3).filter(({ phase }) => phase === 'lower');
    assert.deepEqual(
      changes.map(({ kind }) => kind),
      ['switchService', 'setTraffic'],
    );
  });
});
