import assert from 'node:assert/strict';
import { describe, it } from 'node:test';

import type { Json } from '../../../src/api/object.ts';
import { judge as provider } from '../../../src/providers/metrics/judge.ts';
import { canary, healthyCanary, healthyStable, notesOf, play, stable, type Pages, type Played } from './judge-play.ts';

const stablePods = ['a', 'b', 'c', 'd', 'e'].map((name) => ({ ...stable, pod: `stable-${name}` }));
const targets = [...stablePods, canary];

/** Memory of each pod in two areas; the canary has so many times as much. */
function pages(times: number | string): (round: number) => Pages {
  return (round) =>
    Object.fromEntries(
      targets.map(({ pod, role }, at) => {
        const own =
          (100 + at + ((round * 7 + at * 3) % 5)) * (role === 'canary' && typeof times === 'number' ? times : 1);
        const heap = typeof times === 'string' && role === 'canary' ? times : String(own);
        const requests = role === 'canary' ? healthyCanary(0) : healthyStable(0);
        return [pod, `${requests}memory_bytes{area="heap"} ${heap}\nmemory_bytes{area="other"} 10\n`];
      }),
    );
}

function observe(configuration: Json, times: number | string, rounds = 100): Played {
  // A round lasts a second for `play`, and the pods are read every 30 s.
  const slow = (round: number) => ({ targets, nowMs: 1_800_000_000_000 + round * 30_000, mode: 'background' as const });
  return play(configuration, pages(times), { rounds, window: slow });
}

const memory: Json = { gauges: [{ name: 'memory', metric: 'memory_bytes' }], interval: '30s' };

describe('gauges of the judge', () => {
  it('find a canary that takes much more than the pods of the stable side, and name it', () => {
    const { outcome, state } = observe(memory, 2);
    assert.ok(outcome.kind === 'verdict' && outcome.value === 'rollback');
    assert.deepEqual(state.report.decidedBy, { kind: 'memory', test: 'means' });
    assert.match(state.report.summary, /memory decided by the means test/);
    assert.match(state.report.summary, /memory: canary 2[123]\d on average, stable 11\d/);
  });

  it('find nothing where there is nothing', () => {
    const played = observe(memory, 1.1, 200);
    assert.equal(played.outcome.kind, 'observing');
    assert.equal(played.state.gauges['memory']?.comparisons, 5);
  });

  it('go on in another process with the evidence that there was', () => {
    const parsed = provider.parse(memory);
    assert.ok(parsed.ok);
    const { state } = observe(memory, 1.3, 30);
    const window = { nowMs: 1_800_000_900_000, startedAtMs: 1_800_000_000_000, mode: 'background' as const, targets };
    const restored = provider.restore(parsed.value, window, provider.store(parsed.value, state));
    assert.ok(restored.ok);
    assert.equal(restored.value.gauges['memory']?.comparisons, state.gauges['memory']?.comparisons);
    assert.ok(
      Math.abs((restored.value.gauges['memory']?.evidence ?? 9) - (state.gauges['memory']?.evidence ?? 0)) < 1e-3,
    );
  });

  it('leave out what is no number, and tell what is missing', () => {
    const broken = observe(memory, 'NaN', 20);
    assert.match(notesOf(broken), /shop-canary-1: memory_bytes is NaN; this reading is left out/);
    assert.equal(broken.state.gauges['memory']?.comparisons, 0);
    assert.match(
      notesOf(observe({ gauges: [{ metric: 'nothing_bytes' }] }, 1, 5)),
      /nothing_bytes: no pod has nothing_bytes/,
    );
  });

  it('name every mistake in their configuration', () => {
    const parsed = provider.parse({
      gauges: [
        { metric: '{}' },
        { metric: 'a', compare: 'size', margin: -1, name: 'errors' },
        { metric: 'b', name: '' },
      ],
    });
    assert.ok(!parsed.ok);
    assert.deepEqual(parsed.error.map(({ field }) => field).sort(), [
      'gauges',
      'gauges[0].metric',
      'gauges[1].compare',
      'gauges[1].margin',
      'gauges[2].name',
    ]);
  });
});
