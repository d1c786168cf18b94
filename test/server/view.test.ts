import assert from 'node:assert/strict';
import { describe, it } from 'node:test';

import type { KubeObject } from '../../src/api/object.ts';
import type { Rollout, RolloutStatus } from '../../src/api/rollout.ts';
import { createDecisionBoard } from '../../src/server/decision-board.ts';
import { reportPod } from '../../src/server/view/pod-report.ts';
import { reportRollout } from '../../src/server/view/rollout-report.ts';
import { describeStep, reportSteps } from '../../src/server/view/step-report.ts';
import { canarySpec, hashOf, pausedStatus } from './stage.ts';

function pod(status: object, metadata: object = {}): KubeObject {
  return {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name: 'web-a', ...metadata },
    spec: { containers: [{ name: 'web' }, { name: 'log' }] },
    status,
  };
}

function rollout(status: RolloutStatus, spec: Rollout['spec'] = canarySpec): KubeObject & Rollout {
  const metadata = { name: 'web', namespace: 'shop', generation: 1, creationTimestamp: '2026-03-01T12:00:00Z' };
  return { apiVersion: 'argoproj.io/v1alpha1', kind: 'Rollout', metadata, spec, status };
}

describe('the status of a pod', () => {
  const cases: readonly (readonly [string, object, string, object?])[] = [
    ['its phase', { phase: 'Running' }, 'Running'],
    ['nothing', {}, 'Unknown'],
    ['that it is being deleted', { phase: 'Running' }, 'Terminating', { deletionTimestamp: '2026-03-01T12:00:00Z' }],
    ['why the kubelet refused it', { phase: 'Failed', reason: 'Evicted' }, 'Evicted'],
    [
      'why a container waits',
      {
        phase: 'Pending',
        containerStatuses: [{ state: { running: {} } }, { state: { waiting: { reason: 'ErrImagePull' } } }],
      },
      'ErrImagePull',
    ],
    [
      'why a container ended',
      { phase: 'Running', containerStatuses: [{ state: { terminated: { exitCode: 137, reason: 'OOMKilled' } } }] },
      'OOMKilled',
    ],
    [
      'the code of a container that ended without a reason',
      { phase: 'Running', containerStatuses: [{ state: { terminated: { exitCode: 3 } } }] },
      'ExitCode:3',
    ],
    [
      'nothing of a container that ended as it should',
      { phase: 'Succeeded', containerStatuses: [{ state: { terminated: { exitCode: 0, reason: 'Completed' } } }] },
      'Succeeded',
    ],
    [
      'why an init container does not end',
      { phase: 'Pending', initContainerStatuses: [{ state: { waiting: { reason: 'CrashLoopBackOff' } } }] },
      'Init:CrashLoopBackOff',
    ],
  ];
  for (const [what, status, expected, metadata] of cases) {
    it(`tells ${what}`, () => assert.equal(reportPod(pod(status, metadata)).status, expected));
  }

  it('counts restarts and ready containers, and is no more than what is there', () => {
    const containerStatuses = [
      { ready: true, restartCount: 2 },
      { ready: false, restartCount: 1 },
    ];
    const { restarts, readyContainers, containers, ready } = reportPod(pod({ containerStatuses }));
    assert.deepEqual([restarts, readyContainers, containers, ready], [3, 1, 2, false]);
    assert.equal(reportPod({ apiVersion: 'v1', kind: 'Pod', metadata: { name: 'x' }, status: 7 }).status, 'Unknown');
  });
});

describe('the steps of a canary', () => {
  it('are told in one line each', () => {
    const texts = [
      { setWeight: 20 },
      { pause: {} },
      { pause: { duration: 30 } },
      { pause: { duration: '1h' } },
      { setCanaryScale: { replicas: 3 } },
      { setCanaryScale: { weight: 40 } },
      { setCanaryScale: { matchTrafficWeight: true } },
      { setHeaderRoute: { name: 'beta' } },
      { setMirrorRoute: { name: 'shadow', percentage: 10 } },
      { analysis: { templates: [{ templateName: 'errors' }, { templateName: 'latency' }] } },
      { experiment: { templates: [{ name: 'a', specRef: 'canary' as const }] } },
      { plugin: { name: 'sluice.dev/x' } },
      {},
    ].map(describeStep);
    assert.deepEqual(texts, [
      'setWeight: 20',
      'pause: until promoted',
      'pause: 30s',
      'pause: 1h',
      'setCanaryScale: 3 pods',
      'setCanaryScale: 40%',
      'setCanaryScale: as the weight',
      'setHeaderRoute: beta',
      'setMirrorRoute: shadow 10%',
      'analysis: errors, latency',
      'experiment: a',
      'plugin: sluice.dev/x',
      'invalid',
    ]);
  });

  const states = (status: RolloutStatus): readonly string[] =>
    reportSteps(rollout(status), 0).map(({ state }) => state);

  it('are done, current or pending', () => {
    assert.deepEqual(states(pausedStatus()), ['done', 'current', 'pending']);
    assert.deepEqual(states({ ...pausedStatus(), currentStepIndex: 3 }), ['done', 'done', 'done']);
  });

  it('are all done when the revision is stable', () => {
    assert.deepEqual(states({ ...pausedStatus(), stableRS: hashOf('shop/web:v2') }), ['done', 'done', 'done']);
  });
});

describe('the line of a Rollout', () => {
  it('tells nothing wrong about one that was never looked at', () => {
    const { phase, message, weights, step, promoted } = reportRollout(rollout({}));
    assert.deepEqual([phase, message], ['Progressing', 'more replicas need to be updated']);
    assert.deepEqual([weights, step, promoted], [{ wanted: 100, max: 100 }, { index: 3, count: 3 }, false]);
  });

  it('takes the share of the pods where there is no router', () => {
    const { canary: { trafficRouting: _, ...canary } = {} } = canarySpec.strategy ?? {};
    const spec = { ...canarySpec, strategy: { canary } };
    const { canary: __, ...status } = pausedStatus();
    assert.deepEqual(reportRollout(rollout(status, spec)).weights, { wanted: 25, max: 100, canary: 20, stable: 80 });
    const none = reportRollout(rollout({ ...status, availableReplicas: 0 }, spec)).weights;
    assert.deepEqual(none, { wanted: 25, max: 100 });
  });

  it('takes no share of a revision that is stable for a canary', () => {
    const promoted = reportRollout(rollout({ ...pausedStatus(), stableRS: hashOf('shop/web:v2') }));
    assert.deepEqual([promoted.promoted, promoted.weights?.wanted], [true, 0]);
  });

  it('does not trip over a status of another form', () => {
    const odd = { ...rollout({}), spec: {}, status: {} };
    assert.equal(reportRollout(odd).strategy, '');
  });
});

describe('the board of decisions', () => {
  const at = { namespace: 'shop', name: 'web' };
  const decision = (message: string) =>
    ({ reason: { code: 'X', message }, state: 's', effects: [], events: [], status: {} }) as const;

  it('keeps since when an answer holds, and tells only what is new', () => {
    const board = createDecisionBoard();
    const heard: string[] = [];
    const stop = board.subscribe(({ name }) => heard.push(name));
    board.record(at, decision('a'), 0);
    board.record(at, decision('a'), 5000);
    assert.equal(board.latest(at)?.at, '1970-01-01T00:00:00Z');
    board.record(at, decision('b'), 9000);
    assert.equal(board.latest(at)?.at, '1970-01-01T00:00:09Z');
    stop();
    board.record(at, decision('c'), 9000);
    assert.deepEqual(heard, ['web', 'web']);
  });

  it('forgets what was decided longest ago beyond its bound', () => {
    const board = createDecisionBoard(2);
    for (const name of ['a', 'b', 'c']) board.record({ namespace: 'shop', name }, decision('x'), 0);
    assert.equal(board.latest({ namespace: 'shop', name: 'a' }), undefined);
    assert.equal(board.latest({ namespace: 'shop', name: 'c' })?.message, 'x');
  });
});
