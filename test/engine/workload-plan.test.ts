import assert from 'node:assert/strict';
import { describe, it } from 'node:test';

import * as fc from 'fast-check';

import type { WorkloadReference } from '../../src/api/rollout.ts';
import { decide } from '../../src/engine/decide.ts';
import type { Effect } from '../../src/engine/decision.ts';
import type { WorkloadView, World } from '../../src/engine/world.ts';
import { modelWorld } from './model-world.ts';

type ScaleDown = NonNullable<WorkloadReference['scaleDown']>;

/** A settled Rollout of the first revision, with so many available pods of those that it wants. */
function worldOf(scaleDown: ScaleDown, replicas: number, available: number, workload: Partial<WorkloadView>): World {
  const model = modelWorld({
    spec: { replicas, workloadRef: { kind: 'Deployment', name: 'web', scaleDown }, strategy: { canary: {} } },
  });
  model.settle();
  return withWorkload(model.world(), available, workload);
}

function withWorkload(world: World, available: number, workload: Partial<WorkloadView>): World {
  const view = { name: 'web', generation: 1, replicas: 3, scaledDownFrom: undefined, ...workload };
  const replicaSets = world.replicaSets.map((set) => ({
    ...set,
    availableReplicas: Math.min(available, set.specReplicas),
  }));
  return { ...world, replicaSets, rollout: { ...world.rollout, workload: view } };
}

function scaled(world: World): Extract<Effect, { kind: 'scaleWorkload' }> | undefined {
  return decide(world).effects.find((effect) => effect.kind === 'scaleWorkload');
}

describe('the Deployment that workloadRef names', () => {
  it('keeps its pods without a mode, and with "never"', () => {
    assert.equal(scaled(worldOf('never', 3, 3, {})), undefined);
  });

  it('gives all pods up at once when the Rollout is complete, and not before', () => {
    assert.equal(scaled(worldOf('onsuccess', 3, 2, {})), undefined);
    const effect = scaled(worldOf('onsuccess', 3, 3, {}));
    assert.deepEqual(effect, {
      kind: 'scaleWorkload',
      phase: 'shrink',
      name: 'web',
      from: 3,
      to: 0,
      scaledDownFrom: undefined,
    });
  });

  it('gives pods up one for one, and takes the note away with the last', () => {
    assert.equal(scaled(worldOf('progressively', 3, 0, {})), undefined);
    const first = scaled(worldOf('progressively', 3, 1, {}));
    assert.deepEqual([first?.to, first?.phase, first?.scaledDownFrom], [2, 'shrink', 3]);
    const last = scaled(worldOf('progressively', 3, 3, { replicas: 1, scaledDownFrom: 3 }));
    assert.deepEqual([last?.to, last?.scaledDownFrom], [0, undefined]);
    assert.equal(scaled(worldOf('progressively', 3, 3, { replicas: 0 })), undefined);
  });

  it('gets pods back when those of the Rollout fail before it has given up its last', () => {
    const back = scaled(worldOf('progressively', 3, 0, { replicas: 1, scaledDownFrom: 3 }));
    assert.deepEqual([back?.from, back?.to, back?.phase], [1, 3, 'grow']);
    assert.equal(scaled(worldOf('progressively', 3, 0, { replicas: 0 })), undefined, 'it had given up its last');
  });

  it('is let alone when the Rollout wants no pods', () => {
    for (const mode of ['onsuccess', 'progressively'] as const) {
      assert.equal(scaled(worldOf(mode, 0, 0, {})), undefined);
    }
  });

  it('is let alone after the first revision, whatever its size, and by other kinds than Deployments', () => {
    const model = modelWorld({
      spec: { replicas: 2, workloadRef: { name: 'web', scaleDown: 'progressively' }, strategy: { canary: {} } },
    });
    model.settle();
    model.setTemplate('v2');
    model.settle();
    assert.equal(scaled(withWorkload(model.world(), 2, { replicas: 3 })), undefined);
    assert.equal(scaled(worldOf('progressively', 3, 2, { replicas: undefined })), undefined);
  });

  it('never shrinks below what the pods of the Rollout do not make up for, nor grows above what it had', () => {
    const count = fc.integer({ min: 0, max: 12 });
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 12 }), count, count, count, (replicas, available, before, step) => {
        const now = Math.min(step, before);
        const effect = scaled(worldOf('progressively', replicas, available, { replicas: now, scaledDownFrom: before }));
        const size = effect?.to ?? now;
        const share = Math.min(available, replicas) / replicas;
        assert.ok(size <= before && size >= before * (1 - share) - 1e-9, `${size} of ${before}`);
      }),
      { numRuns: 200 },
    );
  });

  it('notes the generation of the workload on the Rollout, its ReplicaSet and its status', () => {
    const decision = decide(worldOf('never', 2, 2, { generation: 7 }));
    const noted = decision.effects.filter(({ kind }) => kind === 'annotateRollout' || kind === 'annotateReplicaSet');
    for (const effect of noted) {
      assert.deepEqual('annotations' in effect && effect.annotations, {
        'rollout.argoproj.io/workload-generation': '7',
      });
    }
    assert.equal(noted.length, 2);
    assert.equal(decision.status.workloadObservedGeneration, '7');
    assert.ok(!decision.events.some(({ reason }) => reason === 'RolloutUpdated'), 'no revision began');
  });
});
