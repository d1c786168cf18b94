import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';

import { resourceTypes } from '../../src/api/resource-types.ts';
import type { RolloutSpec } from '../../src/api/rollout.ts';
import { SluiceError } from '../../src/base/error.ts';
import { hashOf, raiseCanary, template } from '../server/stage.ts';
import { CliHarness, matchGolden } from './harness.ts';

const name = 'web-2-1';

interface Ended {
  readonly terminate?: boolean;
}

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

/** A harness whose cluster has a canary, and an Experiment. */
async function openShop(): Promise<CliHarness> {
  const cli = await CliHarness.open();
  await raiseCanary(cli.stage);
  await raiseExperiment(cli);
  return cli;
}

describe('what the tool shows of Experiments', () => {
  let cli: CliHarness;

  before(async () => {
    cli = await openShop();
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
    const { code, stderr } = await cli.call(['get', 'experiment', 'none', '-n', 'shop']);
    assert.deepEqual([code, stderr], [1, 'error: there is no Experiment none in namespace shop\n']);
  });

  it('one as a tree, and in detail', async () => {
    await matchGolden('get-experiment.txt', await cli.print(['get', 'experiment', 'web-2-1', '-n', 'shop']));
    await matchGolden('describe-experiment.txt', await cli.print(['describe', 'experiment', 'web-2-1', '-n', 'shop']));
    const { stdout } = await cli.call(['list', 'exp', '-n', 'shop', '-o', 'name']);
    assert.deepEqual(stdout.trim().split('\n'), ['experiment.argoproj.io/alone', 'experiment.argoproj.io/web-2-1']);
  });

  it('one that changes, and all that change', async () => {
    const tree = await watched(['get', 'experiment', 'web-2-1', '-w']);
    assert.match(tree, /Status: {6}◌ Running\n[\s\S]*Status: {6}◌ Running: slowly/);
    const lines = await watched(['get', 'experiments', '-w', '-o', 'wide']);
    assert.match(lines, /^NAME .*\n(?:.*\n){2}web-2-1 .* slowly\n/);
    const json = await watched(['get', 'experiment', 'web-2-1', '-w', '-o', 'json']);
    assert.match(json, /"message": ""[\s\S]*"message": "slowly"/);
  });

  /** What is printed until a change of `web-2-1` was told. */
  async function watched(argv: readonly string[]): Promise<string> {
    const interrupt = new AbortController();
    const say = (message: string | null) => patch('web-2-1', { status: { message } });
    let isSaid = false;
    const { stdout } = await cli.call([...argv, '-n', 'shop'], {
      signal: interrupt.signal,
      onOutput: (text) => {
        if (text.includes('slowly')) interrupt.abort(new SluiceError('Cancelled', 'interrupted'));
        else if (!isSaid) void say('slowly');
        isSaid = true;
      },
    });
    await say(null);
    return stdout;
  }

  const patch = (of: string, body: object) =>
    cli.stage.cluster.patch(
      { type: resourceTypes.experiment, namespace: 'shop', name: of },
      { kind: 'merge', body },
      {},
      { signal: AbortSignal.timeout(5000) },
    );
});

describe('what the tool shows of traffic', () => {
  let cli: CliHarness;

  before(async () => {
    cli = await CliHarness.open();
    await raiseCanary(cli.stage);
  });
  after(() => cli.close());

  it('the shares of Experiments, and the routes beside the weights', async () => {
    const rollout = await cli.stage.get(resourceTypes.rollout, 'web');
    const { strategy } = rollout['spec'] as RolloutSpec;
    const managedRoutes = [{ name: 'testers' }, { name: 'copy' }, { name: 'later' }];
    const steps = [
      { setHeaderRoute: { name: 'testers', match: [{ headerName: 'agent', headerValue: { exact: 'firefox' } }] } },
      {
        setMirrorRoute: {
          name: 'copy',
          percentage: 35,
          match: [{ method: { exact: 'GET' }, path: { prefix: '/api' } }],
        },
      },
      { setWeight: 25 },
      { experiment: { templates: [{ name: 'baseline', specRef: 'stable', weight: 5 }] } },
      { setHeaderRoute: { name: 'later', match: [{ headerName: 'x', headerValue: { regex: 'y.*' } }] } },
    ];
    const { trafficRouting } = strategy?.canary ?? {};
    const canary = { ...strategy?.canary, steps, trafficRouting: { ...trafficRouting, managedRoutes } };
    await cli.stage.patchSpec('web', { strategy: { canary } });
    const weights = {
      canary: { weight: 25 },
      stable: { weight: 70 },
      additional: [{ weight: 5, serviceName: 'web-2-1-baseline' }],
    };
    await cli.stage.setStatus(resourceTypes.rollout, 'web', { currentStepIndex: 3, canary: { weights } });
    const text = await cli.print(['get', 'rollout', 'web', '-n', 'shop']);
    const lines = text.split('\n').filter((line) => /^(?:Traffic|Routes|Images): |^ {13}copy/.test(line));
    assert.deepEqual(lines.slice(0, 3), [
      'Traffic:     canary 25, web-2-1-baseline 5, stable 70 of 100 (canary wanted 25)',
      'Routes:      testers: agent=firefox, to the canary',
      '             copy: method=GET and path=/api…, 35 % copied to the canary',
    ]);
    await cli.stage.setStatus(resourceTypes.rollout, 'web', { abort: true });
    assert.doesNotMatch(await cli.print(['get', 'rollout', 'web', '-n', 'shop']), /Routes:/);
  });
});

describe('commands for Experiments and AnalysisRuns', () => {
  let cli: CliHarness;

  before(async () => {
    cli = await openShop();
  });
  after(() => cli.close());

  const give = (...words: readonly string[]) => cli.print([...words, '-n', 'shop']);

  it('terminate one that runs, and say so of one that has ended', async () => {
    assert.equal(
      await give('terminate', 'experiment', 'web-2-1'),
      'experiment.argoproj.io/web-2-1 is being terminated\n',
    );
    assert.equal(((await cli.stage.get(resourceTypes.experiment, 'web-2-1'))['spec'] as Ended).terminate, true);
    assert.equal(
      await give('terminate', 'exp', 'experiment/web-2-1', 'alone'),
      'experiment.argoproj.io/web-2-1 is being terminated already\n' +
        'experiment.argoproj.io/alone has ended already: Failed\n',
    );
    const [entry] = cli.stage.journal.entries();
    assert.deepEqual(
      [entry?.intent.action, entry?.intent.actor.name, entry?.intent.subject, entry?.result?.kind],
      ['terminate', 'ada', 'embedded/shop/web-2-1', 'done'],
    );
  });

  it('terminate an AnalysisRun', async () => {
    await cli.stage.create(resourceTypes.analysisRun, {
      metadata: { name: 'check', namespace: 'shop' },
      spec: { metrics: [{ name: 'errors', provider: { web: { url: 'http://metrics' } } }] },
    });
    assert.equal(
      await give('terminate', 'analysisrun', 'check'),
      'analysisrun.argoproj.io/check is being terminated\n',
    );
    assert.equal(((await cli.stage.get(resourceTypes.analysisRun, 'check'))['spec'] as Ended).terminate, true);
  });

  it('retry one that has ended, by an empty status; also one that was terminated', async () => {
    assert.equal(
      await give('retry', 'experiment', 'web-2-1'),
      'experiment.argoproj.io/web-2-1 has not ended, so there is nothing to retry\n',
    );
    assert.equal(await give('retry', 'experiment', 'alone'), 'experiment.argoproj.io/alone is tried again\n');
    const alone = await cli.stage.get(resourceTypes.experiment, 'alone');
    assert.equal(alone['status'], undefined);
    const path = '/api/v1/namespaces/shop/experiments/web-2-1/retry';
    const { uid } = (await cli.stage.get(resourceTypes.experiment, 'web-2-1')).metadata;
    const body = { uid, actor: 'ada', position: 'Running@2026-03-01T11:59:00Z' };
    const signal = AbortSignal.timeout(5000);
    const at = { type: resourceTypes.experiment, namespace: 'shop', name: 'web-2-1' };
    await cli.stage.cluster.patch(at, { kind: 'merge', body: { status: { phase: 'Successful' } } }, {}, { signal });
    const stale = await cli.stage.ask('POST', path, body);
    assert.deepEqual([stale.status, stale.body['code']], [409, 'StaleCommand']);
    const other = await cli.stage.ask('POST', path, { ...body, uid: 'other' });
    assert.deepEqual([other.status, other.body['code']], [409, 'StaleCommand']);
    assert.equal(await give('retry', 'exp', 'web-2-1'), 'experiment.argoproj.io/web-2-1 is tried again\n');
    const { spec, status } = await cli.stage.get(resourceTypes.experiment, 'web-2-1');
    assert.deepEqual([(spec as Ended).terminate, status], [undefined, undefined]);
  });

  it('are refused for what is not there, and to those who may only look', async () => {
    const { code, stderr } = await cli.call(['terminate', 'experiment', 'none', '-n', 'shop']);
    assert.deepEqual([code, stderr], [1, 'error: there is no Experiment none in namespace shop\n']);
    const path = '/api/v1/namespaces/shop/experiments/alone/terminate';
    const guest = await cli.stage.ask('POST', path, { uid: 'any', actor: 'guest' }, cli.stage.viewerToken);
    assert.equal(guest.status, 403);
  });
});
