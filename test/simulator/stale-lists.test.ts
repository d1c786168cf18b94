import assert from 'node:assert/strict';
import { test } from 'node:test';

import type { ResourceType } from '../../src/api/object.ts';
import { resourceTypes } from '../../src/api/resource-types.ts';
import { parseScenario } from '../../src/simulator/scenario/parse-scenario.ts';
import { playScenario } from '../../src/simulator/scenario/play-scenario.ts';
import type { SimulatedWorld } from '../../src/simulator/simulated-world.ts';

/** Where the preview leads, one after the other, when a controller starts from a list as it was before an update. */
async function previewsOf(lines: readonly string[], type: ResourceType): Promise<readonly string[]> {
  const text = `${lines.join('\n')}
  autoPromotionEnabled: false
at 20s: set image web shop:2
at 21s: restart the controller
finally phase is Paused
`;
  let world: SimulatedWorld | undefined;
  const isLate = (of: ResourceType): boolean => of === type && world !== undefined && world.time.nowMs > 20_000;
  const { complaints, lines: told } = await playScenario(parseScenario(text, 'stale lists', '.'), {
    faults: {
      staleList: (of, query) => (isLate(of) ? world?.lists.at(of, query, 19_000) : undefined),
      // News come only a while later.
      watchEvent: (of) => (isLate(of) ? { kind: 'hold', holdMs: 3000 } : undefined),
    },
    onWorld: (made) => {
      world = made;
    },
  });
  assert.deepEqual(complaints, []);
  return told.flatMap((line) => /service {2}web-preview leads to (?<image>\S+)/u.exec(line)?.groups?.['image'] ?? []);
}

test('a controller that starts from an old list of Rollouts takes nothing back', async () => {
  assert.deepEqual(await previewsOf(['blue-green web 2 x shop:1'], resourceTypes.rollout), ['shop:1', 'shop:2']);
});

test('a controller that starts from an old list of workloads takes nothing back', async () => {
  assert.deepEqual(
    await previewsOf(
      ['deployment web 0 x shop:1', 'blue-green web 2 x shop:1 of a deployment'],
      resourceTypes.deployment,
    ),
    ['shop:1', 'shop:2'],
  );
});
