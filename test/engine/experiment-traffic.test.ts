import assert from 'node:assert/strict';
import { describe, it } from 'node:test';

import type { CanaryStep } from '../../src/api/canary-step.ts';
import { decide } from '../../src/engine/decide.ts';
import type { Decision } from '../../src/engine/decision.ts';
import type { StepExperimentView, World } from '../../src/engine/world.ts';
import { modelWorld } from './model-world.ts';

const steps: readonly CanaryStep[] = [
  { setWeight: 20 },
  {
    experiment: {
      duration: '1m',
      templates: [
        { name: 'baseline', specRef: 'stable', weight: 10 },
        { name: 'candidate', specRef: 'canary', weight: 15 },
      ],
    },
  },
  { setWeight: 50 },
];
const routing = { trafficRouting: { smi: { rootService: 'web' } }, stableService: 'stable', canaryService: 'canary' };

/** A routed canary that has come to its experiment step. */
function atStep(): World {
  const model = modelWorld({
    services: ['stable', 'canary'],
    spec: { replicas: 4, strategy: { canary: { ...routing, steps } } },
  });
  const pass = (): void => {
    for (let turn = 0; turn < 12; turn += 1) {
      model.pass();
      for (const set of model.replicaSets.values()) {
        const { specReplicas: pods } = set;
        model.replicaSets.set(set.name, { ...set, readyReplicas: pods, availableReplicas: pods });
      }
    }
  };
  pass();
  model.setTemplate('v2');
  pass();
  return model.world();
}

interface Given {
  readonly experiment?: Partial<StepExperimentView>;
  /** Available pods of the two templates. */
  readonly available?: readonly [number, number];
  /** What the router was read to give the two Services. */
  readonly shares?: readonly [number, number];
  readonly change?: (world: World) => World;
}

function decided({ experiment = {}, available = [1, 1], shares = [0, 0], change = (world) => world }: Given): Decision {
  const world = atStep();
  const view: StepExperimentView = {
    name: 'web-v2-2-1',
    uid: 'uid',
    hash: 'v2',
    createdAt: world.now,
    deleting: false,
    terminating: false,
    phase: 'Running',
    message: '',
    measured: false,
    templates: ['baseline', 'candidate'].map((name, index) => ({
      name,
      service: `exp-${name}`,
      hash: `hash-${name}`,
      replicas: 1,
      specReplicas: 1,
      available: available[index] ?? 0,
    })),
    ...experiment,
  };
  const additionalWeights = Object.fromEntries(
    Object.entries({ 'exp-baseline': shares[0], 'exp-candidate': shares[1] }).filter(([, weight]) => weight > 0),
  );
  const traffic = world.traffic.map((router) => ({
    ...router,
    reading: { ...router.reading, stableWeight: 80 - shares[0] - shares[1], additionalWeights },
  }));
  return decide(change({ ...world, traffic, experiments: [view] }));
}

/** Weights of the plan that is written, by Service, and the phase; undefined when none is. */
function planned({ effects }: Decision): unknown {
  const effect = effects.find(({ kind }) => kind === 'setTraffic');
  if (effect?.kind !== 'setTraffic') return undefined;
  const weights = effect.plan.destinations.map(({ service, weight }) => `${service} ${weight}`);
  return [effect.phase, ...weights];
}

describe('traffic of an experiment step', () => {
  it('is raised when the Experiment runs and all its pods are available, out of the stable share', () => {
    assert.deepEqual(planned(decided({})), ['raise', 'canary 20', 'exp-baseline 10', 'exp-candidate 15', 'stable 55']);
    assert.equal(planned(decided({ shares: [10, 15] })), undefined);
  });

  it('is not raised onto pods that are missing', () => {
    assert.deepEqual(planned(decided({ available: [1, 0] })), ['raise', 'canary 20', 'exp-baseline 10', 'stable 70']);
    assert.equal(planned(decided({ experiment: { phase: 'Pending' } })), undefined);
  });

  it('is not raised while a gate holds', () => {
    const change = (world: World): World => ({ ...world, holds: [{ reason: 'FreezeWindow', message: 'no' }] });
    assert.equal(planned(decided({ change })), undefined);
    // What was raised stays.
    assert.equal(planned(decided({ change, shares: [10, 15] })), undefined);
  });

  it('is taken back when a template has no pods any more, and nothing is raised beside it', () => {
    assert.deepEqual(planned(decided({ available: [0, 1], shares: [10, 0] })), ['lower', 'canary 20', 'stable 80']);
  });

  it('is kept where there are pods for as long as the stable side cannot carry it', () => {
    const lacking = (world: World): World => ({
      ...world,
      replicaSets: world.replicaSets.map((set) => (set.hash === 'v2' ? set : { ...set, availableReplicas: 2 })),
    });
    const passed = { phase: 'Successful', measured: true } as const;
    // Two of four pods, of which one may be missing, carry two thirds.
    assert.deepEqual(planned(decided({ experiment: passed, shares: [10, 15], change: lacking })), [
      'lower',
      'canary 20',
      'exp-baseline 10',
      'exp-candidate 4',
      'stable 66',
    ]);
    // What stays holds up no step.
    const kept = decided({ experiment: passed, shares: [10, 4], change: lacking });
    assert.deepEqual([planned(kept), kept.status.currentStepIndex], [undefined, 2]);
    const gone = decided({ experiment: passed, shares: [10, 15], available: [0, 0], change: lacking });
    assert.deepEqual(planned(gone), ['lower', 'canary 20', 'stable 80']);
  });

  it('is taken back before the step is left', () => {
    const passed = { phase: 'Successful', measured: true } as const;
    const first = decided({ experiment: passed, shares: [10, 15] });
    assert.deepEqual(planned(first), ['lower', 'canary 20', 'stable 80']);
    assert.equal(first.status.currentStepIndex, 1);
    assert.equal(decided({ experiment: passed }).status.currentStepIndex, 2);
  });

  it('is taken back with the canary when the Experiment fails', () => {
    const decision = decided({ experiment: { phase: 'Failed', message: 'too bad' }, shares: [10, 15] });
    assert.deepEqual(planned(decision), ['lower', 'canary 0', 'stable 100']);
    assert.equal(decision.status.abort, true);
    const progressing = decision.status.conditions?.find(({ type }) => type === 'Progressing');
    assert.match(progressing?.message ?? '', /Experiment analysis phase is error\/failed: too bad/u);
  });

  it('is told in the status as it was read', () => {
    const { canary } = decided({ shares: [10, 15] }).status;
    assert.deepEqual(canary?.weights?.additional, [
      { weight: 10, serviceName: 'exp-baseline', podTemplateHash: 'hash-baseline' },
      { weight: 15, serviceName: 'exp-candidate', podTemplateHash: 'hash-candidate' },
    ]);
    assert.equal(canary?.currentExperiment, 'web-v2-2-1');
    assert.equal(decided({}).status.canary?.weights?.additional, undefined);
  });
});

describe('an experiment step', () => {
  it('makes no second Experiment, however the first ended', () => {
    for (const phase of ['', 'Pending', 'Running', 'Successful', 'Inconclusive'] as const) {
      const { effects } = decided({ experiment: { phase } });
      assert.equal(
        effects.some(({ kind }) => kind === 'createExperiment'),
        false,
        phase,
      );
    }
  });

  it('makes no second Experiment where the clock of the API server is behind', () => {
    const { effects } = decided({ experiment: { createdAt: 0, phase: '' } });
    assert.deepEqual(
      effects.filter(({ kind }) => kind === 'createExperiment' || kind === 'terminateExperiment'),
      [],
    );
  });

  it('takes an Experiment of an earlier attempt, step or revision for none of its own', () => {
    const earlier: readonly Partial<StepExperimentView>[] = [
      { createdAt: 0, phase: 'Failed' },
      { createdAt: 0, terminating: true },
      { name: 'web-v2-2-0', phase: 'Failed' },
      { name: 'web-v2-2-1-x', phase: 'Failed' },
      { hash: 'v1', phase: 'Failed' },
      { deleting: true, phase: 'Failed' },
    ];
    for (const experiment of earlier) {
      const { effects, status } = decided({ experiment });
      const made = effects.find(({ kind }) => kind === 'createExperiment');
      assert.ok(made?.kind === 'createExperiment', JSON.stringify(experiment));
      assert.notEqual(made.name, experiment.name ?? 'web-v2-2-1');
      assert.notEqual(status.abort, true);
    }
  });

  it('does not pass by success without a measurement: a person has to say how it goes on', () => {
    const undecided = { phase: 'Successful', measured: false } as const;
    const { status } = decided({ experiment: undecided });
    assert.deepEqual(
      [status.currentStepIndex, status.controllerPause, status.pauseConditions?.map(({ reason }) => reason)],
      [1, true, ['InconclusiveExperiment']],
    );
    const answered = (world: World): World => ({
      ...world,
      rollout: { ...world.rollout, status: { ...world.rollout.status, controllerPause: true } },
    });
    assert.equal(decided({ experiment: undecided, change: answered }).status.currentStepIndex, 2);
  });

  it('stops an Experiment that is not its own', () => {
    const { effects } = decided({ experiment: { name: 'web-v2-2-0', phase: 'Running' } });
    assert.ok(effects.some((effect) => effect.kind === 'terminateExperiment' && effect.name === 'web-v2-2-0'));
  });
});
