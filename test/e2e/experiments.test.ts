import assert from 'node:assert/strict';
import { test } from 'node:test';

import type { ExperimentStatus } from '../../src/api/experiment.ts';
import { recordOf } from '../../src/api/json-access.ts';
import type { KubeObject, ResourceType } from '../../src/api/object.ts';
import { resourceTypes } from '../../src/api/resource-types.ts';
import { hasCode } from '../../src/base/error.ts';
import { shopSuite } from './shop-suite.ts';
import { template } from './shop.ts';
import { waitUntil } from './wait.ts';

const { experiment, replicaSet, service } = resourceTypes;

shopSuite('Experiments on a real control plane', {}, (_, shop) => {
  async function find(type: ResourceType, name: string): Promise<KubeObject | undefined> {
    return shop()
      .get(type, name)
      .catch((error: unknown) => {
        if (hasCode(error, 'NotFound')) return undefined;
        throw error;
      });
  }

  async function untilPhase(name: string, phase: string): Promise<ExperimentStatus> {
    const read = async (): Promise<ExperimentStatus> => recordOf((await find(experiment, name))?.['status']);
    return waitUntil(`${name} is ${phase}`, read, (status) => status.phase === phase);
  }

  async function untilSize(name: string, pods: number): Promise<void> {
    const read = async (): Promise<unknown> =>
      recordOf((await find(replicaSet, name))?.['status'])['availableReplicas'];
    await waitUntil(`${name} has ${pods} pods`, read, (available) => (available ?? 0) === pods);
  }

  test('one that stands alone runs its templates behind a Service, and takes them away again', async () => {
    await shop().create(experiment, 'trial', {
      spec: {
        duration: '2s',
        scaleDownDelaySeconds: 2,
        templates: ['a', 'b'].map((name) => ({
          name,
          replicas: name === 'a' ? 1 : 2,
          selector: { matchLabels: { app: name } },
          template: withPort(template(name, 'v1')),
          ...(name === 'a' ? { service: {} } : {}),
        })),
      },
    });
    const { availableAt, templateStatuses = [] } = await untilPhase('trial', 'Running');
    assert.ok(availableAt !== undefined);
    assert.equal(templateStatuses[0]?.serviceName, 'trial-a');
    const made = await shop().get(service, 'trial-a');
    assert.deepEqual(recordOf(made['spec'])['selector'], {
      app: 'a',
      'rollouts-pod-template-hash': templateStatuses[0].podTemplateHash,
    });
    await untilSize('trial-b', 2);
    await untilPhase('trial', 'Successful');
    assert.notEqual(await find(service, 'trial-a'), undefined, 'it stays for the delay');
    await untilSize('trial-a', 0);
    await untilSize('trial-b', 0);
    await waitUntil(
      'the Service goes',
      () => find(service, 'trial-a'),
      (found) => found === undefined,
    );
  });

  test('one with a wrong specification says so, and begins when it is mended', async () => {
    const one = { name: 'a', selector: { matchLabels: { app: 'a' } }, template: template('a', 'v1') };
    await shop().create(experiment, 'wrong', { spec: { duration: 'soon', templates: [one] } });
    const read = async (): Promise<ExperimentStatus> => recordOf((await find(experiment, 'wrong'))?.['status']);
    const { conditions = [] } = await waitUntil('a condition', read, (status) => (status.conditions ?? []).length > 0);
    assert.match(conditions[0]?.message ?? '', /spec\.duration/u);
    const at = { type: experiment, namespace: shop().namespace, name: 'wrong' };
    const call = { signal: new AbortController().signal };
    await shop().cluster.patch(at, { kind: 'merge', body: { spec: { duration: '1h' } } }, {}, call);
    const { conditions: now = [] } = await untilPhase('wrong', 'Running');
    assert.deepEqual(
      now.map(({ type }) => type),
      ['Progressing'],
    );
    await shop().cluster.patch(at, { kind: 'merge', body: { spec: { terminate: true } } }, {}, call);
    await untilPhase('wrong', 'Successful');
  });

  test('one that has failed is tried again by an empty status, as the plug-in does it, and measures anew', async () => {
    const job = (command: string): object => ({
      backoffLimit: 0,
      template: {
        spec: { restartPolicy: 'Never', containers: [{ name: 'main', image: 'busybox:1', command: [command] }] },
      },
    });
    const metrics = (command: string): object => ({
      metrics: [{ name: 'job', provider: { job: { spec: job(command) } } }],
    });
    await shop().create(resourceTypes.analysisTemplate, 'tried', { spec: metrics('false') });
    const one = { name: 'a', selector: { matchLabels: { app: 'tried' } }, template: template('tried', 'v1') };
    const analyses = [{ name: 'check', templateName: 'tried', requiredForCompletion: true }];
    await shop().create(experiment, 'tried', { spec: { templates: [one], analyses, scaleDownDelaySeconds: 60 } });
    await untilPhase('tried', 'Failed');
    const call = { signal: AbortSignal.timeout(20_000) };
    const at = { namespace: shop().namespace, name: 'tried' };
    const body = { spec: metrics('true') };
    await shop().cluster.patch({ type: resourceTypes.analysisTemplate, ...at }, { kind: 'merge', body }, {}, call);
    await shop().cluster.patch({ type: experiment, ...at }, { kind: 'merge', body: { status: null } }, {}, call);
    const { analysisRuns } = await untilPhase('tried', 'Successful');
    assert.deepEqual(analysisRuns, [{ name: 'check', analysisRun: 'tried-check.1', phase: 'Successful' }]);
    const first = await shop().get(resourceTypes.analysisRun, 'tried-check');
    assert.equal(recordOf(first['status'])['phase'], 'Failed', 'what was measured before stays');
  });

  test('one is a step of a canary, which goes on when it has ended, and goes with its Rollout', async () => {
    const templates = [
      { name: 'baseline', specRef: 'stable' },
      { name: 'candidate', specRef: 'canary', metadata: { labels: { part: 'candidate' } } },
    ];
    const steps = [{ experiment: { duration: '2s', scaleDownDelaySeconds: 1, templates } }, { pause: {} }];
    await shop().rollout('web', { canary: { steps } }, 1);
    await shop().untilHealthy('web');
    await shop().setImage('web', 'v2');
    const waiting = await shop().until(
      'has an Experiment',
      'web',
      ({ canary }) => canary?.currentExperiment !== undefined,
    );
    const name = waiting.canary?.currentExperiment ?? '';
    assert.match(name, /^web-[a-z0-9]+-2-0$/u);
    await untilSize(`${name}-candidate`, 1);
    const candidate = await shop().get(replicaSet, `${name}-candidate`);
    const pods = recordOf(recordOf(candidate['spec'])['template']);
    assert.equal(recordOf(recordOf(pods['metadata'])['labels'])['part'], 'candidate');
    const paused = await shop().untilPaused('web');
    assert.deepEqual([paused.currentStepIndex, paused.canary?.currentExperiment], [1, undefined]);
    await untilSize(`${name}-candidate`, 0);
    for (const reason of ['ExperimentCreated', 'RolloutStepCompleted', 'RolloutPaused']) {
      assert.ok(shop().reasons('web').includes(reason), reason);
    }
    const at = { type: resourceTypes.rollout, namespace: shop().namespace, name: 'web' };
    await shop().cluster.delete(at, {}, { signal: new AbortController().signal });
    await waitUntil(
      'the Experiment goes',
      () => find(experiment, name),
      (found) => found === undefined,
    );
  });
});

/** A pod template whose first container has a port. */
function withPort(pods: object): object {
  const { spec, ...rest } = pods as { readonly spec: { readonly containers: readonly object[] } };
  const containers = spec.containers.map((container) => ({ ...container, ports: [{ containerPort: 8080 }] }));
  return { ...rest, spec: { ...spec, containers } };
}
