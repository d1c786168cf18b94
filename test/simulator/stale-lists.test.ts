import assert from 'node:assert/strict';
import { test } from 'node:test';

import { resourceTypes } from '../../src/api/resource-types.ts';
import { parseScenario } from '../../src/simulator/scenario/parse-scenario.ts';
import { playScenario } from '../../src/simulator/scenario/play-scenario.ts';
import type { SimulatedWorld } from '../../src/simulator/simulated-world.ts';

const text = `blue-green web 2 x shop:1
  autoPromotionEnabled: false
at 20s: set image web shop:2
at 21s: restart the controller
finally phase is Paused
`;

test('a controller that starts from an old list takes nothing back', async () => {
  let world: SimulatedWorld | undefined;
  const isLate = (): boolean => world !== undefined && world.time.nowMs > 20_000;
  const { complaints, lines } = await playScenario(parseScenario(text, 'stale lists', '.'), {
    faults: {
      // Rollouts as they were before there was a second revision, and news of them only a while later.
      staleList: (type, query) =>
        isLate() && type === resourceTypes.rollout ? world?.lists.at(type, query, 19_000) : undefined,
      watchEvent: (type) => (isLate() && type === resourceTypes.rollout ? { kind: 'hold', holdMs: 3000 } : undefined),
    },
    onWorld: (made) => {
      world = made;
    },
  });
  assert.deepEqual(complaints, []);
  const switches = lines.filter((line) => line.includes('service  web-preview'));
  assert.equal(switches.length, 2, switches.join('\n'));
});
