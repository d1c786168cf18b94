import assert from 'node:assert/strict';
import { describe, it } from 'node:test';

import type { CanaryStep, ExperimentStep } from '../../src/api/canary-step.ts';
import { validateStepExperiment } from '../../src/api/validate-step-experiment.ts';

const one = { name: 'one', specRef: 'canary' } as const;

function errorsOf(experiment: ExperimentStep, ...before: readonly CanaryStep[]): readonly string[] {
  const steps = [...before, { experiment }];
  return validateStepExperiment(steps, before.length, 100, 'step').map(({ field, type }) => `${field} ${type}`);
}

describe('an experiment step', () => {
  it('is fine with what can be carried out', () => {
    assert.deepEqual(errorsOf({ duration: '1h30m', templates: [{ ...one, weight: 80 }] }, { setWeight: 20 }), []);
    const args = [{ name: 'hash', value: '{{templates.one.podTemplateHash}} {{experiment.availableAt}}' }];
    assert.deepEqual(errorsOf({ templates: [one], analyses: [{ name: 'a', templateName: 't', args }] }), []);
  });

  it('needs names that tell its parts apart', () => {
    const analyses = [
      { name: 'a', templateName: 't' },
      { name: 'a', templateName: 't' },
    ];
    assert.deepEqual(errorsOf({ templates: [one, one, { ...one, name: '' }], analyses }), [
      'step.experiment.templates[1].name FieldValueDuplicate',
      'step.experiment.templates[2].name FieldValueRequired',
      'step.experiment.analyses[1].name FieldValueDuplicate',
    ]);
  });

  it('cannot give away more than the canary leaves', () => {
    const templates = [
      { ...one, weight: 50 },
      { ...one, name: 'two', weight: 31 },
    ];
    const wrong = 'step.experiment.templates FieldValueInvalid';
    assert.deepEqual(errorsOf({ templates }, { setWeight: 20 }), [wrong]);
    assert.deepEqual(errorsOf({ templates }, { setWeight: 20 }, { setWeight: 19 }), []);
    assert.deepEqual(errorsOf({ templates: [{ ...one, weight: -1, replicas: -1 }] }), [
      'step.experiment.templates[0].weight FieldValueInvalid',
      'step.experiment.templates[0].replicas FieldValueInvalid',
    ]);
  });

  it('needs a duration that can be read', () => {
    for (const duration of ['soon', '-5s']) {
      assert.deepEqual(
        errorsOf({ duration, templates: [one] }),
        ['step.experiment.duration FieldValueInvalid'],
        duration,
      );
    }
  });

  it('has arguments that speak of what there is', () => {
    for (const value of ['{{templates.two.podTemplateHash}}', '{{experiment.finishedAt}}', '{{args.x}}']) {
      const analyses = [{ name: 'a', templateName: 't', args: [{ name: 'x', value }] }];
      const field = 'step.experiment.analyses[0].args[0].value FieldValueInvalid';
      assert.deepEqual(errorsOf({ templates: [one], analyses }), [field], value);
    }
  });
});
