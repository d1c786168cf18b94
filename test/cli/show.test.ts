import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';

import { resourceTypes } from '../../src/api/resource-types.ts';
import { hashOf, pausedStatus, raiseCanary, raiseRevision, template } from '../server/stage.ts';
import { raiseAnalysis } from './evidence.ts';
import { CliHarness, matchGolden } from './harness.ts';

describe('what the tool shows', () => {
  let cli: CliHarness;

  before(async () => {
    cli = await CliHarness.open();
    await raiseCanary(cli.stage);
    await raiseAnalysis(cli.stage);
    const reason = { code: 'Paused', message: 'the step pauses' };
    const decision = { reason, state: 'canary.step.pause.waiting', effects: [], events: [], status: {} };
    cli.stage.decisions.record({ namespace: 'shop', name: 'web' }, decision, cli.stage.clock.now());
    await raiseBlueGreen(cli);
  });
  after(() => cli.close());

  it('a table of Rollouts', async () => {
    await matchGolden('get-rollouts.txt', await cli.print(['get', 'rollouts', '-n', 'shop']));
  });

  it('a wide table of all namespaces', async () => {
    await matchGolden('get-rollouts-wide.txt', await cli.print(['get', 'ro', '-A', '-o', 'wide']));
  });

  it('the tree of a canary with its steps and evidence', async () => {
    await matchGolden('get-rollout-canary.txt', await cli.print(['get', 'rollout', 'web', '-n', 'shop']));
  });

  it('the tree of a blue/green Rollout whose preview is in trouble', async () => {
    await matchGolden('get-rollout-blue-green.txt', await cli.print(['get', 'rollout', 'api', '-n', 'shop']));
  });

  it('the same in colours, when they are asked for', async () => {
    const argv = ['get', 'rollout', 'web', '-n', 'shop'];
    const colored = await cli.print(argv, { env: { FORCE_COLOR: '1' } });
    // oxlint-disable-next-line no-control-regex -- colours are control sequences
    const sequence = /\u001B\[\d+m/g;
    assert.match(colored, sequence);
    assert.equal(colored.replaceAll(sequence, ''), await cli.print(argv));
    assert.doesNotMatch(await cli.print([...argv, '--no-color'], { env: { FORCE_COLOR: '1' } }), sequence);
    assert.doesNotMatch(await cli.print(argv, { env: { FORCE_COLOR: '1', NO_COLOR: '1' } }), sequence);
  });

  it('a table of AnalysisRuns', async () => {
    await matchGolden('get-analysisruns.txt', await cli.print(['get', 'analysisruns', '-n', 'shop']));
    await matchGolden('get-analysisruns-wide.txt', await cli.print(['get', 'ar', '-A', '-o', 'wide']));
  });

  it('AnalysisRuns in detail', async () => {
    const hash = hashOf('shop/web:v2');
    const judged = await cli.print(['describe', 'analysisrun', `web-${hash}-2`, '-n', 'shop']);
    await matchGolden('describe-analysisrun-judged.txt', judged);
    const failed = await cli.print(['describe', 'ar', `analysisrun/web-${hash}-2-2`, '-n', 'shop']);
    await matchGolden('describe-analysisrun-failed.txt', failed);
  });

  it('objects for programs', async () => {
    const json = await cli.print(['get', 'rollout', 'web', '-n', 'shop', '-o', 'json']);
    assert.equal((JSON.parse(json) as { name: string }).name, 'web');
    const yaml = await cli.print(['get', 'rollouts', '-n', 'shop', '-o', 'yaml']);
    assert.match(yaml, /^items:\n {2}- name: api\n/);
    assert.equal(
      await cli.print(['get', 'rollouts', '-n', 'shop', '-o', 'name']),
      'rollout.argoproj.io/api\nrollout.argoproj.io/web\n',
    );
  });

  it('controls in what the cluster says as signs, not as orders to the terminal', async () => {
    await cli.stage.setStatus(resourceTypes.rollout, 'api', { message: 'red\u001B[31m\u0007 alert\nand more' });
    const shown = await cli.print(['get', 'rollouts', '-n', 'shop', '-o', 'wide']);
    assert.match(shown, /red\uFFFD\[31m\uFFFD alert and more$/m);
  });
});

/** A blue/green Rollout: revision 1 is active, the pod of revision 2 does not start. */
async function raiseBlueGreen({ stage }: CliHarness): Promise<void> {
  const rollout = await stage.create(resourceTypes.rollout, {
    metadata: { name: 'api', namespace: 'shop', annotations: { 'rollout.argoproj.io/revision': '2' } },
    spec: {
      replicas: 2,
      selector: { matchLabels: { app: 'web' } },
      template: template('shop/api:v2'),
      strategy: { blueGreen: { activeService: 'api', previewService: 'api-preview' } },
    },
  });
  await raiseRevision(stage, rollout, { number: 1, image: 'shop/api:v1', pods: 2 });
  await raiseRevision(stage, rollout, { number: 2, image: 'shop/api:v2', pods: 1 });
  const [stable, current] = [hashOf('shop/api:v1'), hashOf('shop/api:v2')];
  await stage.setStatus(resourceTypes.pod, `api-${current}-a`, {
    conditions: [{ type: 'Ready', status: 'False' }],
    containerStatuses: [
      {
        name: 'web',
        image: 'shop/api:v2',
        imageID: '',
        ready: false,
        started: false,
        restartCount: 4,
        state: { waiting: { reason: 'CrashLoopBackOff' } },
      },
    ],
  });
  await stage.setStatus(resourceTypes.replicaSet, `api-${current}`, { readyReplicas: 0, availableReplicas: 0 });
  const { observedGeneration } = pausedStatus();
  await stage.setStatus(resourceTypes.rollout, 'api', {
    observedGeneration,
    currentPodHash: current,
    stableRS: stable,
    phase: 'Progressing',
    message: 'updated replicas are still becoming available',
    replicas: 3,
    updatedReplicas: 1,
    readyReplicas: 2,
    availableReplicas: 2,
    blueGreen: { activeSelector: stable, previewSelector: current },
  });
}
