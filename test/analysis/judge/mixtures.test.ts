import assert from 'node:assert/strict';
import { describe, it } from 'node:test';

import * as fc from 'fast-check';

import { binomialInterval, binomialTail } from '../../../src/analysis/judge/binomial-interval.ts';
import { lateOnset } from '../../../src/analysis/judge/late-onset.ts';
import {
  betOnPods,
  initialPodBets,
  podBetsMax,
  podEvidence,
  retirePods,
  worstPod,
  type PodBets,
  type PodCounts,
} from '../../../src/analysis/judge/pod-bets.ts';
import { ratioE } from '../../../src/analysis/judge/ratio-e.ts';
import { evidenceThreshold, type SequentialTest } from '../../../src/analysis/judge/sequential-test.ts';
import { shareBet } from '../../../src/analysis/judge/share-bet.ts';
import { studentQuantile, studentTail } from '../../../src/analysis/judge/student.ts';
import { seededRandom } from '../../../src/base/random.ts';
import { drawInterval, drawPods, type TrafficModel } from './traffic-model.ts';

const alpha = 0.01;
const threshold = evidenceThreshold(alpha);
const healthy: TrafficModel = { requests: 3000, canaryShare: 0.1, canaryRatio: 0.001, stableRatio: 0.001, clump: 1 };

/** Looks until the alarm in each run, Infinity without one. */
function alarms(test: SequentialTest, model: (look: number) => TrafficModel, runs: number): readonly number[] {
  return Array.from({ length: runs }, (_, run) => {
    const random = seededRandom(41_000 + run);
    let state = test.initial;
    for (let look = 1; look <= 240; look += 1) {
      state = test.update(state, drawInterval(model(look), random));
      if (test.evidence(state) >= threshold) return look;
    }
    return Infinity;
  }).sort((first, second) => first - second);
}

function median(values: readonly number[]): number {
  return values[Math.ceil(values.length / 2) - 1] ?? Infinity;
}

describe('harm that begins late', () => {
  const from = (onset: number) => (look: number) => (look > onset ? { ...healthy, canaryRatio: 0.005 } : healthy);

  it('is found sooner, after half an hour', () => {
    for (const test of [ratioE(1), shareBet(1.5)]) {
      const plain = median(alarms(test, from(120), 60));
      const ready = median(alarms(lateOnset(test), from(120), 60));
      assert.ok(ready < plain, `${ready} and ${plain}`);
    }
  });

  it('costs little when harm is there from the start', () => {
    const plain = median(alarms(ratioE(1), from(0), 150));
    const ready = median(alarms(lateOnset(ratioE(1)), from(0), 150));
    assert.ok(ready <= plain + 1, `${ready} and ${plain}`);
  });

  it('keeps alpha, also for clumps where the test inside does', () => {
    for (const clump of [1, 5]) {
      const found = alarms(lateOnset(shareBet(1.5)), () => ({ ...healthy, clump }), 200);
      assert.ok(found.filter(Number.isFinite).length <= 3);
    }
    assert.ok(alarms(lateOnset(ratioE(1)), () => healthy, 300).filter(Number.isFinite).length <= 8);
  });

  it('keeps all the capital: nothing is won by looks that pay nothing', () => {
    const idle: SequentialTest = {
      initial: [0, 0, 0],
      update: (state) => [...state],
      evidence: () => 0,
    };
    for (const looksPerOnset of [1, 7]) {
      const test = lateOnset(idle, looksPerOnset);
      let state = test.initial;
      for (let look = 0; look < 500; look += 1) {
        state = test.update(state, { canaryTotal: 1, canaryBad: 0, stableTotal: 1, stableBad: 0 });
        assert.ok(Math.abs(test.evidence(state)) < 1e-9, `${look}: ${test.evidence(state)}`);
      }
    }
  });

  it('leaves its state as it is when the test does not bet', () => {
    const test = lateOnset(shareBet(1.5));
    const same = test.update(test.initial, { canaryTotal: 9, canaryBad: 0, stableTotal: 9, stableBad: 0 });
    assert.equal(same, test.initial);
  });
});

describe('bets on single pods', () => {
  const split = (counts: PodCounts) => {
    const [stable, ...canary] = Object.entries(counts);
    return { canary: Object.fromEntries(canary), stable: stable![1] };
  };

  it('keep alpha with pods that come and go, independent or clumped', () => {
    for (const clump of [1, 5]) {
      let found = 0;
      for (let run = 0; run < 150; run += 1) {
        const random = seededRandom(52_000 + run);
        let bets = initialPodBets;
        for (let look = 0; look < 240; look += 1) {
          const factors = [1, ...Array.from({ length: 2 + Math.floor(look / 60) }, () => 1)];
          const { canary, stable } = split(drawPods({ requests: 3000, ratio: 0.001, clump, factors }, random));
          bets = betOnPods(bets, canary, stable, 1.5);
          if (podEvidence(bets) < threshold) continue;
          found += 1;
          break;
        }
      }
      assert.ok(found <= 3, String(found));
    }
  });

  it('find one bad pod of ten, and name it', () => {
    let found = 0;
    for (let run = 0; run < 40; run += 1) {
      const random = seededRandom(53_000 + run);
      let bets = initialPodBets;
      for (let look = 0; look < 240 && podEvidence(bets) < threshold; look += 1) {
        const stable = drawPods({ requests: 2700, ratio: 0.001, clump: 1, factors: [1] }, random)['pod-0']!;
        const factors = [1, 1, 1, 20, 1, 1, 1, 1, 1, 1];
        bets = betOnPods(bets, drawPods({ requests: 300, ratio: 0.001, clump: 1, factors }, random), stable, 1.5);
      }
      if (podEvidence(bets) >= threshold && worstPod(bets) === 'pod-3') found += 1;
    }
    assert.ok(found >= 39, String(found));
  });

  it('are bounded, and retiring pods loses no capital', () => {
    let bets: PodBets = initialPodBets;
    for (let look = 0; look < 50; look += 1) {
      const names = Array.from({ length: 10 }, (_, at) => `pod-${look}-${at}`);
      const canary = Object.fromEntries(names.map((name) => [name, { total: 10, bad: 0 }]));
      bets = betOnPods(bets, canary, { total: 100, bad: 0 }, 1.5);
      assert.ok(Object.keys(bets.bets).length <= podBetsMax);
      assert.ok(Math.abs(podEvidence(bets)) < 1e-9);
      assert.ok(Math.abs(podEvidence(retirePods(bets, new Set(), 3))) < 1e-9);
    }
  });

  it('say nothing about a single pod', () => {
    assert.equal(betOnPods(initialPodBets, { a: { total: 9, bad: 9 } }, { total: 9, bad: 0 }, 1.5), initialPodBets);
  });
});

describe('distributions', () => {
  it('t has its published quantiles', () => {
    for (const [tail, degrees, value] of [
      [0.05, 1, 6.3138],
      [0.01, 8, 2.8965],
      [0.005, 8, 3.3554],
      [0.025, 30, 2.0423],
      [0.001, 2, 22.3271],
    ] as const) {
      assert.ok(Math.abs(studentQuantile(tail, degrees) - value) < 2e-4, `${tail} ${degrees}`);
      assert.ok(Math.abs(studentTail(value, degrees) / tail - 1) < 1e-3);
    }
    assert.ok(Math.abs(studentTail(-1, 5) + studentTail(1, 5) - 1) < 1e-12);
  });

  it('the exact interval of a rate is the published one', () => {
    const near = (actual: readonly number[], expected: readonly number[]) =>
      actual.forEach((value, at) => assert.ok(Math.abs(value - expected[at]!) < 1e-4, actual.join()));
    near(binomialInterval(0, 100), [0, 0.03622]);
    near(binomialInterval(5, 100), [0.01643, 0.11283]);
    near(binomialInterval(100, 100), [0.96378, 1]);
    near(binomialInterval(0, 0), [0, 1]);
    assert.ok(Math.abs(binomialTail(1, 8, 0.01) - (1 - 0.99 ** 8)) < 1e-12);
  });

  it('an interval holds the observed rate', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 5000 }), fc.double({ min: 0, max: 1, noNaN: true }), (trials, part) => {
        const hits = Math.round(trials * part);
        const [low, high] = binomialInterval(hits, trials);
        assert.ok(low <= hits / trials && hits / trials <= high && low >= 0 && high <= 1);
      }),
      { numRuns: 50 },
    );
  });
});
