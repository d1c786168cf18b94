import assert from 'node:assert/strict';
import { test } from 'node:test';

import { parseScenario } from '../../src/simulator/scenario/parse-scenario.ts';
import { playScenario } from '../../src/simulator/scenario/play-scenario.ts';
import type { SimulatedWorld } from '../../src/simulator/simulated-world.ts';

/** Single fields of the status that somebody has spoiled while an update waits for a person. */
const common: readonly string[] = [
  'stableRS: nonsense',
  'currentStepHash: nonsense',
  'HPAReplicas: -3',
  'pauseConditions: [{ reason: nonsense, startTime: "2020-01-01T00:00:00Z" }]',
  'controllerPause: false',
  'controllerPause: null',
  'conditions: []',
  'abortedAt: "2020-01-01T00:00:00Z"',
];
const kinds: readonly {
  readonly kind: string;
  readonly headOf: (name: string) => readonly string[];
  readonly spoiled: readonly string[];
}[] = [
  {
    kind: 'a canary',
    headOf: (name) => [
      `canary ${name} 2 x shop:1 via a route`,
      '  steps: [{ setWeight: 50 }, { pause: {} }, { setWeight: 75 }]',
    ],
    spoiled: [
      ...common,
      'canary: { weights: { canary: { weight: 100 }, stable: { weight: 0 } } }',
      'canary: { weights: { canary: { weight: -5, podTemplateHash: x }, stable: { weight: 700, podTemplateHash: y } } }',
      'phase: nonsense',
      'observedGeneration: "999"',
      'availableReplicas: 0',
      'updatedReplicas: 99',
      'collisionCount: 5',
      'duration: { rolloutStartedAt: "2099-01-01T00:00:00Z" }',
    ],
  },
  {
    kind: 'blue/green',
    headOf: (name) => [`blue-green ${name} 2 x shop:1`, '  autoPromotionEnabled: false'],
    spoiled: [...common, 'blueGreen: { activeSelector: nonsense }', 'blueGreen: { scaleUpPreviewCheckPoint: true }'],
  },
];

for (const { kind, headOf, spoiled } of kinds) {
  test(`no spoiled field of the status of ${kind} raises anything or takes pods from users`, async () => {
    const names = spoiled.map((_, index) => `web-${index}`);
    const text = [
      ...names.flatMap(headOf),
      ...names.map((name) => `at 5s: set image ${name} shop:2`),
      ...names.flatMap((name, index) => [`at 15s: edit the status of ${name}`, `  ${spoiled[index]}`]),
      'until 35s',
      '',
    ].join('\n');
    let world: SimulatedWorld | undefined;
    const led: string[] = [];
    const { complaints } = await playScenario(parseScenario(text, 'spoiled statuses', '.'), {
      eventsMax: names.length * 20_000,
      onWorld: (made) => {
        world = made;
      },
      observer: {
        onFlow: ({ rollout }, { pods, unserved }) => {
          if (world === undefined || world.time.nowMs < 15_000) return;
          const isNew = (key: string): boolean => world?.dataPlane.pod(key)?.image === 'shop:2';
          const share = pods.reduce((sum, { pod, share: part }) => sum + (isNew(pod) ? part : 0), 0);
          if (unserved > 0 || share > 0.5) led.push(`${rollout}: ${share} on the new revision, ${unserved} on nobody`);
        },
      },
    });
    assert.deepEqual([complaints, led], [[], []]);
  });
}
