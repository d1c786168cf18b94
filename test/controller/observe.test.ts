import assert from 'node:assert/strict';
import { test } from 'node:test';

import { observe, type ObserveSources } from '../../src/controller/observe.ts';
import { projectPod, projectReplicaSet } from '../../src/controller/project.ts';
import type { RolloutView } from '../../src/engine/world.ts';

const rollout: RolloutView = {
  name: 'web',
  namespace: 'shop',
  uid: 'uid-web',
  resourceVersion: '1',
  generation: 1,
  createdAt: 0,
  deleting: false,
  labels: {},
  annotations: {},
  spec: { replicas: 3, strategy: { canary: {} } },
  templateHash: 'v1',
  stepsHash: '',
  status: {},
};

function replicaSet(wanted: number, available: number) {
  return projectReplicaSet({
    apiVersion: 'apps/v1',
    kind: 'ReplicaSet',
    metadata: { name: 'web-v1', namespace: 'shop', uid: 'uid-set' },
    spec: { replicas: wanted },
    status: { replicas: available, availableReplicas: available },
  });
}

function pod(name: string, isReady: boolean, isLeaving: boolean) {
  return projectPod({
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name, namespace: 'shop', ...(isLeaving ? { deletionTimestamp: '2026-01-01T00:00:00Z' } : {}) },
    status: { conditions: [{ type: 'Ready', status: isReady ? 'True' : 'False' }] },
  });
}

/** Available pods that the engine is told of, of a ReplicaSet with these pods. */
function availableOf(set: ReturnType<typeof replicaSet>, pods: readonly ReturnType<typeof pod>[]): number | undefined {
  const none = { get: () => undefined, ownedBy: () => [] };
  const caches = {
    replicaSets: { ownedBy: () => [set] },
    pods: { ownedBy: () => pods },
    services: none,
    analysisRuns: none,
    experiments: none,
    workloads: () => none,
    analysisTemplates: none,
    clusterAnalysisTemplates: none,
  } as unknown as ObserveSources['caches'];
  return observe(rollout, { caches, routers: [], problems: [], holds: [], now: 0 }).replicaSets[0]?.availableReplicas;
}

test('a pod that was evicted is not counted on, though its ReplicaSet still counts it', () => {
  const pods = [pod('a', true, false), pod('b', true, false), pod('c', true, true)];
  assert.equal(availableOf(replicaSet(3, 3), pods), 2);
  assert.equal(availableOf(replicaSet(3, 2), [...pods, pod('d', false, false)]), 2);
});

test('pods that a smaller ReplicaSet is to lose are known from its size', () => {
  assert.equal(availableOf(replicaSet(1, 3), [pod('a', true, false), pod('b', true, true), pod('c', true, true)]), 3);
});

test('without an eviction the ReplicaSet is believed', () => {
  assert.equal(availableOf(replicaSet(3, 3), [pod('a', true, false)]), 3);
});
