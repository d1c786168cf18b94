import assert from 'node:assert/strict';
import { describe, it } from 'node:test';

import type { KubeObject } from '../../src/api/object.ts';
import { podTemplateHash } from '../../src/api/pod-template-hash.ts';
import type { RolloutSpec } from '../../src/api/rollout.ts';
import type { Caches, ObjectCache } from '../../src/controller/caches.ts';
import { projectWorkload, type ObservedWorkload } from '../../src/controller/project-workload.ts';
import { workloadResolver } from '../../src/controller/resolve-workload.ts';
import { rolloutProjector, type ObservedRollout } from '../../src/controller/rollout-projector.ts';

const template = {
  metadata: { labels: { app: 'web' } },
  spec: { containers: [{ name: 'web', image: 'demo:v1' }] },
};
const strategy = { canary: {} };

function workload(kind: string, content: object, generation = 3): KubeObject {
  const apiVersion = kind === 'PodTemplate' ? 'v1' : 'apps/v1';
  return { apiVersion, kind, metadata: { name: 'web', namespace: 'shop', uid: kind, generation }, ...content };
}

function cachesOf(object: KubeObject | undefined): Pick<Caches, 'workloads'> {
  const found = object === undefined ? undefined : projectWorkload(object);
  return {
    workloads: (type) => {
      const get = (): ObservedWorkload | undefined => (type.kind === object?.kind ? found : undefined);
      return { type, get } as unknown as ObjectCache<ObservedWorkload>;
    },
  };
}

function referring(kind: string, more: Partial<RolloutSpec> = {}, status: object = {}): KubeObject {
  const apiVersion = kind === 'PodTemplate' ? 'v1' : 'apps/v1';
  return {
    apiVersion: 'argoproj.io/v1alpha1',
    kind: 'Rollout',
    metadata: { name: 'web', namespace: 'shop', uid: 'rollout', generation: 1 },
    spec: { strategy, workloadRef: { apiVersion, kind, name: 'web' }, ...more },
    status,
  };
}

function resolve(rollout: KubeObject, object: KubeObject | undefined): ObservedRollout {
  return workloadResolver({})(rolloutProjector({}).project(rollout), cachesOf(object));
}

describe('the workload of a Rollout', () => {
  const selector = { matchLabels: { app: 'web' } };

  it('gives template, selector and generation, whatever kind it is', () => {
    for (const [kind, content, more] of [
      ['Deployment', { spec: { replicas: 2, selector, template } }, {}],
      ['ReplicaSet', { spec: { replicas: 2, selector, template } }, {}],
      ['PodTemplate', { template }, { selector }],
    ] as const) {
      const resolved = resolve(referring(kind, more), workload(kind, content));
      assert.deepEqual(resolved.problems, [], kind);
      assert.equal(resolved.templateHash, podTemplateHash(template), kind);
      assert.deepEqual(resolved.spec.selector, selector);
      assert.deepEqual(resolved.templateLabels, { app: 'web' });
      assert.equal(resolved.workload?.generation, 3);
      assert.equal(resolved.workload?.replicas, kind === 'Deployment' ? 2 : undefined);
    }
  });

  it('is checked like a template of the Rollout', () => {
    const bad = { ...template, spec: { containers: [{ name: 'Web!', image: 'demo:v1' }] } };
    const fieldsOf = (rollout: KubeObject, object: KubeObject): readonly string[] =>
      resolve(rollout, object).problems.map(({ field }) => field);
    assert.deepEqual(fieldsOf(referring('Deployment'), workload('Deployment', { spec: { selector, template: bad } })), [
      'spec.template.spec.containers[0].name',
    ]);
    const other = { matchLabels: { app: 'api' } };
    assert.deepEqual(
      fieldsOf(referring('Deployment', { selector: other }), workload('Deployment', { spec: { selector, template } })),
      ['spec.template.metadata.labels'],
    );
    assert.ok(fieldsOf(referring('PodTemplate'), workload('PodTemplate', { template })).includes('spec.selector'));
    assert.deepEqual(
      fieldsOf(referring('Deployment', { template }), workload('Deployment', { spec: { selector, template } })),
      ['spec.template'],
    );
  });

  it('that is missing or of another kind leaves the revision as it was, with a problem', () => {
    const status = { currentPodHash: 'abc' };
    const missing = resolve(referring('Deployment', {}, status), undefined);
    assert.equal(missing.templateHash, 'abc');
    assert.deepEqual(missing.problems, [
      { field: 'spec.workloadRef.name', message: 'Not found: "web": deployments.apps "shop/web" not found' },
    ]);
    const [problem] = resolve(referring('StatefulSet'), undefined).problems;
    assert.equal(problem?.field, 'spec.workloadRef');
    assert.match(
      problem.message,
      /"apps\/v1 StatefulSet": use one of: apps\/v1 Deployment, apps\/v1 ReplicaSet, v1 Pod/u,
    );
    const [nameless] = resolve(
      referring('Deployment', { workloadRef: { apiVersion: 'apps/v1', kind: 'Deployment' } }),
      undefined,
    ).problems;
    assert.equal(nameless?.field, 'spec.workloadRef.name');
  });

  it('is hashed anew when it or the count of collisions changes, and a Rollout without one is left alone', () => {
    const resolver = workloadResolver({});
    const projector = rolloutProjector({});
    const deployment = (image: string, generation: number): KubeObject => {
      const pods = { ...template, spec: { containers: [{ name: 'web', image }] } };
      return workload('Deployment', { spec: { selector, template: pods } }, generation);
    };
    const hashOf = (rollout: KubeObject, object: KubeObject): string =>
      resolver(projector.project(rollout), cachesOf(object)).templateHash;
    const first = hashOf(referring('Deployment'), deployment('demo:v1', 1));
    assert.equal(hashOf(referring('Deployment'), deployment('demo:v1', 1)), first);
    assert.notEqual(hashOf(referring('Deployment'), deployment('demo:v2', 2)), first);
    assert.notEqual(hashOf(referring('Deployment', {}, { collisionCount: 1 }), deployment('demo:v1', 1)), first);
    const own = projector.project(referring('Deployment', { workloadRef: undefined, selector, template }));
    assert.equal(resolver(own, cachesOf(undefined)), own);
  });
});
