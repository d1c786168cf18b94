import assert from 'node:assert/strict';
import { test } from 'node:test';

import { decide } from '../../src/engine/decide.ts';
import type { PodView } from '../../src/engine/world.ts';
import { modelWorld } from './model-world.ts';

function podsOf(hash: string, count: number, createdAt: number): readonly PodView[] {
  return Array.from({ length: count }, (_, index) => ({
    name: `${hash}-${index}`,
    uid: `uid-${hash}-${index}`,
    hash,
    createdAt,
    available: true,
    deleting: false,
  }));
}

// A ReplicaSet counts pods that it still has to delete; simulated seed 1038 found that a restart did too.
test('a restart does not count on pods whose ReplicaSet is scaled down already', () => {
  const model = modelWorld({
    services: ['active', 'preview'],
    spec: {
      replicas: 4,
      selector: {},
      template: {},
      strategy: { blueGreen: { activeService: 'active', previewService: 'preview' } },
    },
  });
  model.settle();
  model.setTemplate('v2');
  model.settle();
  model.advance(60);
  model.settle();
  const world = model.world();
  const restartAt = '2026-01-01T00:00:30Z';
  const leaving = world.replicaSets.map((set) =>
    set.hash === 'v1' ? { ...set, specReplicas: 0, availableReplicas: 4, statusReplicas: 4 } : set,
  );
  const evicted = decide({
    ...world,
    rollout: { ...world.rollout, spec: { ...world.rollout.spec, restartAt } },
    replicaSets: leaving,
    pods: [...podsOf('v1', 4, world.rollout.createdAt), ...podsOf('v2', 4, world.rollout.createdAt)],
  }).effects.filter(({ kind }) => kind === 'evictPod');
  assert.equal(evicted.length, 1, 'no more than maxUnavailable allows');
});
