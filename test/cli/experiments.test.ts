import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';

import { resourceTypes } from '../../src/api/resource-types.ts';
import { hashOf, raiseCanary, template } from '../server/stage.ts';
import { CliHarness, matchGolden } from './harness.ts';

const name = 'web-2-1';

/** An Experiment of the current step with two templates, one of which has its pod, and one analysis. */
async function raiseExperiment({ stage }: CliHarness): Promise<void> {
  const rollout = await stage.get(resourceTypes.rollout, 'web');
  const hash = hashOf('shop/web:v2');
  const templates = ['baseline', 'candidate'].map((one) => ({
    name: one,
    selector: { matchLabels: { app: 'web' } },
    template: template(one === 'baseline' ? 'shop/web:v1' : 'shop/web:v2'),
  }));
  const counts = { replicas: 1, updatedReplicas: 1, readyReplicas: 0, availableReplicas: 0 };
  const experiment = await stage.create(resourceTypes.experiment, {
    metadata: {
      name,
      namespace: 'shop',
      labels: { 'rollouts-pod-template-hash': hash },
      annotations: { 'rollout.argoproj.io/revision': '2' },
      ownerReferences: [owner('Rollout', 'web', rollout.metadata.uid)],
    },
    spec: {
      duration: '10m',
      templates,
      analyses: [{ name: 'check', templateName: 'check', requiredForCompletion: true }],
    },
    status: {
      phase: 'Running',
      availableAt: '2026-03-01T11:59:00Z',
      templateStatuses: [
        { name: 'baseline', status: 'Running', ...counts, availableReplicas: 1, readyReplicas: 1 },
        { name: 'candidate', status: 'Progressing', ...counts },
      ],
      analysisRuns: [{ name: 'check', analysisRun: `${name}-check`, phase: 'Running' }],
    },
  });
  await stage.create(resourceTypes.replicaSet, {
    metadata: {
      name: `${name}-baseline`,
      namespace: 'shop',
      labels: { app: 'web' },
      annotations: { 'experiment.argoproj.io/template-name': 'baseline' },
      ownerReferences: [owner('Experiment', name, experiment.metadata.uid)],
    },
    spec: { replicas: 1, selector: { matchLabels: { app: 'web' } }, template: template('shop/web:v1') },
  });
  await stage.create(resourceTypes.experiment, {
    metadata: { name: 'alone', namespace: 'shop' },
    spec: { templates: templates.slice(0, 1) },
    status: { phase: 'Failed', message: "Template 'baseline' exceeded its progressDeadlineSeconds (600)" },
  });
}

function owner(kind: string, of: string, uid = '') {
  return { apiVersion: 'argoproj.io/v1alpha1', kind, name: of, uid, controller: true, blockOwnerDeletion: true };
}

describe('what the tool shows of Experiments', () => {
  let cli: CliHarness;

  before(async () => {
    cli = await CliHarness.open();
    await raiseCanary(cli.stage);
    await raiseExperiment(cli);
  });
  after(() => cli.close());

  it('a table of them', async () => {
    await matchGolden('get-experiments.txt', await cli.print(['get', 'experiments', '-n', 'shop']));
    await matchGolden('get-experiments-wide.txt', await cli.print(['get', 'exp', '-A', '-o', 'wide']));
  });

  it('one in the tree of its Rollout, with its ReplicaSets and runs', async () => {
    await matchGolden('get-rollout-experiment.txt', await cli.print(['get', 'rollout', 'web', '-n', 'shop']));
  });

  it('one as JSON', async () => {
    const text = await cli.print(['get', 'experiment', 'web-2-1', '-n', 'shop', '-o', 'json']);
    const { rollout, revision, endsAt, templates } = JSON.parse(text) as Readonly<Record<string, unknown>>;
    assert.deepEqual([rollout, revision, endsAt], ['web', 2, '2026-03-01T12:09:01Z']);
    assert.equal((templates as readonly { replicaSet?: object }[])[0]?.replicaSet !== undefined, true);
  });

  it('nothing for one that is not there', async () => {
    assert.equal((await cli.call(['get', 'experiment', 'none', '-n', 'shop'])).code, 1);
  });
});
