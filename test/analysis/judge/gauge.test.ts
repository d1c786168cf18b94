import assert from 'node:assert/strict';
import { describe, it } from 'node:test';

import { compareMeans, evidenceOfChance } from '../../../src/analysis/judge/gauge-test.ts';
import {
  initialGauge,
  readGauge,
  reportGauge,
  type GaugeKind,
  type GaugeReading,
} from '../../../src/analysis/judge/gauge.ts';
import { seededRandom, type Random } from '../../../src/base/random.ts';
import { gaussian } from './traffic-model.ts';

const level: GaugeKind = { name: 'memory', weight: 1, compare: 'level', margin: 0 };
const stablePods = 9;

/** One pod's gauge every 30 s: its own mean, and noise that is correlated over minutes. */
interface GaugeModel {
  readonly podSpread: number;
  readonly noise: number;
  /** What the canary has more, as a part. */
  readonly more: number;
  /** Growth of the canary per hour, as a part. */
  readonly growth: number;
}

const alike: GaugeModel = { podSpread: 0.02, noise: 0.03, more: 0, growth: 0 };

/** Evidence after 90 minutes. */
function observe(kind: GaugeKind, model: GaugeModel, random: Random, canaryPods = 1): number {
  const pods = Array.from({ length: stablePods + canaryPods }, (_, at) => ({
    role: at < stablePods ? ('stable' as const) : ('canary' as const),
    mean: 100 * (1 + model.podSpread * gaussian(random)) * (at < stablePods ? 1 : 1 + model.more),
    noise: gaussian(random),
    total: 0,
  }));
  let state = initialGauge;
  for (let round = 0; round <= 180; round += 1) {
    const readings = pods.map((pod, at): GaugeReading => {
      pod.noise = 0.95 * pod.noise + Math.sqrt(1 - 0.95 ** 2) * gaussian(random);
      const grown = pod.role === 'canary' ? 1 + (model.growth * round) / 120 : 1;
      const value = pod.mean * grown * (1 + model.noise * pod.noise);
      pod.total += Math.max(0, value) * 30;
      return {
        pod: `${at}`,
        role: pod.role,
        restarts: 0,
        atMs: round * 30_000,
        value: kind.compare === 'rate' ? pod.total : value,
      };
    });
    state = readGauge(kind, state, readings, round * 30_000);
  }
  return state.evidence;
}

function alarmRate(kind: GaugeKind, model: GaugeModel, runs: number, canaryPods = 1): number {
  let alarms = 0;
  for (let run = 0; run < runs; run += 1) {
    if (observe(kind, model, seededRandom(61_000 + run), canaryPods) >= 100) alarms += 1;
  }
  return alarms / runs;
}

describe('gauges with pods as units', () => {
  const kinds = (['level', 'rate', 'growth'] as const).map((compare): GaugeKind => ({ ...level, compare }));

  it('keep alpha whatever the pods differ and the noise is correlated', () => {
    for (const kind of kinds) {
      for (const model of [alike, { ...alike, podSpread: 0.2 }, { ...alike, noise: 0.3 }]) {
        assert.ok(alarmRate(kind, model, 120) <= 0.025, `${kind.compare} ${JSON.stringify(model)}`);
      }
    }
  });

  it('find a canary that takes much more, or leaks', () => {
    assert.ok(alarmRate(kinds[0]!, { ...alike, more: 0.5 }, 40) >= 0.95);
    assert.ok(alarmRate(kinds[1]!, { ...alike, more: 0.5 }, 40) >= 0.95);
    assert.ok(alarmRate(kinds[2]!, { ...alike, noise: 0.005, growth: 0.2 }, 40) >= 0.95);
    assert.ok(alarmRate(kinds[0]!, { ...alike, more: 0.2 }, 40, 5) >= 0.95);
  });

  it('allow what the margin allows', () => {
    assert.ok(alarmRate({ ...level, margin: 0.2 }, { ...alike, more: 0.15 }, 100) <= 0.02);
    assert.ok(
      alarmRate({ ...level, compare: 'growth', margin: 0.05 }, { ...alike, noise: 0.005, growth: 0.04 }, 100) <= 0.02,
    );
  });

  it('say nothing with fewer than three stable pods, nor when all values are the same', () => {
    const sides = { factor: 1, margin: 0, scale: 1 };
    assert.equal(compareMeans([9], [1, 1], sides), undefined);
    assert.equal(compareMeans([], [1, 1, 1], sides), undefined);
    assert.equal(compareMeans([0], [0, 0, 0], { ...sides, scale: 0 }), undefined);
    assert.ok((compareMeans([1], [1, 1, 1], sides)?.evidence ?? 9) < 1);
  });

  it('begin anew with a pod that was restarted or whose counter went back', () => {
    const rate: GaugeKind = { ...level, compare: 'rate' };
    const pod = (restarts: number, atMs: number, value: number): GaugeReading => ({
      pod: 'a',
      role: 'canary',
      restarts,
      atMs,
      value,
    });
    let state = readGauge(rate, initialGauge, [pod(0, 1, 50)], 1);
    state = readGauge(rate, state, [pod(0, 2, 5)], 2);
    assert.deepEqual([state.pods['a']?.first, state.pods['a']?.count], [5, 1]);
    state = readGauge(rate, state, [pod(1, 3, 9)], 3);
    assert.deepEqual([state.pods['a']?.first, state.pods['a']?.count], [9, 1]);
    assert.equal(reportGauge(rate, state).evidence, -50);
  });
});

it('evidence of a chance has mean 1 and falls with it', () => {
  const steps = 200_000;
  let mean = 0;
  let before = Infinity;
  for (let step = 0; step < steps; step += 1) {
    const evidence = evidenceOfChance((step + 0.5) / steps);
    mean += evidence / steps;
    assert.ok(evidence <= before + 1e-3);
    before = evidence;
  }
  // What is left out near 0 has the mean 1/ln(steps), about.
  assert.ok(mean < 1 && mean > 0.9, String(mean));
});
