import assert from 'node:assert/strict';
import { globSync, readFileSync } from 'node:fs';
import { describe, test } from 'node:test';

import { loadAll } from 'js-yaml';
import Schema from 'typebox/schema';

import { kindSchemas } from '../../src/api/json-schema.ts';

const examples = new URL('../../examples/', import.meta.url).pathname;
const rollout = {
  apiVersion: 'argoproj.io/v1alpha1',
  kind: 'Rollout',
  metadata: { name: 'web' },
  spec: { replicas: 1, strategy: { canary: { maxSurge: '25%', steps: [{ setWeight: 20 }, { pause: {} }] } } },
};

function schemaOf(kind: string): object {
  const found = kindSchemas().find((candidate) => candidate.kind === kind);
  assert.ok(found);
  return found.schema;
}

function accepts(kind: string, value: unknown): boolean {
  return Schema.Check(schemaOf(kind), value);
}

describe('JSON Schemas for editors', () => {
  test('there is one for every kind', () => {
    assert.deepEqual(
      kindSchemas().map(({ kind, version }) => `${kind} ${version}`),
      ['Rollout', 'AnalysisRun', 'AnalysisTemplate', 'ClusterAnalysisTemplate', 'Experiment'].map(
        (kind) => `${kind} v1alpha1`,
      ),
    );
  });

  test('they take good manifests, numbers and percentages', () => {
    assert.equal(accepts('Rollout', rollout), true);
    const { canary } = rollout.spec.strategy;
    assert.equal(accepts('Rollout', withCanary({ ...canary, maxSurge: 1 })), true);
  });

  test('they refuse typos, wrong types and the wrong kind', () => {
    assert.equal(accepts('Rollout', withCanary({ stepz: [] })), false);
    assert.equal(accepts('Rollout', withCanary({ steps: [{ setWeight: 'twenty' }] })), false);
    assert.equal(accepts('Rollout', withCanary({ maxSurge: true })), false);
    assert.equal(accepts('Rollout', { ...rollout, kind: 'Deployment' }), false);
    assert.equal(accepts('Experiment', rollout), false);
  });

  test('they take the manifests of the examples', () => {
    let count = 0;
    for (const file of globSync('**/*.yaml', { cwd: examples })) {
      for (const object of loadAll(readFileSync(`${examples}${file}`, 'utf8')) as { readonly kind: string }[]) {
        if (!kindSchemas().some(({ kind }) => kind === object.kind)) continue;
        assert.equal(accepts(object.kind, object), true, `${file}: ${object.kind}`);
        count += 1;
      }
    }
    assert.ok(count > 0);
  });

  function withCanary(canary: object): object {
    return { ...rollout, spec: { ...rollout.spec, strategy: { canary } } };
  }
});
