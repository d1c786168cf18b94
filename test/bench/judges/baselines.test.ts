import assert from 'node:assert/strict';
import { describe, it } from 'node:test';

import fc from 'fast-check';

import type { Decision, Judge, Observation } from '../../../bench/judges/judge.ts';
import { findZero } from '../../../bench/judges/judges/find-zero.ts';
import { isHigh } from '../../../bench/judges/judges/kayenta.ts';
import { zStatistic } from '../../../bench/judges/judges/pooled-z.ts';
import { rankSumZ } from '../../../bench/judges/judges/rank-sum.ts';
import { flagger5, threshold, thresholdL0, thresholdL3 } from '../../../bench/judges/judges/threshold.ts';

/** Minutes with these bad ratios of 100 canary requests; null is a minute without any. */
function play(judge: Judge, minutes: readonly (number | null)[]): number | undefined {
  const run = judge.start();
  for (const [index, ratio] of minutes.entries()) {
    for (let quarter = 1; quarter <= 4; quarter += 1) {
      const increment = {
        canaryTotal: ratio === null ? 0 : 25,
        canaryBad: ratio === null ? 0 : 25 * ratio,
        stableTotal: 225,
        stableBad: 0,
      };
      const step = index * 4 + quarter;
      const observation: Observation = { step, minuteEnds: quarter === 4, increment, looks: {} };
      const decision: Decision | undefined = run.observe(observation);
      if (decision === 'rollback') return step + judge.delaySteps;
    }
  }
  return undefined;
}

describe('threshold rules', () => {
  it('count failed minutes without asking for a row of them', () => {
    const minutes = [0.02, 0, 0.02, 0, 0.02, 0, 0.02, 0, 0.02];
    assert.equal(play(threshold(thresholdL0), minutes), 4);
    assert.equal(play(threshold(thresholdL3), minutes), 28);
    assert.equal(play(threshold(flagger5), minutes), 40);
  });

  it('pass a minute at the limit and fail one without requests', () => {
    assert.equal(play(threshold(thresholdL0), [0.01, 0.01]), undefined);
    assert.equal(play(threshold(thresholdL0), [0.01, null]), 8);
  });
});

describe('the rank-sum statistic', () => {
  it('agrees with the textbook on a sample without ties', () => {
    // U = 16 of at most 16; (16 - 8 - 0.5) / sqrt(16 * 9 / 12).
    assert.ok(Math.abs(rankSumZ([10, 20, 30, 40], [1, 2, 3, 4], 0) - 7.5 / Math.sqrt(12)) < 1e-12);
  });

  it('ranks as pair counts do, ties counting half', () => {
    const values = fc.array(fc.integer({ min: 0, max: 6 }), { minLength: 2, maxLength: 12 });
    fc.assert(
      fc.property(values, values, (first, second) => {
        const z = rankSumZ(first, second, 0);
        const wins = first
          .flatMap((one) => second.map((other) => Math.sign(one - other)))
          .reduce((sum, sign) => sum + sign, 0);
        assert.ok(
          Math.abs(wins) <= 1
            ? Math.abs(z) < 1e-9 || new Set([...first, ...second]).size > 1
            : Math.sign(z) === Math.sign(wins),
        );
        assert.ok(Math.abs(z + rankSumZ(second, first, 0)) < 1e-9);
      }),
    );
  });
});

describe('the search for a zero', () => {
  it('ends within its tolerance of where a falling function changes its sign', () => {
    fc.assert(
      fc.property(fc.double({ min: -5, max: 5, noNaN: true }), fc.boolean(), (zero, isStep) => {
        const f = (at: number): number => (isStep ? Math.sign(zero - at) : (zero - at) ** 3 + (zero - at));
        assert.ok(Math.abs(findZero(f, -6, 7) - zero) <= 1.01e-4);
      }),
    );
  });
});

describe('Kayenta', () => {
  // Interval and estimate of R 4: wilcox.test(1:4 * 10, 1:4, conf.int = TRUE, exact = FALSE) begins at 6.
  it('calls a clearly larger sample high, and an equal or a slightly larger one not', () => {
    const control = Array.from({ length: 20 }, (_, index) => 1 + index / 100);
    assert.ok(
      isHigh(
        control.map((value) => value + 0.5),
        control,
      ),
    );
    assert.ok(!isHigh(control, control));
    assert.ok(!isHigh([...control.slice(1), 1.3], control));
    assert.ok(
      !isHigh(
        control.map(() => 0),
        control.map(() => 0),
      ),
    );
  });

  it('calls a canary high whose every minute is bad at a stable side without errors', () => {
    assert.ok(
      isHigh(
        Array.from({ length: 10 }, () => 1),
        Array.from({ length: 10 }, () => 0),
      ),
    );
  });
});

describe('the pooled z statistic', () => {
  it('is the difference of the ratios by its pooled standard error', () => {
    const z = zStatistic({ canaryTotal: 100, canaryBad: 10, stableTotal: 100, stableBad: 0 });
    assert.ok(Math.abs(z - 0.1 / Math.sqrt(0.05 * 0.95 * 0.02)) < 1e-12);
  });

  it('is 0 where there is nothing to compare', () => {
    assert.equal(zStatistic({ canaryTotal: 0, canaryBad: 0, stableTotal: 100, stableBad: 0 }), 0);
    assert.equal(zStatistic({ canaryTotal: 5, canaryBad: 0, stableTotal: 100, stableBad: 0 }), 0);
  });
});
