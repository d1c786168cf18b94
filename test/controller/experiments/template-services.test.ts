import assert from 'node:assert/strict';
import { describe, it } from 'node:test';

import type { ExperimentStepTemplate } from '../../../src/api/canary-step.ts';
import type { KubeObject } from '../../../src/api/object.ts';
import { composeStepExperiment } from '../../../src/controller/experiments/create-step-experiment.ts';
import { projectExperiment } from '../../../src/controller/experiments/project-experiment.ts';

const withPort = [{ name: 'app', image: 'demo:v1', ports: [{ containerPort: 8080 }] }];
const withoutPort = [{ name: 'app', image: 'demo:v1' }];

function podSpec(containers: readonly object[]) {
  return {
    selector: { matchLabels: { app: 'web' } },
    template: { metadata: { labels: { app: 'web' } }, spec: { containers } },
  };
}

function experiment(containers: readonly object[]): KubeObject {
  return {
    apiVersion: 'argoproj.io/v1alpha1',
    kind: 'Experiment',
    metadata: { name: 'trial', namespace: 'shop', uid: 'u' },
    spec: { templates: [{ name: 'one', service: {}, ...podSpec(containers) }] },
  };
}

/** The Experiment of a step with one template, made after a ReplicaSet with these containers. */
function stepExperiment(step: Partial<ExperimentStepTemplate>, containers: readonly object[]): KubeObject {
  const replicaSet: KubeObject = {
    apiVersion: 'apps/v1',
    kind: 'ReplicaSet',
    metadata: { name: 'web-v1', namespace: 'shop' },
    spec: podSpec(containers),
  };
  return composeStepExperiment(
    {
      kind: 'createExperiment',
      phase: 'analyse',
      name: 'trial',
      labels: {},
      annotations: {},
      step: { templates: [{ name: 'one', specRef: 'stable', ...step }] },
      analyses: [],
      progressDeadlineSeconds: undefined,
      replicaSets: { canary: 'web-v2', stable: 'web-v1' },
    },
    { name: 'web', namespace: 'shop', uid: 'u', apiVersion: 'argoproj.io/v1alpha1' },
    { canary: replicaSet, stable: replicaSet },
  );
}

describe('the Service of a template', () => {
  it('leads to the ports of the containers', () => {
    const { templates, problems } = projectExperiment(experiment(withPort));
    assert.deepEqual(problems, []);
    assert.deepEqual(templates[0]?.service?.ports, [{ protocol: 'TCP', port: 8080, targetPort: 8080 }]);
  });

  it('is left out where there is no port', () => {
    const { templates, problems } = projectExperiment(experiment(withoutPort));
    assert.deepEqual(problems, []);
    assert.equal(templates[0]?.service, undefined);
  });

  it('is needed where the step leads users to it', () => {
    const weighted = stepExperiment({ weight: 10 }, withoutPort);
    assert.deepEqual(
      projectExperiment(weighted).problems.map(({ field }) => field),
      ['spec.templates[0].template.spec.containers'],
    );
    assert.deepEqual(projectExperiment(stepExperiment({ service: {} }, withoutPort)).problems, []);
    assert.deepEqual(projectExperiment(stepExperiment({ weight: 10 }, withPort)).problems, []);
  });
});
