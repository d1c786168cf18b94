import { resourceTypes } from '../../../src/api/resource-types.ts';
import { formatInstant } from '../../../src/base/instant.ts';
import { simulationStartMs } from '../../../src/simulator/virtual-clock.ts';
import { routing, status, v2, type DoctoredLog, type Fields } from './doctored-log.ts';
import type { Planted } from './planted.ts';

const name = `web-${v2}-2-0`;
const service = `${name}-candidate`;
const mark = { 'experiment.argoproj.io/name': name, 'experiment.argoproj.io/template-name': 'candidate' };
const step = { canary: { ...routing, steps: [{ experiment: { templates: [] } }, { pause: {} }] } };

const ownedBy = (kind: string, uid: string): Fields => ({
  ownerReferences: [{ apiVersion: 'argoproj.io/v1alpha1', kind, name: 'owner', uid, controller: true }],
});

/** An Experiment of the first step with one template, its Service and its pods. */
function experiment(log: DoctoredLog, phase: string, pods: number, analyses: readonly Fields[] = []): void {
  log.put('sluice', resourceTypes.experiment, {
    metadata: {
      name,
      labels: { 'rollouts-pod-template-hash': v2 },
      creationTimestamp: formatInstant(simulationStartMs),
      ...ownedBy('Rollout', 'uid-Rollout-web'),
    },
    spec: { analyses },
    status: { phase },
  });
  const owner = ownedBy('Experiment', `uid-Experiment-${name}`);
  log.put('sluice', resourceTypes.service, { metadata: { name: service, annotations: mark, ...owner } });
  log.put('sluice', resourceTypes.replicaSet, {
    metadata: { name: service, annotations: mark, ...owner },
    spec: { replicas: pods },
    status: { replicas: pods, availableReplicas: pods },
  });
}

/** The controller gives the Service of the Experiment a share. */
function lead(log: DoctoredLog, share: number, stable = 100 - share): void {
  const backendRefs = [
    { name: 'web-stable', port: 80, weight: stable },
    { name: 'web-canary', port: 80, weight: 0 },
    { name: service, port: 80, weight: share },
  ];
  log.put('sluice', resourceTypes.httpRoute, { metadata: { name: 'web' }, spec: { rules: [{ backendRefs }] } });
}

function run(log: DoctoredLog, fields: Fields): void {
  log.put('sluice', resourceTypes.analysisRun, {
    metadata: { name: `${name}-check`, ...ownedBy('Experiment', `uid-Experiment-${name}`) },
    spec: { metrics: [{ name: 'errors' }] },
    status: { phase: 'Successful', ...fields },
  });
}

const leave = (log: DoctoredLog): void => status(log, { currentStepIndex: 1 });

/** Bad things that happen to Experiments. */
export const experimentCases: readonly Planted[] = [
  {
    invariant: 'I02',
    what: 'shares that do not sum up with that of an Experiment',
    given: { strategy: step, weight: 0 },
    sound: (log) => {
      experiment(log, 'Running', 1);
      lead(log, 10);
    },
    bad: (log) => {
      experiment(log, 'Running', 1);
      lead(log, 10, 100);
    },
  },
  {
    invariant: 'I04',
    what: 'an Experiment that gets traffic without pods',
    given: { strategy: step, weight: 0 },
    sound: (log) => {
      experiment(log, 'Running', 1);
      lead(log, 10);
      log.wait(2);
    },
    bad: (log) => {
      experiment(log, 'Running', 0);
      lead(log, 10);
    },
  },
  {
    invariant: 'I04',
    what: 'an Experiment that loses its pods under its users',
    given: { strategy: step, weight: 0 },
    sound: (log) => {
      experiment(log, 'Running', 1);
      lead(log, 10);
      lead(log, 0);
      log.change('sluice', resourceTypes.replicaSet, service, { spec: { replicas: 0 } });
      log.wait(2);
    },
    bad: (log) => {
      experiment(log, 'Running', 1);
      lead(log, 10);
      log.change('sluice', resourceTypes.replicaSet, service, { spec: { replicas: 0 } });
      log.wait(2);
    },
  },
  {
    invariant: 'I13',
    what: 'a step that is left while its Experiment runs',
    given: { strategy: step, weight: 0 },
    sound: (log) => {
      experiment(log, 'Successful', 1);
      leave(log);
    },
    bad: (log) => {
      experiment(log, 'Running', 1);
      leave(log);
    },
  },
  {
    invariant: 'I13',
    what: 'a step that is left by the Experiment of an attempt before a retry',
    given: { strategy: step, weight: 0 },
    sound: (log) => {
      experiment(log, 'Successful', 1);
      leave(log);
    },
    bad: (log) => {
      experiment(log, 'Successful', 1);
      for (const abort of [true, false]) status(log, { abort }, 'person');
      leave(log);
    },
  },
  {
    invariant: 'I13',
    what: 'a step that is left by an Experiment that measured nothing',
    given: { strategy: step, weight: 0 },
    sound: (log) => {
      experiment(log, 'Successful', 1, [{ name: 'check', templateName: 'check' }]);
      run(log, { metricResults: [{ name: 'errors', successful: 1 }] });
      leave(log);
    },
    bad: (log) => {
      experiment(log, 'Successful', 1, [{ name: 'check', templateName: 'check' }]);
      run(log, {});
      leave(log);
    },
  },
];
