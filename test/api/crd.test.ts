import assert from 'node:assert/strict';
import test from 'node:test';

import { Type } from 'typebox';

import { customResourceDefinitions, resourceSchemas } from '../../src/api/crd.ts';
import type { FieldErrors } from '../../src/api/field-error.ts';
import type { Json } from '../../src/api/object.ts';
import { structuralSchema } from '../../src/api/structural-schema.ts';
import { admit } from '../../src/api/structural.ts';
import { readGolden } from '../golden/read-golden.ts';

test('every kind is served under the names that clients use', () => {
  const names = customResourceDefinitions.map(({ metadata, spec }) => [
    metadata.name,
    spec.names.kind,
    spec.names.shortNames.join(),
    spec.scope,
  ]);
  assert.deepEqual(names, [
    ['rollouts.argoproj.io', 'Rollout', 'ro', 'Namespaced'],
    ['analysisruns.argoproj.io', 'AnalysisRun', 'ar', 'Namespaced'],
    ['analysistemplates.argoproj.io', 'AnalysisTemplate', 'at', 'Namespaced'],
    ['clusteranalysistemplates.argoproj.io', 'ClusterAnalysisTemplate', 'cat', 'Cluster'],
    ['experiments.argoproj.io', 'Experiment', 'exp', 'Namespaced'],
  ]);
});

test('only a Rollout has status and scale as subresources', () => {
  const subresources = customResourceDefinitions.map(({ spec }) => spec.versions[0]?.subresources);
  assert.deepEqual(subresources, [
    {
      status: {},
      scale: {
        specReplicasPath: '.spec.replicas',
        statusReplicasPath: '.status.HPAReplicas',
        labelSelectorPath: '.status.selector',
      },
    },
    {},
    {},
    {},
    {},
  ]);
});

test('a definition is plain JSON and small enough for a client-side apply', () => {
  for (const definition of customResourceDefinitions) {
    const text = JSON.stringify(definition);
    assert.deepEqual(JSON.parse(text), definition);
    assert.ok(text.length < 262_144, definition.metadata.name);
  }
});

for (const [name, schema] of [
  ['a union', Type.Union([Type.String(), Type.Number()])],
  ['a literal', Type.Literal('x')],
  ['a record by pattern', Type.Record(Type.String(), Type.String())],
  ['a tuple', Type.Tuple([Type.String()])],
  ['null', Type.Null()],
  ['anything', Type.Any()],
  ['a numeric exclusive bound', Type.Number({ exclusiveMinimum: 0 })],
] as const) {
  test(`${name} is refused as not structural`, () => {
    assert.throws(() => structuralSchema(Type.Object({ field: schema })), /not structural/);
  });
}

function admitted(kind: keyof typeof resourceSchemas, object: unknown): { value: Json; fields: readonly string[] } {
  const { schema } = resourceSchemas[kind];
  const { value, errors } = admit(schema, object as Json, { isResource: true });
  return { value, fields: errors.map(({ field }) => field) };
}

test('a valid recorded Rollout is stored as it is', () => {
  interface Input {
    readonly kind: string;
    readonly rollout: { readonly [field: string]: Json };
  }
  const valid = readGolden<Input, { readonly errors: FieldErrors }>('validation.json').filter(
    // A plug-in step without a name passes the controller's rules; the schema demands it.
    ({ input, expected }) =>
      input.kind === 'rollout' && expected.errors.length === 0 && !JSON.stringify(input).includes('"plugin":{}'),
  );
  assert.ok(valid.length > 30);
  for (const { input, name } of valid) {
    const object = { apiVersion: 'argoproj.io/v1alpha1', kind: 'Rollout', ...input.rollout };
    assert.deepEqual(admitted('Rollout', object), { value: object, fields: [] }, name);
  }
});

test('a run in progress is stored as it is', () => {
  const run = {
    apiVersion: 'argoproj.io/v1alpha1',
    kind: 'AnalysisRun',
    metadata: { name: 'r' },
    spec: {
      args: [{ name: 'a', valueFrom: { secretKeyRef: { name: 's', key: 'k' } } }],
      metrics: [
        {
          name: 'm',
          count: '{{args.a}}',
          failureLimit: 3,
          provider: { plugin: { 'sluice.dev/judge': { deep: [1] } } },
        },
      ],
    },
    status: {
      phase: 'Running',
      startedAt: '2026-01-01T00:00:00Z',
      metricResults: [
        {
          name: 'm',
          phase: 'Running',
          count: 1,
          metadata: { e: '1' },
          measurements: [{ phase: 'Running', resumeAt: '2026-01-01T00:01:00Z', metadata: { k: 'v' } }],
        },
      ],
      runSummary: { count: 1 },
      dryRunSummary: {},
    },
  };
  assert.deepEqual(admitted('AnalysisRun', run), { value: run, fields: [] });
});

test('wrong types and unknown choices are named', () => {
  const spec = {
    replicas: 'three',
    workloadRef: { scaleDown: 'sometimes' },
    strategy: { canary: { steps: [{ setWeight: '10' }, { pause: { duration: true } }] } },
  };
  assert.deepEqual(
    admitted('Rollout', {
      apiVersion: 'argoproj.io/v1alpha1',
      kind: 'Rollout',
      metadata: { name: 'x' },
      spec,
    }).fields.toSorted(),
    [
      'spec.replicas',
      'spec.strategy.canary.steps[0].setWeight',
      'spec.strategy.canary.steps[1].pause.duration',
      'spec.workloadRef.scaleDown',
    ],
  );
});

test('the selector of a stored Rollout cannot change', () => {
  const rollout = (app: string): Json => ({
    apiVersion: 'argoproj.io/v1alpha1',
    kind: 'Rollout',
    metadata: { name: 'x' },
    spec: { selector: { matchLabels: { app } } },
  });
  const { schema } = resourceSchemas.Rollout;
  const change = admit(schema, rollout('b'), { isResource: true, previous: rollout('a') });
  assert.deepEqual(
    change.errors.map(({ field }) => field),
    ['spec.selector'],
  );
  assert.deepEqual(admit(schema, rollout('a'), { isResource: true, previous: rollout('a') }).errors, []);
});
