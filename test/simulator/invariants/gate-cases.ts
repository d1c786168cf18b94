import { resourceTypes } from '../../../src/api/resource-types.ts';
import { formatInstant } from '../../../src/base/instant.ts';
import { simulationStartMs } from '../../../src/simulator/virtual-clock.ts';
import {
  analysisRun,
  route,
  routing,
  scale,
  service,
  status,
  switchTo,
  template,
  v1,
  v2,
  v3,
  type DoctoredLog,
} from './doctored-log.ts';
import type { Planted } from './planted.ts';

const { rollout, replicaSet: sets } = resourceTypes;
const nothing = (): void => undefined;
/** A ReplicaSet that waits for its scale-down. */
const waits = (log: DoctoredLog, hash: string): void => {
  const deadline = formatInstant(simulationStartMs + log.nowMs + 30_000);
  log.change('sluice', sets, `web-${hash}`, { metadata: { annotations: { 'scale-down-deadline': deadline } } });
};
const blueGreen = {
  blueGreen: { activeService: 'web-stable', previewService: 'web-canary', autoPromotionEnabled: false },
};
const runLabels = { 'rollouts-pod-template-hash': v2, 'rollout-type': 'Step', 'step-index': '0' };
const analysed = { canary: { ...routing, steps: [{ analysis: { templates: [{ templateName: 'check' }] } }] } };
const passed = {
  phase: 'Successful',
  completedAt: formatInstant(simulationStartMs),
  metricResults: [{ name: 'errors', successful: 1 }],
};

/** Bad things that happen to the order of things. */
export const gateCases: readonly Planted[] = [
  {
    invariant: 'L1',
    what: 'an update that never ends',
    given: { status: { phase: 'Paused', pauseConditions: [{ reason: 'CanaryPauseStep', startTime: '' }] } },
    sound: (log) => log.watch.onEnd(),
    bad: (log) => {
      status(log, { phase: 'Progressing', pauseConditions: undefined });
      log.watch.onEnd();
    },
  },
  {
    invariant: 'L1',
    what: 'a Rollout that calls itself healthy in the middle of an update',
    sound: () => undefined,
    bad: (log) => {
      status(log, { phase: 'Healthy' });
      log.watch.onEnd();
    },
  },
  {
    invariant: 'L2',
    what: 'users who are on an aborted revision in the end',
    given: { status: { phase: 'Degraded', abort: true }, weight: 0 },
    sound: (log) => log.watch.onEnd(),
    bad: (log) => {
      route(log, 'person', 25);
      log.watch.onEnd();
    },
  },
  {
    invariant: 'L3',
    what: 'an update that is stuck and does not say so',
    given: { status: { phase: 'Progressing' }, spec: { progressDeadlineSeconds: 30 } },
    sound: (log) => log.wait(20),
    bad: (log) => log.wait(60),
  },
  {
    invariant: 'L5',
    what: 'a deleted Rollout that stays',
    given: { status: { phase: 'Degraded' } },
    sound: (log) => log.watch.onEnd(),
    bad: (log) => {
      log.change('person', rollout, 'web', { metadata: { deletionTimestamp: '2026-01-01T00:00:00Z' } });
      log.watch.onEnd();
    },
  },
  {
    invariant: 'I13',
    what: 'a pause that is cut short',
    given: { status: { currentStepIndex: 1 } },
    sound: (log) => {
      status(log, { pauseConditions: [{ reason: 'CanaryPauseStep', startTime: '' }] });
      log.nowMs += 11_000;
      status(log, { pauseConditions: undefined, currentStepIndex: 2 });
    },
    bad: (log) => {
      status(log, { pauseConditions: [{ reason: 'CanaryPauseStep', startTime: '' }] });
      log.nowMs += 5000;
      status(log, { pauseConditions: undefined, currentStepIndex: 2 });
    },
  },
  {
    invariant: 'I13',
    what: 'a pause that nobody ended',
    given: { status: { currentStepIndex: 3 } },
    sound: (log) => {
      status(log, { pauseConditions: [{ reason: 'CanaryPauseStep', startTime: '' }] });
      status(log, { pauseConditions: undefined }, 'person');
      status(log, { currentStepIndex: 4 });
    },
    bad: (log) => {
      status(log, { pauseConditions: [{ reason: 'CanaryPauseStep', startTime: '' }] });
      log.nowMs += 500_000;
      status(log, { pauseConditions: undefined, currentStepIndex: 4 });
    },
  },
  {
    invariant: 'I13',
    what: 'an analysis without a measurement',
    given: { strategy: analysed },
    sound: (log) => {
      analysisRun(log, 'good', runLabels, passed);
      status(log, { currentStepIndex: 1 });
    },
    bad: (log) => {
      analysisRun(log, 'empty', runLabels, { ...passed, metricResults: [{ name: 'errors', successful: 0 }] });
      status(log, { currentStepIndex: 1 });
    },
  },
  {
    invariant: 'I13',
    what: 'an analysis of another revision',
    given: { strategy: analysed },
    sound: nothing,
    bad: (log) => {
      analysisRun(log, 'other', { ...runLabels, 'rollouts-pod-template-hash': v3 }, passed);
      status(log, { currentStepIndex: 1 });
    },
  },
  {
    invariant: 'I13',
    what: 'a promotion in the middle of the steps',
    sound: nothing,
    bad: (log) => status(log, { stableRS: v2 }),
  },
  {
    invariant: 'I13',
    what: 'a Service that led to all revisions and is no approval',
    given: { strategy: blueGreen, canary: [4, 4] },
    sound: (log) => {
      service(log, 'web-stable', '');
      switchTo(log, 'web-stable', v1);
    },
    bad: (log) => {
      service(log, 'web-stable', '');
      switchTo(log, 'web-stable', v2);
    },
  },
  {
    invariant: 'I13',
    what: 'a preview that was replaced and comes back without an approval',
    given: { strategy: blueGreen, canary: [4, 4], status: { currentPodHash: v1 } },
    sound: (log) => {
      waits(log, v2);
      status(log, { currentPodHash: v2, stableRS: v2 }, 'person');
      status(log, { currentPodHash: v1, stableRS: v1 }, 'person');
      status(log, { currentPodHash: v2 });
      switchTo(log, 'web-stable', v2);
    },
    bad: (log) => {
      waits(log, v2);
      status(log, { currentPodHash: v2 });
      switchTo(log, 'web-stable', v2);
    },
  },
  {
    invariant: 'I13',
    what: 'blue/green users who are switched without a promotion',
    given: { strategy: blueGreen, canary: [4, 4] },
    sound: (log) => {
      status(log, { pauseConditions: [{ reason: 'BlueGreenPause', startTime: '' }] });
      status(log, { pauseConditions: undefined }, 'person');
      switchTo(log, 'web-stable', v2);
    },
    bad: (log) => switchTo(log, 'web-stable', v2),
  },
  {
    invariant: 'I13',
    what: 'an update that begins at a later step',
    sound: nothing,
    bad: (log) => {
      log.change('person', rollout, 'web', { spec: { template: template('shop:3') } });
      status(log, { currentPodHash: v3, currentStepIndex: 2 });
    },
  },
  {
    invariant: 'I14',
    what: 'a status that names the run of another revision',
    sound: (log) => {
      analysisRun(log, 'own', runLabels, { phase: 'Running' });
      status(log, { canary: { currentStepAnalysisRunStatus: { name: 'own', status: 'Running' } } });
    },
    bad: (log) => {
      analysisRun(log, 'other', { ...runLabels, 'rollouts-pod-template-hash': v3 }, { phase: 'Running' });
      status(log, { canary: { currentStepAnalysisRunStatus: { name: 'other', status: 'Running' } } });
    },
  },
  {
    invariant: 'I14',
    what: 'a run that no longer matters and goes on',
    sound: (log) => {
      analysisRun(log, 'own', runLabels, { phase: 'Running' });
      log.wait(30);
    },
    bad: (log) => {
      analysisRun(log, 'other', { ...runLabels, 'rollouts-pod-template-hash': v3 }, { phase: 'Running' });
      log.wait(30);
    },
  },
  {
    invariant: 'I15',
    what: 'a command for another revision',
    sound: (log) => command(log, { revision: v2, id: 'abort-1' }),
    bad: (log) => command(log, { revision: v1, id: 'abort-1' }),
  },
  {
    invariant: 'I15',
    what: 'a command for a revision that the status is not about, where the template is elsewhere',
    given: { spec: { workloadRef: { apiVersion: 'apps/v1', kind: 'Deployment', name: 'web' }, template: undefined } },
    sound: (log) => {
      log.put('person', resourceTypes.deployment, {
        metadata: { name: 'web' },
        spec: { template: template('shop:3') },
      });
      command(log, { revision: v2, id: 'abort-1' });
    },
    bad: (log) => {
      log.put('person', resourceTypes.deployment, {
        metadata: { name: 'web' },
        spec: { template: template('shop:3') },
      });
      command(log, { revision: v3, id: 'abort-1' });
    },
  },
  {
    invariant: 'I15',
    what: 'a command that is applied twice',
    sound: nothing,
    bad: (log) => {
      command(log, { revision: v2, id: 'abort-1' });
      command(log, { revision: v2, id: 'abort-1' });
    },
  },
  {
    invariant: 'I15',
    what: 'a command that does not say what it saw',
    sound: nothing,
    bad: (log) =>
      log.change(
        'person',
        rollout,
        'web',
        { status: {} },
        { intent: { revision: v2, id: 'abort-1' }, resourceVersion: undefined },
      ),
  },
  {
    invariant: 'I17',
    what: 'a write that is based on nothing',
    sound: (log) => scale(log, v2, 2),
    bad: (log) => scale(log, v2, 2, { resourceVersion: undefined }),
  },
  {
    invariant: 'I17',
    what: 'a write from before the own last one',
    sound: nothing,
    bad: (log) => {
      const before = log.ledger.get('ReplicaSet', 'shop', `web-${v2}`)?.metadata.resourceVersion;
      scale(log, v2, 2);
      scale(log, v2, 3, { resourceVersion: before });
    },
  },
  {
    invariant: 'I18',
    what: 'an update that nobody asked for',
    sound: (log) => {
      log.change('person', rollout, 'web', { spec: { template: template('shop:3') } });
      status(log, { currentPodHash: v3, currentStepIndex: 0 });
    },
    bad: (log) => {
      status(log, { currentPodHash: v2 });
      status(log, { currentPodHash: v1, currentStepIndex: 0 });
      status(log, { currentPodHash: v2, currentStepIndex: 0 });
    },
  },
  {
    invariant: 'I18',
    what: "a ReplicaSet under a hash that is not its template's",
    sound: nothing,
    bad: (log) => {
      const owner = {
        apiVersion: 'argoproj.io/v1alpha1',
        kind: 'Rollout',
        name: 'web',
        uid: 'uid-Rollout-web',
        controller: true,
      };
      const labels = { 'rollouts-pod-template-hash': 'made-up' };
      log.put('sluice', sets, {
        metadata: { name: 'web-made-up', labels, ownerReferences: [owner] },
        spec: { replicas: 0 },
      });
    },
  },
  {
    invariant: 'I22',
    what: 'a controller that spins',
    sound: (log) => spin(log, 100),
    bad: (log) => spin(log, 300),
  },
  {
    invariant: 'I22',
    what: 'a controller that looks again and again at nothing new',
    sound: (log) => pass(log, 20),
    bad: (log) => pass(log, 100),
  },
  {
    invariant: 'I25',
    what: 'a pause that exceeds the deadline',
    given: {
      spec: { progressDeadlineSeconds: 30 },
      status: { currentStepIndex: 3, pauseConditions: [{ reason: 'CanaryPauseStep', startTime: '' }] },
    },
    sound: nothing,
    bad: (log) => {
      log.nowMs += 60_000;
      status(log, {
        conditions: [{ type: 'Progressing', status: 'False', reason: 'ProgressDeadlineExceeded', message: '' }],
      });
    },
  },
  {
    invariant: 'I25',
    what: 'a deadline that is missed when everything is there',
    given: { spec: { progressDeadlineSeconds: 30 }, canary: [4, 4] },
    sound: (log) => {
      status(log, { currentStepIndex: 4, stableRS: v1 }, 'person');
      timeOutAfter(log, 40_000);
    },
    bad: (log) => {
      status(log, { currentStepIndex: 4, stableRS: v2 }, 'person');
      timeOutAfter(log, 40_000);
    },
  },
  {
    invariant: 'I25',
    what: 'a deadline that comes too early',
    given: { spec: { progressDeadlineSeconds: 30 } },
    sound: (log) => timeOutAfter(log, 40_000),
    bad: (log) => timeOutAfter(log, 10_000),
  },
];

function command(log: DoctoredLog, intent: { readonly id: string; readonly revision: string }): void {
  log.change('person', rollout, 'web', { status: {} }, { intent });
}

function spin(log: DoctoredLog, count: number): void {
  for (let write = 0; write < count; write += 1) status(log, { observedGeneration: String(write) });
}

function pass(log: DoctoredLog, count: number): void {
  for (let pass = 0; pass < count; pass += 1) {
    log.nowMs += 2000;
    log.watch.onPass('shop', 'web');
  }
}

function timeOutAfter(log: DoctoredLog, timeMs: number): void {
  status(log, { observedGeneration: '1' });
  log.nowMs += timeMs;
  status(log, {
    conditions: [{ type: 'Progressing', status: 'False', reason: 'ProgressDeadlineExceeded', message: '' }],
  });
}
