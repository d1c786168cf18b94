import assert from 'node:assert/strict';
import { describe, it } from 'node:test';

import { absoluteMargin, intervalMargin } from '../../../src/analysis/judge/absolute-margin.ts';
import { differenceBet } from '../../../src/analysis/judge/difference-bet.ts';
import { ratioBelow, ratioE } from '../../../src/analysis/judge/ratio-e.ts';
import { evidenceThreshold, type SequentialTest } from '../../../src/analysis/judge/sequential-test.ts';
import { shareBet } from '../../../src/analysis/judge/share-bet.ts';
import { seededRandom } from '../../../src/base/random.ts';
import { drawInterval, type TrafficModel } from './traffic-model.ts';

const alpha = 0.01;
const beta = 0.05;

/** 200 requests per second at 10 % canary share and 0.1 % errors, a look every 15 s. */
const healthy: TrafficModel = { requests: 3000, canaryShare: 0.1, canaryRatio: 0.001, stableRatio: 0.001, clump: 1 };

interface Outcome {
  /** Part of the runs that ever reached the threshold. */
  readonly rate: number;
  /** Looks until then, in the median run; Infinity when fewer than half got there. */
  readonly looksMedian: number;
}

function simulate(
  test: SequentialTest,
  model: TrafficModel | ((look: number) => TrafficModel),
  { level = alpha, runs = 500, looks = 240 } = {},
): Outcome {
  const reached: number[] = [];
  const threshold = evidenceThreshold(level);
  for (let run = 0; run < runs; run += 1) {
    const random = seededRandom(20_000 + run);
    let state = test.initial;
    for (let look = 1; look <= looks; look += 1) {
      state = test.update(state, drawInterval(typeof model === 'function' ? model(look) : model, random));
      if (test.evidence(state) < threshold) continue;
      reached.push(look);
      break;
    }
  }
  reached.sort((first, second) => first - second);
  return { rate: reached.length / runs, looksMedian: reached[Math.ceil(runs / 2) - 1] ?? Infinity };
}

/**
 * The largest rate that a true rate of `level` shows in all but one of about 2,000 simulations (normal approximation).
 */
function rateMax(level: number, runs: number): number {
  return level + 3.3 * Math.sqrt((level * (1 - level)) / runs);
}

describe('false alarms of the robust tests stay below alpha', () => {
  const cases: Readonly<Record<string, TrafficModel | ((look: number) => TrafficModel)>> = {
    'independent errors': healthy,
    'clumps of 5': { ...healthy, clump: 5 },
    'clumps of 20': { ...healthy, clump: 20 },
    'half of the traffic, clumps of 5': { ...healthy, canaryShare: 0.5, clump: 5 },
    'a shared burst to 5 %': (look) =>
      look > 100 && look <= 112 ? { ...healthy, canaryRatio: 0.05, stableRatio: 0.05 } : healthy,
    'a ramp while the shared rate grows tenfold': (look) => {
      const ratio = 0.001 * 10 ** (look / 240);
      const canaryShare = [0.05, 0.1, 0.25, 0.5][Math.floor((look - 1) / 60)]!;
      return { ...healthy, canaryShare, canaryRatio: ratio, stableRatio: ratio };
    },
    'twelve requests a minute, one error in five': {
      requests: 3,
      canaryShare: 0.3,
      canaryRatio: 0.2,
      stableRatio: 0.2,
      clump: 1,
    },
    'all requests fail on both sides': { ...healthy, requests: 100, canaryRatio: 1, stableRatio: 1 },
  };
  for (const [name, model] of Object.entries(cases)) {
    it(name, () => {
      for (const test of [shareBet(1.5), differenceBet(1.5)]) {
        assert.ok(simulate(test, model, { runs: 300 }).rate <= alpha);
      }
      // Without the margin the bound is nearly used up, so the simulation itself needs room.
      assert.ok(simulate(shareBet(1), model, { runs: 300 }).rate <= rateMax(alpha, 300));
    });
  }

  it('a canary that is worse by exactly the margin is not rolled back either', () => {
    const worse = { ...healthy, canaryRatio: 0.0015 };
    for (const clump of [1, 5]) {
      assert.ok(simulate(shareBet(1.5), { ...worse, clump }).rate <= rateMax(alpha, 500));
    }
  });
});

describe('the ratio test', () => {
  it('keeps alpha when errors are independent', () => {
    assert.ok(simulate(ratioE(1), healthy).rate <= rateMax(alpha, 500));
    assert.ok(simulate(ratioE(1.5), healthy).rate <= alpha);
  });

  it('alarms falsely in about 40 % of the runs with clumps of 5, which is why it is not the default', () => {
    const { rate } = simulate(ratioE(1), { ...healthy, clump: 5 });
    assert.ok(rate > 0.3 && rate < 0.5, String(rate));
  });
});

describe('harm is found as fast as published', () => {
  const cases: readonly (readonly [string, SequentialTest, TrafficModel, number, number])[] = [
    ['share r0=1.5, r=5', shareBet(1.5), { ...healthy, canaryRatio: 0.005 }, 3.25, 0.5],
    ['share r0=1.5, r=5, clumps of 5', shareBet(1.5), { ...healthy, canaryRatio: 0.005, clump: 5 }, 13.5, 1.5],
    ['share r0=1.5, r=50', shareBet(1.5), { ...healthy, canaryRatio: 0.05 }, 1, 0.25],
    ['share r0=1, r=5', shareBet(1), { ...healthy, canaryRatio: 0.005 }, 2, 0.5],
    ['ratio r0=1, r=5', ratioE(1), { ...healthy, canaryRatio: 0.005 }, 1.5, 0.25],
    ['ratio r0=1.5, r=5', ratioE(1.5), { ...healthy, canaryRatio: 0.005 }, 2.5, 0.25],
    ['ratio r0=1, r=50', ratioE(1), { ...healthy, canaryRatio: 0.05 }, 0.25, 0],
  ];
  for (const [name, test, model, minutes, tolerance] of cases) {
    it(`${name}: about ${minutes} min`, () => {
      const { rate, looksMedian } = simulate(test, model, { runs: 300 });
      assert.ok(rate >= 0.99);
      assert.ok(Math.abs(looksMedian / 4 - minutes) <= tolerance, `${looksMedian / 4} min`);
    });
  }
});

describe('an unacceptable canary is rarely promoted', () => {
  const atMargin: TrafficModel = { requests: 600, canaryShare: 0.1, canaryRatio: 0.01, stableRatio: 0, clump: 1 };

  it('request by request with independent errors', () => {
    const { rate } = simulate(absoluteMargin(0.01), atMargin, { level: beta, runs: 600 });
    assert.ok(rate > 0.005 && rate <= rateMax(beta, 600), String(rate));
  });

  it('interval by interval with clumps of 5', () => {
    const clumped = { ...atMargin, clump: 5 };
    assert.ok(simulate(intervalMargin(0.01), clumped, { level: beta, runs: 300, looks: 600 }).rate <= beta);
    // The same traffic fools a test that takes requests as independent.
    assert.ok(simulate(absoluteMargin(0.01), clumped, { level: beta, runs: 300 }).rate > 2 * beta);
  });

  it('by the ratio to stable', () => {
    const { rate } = simulate(ratioBelow(1.5), { ...healthy, canaryRatio: 0.0015 }, { level: beta });
    assert.ok(rate > 0.005 && rate <= rateMax(beta, 500), String(rate));
  });
});

describe('a good canary is promoted', () => {
  it('with half of the acceptable ratio: 95 % within five times the bound', () => {
    const looks = Math.ceil((5 * Math.log(20)) / 0.00153 / 60); // KL(0.5 % || 1 %) = 0.00153
    const good: TrafficModel = { requests: 600, canaryShare: 0.1, canaryRatio: 0.005, stableRatio: 0, clump: 1 };
    assert.ok(simulate(absoluteMargin(0.01), good, { level: beta, runs: 300, looks }).rate >= 0.95);
  });
});
