import assert from 'node:assert/strict';
import { describe, it } from 'node:test';

import * as fc from 'fast-check';

import { absoluteBet } from '../../../src/analysis/judge/absolute-bet.ts';
import { absoluteMargin, intervalMargin } from '../../../src/analysis/judge/absolute-margin.ts';
import { differenceBet } from '../../../src/analysis/judge/difference-bet.ts';
import { binomialDivergence, informationGrowth } from '../../../src/analysis/judge/information-growth.ts';
import { logMeanExp, logSumExp } from '../../../src/analysis/judge/log-sum-exp.ts';
import { ratioBelow, ratioE } from '../../../src/analysis/judge/ratio-e.ts';
import { addIncrements, type Increment, type SequentialTest } from '../../../src/analysis/judge/sequential-test.ts';
import { shareBet } from '../../../src/analysis/judge/share-bet.ts';

const side = fc
  .record({ total: fc.integer({ min: 0, max: 400 }), part: fc.double({ min: 0, max: 1, noNaN: true }) })
  .map(({ total, part }) => ({ total, bad: Math.round(total * part ** 3) }));
const increment: fc.Arbitrary<Increment> = fc.record({ canary: side, stable: side }).map(({ canary, stable }) => ({
  canaryTotal: canary.total,
  canaryBad: canary.bad,
  stableTotal: stable.total,
  stableBad: stable.bad,
}));
const history = fc.array(increment, { maxLength: 12 });
const ratioMax = fc.constantFrom(1, 1.5, 2, 3);

function after(test: SequentialTest, increments: readonly Increment[]): number {
  return test.evidence(increments.reduce((state, one) => test.update(state, one), test.initial));
}

/** Both agree to 9 digits, or both are so large or small that only their order is kept. */
function assertClose(actual: number, expected: number): void {
  assert.ok(Math.abs(actual - expected) <= 1e-9 * Math.max(1, Math.abs(expected)), `${actual} is not ${expected}`);
}

describe('agreement with the definition, capital by capital', () => {
  it('share bet: mean over stakes of products of fair bets on the share', () => {
    fc.assert(
      fc.property(history, ratioMax, (increments, r0) => {
        let sum = 0;
        for (const f of [0.02, 0.05, 0.1, 0.2, 0.35, 0.5, 0.7, 0.9]) {
          let capital = 1;
          for (const { canaryTotal: c, canaryBad: x, stableTotal: s, stableBad: y } of increments) {
            if (x + y === 0 || c === 0 || s === 0) continue;
            const theta = (r0 * c) / (r0 * c + s);
            capital *= 1 + (f * (x / (x + y) - theta)) / theta;
          }
          sum += capital / 8;
        }
        assertClose(after(shareBet(r0), increments), Math.log(sum));
      }),
    );
  });

  it('ratio test: mean over 24 alternatives of binomial likelihood ratios', () => {
    fc.assert(
      fc.property(history, ratioMax, (increments, r0) => {
        let sum = 0;
        for (let i = 0; i < 24; i += 1) {
          const r = r0 * 1.25 * (100 / 1.25) ** (i / 23);
          let likelihoodRatio = 0;
          for (const { canaryTotal: c, canaryBad: x, stableTotal: s, stableBad: y } of increments) {
            if (c === 0 || s === 0) continue;
            const theta = (r * c) / (r * c + s);
            const theta0 = (r0 * c) / (r0 * c + s);
            likelihoodRatio += x * Math.log(theta / theta0) + y * Math.log((1 - theta) / (1 - theta0));
          }
          sum += Math.exp(likelihoodRatio - 300) / 24;
        }
        const expected = Math.log(sum) + 300;
        if (Number.isFinite(expected) && expected > -300) assertClose(after(ratioE(r0), increments), expected);
      }),
    );
  });

  it('difference bet: product of bets on the difference of the ratios', () => {
    fc.assert(
      fc.property(history, ratioMax, (increments, r0) => {
        let capital = 1;
        for (const { canaryTotal: c, canaryBad: x, stableTotal: s, stableBad: y } of increments) {
          if (c > 0 && s > 0) capital *= 1 + (0.98 / r0) * (x / c - (r0 * y) / s);
        }
        assertClose(after(differenceBet(r0), increments), Math.log(capital));
      }),
    );
  });

  it('absolute margin: mean over alternatives of binomial likelihood ratios', () => {
    fc.assert(
      fc.property(history, fc.constantFrom(0.001, 0.01, 0.05, 0.2), (increments, a) => {
        const n = increments.reduce((sum, { canaryTotal }) => sum + canaryTotal, 0);
        const x = increments.reduce((sum, { canaryBad }) => sum + canaryBad, 0);
        let sum = 0;
        for (const part of [0, 0.02, 0.05, 0.1, 0.2, 0.35, 0.5, 0.7]) {
          const perBad = x === 0 ? 0 : x * Math.log(part);
          sum += Math.exp(perBad + (n - x) * Math.log((1 - part * a) / (1 - a))) / 8;
        }
        if (sum > 1e-290) assertClose(after(absoluteMargin(a), increments), Math.log(sum));
      }),
    );
  });

  it('interval margin and absolute bet: products of bets on the bad ratio of an interval', () => {
    fc.assert(
      fc.property(history, fc.constantFrom(0.01, 0.1), (increments, a) => {
        const rounds = increments.filter(({ canaryTotal }) => canaryTotal > 0);
        const capital = (f: number, gain: (u: number) => number): number =>
          rounds.reduce((product, { canaryTotal, canaryBad }) => product * (1 + f * gain(canaryBad / canaryTotal)), 1);
        const margin = [0.3, 0.7, 0.99].map((f) => capital(f, (u) => (a - u) / (1 - a)) / 3);
        assertClose(after(intervalMargin(a), increments), Math.log(margin.reduce((sum, one) => sum + one)));
        const bets = increments.reduce((state, one) => absoluteBet(state, one, a), shareBet(1).initial);
        [0.02, 0.05, 0.1, 0.2, 0.35, 0.5, 0.7, 0.9].forEach((f, index) =>
          assertClose(bets[index]!, Math.log(capital(f, (u) => (u - a) / a))),
        );
      }),
    );
  });

  it('sums and means of exponentials of logs', () => {
    assert.equal(logSumExp([]), -Infinity);
    assert.equal(logSumExp([-Infinity, -Infinity]), -Infinity);
    assert.equal(logSumExp([-Infinity, 3]), 3);
    assertClose(logSumExp([1000, 1000]), 1000 + Math.log(2));
    fc.assert(
      fc.property(fc.array(fc.double({ min: -30, max: 30, noNaN: true }), { minLength: 1 }), (logs) => {
        const sum = logs.reduce((total, log) => total + Math.exp(log), 0);
        assertClose(logSumExp(logs), Math.log(sum));
        assertClose(logMeanExp(logs), Math.log(sum / logs.length));
      }),
    );
  });
});

describe('behaviour of the tests', () => {
  const rollback = { shareBet, differenceBet, ratioE };

  it('an interval without a side, and for shares one without bad events, changes nothing', () => {
    for (const make of Object.values(rollback)) {
      const test = make(1.5);
      const state = test.update(test.initial, { canaryTotal: 10, canaryBad: 2, stableTotal: 90, stableBad: 1 });
      assert.equal(test.update(state, { canaryTotal: 0, canaryBad: 0, stableTotal: 9, stableBad: 5 }), state);
      assert.equal(test.update(state, { canaryTotal: 9, canaryBad: 5, stableTotal: 0, stableBad: 0 }), state);
    }
    const quiet = { canaryTotal: 50, canaryBad: 0, stableTotal: 50, stableBad: 0 };
    assert.equal(after(shareBet(1), [quiet]), 0);
    assert.equal(after(ratioE(1), [quiet]), 0);
    assert.equal(after(differenceBet(1), [quiet]), 0);
  });

  it('one more bad canary event in place of a good one never lowers evidence of harm', () => {
    fc.assert(
      fc.property(history, increment, ratioMax, (past, now, r0) => {
        if (now.canaryBad >= now.canaryTotal) return;
        const worse = { ...now, canaryBad: now.canaryBad + 1 };
        for (const make of [shareBet, differenceBet]) {
          assert.ok(after(make(r0), [...past, worse]) >= after(make(r0), [...past, now]) - 1e-9);
        }
        for (const make of [absoluteMargin, intervalMargin]) {
          assert.ok(after(make(0.01), [...past, worse]) <= after(make(0.01), [...past, now]) + 1e-9);
        }
      }),
    );
  });

  it('a wider margin never gives more evidence of harm', () => {
    fc.assert(
      fc.property(history, (past) => {
        for (const make of [shareBet, differenceBet]) {
          // Capital by capital the bets of the wider margin are worth less.
          const narrow = past.reduce((state, one) => make(1).update(state, one), make(1).initial);
          const wide = past.reduce((state, one) => make(2).update(state, one), make(2).initial);
          assert.ok(make(2).evidence(wide) <= make(1).evidence(narrow) + 1e-9);
        }
      }),
    );
  });

  it('the ratio tests and the absolute margin do not care how the counts were cut into looks', () => {
    fc.assert(
      fc.property(increment, fc.integer({ min: 2, max: 6 }), (one, times) => {
        const whole = Array.from({ length: times }, () => one).reduce(addIncrements);
        const looks = Array.from({ length: times }, () => one);
        for (const test of [ratioE(1.5), ratioBelow(1.5), absoluteMargin(0.02)]) {
          assertClose(after(test, looks), after(test, [whole]));
        }
      }),
    );
  });

  it('states are short lists of finite numbers and survive JSON', () => {
    fc.assert(
      fc.property(history, (past) => {
        for (const test of [
          shareBet(1.5),
          differenceBet(1.5),
          ratioE(1.5),
          absoluteMargin(0.01),
          intervalMargin(0.01),
        ]) {
          const state = past.reduce((before, one) => test.update(before, one), test.initial);
          assert.ok(state.length <= 24 && state.every(Number.isFinite));
          assert.deepEqual(JSON.parse(JSON.stringify(state)), state);
        }
      }),
    );
  });
});

describe('floors in intervals when the canary answers only badly and stable is healthy', () => {
  const intervalsUntil = (test: SequentialTest, canaryShare: number): number => {
    const one = { canaryTotal: 100 * canaryShare, canaryBad: 100 * canaryShare, stableTotal: 100 * (1 - canaryShare) };
    let state = test.initial;
    for (let count = 1; count <= 200; count += 1) {
      state = test.update(state, { ...one, stableBad: 0 });
      if (test.evidence(state) >= Math.log(100)) return count;
    }
    return Infinity;
  };

  it('share bet: 4 or fewer at 10 %, 14 or 15 at 50 %, about 35 at 75 %', () => {
    assert.ok(intervalsUntil(shareBet(1.5), 0.1) <= 4);
    assert.ok([14, 15].includes(intervalsUntil(shareBet(1.5), 0.5)));
    assert.ok(Math.abs(intervalsUntil(shareBet(1.5), 0.75) - 36) <= 1);
  });

  it('difference bet: 10 at every share', () => {
    for (const share of [0.05, 0.5, 0.75, 0.95]) assert.equal(intervalsUntil(differenceBet(1.5), share), 10);
  });

  it('ratio test: 1', () => {
    for (const share of [0.1, 0.5, 0.75]) assert.equal(intervalsUntil(ratioE(1.5), share), 1);
  });
});

describe('information bounds', () => {
  it('reproduces the table of canary requests times the bad ratio at alpha 1 % and r0 = 1', () => {
    const table: readonly (readonly [number, number, number, number])[] = [
      [1.2, 248, 274, 506],
      [1.5, 43, 48, 91],
      [2, 12.1, 13.6, 27],
      [3, 3.6, 4.2, 8.8],
      [5, 1.16, 1.38, 3.2],
      [10, 0.34, 0.43, 1.08],
    ];
    for (const [ratio, ...bounds] of table) {
      bounds.forEach((bound, index) => {
        const canaryShare = [0.01, 0.1, 0.5][index]!;
        const growth = informationGrowth({ stableRatio: 0.001, ratio, ratioMax: 1, canaryShare });
        assert.ok(Math.abs((Math.log(100) / growth) * 0.001 - bound) <= 0.02 * bound);
      });
    }
  });

  it('is 0 where there is nothing to detect', () => {
    const harm = { stableRatio: 0.001, ratio: 3, ratioMax: 1, canaryShare: 0.1 };
    assert.ok(informationGrowth(harm) > 0);
    for (const none of [{ ratio: 1 }, { canaryShare: 0 }, { canaryShare: 1 }, { stableRatio: 0 }]) {
      assert.equal(informationGrowth({ ...harm, ...none }), 0);
    }
    assert.equal(binomialDivergence(0.01, 0.01), 0);
    assert.ok(Math.abs(binomialDivergence(0, 0.01) + Math.log(0.99)) < 1e-12);
  });

  it('the absolute margin promotes a canary without errors after about 360 requests', () => {
    const test = absoluteMargin(0.01);
    const reached = (n: number): boolean => test.evidence([n, 0]) >= Math.log(20);
    assert.ok(!reached(340) && reached(360));
  });
});
