import assert from 'node:assert/strict';
import { describe, it } from 'node:test';

import * as fc from 'fast-check';

import { assess } from '../../../src/analysis/judge/assess.ts';
import type { JudgeReport } from '../../../src/analysis/judge/judge-report.ts';
import { initialJudgeState } from '../../../src/analysis/judge/judge-state.ts';
import { judge } from '../../../src/analysis/judge/judge.ts';
import { initialCapital, moveToRatio, moveToShare, scaleCapital } from '../../../src/analysis/judge/kind-capital.ts';
import { logSumExp } from '../../../src/analysis/judge/log-sum-exp.ts';
import type { PodCount, PodCounts } from '../../../src/analysis/judge/pod-bets.ts';
import { seededRandom } from '../../../src/base/random.ts';
import { defaultSettings as settings } from './default-settings.ts';
import { drawPods, gaussian } from './traffic-model.ts';

interface Release {
  readonly ratio: number;
  readonly clump: number;
  readonly spread: number;
  /** How many times the canary's ratio is that of stable, from half an hour on. */
  readonly harm: number;
}

const healthy: Release = { ratio: 0.001, clump: 1, spread: 0, harm: 1 };

function sumOf(pods: PodCounts): PodCount {
  return Object.values(pods).reduce((sum, { total, bad }) => ({ total: sum.total + total, bad: sum.bad + bad }));
}

/** Nine stable pods and one of the canary, 200 requests per second, a look every 15 s for an hour. */
function observe({ ratio, clump, spread, harm }: Release, seed: number): JudgeReport | undefined {
  const random = seededRandom(seed);
  const factors = Array.from({ length: 10 }, () => Math.exp(spread * gaussian(random) - spread ** 2 / 2));
  let state = initialJudgeState(settings);
  for (let look = 1; look <= 240; look += 1) {
    const stable = drawPods({ requests: 2700, ratio, clump, factors: factors.slice(0, 9) }, random);
    const times = look > 120 ? harm : 1;
    const canary = drawPods({ requests: 300, ratio: ratio * times, clump, factors: factors.slice(9) }, random);
    const [own, other] = [sumOf(canary), sumOf(stable)];
    const increment = {
      canaryTotal: own.total,
      canaryBad: own.bad,
      stableTotal: other.total,
      stableBad: other.bad,
    };
    state = judge(settings, state, { errors: { increment, stableRead: true, pods: { canary, stable } } });
    const report = assess(settings, state, { mode: 'background' });
    if (report.verdict === 'rollback') return report;
  }
  return undefined;
}

describe('the choice of the test', () => {
  it('keeps alpha where errors are independent, come in clumps, or pods differ', () => {
    for (const release of [healthy, { ...healthy, clump: 5 }, { ...healthy, spread: 0.5 }]) {
      let alarms = 0;
      for (let run = 0; run < 40; run += 1) if (observe(release, 71_000 + run) !== undefined) alarms += 1;
      assert.ok(alarms <= 2, `${alarms} with ${JSON.stringify(release)}`); // 0.4 expected at the very most
    }
  });

  it('lets the ratio test find what begins late, once stable has shown that errors are independent', () => {
    const reports = Array.from({ length: 20 }, (_, run) => observe({ ...healthy, harm: 5 }, 72_000 + run));
    const byRatio = reports.filter((report) => report?.decidedBy?.test === 'ratio');
    assert.ok(byRatio.length >= 17, String(byRatio.length));
    const clumped = observe({ ...healthy, clump: 5, harm: 50 }, 72_500);
    assert.equal(clumped?.decidedBy?.test, 'share');
  });
});

describe('pods that differ', () => {
  it('never make the judge blind for a canary that answers only badly, be there only two of them', () => {
    const random = seededRandom(3);
    let state = initialJudgeState(settings);
    let looks = 0;
    for (let look = 1; look <= 400 && looks === 0; look += 1) {
      const stable = drawPods({ requests: 1000, ratio: 0.01, clump: 1, factors: [0.4, 1.6] }, random);
      const isBad = look > 200;
      const canary = drawPods({ requests: 1000, ratio: isBad ? 1 : 0.01, clump: 1, factors: [1] }, random);
      const [own, other] = [sumOf(canary), sumOf(stable)];
      const increment = {
        canaryTotal: own.total,
        canaryBad: own.bad,
        stableTotal: other.total,
        stableBad: other.bad,
      };
      state = judge(settings, state, { errors: { increment, stableRead: true, pods: { canary, stable } } });
      if (!isBad) assert.ok((state['errors']?.check.spread.variance ?? 0) > 0 || look < 50);
      if (assess(settings, state, { mode: 'background' }).verdict === 'rollback') looks = look - 200;
    }
    assert.ok(looks > 0 && looks <= 45, String(looks));
  });
});

describe('capital that is moved between tests', () => {
  const evidence = fc.record({
    share: fc.double({ min: -20, max: 6, noNaN: true }),
    difference: fc.double({ min: -20, max: 6, noNaN: true }),
    ratio: fc.double({ min: -20, max: 12, noNaN: true }),
    pods: fc.double({ min: -3, max: 6, noNaN: true }),
  });
  const names = ['share', 'difference', 'ratio', 'pods'] as const;
  type Evidence = Readonly<Record<(typeof names)[number], number>>;
  const wealth = (capital: ReturnType<typeof initialCapital>, made: Evidence): number =>
    logSumExp(names.map((name) => capital.logs[name] + made[name]));

  it('never becomes more', () => {
    fc.assert(
      fc.property(evidence, evidence, (before, after) => {
        const begun = initialCapital({ name: 'errors', weight: 1, unit: 'requests' }, false);
        assert.ok(Math.abs(wealth(begun, { share: 0, difference: 0, ratio: 0, pods: 0 })) < 1e-9);
        const held = wealth(begun, before);
        const moved = moveToRatio(begun, held);
        // The ratio test begins anew, without evidence of its own.
        assert.ok(Math.abs(wealth(moved, { ...before, ratio: 0 }) - held) < 1e-9);
        const won = wealth(moved, after);
        const back = moveToShare(moved, after);
        const kept = wealth(back, { ...after, ratio: 0 });
        assert.ok(kept <= won + 1e-9, `${kept} of ${won}`);
        assert.ok(Math.exp(kept) <= Math.exp(wealth(moved, { ...after, ratio: Math.min(0, after.ratio) })) + 1e-6);
        assert.ok(Math.abs(wealth(scaleCapital(moved, -1), after) - (won - 1)) < 1e-9);
      }),
    );
  });
});
