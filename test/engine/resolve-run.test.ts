import assert from 'node:assert/strict';
import { describe, it } from 'node:test';

import type { AnalysisTemplateSpec } from '../../src/api/analysis-template.ts';
import { resolveRun, type RunSubject } from '../../src/engine/resolve-run.ts';
import { templateKey, type RolloutView } from '../../src/engine/world.ts';

const rollout: RolloutView = {
  name: 'web',
  namespace: 'shop',
  uid: 'u',
  resourceVersion: '1',
  generation: 1,
  createdAt: 0,
  deleting: false,
  labels: { 'app.kubernetes.io/part-of': 'shop' },
  annotations: {},
  spec: { replicas: 3 },
  templateHash: 'new',
  stepsHash: '',
  status: { stableRS: 'old' },
};
const subject: RunSubject = { rollout, stableHash: 'old', latestHash: 'new' };

function templatesOf(all: Readonly<Record<string, AnalysisTemplateSpec>>): ReadonlyMap<string, AnalysisTemplateSpec> {
  return new Map(Object.entries(all).map(([name, spec]) => [templateKey(name, false), spec]));
}

const metric = { name: 'ok', provider: {} };

describe('the run of an analysis', () => {
  it('has the arguments that its templates declare, with what only the Rollout knows', () => {
    const names = ['stable', 'latest', 'part', 'replicas', 'given', 'own'];
    const templates = templatesOf({
      check: {
        metrics: [metric],
        args: names.map((name) => (name === 'own' ? { name, value: 'template' } : { name })),
      },
    });
    const args = [
      { name: 'stable', valueFrom: { podTemplateHashValue: 'Stable' as const } },
      { name: 'latest', valueFrom: { podTemplateHashValue: 'Latest' as const } },
      { name: 'part', valueFrom: { fieldRef: { fieldPath: "metadata.labels['app.kubernetes.io/part-of']" } } },
      { name: 'replicas', valueFrom: { fieldRef: { fieldPath: 'spec.replicas' } } },
      { name: 'given', value: '' },
      { name: 'unknown', value: 'nobody asks' },
    ];
    const run = resolveRun({ templates: [{ templateName: 'check' }], args }, templates, subject);
    assert.deepEqual(run, {
      ok: true,
      value: {
        metrics: [metric],
        args: [
          { name: 'stable', value: 'old' },
          { name: 'latest', value: 'new' },
          { name: 'part', value: 'shop' },
          { name: 'replicas', value: '3' },
          { name: 'given', value: '' },
          { name: 'own', value: 'template' },
        ],
      },
    });
  });

  it('cannot be made when an argument speaks of what is not there', () => {
    const templates = templatesOf({ check: { metrics: [metric] } });
    const args = [
      { name: 'a', valueFrom: { fieldRef: { fieldPath: 'metadata.labels.team' } } },
      { name: 'b', valueFrom: {} },
    ];
    assert.deepEqual(resolveRun({ templates: [{ templateName: 'check' }], args }, templates, subject), {
      ok: false,
      error: [
        'the argument "a": the Rollout has no field metadata.labels.team',
        'the argument "b" has neither value nor valueFrom',
      ],
    });
  });

  it('takes fields of the pod template, and as the downward API does nothing for a label that is not there', () => {
    const image = 'spec.template.spec.containers[0].image';
    const paths = [image, "metadata.labels['team']", "metadata.annotations['team']"];
    const args = paths.map((fieldPath, index) => ({ name: `a${index}`, valueFrom: { fieldRef: { fieldPath } } }));
    const templates = templatesOf({ check: { metrics: [metric], args: args.map(({ name }) => ({ name })) } });
    const analysis = { templates: [{ templateName: 'check' }], args };
    const withImage = { ...subject, rollout: { ...rollout, templateFields: { [image]: 'web:2' } } };
    const run = resolveRun(analysis, templates, withImage);
    assert.deepEqual(run.ok && run.value.args?.map(({ value }) => value), ['web:2', '', '']);
    const without = resolveRun(analysis, templates, subject);
    assert.deepEqual(without.ok ? [] : without.error, [`the argument "a0": the Rollout has no field ${image}`]);
  });

  it('may speak of what the status does not say yet, until it is made', () => {
    const templates = templatesOf({ check: { metrics: [metric], args: [{ name: 'hash' }] } });
    const args = [{ name: 'hash', valueFrom: { fieldRef: { fieldPath: 'status.currentPodHash' } } }];
    const analysis = { templates: [{ templateName: 'check' }], args };
    assert.equal(resolveRun(analysis, templates, { ...subject, isAhead: true }).ok, true);
    const made = resolveRun(analysis, templates, subject);
    assert.match(made.ok ? '' : made.error.join(), /has no field status\.currentPodHash/);
  });

  it('cannot be made of templates in a circle', () => {
    const templates = templatesOf({
      one: { metrics: [metric], templates: [{ templateName: 'two' }] },
      two: { templates: [{ templateName: 'one' }] },
    });
    const run = resolveRun({ templates: [{ templateName: 'one' }] }, templates, subject);
    assert.equal(run.ok, false);
    assert.match(run.ok ? '' : run.error.join(), /circle: AnalysisTemplate "one" → AnalysisTemplate "two"/);
  });
});
