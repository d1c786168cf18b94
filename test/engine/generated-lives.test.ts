import assert from 'node:assert/strict';
import { test } from 'node:test';

import fc from 'fast-check';

import { canarySides } from '../../src/api/canary-sides.ts';
import type { RolloutSpec } from '../../src/api/rollout.ts';
import type { TrafficPlan } from '../../src/api/traffic.ts';
import type { Effect } from '../../src/engine/decision.ts';
import { modelWorld, type ModelWorld } from './model-world.ts';

type Action =
  | { readonly kind: 'pass' }
  | { readonly kind: 'settle' }
  | { readonly kind: 'advance'; readonly seconds: number }
  | { readonly kind: 'template'; readonly hash: string }
  | { readonly kind: 'broken'; readonly hash: string }
  | { readonly kind: 'replicas'; readonly count: number }
  | { readonly kind: 'paused'; readonly on: boolean }
  | { readonly kind: 'status'; readonly patch: object }
  | { readonly kind: 'run'; readonly phase: 'Running' | 'Successful' | 'Failed' | 'Error' | 'Inconclusive' };

const hash = fc.constantFrom('v1', 'v2', 'v3');
const action: fc.Arbitrary<Action> = fc.oneof(
  { weight: 6, arbitrary: fc.constant<Action>({ kind: 'pass' }) },
  { weight: 5, arbitrary: fc.constant<Action>({ kind: 'settle' }) },
  {
    weight: 2,
    arbitrary: fc.record({ kind: fc.constant('advance' as const), seconds: fc.integer({ min: 1, max: 60 }) }),
  },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant('template' as const), hash }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('broken' as const), hash }) },
  {
    weight: 1,
    arbitrary: fc.record({ kind: fc.constant('replicas' as const), count: fc.integer({ min: 0, max: 6 }) }),
  },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('paused' as const), on: fc.boolean() }) },
  {
    weight: 3,
    arbitrary: fc
      .constantFrom<object>(
        { abort: true },
        { abort: false },
        { pauseConditions: undefined },
        { promoteFull: true },
        { pauseConditions: undefined, controllerPause: false },
      )
      .map((patch): Action => ({ kind: 'status', patch })),
  },
  {
    weight: 3,
    arbitrary: fc
      .constantFrom(
        'Running' as const,
        'Successful' as const,
        'Failed' as const,
        'Error' as const,
        'Inconclusive' as const,
      )
      .map((phase): Action => ({ kind: 'run', phase })),
  },
);

const analysis = { templates: [{ templateName: 'check' }] };
const templates = { check: { metrics: [{ name: 'ok', provider: {} }] } };
const services = ['stable', 'canary', 'active', 'preview'];
const canaryServices = { stableService: 'stable', canaryService: 'canary' };
const trafficRouting = { plugins: { model: {} } };
const steps = [{ setWeight: 25 }, { pause: {} }, { analysis }, { setWeight: 60 }, { pause: { duration: 5 } }];

const strategies: readonly NonNullable<RolloutSpec['strategy']>[] = [
  { canary: { steps } },
  { canary: { maxSurge: 0, maxUnavailable: 1, steps: [{ setWeight: 40 }, { pause: {} }] } },
  { canary: { ...canaryServices, trafficRouting, steps, analysis } },
  { canary: { ...canaryServices, trafficRouting, dynamicStableScale: true, steps } },
  {
    canary: {
      ...canaryServices,
      trafficRouting,
      steps: [{ setCanaryScale: { replicas: 1 } }, { setWeight: 10 }, { pause: {} }, { setWeight: 50 }, { pause: {} }],
    },
  },
  { canary: { pingPong: { pingService: 'canary', pongService: 'stable' }, trafficRouting, steps } },
  { canary: { canaryMetadata: { labels: { role: 'canary' } }, stableMetadata: { labels: { role: 'stable' } } } },
  { blueGreen: { activeService: 'active', previewService: 'preview' } },
  {
    blueGreen: {
      activeService: 'active',
      previewReplicaCount: 1,
      autoPromotionEnabled: false,
      prePromotionAnalysis: analysis,
      postPromotionAnalysis: analysis,
    },
  },
  { blueGreen: { activeService: 'active', previewService: 'preview', autoPromotionSeconds: 10 } },
];

const life = fc.record({
  strategy: fc.constantFrom(...strategies),
  replicas: fc.integer({ min: 1, max: 5 }),
  actions: fc.array(action, { minLength: 1, maxLength: 40 }),
});

function perform(model: ModelWorld, step: Action): void {
  switch (step.kind) {
    case 'pass':
      checkedPass(model);
      return;
    case 'settle':
      model.settle();
      return;
    case 'advance':
      model.advance(step.seconds);
      return;
    case 'template':
      model.setTemplate(step.hash);
      return;
    case 'broken':
      model.broken.add(step.hash);
      return;
    case 'replicas':
      model.patchSpec({ replicas: step.count });
      return;
    case 'paused':
      model.patchSpec({ paused: step.on });
      return;
    case 'status':
      model.patchStatus(step.patch);
      return;
    case 'run':
      for (const run of model.runs.values()) {
        if (run.phase === 'Running') model.setRun(run.name, step.phase);
      }
  }
}

/** One pass with the rules that hold for every decision. */
function checkedPass(model: ModelWorld): void {
  const before = model.world();
  const decision = model.pass();
  const phases = decision.effects.map(({ phase }) => phase);
  const order = ['lower', 'grow', 'raise', 'analyse', 'shrink', 'record'];
  assert.deepEqual(
    phases,
    phases.toSorted((left, right) => order.indexOf(left) - order.indexOf(right)),
  );
  if (phases.includes('shrink')) {
    assert.ok(!phases.some((phase) => phase === 'lower' || phase === 'grow' || phase === 'raise'), 'shrinks alone');
  }
  for (const effect of decision.effects) checkEffect(before, effect);
}

type Before = ReturnType<ModelWorld['world']>;

function checkEffect(before: Before, effect: Effect): void {
  if (effect.kind === 'scaleReplicaSet') checkScale(before, effect);
  if (effect.kind === 'setTraffic') checkTraffic(before, effect.plan);
  if (effect.kind === 'switchService') checkSwitch(before, effect);
}

function checkSwitch(before: Before, effect: Extract<Effect, { kind: 'switchService' }>): void {
  const { replicas, strategy } = before.rollout.spec;
  if (effect.phase === 'raise' && effect.service !== 'preview') {
    assert.ok(replicas === 0 || availableOf(before, effect.hash) > 0, 'switches only to pods that are available');
  }
  if (strategy?.canary?.pingPong === undefined) return;
  const { canaryService } = canarySides(strategy.canary, before.rollout.status.canary?.stablePingPong);
  const isIdle = effect.service !== canaryService || before.traffic[0]?.reading.canaryWeight === 0;
  assert.ok(isIdle || effect.previousHash === '', 'the side with traffic stays with its revision');
}

function availableOf({ replicaSets }: Before, wanted: string): number {
  return replicaSets.find((replicaSet) => replicaSet.hash === wanted)?.availableReplicas ?? 0;
}

function checkScale(before: Before, effect: Extract<Effect, { kind: 'scaleReplicaSet' }>): void {
  const set = before.replicaSets.find(({ name }) => name === effect.name);
  assert.ok(effect.to >= 0, 'never negative');
  assert.equal(effect.from, set?.specReplicas);
  if (effect.to > 0 || set?.hash !== before.rollout.status.stableRS) return;
  // With one pod and no surge there is no other way than to take the only pod away first.
  const { replicas = 1, strategy } = before.rollout.spec;
  const roomForTwo = replicas > 1 || (replicas === 1 && strategy?.canary?.maxSurge !== 0);
  const othersAnswer = before.replicaSets.some((other) => other.name !== effect.name && other.availableReplicas > 0);
  assert.ok(othersAnswer || !roomForTwo, 'never zeroes stable while nobody else answers');
}

function checkTraffic(before: Before, plan: TrafficPlan): void {
  const weights = plan.destinations.map(({ weight }) => weight);
  const sum = weights.reduce((total, weight) => total + weight, 0);
  assert.equal(sum, plan.weightMax);
  assert.ok(weights.every((weight) => Number.isInteger(weight) && weight >= 0));
  const { weight = 0, service = '' } = plan.destinations.find(({ role }) => role === 'canary') ?? {};
  if (weight > (before.traffic[0]?.reading.canaryWeight ?? 0)) {
    const served = before.services.get(service)?.hash ?? '';
    assert.ok(availableOf(before, served) > 0, 'raises only onto pods that are available');
  }
}

test('every generated life keeps the rules, settles, and is restored from its status', () => {
  fc.assert(
    fc.property(life, ({ strategy, replicas, actions }) => {
      const model = modelWorld({ spec: { replicas, strategy }, services, templates });
      for (const step of actions) perform(model, step);
      model.patchSpec({ paused: false });
      model.settle();
    }),
    { numRuns: Number(process.env['LIVES'] ?? 300) },
  );
});
