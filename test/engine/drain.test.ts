import assert from 'node:assert/strict';
import { describe, it } from 'node:test';

import type { RolloutSpec } from '../../src/api/rollout.ts';
import type { Decision } from '../../src/engine/decision.ts';
import { modelWorld, type ModelWorld } from './model-world.ts';

const steps = [{ setWeight: 50 }, { pause: { duration: '1s' } }];

/** A Rollout whose update has all its new pods and just took the old ones away. */
function draining(spec: Partial<RolloutSpec> = {}): ModelWorld {
  const model = modelWorld({ spec: { replicas: 1, strategy: { canary: { steps } }, ...spec } });
  model.settle();
  model.setTemplate('v2');
  model.settle();
  model.advance(100);
  passUntil(model, ({ effects }) => effects.some(({ kind }) => kind === 'scaleReplicaSet'));
  assert.deepEqual(
    [...model.replicaSets.values()].map(({ specReplicas }) => specReplicas),
    [0, 1],
  );
  return model;
}

function passUntil(model: ModelWorld, isMeant: (decision: Decision) => boolean): Decision {
  for (let turn = 0; turn < 5; turn += 1) {
    const decision = model.pass();
    if (isMeant(decision)) return decision;
  }
  throw new Error('it does not come to that');
}

/** The ReplicaSet of the old revision still counts a pod. */
function keepCounting(model: ModelWorld): void {
  const [name = '', old] = [...model.replicaSets].find(([, { hash }]) => hash === 'v1') ?? [];
  assert.ok(old !== undefined);
  model.replicaSets.set(name, { ...old, statusReplicas: 1 });
}

function stateOf({ state, status }: Decision): string {
  return [state, status.phase, status.stableRS].join(' ');
}

describe('a promotion without a router', () => {
  it('comes with the counts that make the Rollout healthy, when the old pods are gone', () => {
    const model = draining();
    assert.equal(stateOf(model.pass()), 'settled Healthy v2');
  });

  it('waits while a ReplicaSet counts pods that it is not to have', () => {
    const model = draining();
    keepCounting(model);
    const decision = model.pass();
    assert.equal(stateOf(decision), 'canary.finishing Progressing v1');
    assert.equal(decision.lookAgainAt, model.world().now + 60_000);
    assert.deepEqual([decision.effects, decision.events], [[], []]);
  });

  it('waits no longer than a minute, nor half the progress deadline', () => {
    for (const { deadline, seconds } of [
      { deadline: 600, seconds: 60 },
      { deadline: 20, seconds: 10 },
    ]) {
      const model = draining({ progressDeadlineSeconds: deadline });
      keepCounting(model);
      model.advance(seconds - 1);
      assert.equal(stateOf(model.pass()), 'canary.finishing Progressing v1');
      model.advance(1);
      assert.equal(stateOf(model.pass()), 'settled Progressing v2');
    }
  });

  it('takes the old pods away first, however long ago the last progress was', () => {
    const model = modelWorld({ spec: { replicas: 1, strategy: { canary: { steps } } } });
    model.settle();
    model.setTemplate('v2');
    model.settle();
    model.advance(3);
    assert.equal(model.pass().state, 'canary.finishing');
    model.advance(100);
    const { state, effects, status } = model.pass();
    assert.deepEqual([state, status.stableRS, effects.map(({ kind }) => kind)], ['settled', 'v2', ['scaleReplicaSet']]);
  });

  it('waits for no pods that cannot go yet', () => {
    const threshold = { type: 'Percent', value: 50 } as const;
    const canary = { maxUnavailable: 0, maxSurge: 2, replicaProgressThreshold: threshold };
    const model = modelWorld({ spec: { replicas: 4, strategy: { canary } } });
    model.settle();
    model.setTemplate('v2');
    passUntil(model, () =>
      [...model.replicaSets.values()].some(({ hash, specReplicas }) => hash === 'v2' && specReplicas > 0),
    );
    for (const [name, set] of model.replicaSets) {
      const [size, available] = set.hash === 'v2' ? [4, 2] : [2, 2];
      model.replicaSets.set(name, {
        ...set,
        specReplicas: size,
        statusReplicas: size,
        readyReplicas: available,
        availableReplicas: available,
      });
    }
    const { state, effects } = model.pass();
    assert.deepEqual([state, effects], ['settled', []]);
    assert.equal(model.replicaSets.get('web-v1')?.specReplicas, 2);
  });
});
