import assert from 'node:assert/strict';
import { describe, it } from 'node:test';

import * as fc from 'fast-check';

import { dispersion } from '../../../src/analysis/judge/dispersion.ts';
import type { PodCounts } from '../../../src/analysis/judge/pod-bets.ts';
import { podSpread, widenedRatio } from '../../../src/analysis/judge/pod-spread.ts';
import {
  carrySelfCheck,
  checkItself,
  initialSelfCheck,
  reportSelfCheck,
  type SelfCheck,
} from '../../../src/analysis/judge/self-check.ts';
import { seededRandom } from '../../../src/base/random.ts';
import { drawPods, gaussian } from './traffic-model.ts';

/** The stable side of 200 requests per second at 0.1 % errors, nine pods, a look every 15 s. */
const service = { requests: 2700, ratio: 0.001, clump: 1, pods: 9, spread: 0 };

interface Checked {
  readonly check: SelfCheck;
  readonly wasAdmitted: boolean;
}

function hour(model: typeof service, seed: number, start = initialSelfCheck): Checked {
  const random = seededRandom(seed);
  const factors = Array.from({ length: model.pods }, () =>
    Math.exp(model.spread * gaussian(random) - model.spread ** 2 / 2),
  );
  let check = start;
  let wasAdmitted = false;
  for (let look = 0; look < 240; look += 1) {
    check = checkItself(check, drawPods({ ...model, factors }, random), 1.5, 0.01);
    wasAdmitted ||= check.isAdmitted;
  }
  return { check, wasAdmitted };
}

function hours(model: typeof service, runs: number): readonly Checked[] {
  return Array.from({ length: runs }, (_, run) => hour(model, 31_000 + run));
}

describe('the check of stable against stable', () => {
  const runs = 30;

  for (const clump of [2, 5, 20]) {
    it(`never admits the ratio test where errors come in clumps of ${clump}`, () => {
      assert.equal(hours({ ...service, clump }, runs).filter(({ wasAdmitted }) => wasAdmitted).length, 0);
    });
  }

  it('admits the ratio test where errors are independent, rare or not, on many pods or few', () => {
    for (const model of [service, { ...service, requests: 270, ratio: 0.005 }, { ...service, pods: 3 }]) {
      const admitted = hours(model, runs).filter(({ check }) => check.isAdmitted).length;
      assert.ok(admitted >= 0.95 * runs, `${admitted} of ${runs}`);
    }
  });

  it('says nothing from one pod, or from too little', () => {
    assert.equal(hour({ ...service, pods: 1 }, 1).check, initialSelfCheck);
    const { check } = hour({ ...service, requests: 27 }, 1);
    assert.ok(!check.isAdmitted && reportSelfCheck(check).information < 1);
  });

  it('is not disturbed by bursts that all pods share, nor by uneven traffic', () => {
    const random = seededRandom(5);
    let check = initialSelfCheck;
    for (let look = 0; look < 480; look += 1) {
      const ratio = look % 40 < 5 ? 0.05 : 0.001;
      const even = drawPods({ requests: 900, ratio, clump: 1, factors: [1, 1, 1] }, random);
      const busy = drawPods({ requests: 1800, ratio, clump: 1, factors: [1] }, random);
      check = checkItself(check, { ...even, busy: busy['pod-0']! }, 1.5, 0.01);
    }
    const { dispersion: measured = 0, isAdmitted } = reportSelfCheck(check);
    assert.ok(isAdmitted && measured > 0.8 && measured < 1.25, String(measured));
  });

  it('measures the false alarms of this service', () => {
    const rateOf = (model: typeof service) => {
      const checks = hours(model, 20).map(({ check }) => check);
      const sum = (of: (check: SelfCheck) => number) => checks.reduce((total, check) => total + of(check), 0);
      return {
        trials: sum(({ trials }) => trials),
        ratio: sum(({ ratioAlarms }) => ratioAlarms),
        share: sum(({ shareAlarms }) => shareAlarms),
      };
    };
    const independent = rateOf(service);
    assert.equal(independent.trials, 20 * 8);
    assert.ok(independent.ratio <= 3 && independent.share <= 3);
    const clumped = rateOf({ ...service, clump: 5 });
    assert.ok(clumped.ratio / clumped.trials > 0.1, `${clumped.ratio} of ${clumped.trials}`);
    assert.ok(clumped.share <= 3);
  });

  it('goes on from one release to the next, and takes back what it admitted', () => {
    const known = carrySelfCheck(hour(service, 3).check);
    assert.deepEqual(Object.keys(known.pods), []);
    assert.ok(checkItself(known, { a: { total: 5, bad: 0 }, b: { total: 5, bad: 0 } }, 1.5, 0.01).isAdmitted);
    assert.ok(!hour({ ...service, clump: 5 }, 4, known).check.isAdmitted);
  });
});

describe('dispersion', () => {
  const pods = fc.array(fc.record({ total: fc.integer({ min: 0, max: 500 }), bad: fc.integer({ min: 0, max: 9 }) }), {
    maxLength: 12,
  });

  it('has mean 0 and the stated variance for independent events, whatever the traffic', () => {
    const random = seededRandom(8);
    const totals = [50, 100, 400];
    const draw = (bad: number) => {
      const counts = totals.map((total) => ({ total, bad: 0 }));
      for (let event = 0; event < bad; event += 1) {
        const at = random.next() * 550;
        counts[at < 50 ? 0 : at < 150 ? 1 : 2]!.bad += 1;
      }
      return dispersion(counts)!;
    };
    for (const bad of [2, 3, 9]) {
      const drawn = Array.from({ length: 20_000 }, () => draw(bad));
      const mean = drawn.reduce((sum, { excess }) => sum + excess, 0) / drawn.length;
      const variance = drawn.reduce((sum, { excess }) => sum + (excess - mean) ** 2, 0) / drawn.length;
      const stated = drawn[0]!.variance;
      assert.ok(Math.abs(mean) < 4 * Math.sqrt(stated / drawn.length), `mean ${mean}`);
      assert.ok(Math.abs(variance / stated - 1) < 0.1, `variance ${variance} of ${stated}`);
    }
  });

  it('is a number or nothing for any counts', () => {
    fc.assert(
      fc.property(pods, (counts) => {
        const found = dispersion(counts.map(({ total, bad }) => ({ total, bad: Math.min(total, bad) })));
        assert.ok(found === undefined || (Number.isFinite(found.excess) && found.variance >= -1e-12));
      }),
    );
  });
});

describe('pods that differ by themselves', () => {
  const spreads = (spread: number, clump = 1) =>
    hours({ ...service, spread, clump }, 30).map(({ check }) => check.spread);

  it('are recognised, with about the right size, and clumps are not taken for them', () => {
    const different = spreads(0.5).map(({ variance }) => Math.sqrt(Math.log1p(variance)));
    const mean = different.reduce((sum, one) => sum + one, 0) / different.length;
    assert.ok(different.filter((one) => one > 0).length >= 27 && mean > 0.35 && mean < 0.6, String(mean));
    for (const clump of [1, 5]) assert.ok(spreads(0, clump).filter(({ variance }) => variance > 0).length <= 3);
    assert.equal(podSpread([{ total: 100, bad: 3 }], 1).variance, 0);
  });

  it('are not found in a handful of bad events', () => {
    const quiet = [{ total: 1, bad: 1 }, ...Array.from({ length: 8 }, () => ({ total: 300, bad: 0 }))];
    assert.equal(podSpread(quiet, 1).variance, 0);
    const busy = [{ total: 3000, bad: 60 }, ...Array.from({ length: 8 }, () => ({ total: 3000, bad: 3 }))];
    assert.ok(podSpread(busy, 1).variance > 1);
  });

  it('widen the margin, the more the fewer the canary has', () => {
    const spread = { variance: 0.1, pods: 9 };
    assert.equal(widenedRatio(1.5, { variance: 0, pods: 9 }, 1), 1.5);
    const [one, nine] = [widenedRatio(1.5, spread, 1), widenedRatio(1.5, spread, 9)];
    assert.ok(one > 2.5 && one < 4 && nine < one && nine >= 1.5, `${one} ${nine}`);
    assert.ok(widenedRatio(1.5, spread, 1, 10) > one);
  });
});

it('counts of pods that come and go stay bounded', () => {
  let check = initialSelfCheck;
  for (let look = 0; look < 300; look += 1) {
    const pods: PodCounts = { [`a-${look}`]: { total: 9, bad: 1 }, [`b-${look}`]: { total: 9, bad: 0 } };
    check = checkItself(check, pods, 1.5, 0.01);
  }
  assert.ok(Object.keys(check.pods).length <= 64);
});
