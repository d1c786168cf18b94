import assert from 'node:assert/strict';
import { describe, it } from 'node:test';

import { decide } from '../../src/engine/decide.ts';
import type { Decision } from '../../src/engine/decision.ts';
import { modelWorld, type ModelWorld } from './model-world.ts';

const steps = [{ setWeight: 50 }, { pause: {} }];

describe('a step with a weight', () => {
  it('waits for its pods where those of a broken revision have to go first', () => {
    const model = modelWorld({ spec: { replicas: 2, strategy: { canary: { steps } } } });
    model.settle();
    model.broken.add('v2');
    model.setTemplate('v2');
    model.settle();
    assert.deepEqual(
      [...model.replicaSets.values()].map(({ specReplicas }) => specReplicas),
      [2, 1],
    );

    model.setTemplate('v3');
    for (let pass = 0; pass < 10; pass += 1) model.pass();
    assert.equal(model.status().currentStepIndex, 0, 'no pod of the new revision answers yet');
    assert.equal(model.replicaSets.get('web-v3')?.specReplicas, 1);
    model.settle();
    assert.equal(model.status().currentStepIndex, 1);
  });

  it('is passed without pods where none are wanted', () => {
    const canary = { stableService: 's', canaryService: 'c', trafficRouting: { plugins: { model: {} } }, steps };
    const model = modelWorld({ spec: { replicas: 0, strategy: { canary } }, services: ['s', 'c'] });
    model.settle();
    model.setTemplate('v2');
    model.settle();
    assert.equal(model.status().currentStepIndex, 1);
    model.patchStatus({ pauseConditions: undefined });
    model.settle();
    assert.equal(model.status().stableRS, 'v2');
    assert.equal(model.weight(), 0);
  });

  it('is passed without pods where it gives no traffic away', () => {
    const routed = { stableService: 's', canaryService: 'c', trafficRouting: { plugins: { model: {} } } };
    const zero = [{ setWeight: 0 }, { setCanaryScale: { replicas: 1 } }, { pause: {} }];
    const model = modelWorld({
      spec: { replicas: 2, strategy: { canary: { ...routed, steps: zero } } },
      services: ['s', 'c'],
    });
    model.settle();
    model.setTemplate('v2');
    model.settle();
    assert.equal(model.status().currentStepIndex, 2);
    assert.equal(model.replicaSets.get('web-v2')?.specReplicas, 1);
    assert.equal(model.services.get('c')?.hash, 'v2');
    assert.equal(model.weight(), 0);
  });

  it('waits for a pod where a route leads to it without a weight', () => {
    const trafficRouting = { plugins: { model: {} }, managedRoutes: [{ name: 'testers' }] };
    const match = [{ headerName: 'tester', headerValue: { exact: 'yes' } }];
    const canary = {
      stableService: 's',
      canaryService: 'c',
      trafficRouting,
      steps: [{ setCanaryScale: { replicas: 1 } }, { setHeaderRoute: { name: 'testers', match } }, { pause: {} }],
    };
    const model = modelWorld({ spec: { replicas: 2, strategy: { canary } }, services: ['s', 'c'] });
    model.settle();
    model.setTemplate('v2');
    const before = (): number | undefined => model.status().currentStepIndex;
    for (let pass = 0; pass < 10; pass += 1) model.pass();
    assert.equal(before(), 0, 'no pod answers yet');
    model.settle();
    assert.equal(before(), 2);
  });
});

describe('the first revision of a Rollout with a router', () => {
  const canary = { stableService: 's', canaryService: 'c', trafficRouting: { plugins: { model: {} } }, steps };
  const options = { spec: { replicas: 2, strategy: { canary } }, services: ['s', 'c'] };

  /** What is done about Services and a router that says nothing yet, once all pods are available. */
  function decisionOf(model: ModelWorld): Decision {
    for (const set of model.replicaSets.values()) {
      const count = set.specReplicas;
      model.replicaSets.set(set.name, { ...set, statusReplicas: count, availableReplicas: count });
    }
    const world = model.world();
    const traffic = world.traffic.map((router) => ({
      ...router,
      reading: { ...router.reading, canaryWeight: undefined, stableWeight: undefined },
    }));
    return decide({ ...world, traffic });
  }

  it('has Services and traffic in the pass that calls it healthy', () => {
    const model = modelWorld(options);
    for (let pass = 0; pass < 10; pass += 1) model.pass();
    assert.equal(model.status().phase, 'Progressing');
    const { effects, status } = decisionOf(model);
    assert.equal(status.phase, 'Healthy');
    assert.deepEqual(
      effects.map(({ kind }) => kind),
      ['switchService', 'switchService', 'setTraffic'],
    );
  });

  it('waits for its Service where that may lead to another revision', () => {
    const model = modelWorld(options);
    for (let pass = 0; pass < 10; pass += 1) model.pass();
    const [own] = model.replicaSets.values();
    assert.ok(own !== undefined);
    model.replicaSets.set('web-v0', { ...own, name: 'web-v0', uid: 'uid-web-v0', hash: 'v0' });
    const { effects } = decisionOf(model);
    assert.equal(
      effects.some(({ kind }) => kind === 'setTraffic'),
      false,
    );
  });
});
