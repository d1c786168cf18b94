import assert from 'node:assert/strict';
import { describe, it } from 'node:test';

import { adviseRollout } from '../../src/api/advise-rollout.ts';
import type { RolloutSpec } from '../../src/api/rollout.ts';

const steps = [
  {
    experiment: {
      templates: [
        { name: 'weighted', specRef: 'canary', weight: 5 },
        { name: 'served', specRef: 'canary', service: {} },
        { name: 'alone', specRef: 'canary' },
        { name: 'baseline', specRef: 'stable', weight: 5 },
      ],
    },
  },
] as const;

function advised(container: object, more: Partial<RolloutSpec> = {}): readonly string[] {
  const template = { spec: { containers: [{ name: 'web', image: 'shop/web:v1', ...container }] } };
  const spec: RolloutSpec = { template, strategy: { canary: { trafficRouting: {}, steps } }, ...more };
  return adviseRollout(spec).map(({ field }) => field);
}

describe('advice about experiments whose templates get a Service', () => {
  const at = 'spec.strategy.canary.steps[0].experiment.templates';

  it('tells which of them can only fail, because no container has a port', () => {
    assert.deepEqual(advised({}), [`${at}[0].weight`, `${at}[1].service`]);
    assert.deepEqual(advised({ ports: [] }), [`${at}[0].weight`, `${at}[1].service`]);
  });

  it('is silent where there is a port, or where the pods are those of a workload', () => {
    assert.deepEqual(advised({ ports: [{ containerPort: 80 }] }), []);
    assert.deepEqual(advised({}, { template: {}, workloadRef: { kind: 'Deployment', name: 'web' } }), []);
  });
});
