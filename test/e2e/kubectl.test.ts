import assert from 'node:assert/strict';
import { test } from 'node:test';

import { resourceTypes } from '../../src/api/resource-types.ts';
import { shopSuite } from './shop-suite.ts';
import { waitUntil } from './wait.ts';

const twoPauses = { canary: { steps: [{ setWeight: 25 }, { pause: {} }, { setWeight: 50 }, { pause: {} }] } };

/** What people and pipelines do with Rollouts through kubectl and its plug-in. */
shopSuite('Rollouts by kubectl', { gatewayApi: true }, (plane, shop) => {
  const kubectl = async (...words: string[]): Promise<string> =>
    (await plane().kubectl(['-n', shop().namespace, ...words])).trim();

  const waitFor = async (condition: string, name: string): Promise<string> =>
    await kubectl('wait', `--for=condition=${condition}`, `rollout/${name}`, '--timeout=30s');

  /** Waits for the Events of a whole life, repeats collapsed. */
  async function expectReasons(name: string, expected: readonly string[]): Promise<void> {
    const reasons = (): readonly string[] =>
      shop()
        .reasons(name)
        .filter((reason, at, all) => reason !== all[at - 1]);
    await waitUntil(
      'the last Event is there',
      async () => reasons().length,
      (count) => count >= expected.length,
      10_000,
    ).catch(() => undefined);
    assert.deepEqual(reasons(), expected);
  }

  test('wait knows the conditions of a Rollout', async () => {
    await shop().rollout('waited', twoPauses, 4);
    assert.match(await waitFor('Healthy', 'waited'), /condition met$/u);
    assert.match(await waitFor('Completed', 'waited'), /condition met$/u);
    await shop().setImage('waited', 'v2');
    assert.match(await waitFor('Paused', 'waited'), /condition met$/u);
    assert.match(await kubectl('wait', '--for=condition=Completed=false', 'rollout/waited', '--timeout=30s'), /met$/u);
    const phase = 'jsonpath={.status.phase}';
    assert.match(await kubectl('wait', `--for=${phase}=Paused`, 'rollout/waited', '--timeout=30s'), /met$/u);
  });

  test("the plug-in's patches promote, skip, abort, retry and promote fully", async () => {
    const { stableRS } = await shop().until('is paused', 'waited', ({ currentStepIndex }) => currentStepIndex === 1);
    await shop().patch('waited', { status: { pauseConditions: null } }, 'status');
    await shop().until('is at the second pause', 'waited', ({ currentStepIndex }) => currentStepIndex === 3);
    await shop().patch('waited', { status: { abort: true } }, 'status');
    const aborted = await shop().until('is aborted', 'waited', ({ phase }) => phase === 'Degraded');
    assert.equal(aborted.message, 'RolloutAborted: Rollout aborted update to revision 2');
    await shop().patch('waited', { status: { abort: false } }, 'status');
    await shop().until('is paused again', 'waited', ({ currentStepIndex }) => currentStepIndex === 1);
    await shop().patch('waited', { status: { pauseConditions: null, currentStepIndex: 2 } }, 'status');
    await shop().until('has skipped a pause', 'waited', ({ currentStepIndex }) => currentStepIndex === 3);
    await shop().patch('waited', { status: { promoteFull: true } }, 'status');
    const done = await shop().until(
      'is promoted',
      'waited',
      (status) => status.phase === 'Healthy' && status.stableRS !== stableRS,
    );
    assert.equal(done.promoteFull ?? false, false);
  });

  test('a restart by spec.restartAt replaces every pod', async () => {
    const pods = async (): Promise<readonly string[]> =>
      (await kubectl('get', 'pods', '-l', 'app=waited', '-o', 'jsonpath={.items[*].metadata.uid}')).split(' ');
    const before = new Set(await pods());
    const restartAt = new Date(Date.now() + 1000).toISOString().replace(/\.\d+Z$/u, 'Z');
    await shop().patch('waited', { spec: { restartAt } });
    await shop().until('has restarted', 'waited', ({ restartedAt }) => restartedAt === restartAt);
    await shop().untilHealthy('waited');
    assert.deepEqual(
      (await pods()).filter((uid) => before.has(uid)),
      [],
    );
  });

  test('scale goes through the scale subresource, and get shows the columns', async () => {
    await shop().rollout('scaled', { canary: {} }, 1);
    await waitFor('Healthy', 'scaled');
    await kubectl('scale', 'rollout/scaled', '--replicas=3');
    await shop().until('has three pods', 'scaled', ({ availableReplicas }) => availableReplicas === 3);
    const selector = await kubectl(
      'get',
      'rollout',
      'scaled',
      '--subresource=scale',
      '-o',
      'jsonpath={.status.selector}',
    );
    assert.equal(selector, 'app=scaled');
    const [header = '', row = ''] = (await kubectl('get', 'ro', 'scaled')).split('\n');
    assert.deepEqual(header.split(/\s+/u), ['NAME', 'DESIRED', 'CURRENT', 'UP-TO-DATE', 'AVAILABLE', 'AGE']);
    assert.deepEqual(row.split(/\s+/u).slice(0, 5), ['scaled', '3', '3', '3', '3']);
  });

  test('an autoscaler may change the size in the middle of an update', async () => {
    await shop().rollout('auto', twoPauses, 4);
    await shop().untilHealthy('auto');
    await shop().setImage('auto', 'v2');
    await shop().untilPaused('auto');
    // As an autoscaler does: through the scale subresource, whose selector finds the pods of all revisions.
    await kubectl('scale', 'rollout/auto', '--replicas=8');
    const { updatedReplicas } = await shop().until(
      'has eight pods',
      'auto',
      ({ availableReplicas, phase }) => availableReplicas === 8 && phase === 'Paused',
    );
    assert.equal(updatedReplicas, 2);
    const counts = await kubectl('get', 'rollout', 'auto', '--subresource=scale', '-o', 'jsonpath={.status.replicas}');
    assert.equal(counts, '8');
    await kubectl('scale', 'rollout/auto', '--replicas=4');
    await shop().until(
      'has four pods',
      'auto',
      ({ availableReplicas, updatedReplicas: updated }) => availableReplicas === 4 && updated === 1,
    );
  });

  test('an update that is invalid freezes everything where it is, and goes on when it is mended', async () => {
    const services = { stableService: 'frozen-stable', canaryService: 'frozen-canary' };
    const ports = [{ port: 80 }];
    for (const name of Object.values(services)) {
      await shop().create(resourceTypes.service, name, { spec: { selector: { app: 'frozen' }, ports } });
    }
    const backendRefs = Object.values(services).map((name) => ({ name, port: 80 }));
    await shop().create(resourceTypes.httpRoute, 'frozen', { spec: { rules: [{ backendRefs }] } });
    const trafficRouting = { plugins: { 'argoproj-labs/gatewayAPI': { httpRoute: 'frozen' } } };
    const canaryWith = (weight: number): object => ({
      canary: { ...services, trafficRouting, steps: [{ setWeight: weight }, { pause: {} }] },
    });
    await shop().rollout('frozen', canaryWith(50), 2);
    await shop().untilHealthy('frozen');
    await shop().setImage('frozen', 'v2');
    const paused = await shop().untilPaused('frozen');
    const frozen = async (): Promise<object> => ({
      sizes: await kubectl('get', 'rs', '-l', 'app=frozen', '-o', 'jsonpath={.items[*].spec.replicas}'),
      route: await kubectl('get', 'httproute', 'frozen', '-o', 'jsonpath={.spec} {.metadata.resourceVersion}'),
      selectors: await kubectl('get', 'services', '-o', 'jsonpath={.items[*].spec.selector}'),
    });
    const before = await frozen();

    await shop().patch('frozen', { spec: { strategy: canaryWith(120), replicas: 6 } });
    assert.match(await waitFor('InvalidSpec', 'frozen'), /condition met$/u);
    const { phase, message, currentStepIndex, currentPodHash } = await shop().until(
      'is invalid',
      'frozen',
      (status) => status.phase === 'Degraded',
    );
    assert.equal(phase, 'Degraded');
    assert.match(message ?? '', /^InvalidSpec: .*spec\.strategy\.steps\[0\]\.setWeight: .*120.*between 0 and 100/u);
    assert.deepEqual([currentStepIndex, currentPodHash], [1, paused.currentPodHash]);
    await shop().patch('frozen', { status: { pauseConditions: null } }, 'status');
    await new Promise((resolve) => setTimeout(resolve, 2000));
    assert.deepEqual(await frozen(), before);

    await shop().patch('frozen', { spec: { strategy: canaryWith(50) } });
    const mended = await shop().until(
      'goes on',
      'frozen',
      (status) => !(status.conditions ?? []).some(({ type }) => type === 'InvalidSpec'),
    );
    assert.notEqual(mended.phase, 'Degraded');
    const done = await shop().until(
      'is promoted',
      'frozen',
      (status) => status.phase === 'Healthy' && status.stableRS === paused.currentPodHash,
    );
    assert.equal(done.updatedReplicas, 6);
  });

  test('a canary whose pause ends by itself makes its Events in the known order', async () => {
    await shop().rollout('life', { canary: { steps: [{ setWeight: 50 }, { pause: { duration: '3s' } }] } }, 1);
    const first = await shop().untilHealthy('life');
    await shop().setImage('life', 'v2');
    await shop().untilPaused('life');
    await shop().patch('life', { status: { abort: true } }, 'status');
    await shop().until(
      'is aborted',
      'life',
      ({ phase, updatedReplicas = 0 }) => phase === 'Degraded' && updatedReplicas === 0,
    );
    await shop().patch('life', { status: { abort: false } }, 'status');
    await shop().until(
      'is promoted',
      'life',
      ({ phase, stableRS }) => phase === 'Healthy' && stableRS !== first.stableRS,
    );
    await expectReasons('life', [
      'RolloutAddedToInformer',
      'RolloutUpdated',
      'NewReplicaSetCreated',
      'RolloutNotCompleted',
      'ScalingReplicaSet',
      'RolloutCompleted',
      'RolloutUpdated',
      'NewReplicaSetCreated',
      'RolloutNotCompleted',
      'ScalingReplicaSet',
      'RolloutStepCompleted',
      'RolloutPaused',
      'ScalingReplicaSet',
      'RolloutAborted',
      'ScalingReplicaSet',
      'RolloutStepCompleted',
      'RolloutPaused',
      'RolloutStepCompleted',
      'RolloutResumed',
      'ScalingReplicaSet',
      'RolloutCompleted',
    ]);
  });

  test('blue/green with a delay makes its Events in the known order', async () => {
    const ports = [{ port: 80 }];
    await shop().create(resourceTypes.service, 'green', { spec: { selector: { app: 'green' }, ports } });
    await shop().rollout('green', { blueGreen: { activeService: 'green', scaleDownDelaySeconds: 10 } }, 3);
    const first = await shop().untilHealthy('green');
    await shop().setImage('green', 'v2');
    await shop().until(
      'is cut over',
      'green',
      ({ phase, stableRS }) => phase === 'Healthy' && stableRS !== first.stableRS,
    );
    await expectReasons('green', [
      'RolloutAddedToInformer',
      'RolloutUpdated',
      'NewReplicaSetCreated',
      'ScalingReplicaSet',
      'RolloutCompleted',
      'SwitchService',
      'RolloutUpdated',
      'NewReplicaSetCreated',
      'RolloutNotCompleted',
      'ScalingReplicaSet',
      'SwitchService',
      'RolloutCompleted',
    ]);
    // The old pods go when the delay is over, with one more Event.
    await shop().until('has let the old pods go', 'green', ({ replicas }) => replicas === 3);
    await waitUntil(
      'the last Event',
      async () => shop().reasons('green').at(-1),
      (reason) => reason === 'ScalingReplicaSet',
    );
  });
});
