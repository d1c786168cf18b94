import assert from 'node:assert/strict';
import { describe, it } from 'node:test';

import type { AnalysisRun } from '../../../src/api/analysis-run.ts';
import { resourceTypes } from '../../../src/api/resource-types.ts';
import { AnalysisStage } from './analysis-stage.ts';

const apiVersion = 'argoproj.io/v1alpha1';
const labels = { app: 'web' };

const paths: Readonly<Record<string, string>> = {
  image: 'spec.template.spec.containers[0].image',
  hash: 'status.currentPodHash',
  replicas: 'spec.replicas',
  team: "metadata.labels['team']",
};

function podTemplate(image: string): object {
  return { metadata: { labels }, spec: { containers: [{ name: 'web', image }] } };
}

async function stageWith(template: { readonly template?: object; readonly workloadRef?: object }) {
  const stage = new AnalysisStage();
  const names = Object.keys(paths);
  const metric = { name: 'check', provider: { web: { url: 'http://nobody.example/{{args.image}}/{{args.hash}}' } } };
  await stage.create(resourceTypes.analysisTemplate, {
    apiVersion,
    kind: 'AnalysisTemplate',
    name: 'check',
    spec: { metrics: [metric], args: names.map((name) => ({ name })) },
  });
  const args = names.map((name) => ({ name, valueFrom: { fieldRef: { fieldPath: paths[name] } } }));
  const analysis = { templates: [{ templateName: 'check' }], args };
  const strategy = { canary: { steps: [{ setWeight: 50 }, { analysis }] } };
  await stage.startController();
  await stage.create(resourceTypes.rollout, {
    apiVersion,
    kind: 'Rollout',
    name: 'web',
    spec: { replicas: 2, selector: { matchLabels: labels }, ...template, strategy },
  });
  await stage.clock.advance(10_000);
  return stage;
}

async function argumentsOfRun(stage: AnalysisStage): Promise<Readonly<Record<string, string | undefined>>> {
  await stage.clock.advance(5000);
  const [run, ...others] = (await stage.list(resourceTypes.analysisRun)) as unknown as readonly AnalysisRun[];
  assert.ok(run !== undefined && others.length === 0);
  return Object.fromEntries((run.spec.args ?? []).map(({ name, value }) => [name, value]));
}

describe('the arguments of a run', () => {
  it('are fields of the Rollout, its pod template and its status, which was not there at first', async () => {
    const stage = await stageWith({ template: podTemplate('web:1') });
    await stage.patch(resourceTypes.rollout, 'web', { spec: { template: podTemplate('web:2') } });
    const { hash = '', ...others } = await argumentsOfRun(stage);
    assert.deepEqual(others, { image: 'web:2', replicas: '2', team: '' });
    assert.match(hash, /^\w{5,10}$/);
    await stage.close();
  });

  it('are fields of the pod template of the workload', async () => {
    const stage = await stageWith({ workloadRef: { apiVersion: 'apps/v1', kind: 'Deployment', name: 'web' } });
    const spec = { replicas: 0, selector: { matchLabels: labels }, template: podTemplate('web:3') };
    await stage.create(resourceTypes.deployment, { apiVersion: 'apps/v1', kind: 'Deployment', name: 'web', spec });
    await stage.clock.advance(30_000);
    await stage.patch(resourceTypes.deployment, 'web', { spec: { template: podTemplate('web:4') } });
    assert.equal((await argumentsOfRun(stage))['image'], 'web:4');
    await stage.close();
  });
});
