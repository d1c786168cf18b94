import assert from 'node:assert/strict';
import { test } from 'node:test';

import type { KubeObject } from '../../src/api/object.ts';
import { projectPod, projectReplicaSet } from '../../src/controller/project.ts';
import { rolloutProjector, type ObservedRollout } from '../../src/controller/rollout-projector.ts';

const note = 'kubectl.kubernetes.io/last-applied-configuration';
const filler = 'x'.repeat(4096);

function make(kind: string, more: object, metadata: object = {}): KubeObject {
  const identity = { name: 'web', namespace: 'shop', uid: 'u', resourceVersion: '1', generation: 1 };
  return { apiVersion: 'v1', kind, metadata: { ...identity, ...metadata }, ...more };
}

function rollout(templateText: string, status: object, generation = 1): KubeObject {
  const template = { metadata: { labels: { app: 'web' } }, spec: { containers: [{ name: 'a', image: templateText }] } };
  const annotations = { [note]: filler, 'example.com/kept': 'yes' };
  return make('Rollout', { spec: { template }, status }, { annotations, generation });
}

test('nothing large is kept of an object: no template, no note of kubectl, no annotations of pods', () => {
  const annotations = { [note]: filler, 'example.com/kept': 'yes' };
  const spec = { template: { metadata: { annotations: { filler } } } };
  const replicaSet = projectReplicaSet(make('ReplicaSet', { spec }, { annotations }));
  const pod = projectPod(make('Pod', { spec: { containers: [{ image: filler }] } }, { annotations }));
  const observed = rolloutProjector({}).project(rollout('v1', {}));
  assert.deepEqual(replicaSet.annotations, { 'example.com/kept': 'yes' });
  assert.deepEqual(observed.annotations, { 'example.com/kept': 'yes' });
  for (const view of [replicaSet, pod, observed]) assert.ok(JSON.stringify(view).length < 1500, JSON.stringify(view));
});

test('the template of a Rollout is kept while its status does not name it, and news of the status keep up', () => {
  const projector = rolloutProjector({});
  const first = projector.project(rollout('v1', {}));
  const template = { metadata: { labels: { app: 'web' } }, spec: { containers: [{ name: 'a', image: 'v1' }] } };
  assert.deepEqual(JSON.parse(first.newTemplate ?? ''), template);
  const status = { currentPodHash: first.templateHash, replicas: 2 };
  const known: ObservedRollout = projector.project(rollout('v1', status));
  assert.equal(known.newTemplate, undefined);
  assert.deepEqual([known.status, known.templateHash], [status, first.templateHash]);
  const next = projector.project(rollout('v2', status, 2));
  assert.notEqual(next.newTemplate, undefined);
  assert.notEqual(next.templateHash, first.templateHash);
  const large = projector.project(rollout('x'.repeat(20_000), status, 3));
  assert.equal(large.newTemplate, undefined);
});
