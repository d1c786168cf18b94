import assert from 'node:assert/strict';
import { describe, it } from 'node:test';

import * as fc from 'fast-check';

import { clumpRatio } from '../../../src/analysis/judge/clump-ratio.ts';
import { promoteTestOf } from '../../../src/analysis/judge/promote-test.ts';
import { ratioE } from '../../../src/analysis/judge/ratio-e.ts';
import { defaultSettings } from './default-settings.ts';

/**
 * Exact mean of each alternative's factor in one look: every clump falls on the canary with the probability that the
 * null hypothesis allows, whatever its size.
 */
function meanFactors(
  { sizes, canary, stable, ratio }: { sizes: readonly number[]; canary: number; stable: number; ratio: number },
  test: ReturnType<typeof clumpRatio>,
): readonly number[] {
  const chance = (ratio * canary) / (ratio * canary + stable);
  const means = test.initial.map(() => 0);
  for (let choice = 0; choice < 2 ** sizes.length; choice += 1) {
    let [probability, canaryBad, stableBad] = [1, 0, 0];
    sizes.forEach((size, at) => {
      const isCanary = Math.floor(choice / 2 ** at) % 2 === 1;
      probability *= isCanary ? chance : 1 - chance;
      if (isCanary) canaryBad += size;
      else stableBad += size;
    });
    const gains = test.update(test.initial, { canaryTotal: canary, canaryBad, stableTotal: stable, stableBad });
    gains.forEach((gain, at) => (means[at] = (means[at] ?? 0) + probability * Math.exp(gain)));
  }
  return means;
}

const traffic = {
  sizes: fc.array(fc.integer({ min: 1, max: 12 }), { minLength: 1, maxLength: 7 }),
  canary: fc.integer({ min: 1, max: 1000 }),
  stable: fc.integer({ min: 1, max: 1000 }),
  margin: fc.double({ min: 1, max: 4, noNaN: true }),
  part: fc.double({ min: 0.1, max: 1, noNaN: true }),
};

describe('the ratio test for clumps', () => {
  it('wins nothing on average from a healthy canary, whatever the sizes of the clumps up to the largest', () => {
    fc.assert(
      fc.property(fc.record(traffic), ({ margin, part, ...look }) => {
        const test = clumpRatio(margin, Math.max(...look.sizes));
        for (const mean of meanFactors({ ...look, ratio: part * margin }, test)) assert.ok(mean <= 1 + 1e-9);
      }),
    );
  });

  it('wins from a healthy canary whose clumps are larger than it allows for', () => {
    const look = { sizes: [5, 5, 5], canary: 100, stable: 900, ratio: 1.5 };
    assert.ok(Math.max(...meanFactors(look, ratioE(1.5))) > 10);
    assert.ok(Math.max(...meanFactors(look, clumpRatio(1.5, 2.5))) > 1.2);
    assert.ok(Math.max(...meanFactors(look, clumpRatio(1.5, 5))) <= 1 + 1e-9);
  });

  it('is the ratio test itself where there are no clumps', () => {
    const increment = { canaryTotal: 300, canaryBad: 40, stableTotal: 2700, stableBad: 3 };
    const [alone, clumped] = [ratioE(1.5), clumpRatio(1.5, 1)];
    assert.deepEqual(clumped.update(clumped.initial, increment), alone.update(alone.initial, increment));
  });

  it('never decides by a single look while clumps are possible', () => {
    const test = clumpRatio(1.5, 1.2);
    const one = { canaryTotal: 300, canaryBad: 300, stableTotal: 2700, stableBad: 0 };
    assert.ok(test.evidence(test.update(test.initial, one)) <= 3 + 1e-9);
    assert.equal(test.update(test.initial, { ...one, canaryBad: 0 }), test.initial);
  });
});

describe('a promotion where errors come in clumps', () => {
  const [kind] = defaultSettings.kinds;
  assert.ok(kind);
  const test = promoteTestOf(defaultSettings, kind);
  assert.ok(test);

  /** Exact mean of the evidence for Poisson many clumps of one size, at the acceptable ratio. */
  function meanEvidence(requests: number, size: number, clump: number): number {
    const clumps = (requests * 0.01) / size;
    let [mean, chance] = [0, Math.exp(-clumps)];
    for (let count = 0; count < 200; count += 1) {
      mean += chance * Math.exp(test?.evidence([requests, count * size], clump) ?? 0);
      chance *= clumps / (count + 1);
    }
    return mean;
  }

  it('is no more likely than beta allows at the acceptable ratio', () => {
    for (const requests of [100, 500, 2000]) {
      for (const [size, clump] of [
        [1, 2],
        [2, 2],
        [5, 5],
        [3, 20],
        [20, 20],
      ] as const) {
        // Poisson clumps instead of binomial errors: 1 + n a²/2 at the most.
        assert.ok(meanEvidence(requests, size, clump) <= Math.exp((requests * 0.0001) / 2), `${requests}, ${size}`);
      }
    }
    assert.ok(meanEvidence(2000, 20, 1) > 100, 'counted as independent they would prove anything');
  });

  it('allows for any law of sizes by its dispersion: geometric ones have no largest clump', () => {
    for (const mean of [2, 5]) {
      const [requests, chance] = [500, 1 / mean];
      const clumps = (requests * 0.01) / mean;
      const sizes = Array.from({ length: 300 }, (_, size) => (size === 0 ? 0 : chance * (1 - chance) ** (size - 1)));
      // Panjer's recursion for the number of errors in Poisson many clumps.
      const chances = [Math.exp(-clumps)];
      for (let bad = 1; bad < 300; bad += 1) {
        const terms = sizes.slice(1, bad + 1).map((part, at) => (at + 1) * part * (chances[bad - at - 1] ?? 0));
        chances.push((clumps / bad) * terms.reduce((sum, term) => sum + term, 0));
      }
      const meanAt = (clump: number): number =>
        chances.reduce((sum, part, bad) => sum + part * Math.exp(test.evidence([requests, bad], clump)), 0);
      assert.ok(meanAt(2 * mean - 1) <= Math.exp((requests * 0.0001) / 2), String(meanAt(2 * mean - 1)));
      assert.ok(meanAt(1) > 1.3, String(meanAt(1)));
    }
  });

  it('needs as many times the requests as a clump is large', () => {
    const first = (clump: number): number => {
      let requests = 1;
      while (test.evidence([requests, 0], clump) < Math.log(20)) requests += 1;
      return requests;
    };
    assert.ok(Math.abs(first(5) - 5 * first(1)) <= 5);
  });
});
