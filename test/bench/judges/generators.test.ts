import assert from 'node:assert/strict';
import { describe, it } from 'node:test';

import { counterFeed } from '../../../bench/judges/feed.ts';
import { configOf } from '../../../bench/judges/judges/sluice.ts';
import { burstRates, drawPodFactors, drawWander, driftingRates } from '../../../bench/judges/noise.ts';
import { drawPods, serveStep } from '../../../bench/judges/pods.ts';
import { constantRates, plain, shareAt, stepsMax, type Scenario } from '../../../bench/judges/scenario.ts';
import { addIncrements, emptyIncrement, type Increment } from '../../../src/analysis/judge/sequential-test.ts';
import { seededRandom } from '../../../src/base/random.ts';

/** Counts that the judge was shown in a whole run, and what the pods really counted. */
function playTraffic(scenario: Scenario, seed: number): { readonly shown: Increment; readonly excess: number } {
  const random = seededRandom(seed);
  const pods = drawPods(scenario, random);
  const rates = scenario.drawRates(random);
  const feed = counterFeed(configOf(scenario.configuration ?? {}), pods, 'errors', { restarts: true });
  feed.scrape(0, pods);
  let shown: Increment = emptyIncrement;
  let excess = 0;
  for (let step = 1; step <= stepsMax; step += 1) {
    const truth = serveStep(scenario, pods, rates(step), step, random);
    excess += truth.excessBad;
    const look = feed.scrape(step, truth.read)['errors'];
    if (look !== undefined) shown = addIncrements(shown, look.increment);
  }
  return { shown, excess };
}

function near(actual: number, expected: number, part: number): void {
  assert.ok(Math.abs(actual - expected) <= part * expected, `${actual} is not within ${part} of ${expected}`);
}

describe('generated traffic', () => {
  it('has the rates of its scenario', () => {
    const { shown, excess } = playTraffic(plain(200, 0.1, constantRates(0.005, 2)), 1);
    near(shown.canaryTotal, 72_000, 0.02);
    near(shown.stableTotal, 648_000, 0.01);
    near(shown.canaryBad, 720, 0.2);
    near(shown.stableBad, 3240, 0.1);
    near(excess, 360, 0.02);
  });

  it('keeps the rate when errors come in clumps', () => {
    const { shown } = playTraffic({ ...plain(200, 0.5, constantRates(0.01)), clump: 5 }, 2);
    near(shown.canaryBad, 3600, 0.2);
  });

  it('loses nothing but an interval when readings are missing, and nothing is counted twice', () => {
    const base = plain(200, 0.1, constantRates(0.005));
    const { shown } = playTraffic({ ...base, scrapes: { lost: 0.2, gap: [] } }, 3);
    near(shown.canaryTotal, 72_000, 0.03);
    near(shown.stableBad, 3240, 0.1);
  });

  it('shows restarts and loses only what the dead process had not shown', () => {
    const { shown } = playTraffic(
      { ...plain(200, 0.1, constantRates(0.005)), restarts: { canaryPerHour: 6, stablePerHour: 6 } },
      4,
    );
    near(shown.canaryTotal, 72_000, 0.05);
  });

  it('puts the harm of a bad pod on that pod alone', () => {
    const scenario: Scenario = {
      ...plain(200, 0.5, constantRates(0.001)),
      pods: { canary: 10, stable: 10 },
      badPods: { count: 1, ratio: 100 },
    };
    const pods = drawPods(scenario, seededRandom(5));
    serveStep(scenario, pods, { canary: 0.001, stable: 0.001, harm: 0 }, 1, seededRandom(5));
    assert.ok((pods[0]?.bad ?? 0) > 5);
    assert.ok(pods.slice(1).every(({ bad }) => bad <= 3));
    near(playTraffic(scenario, 6).excess, 36_000 * 0.099, 0.05);
  });
});

describe('rates that move', () => {
  it('ramp in equal parts of the hour', () => {
    const scenario = plain(1, [0.05, 0.5], constantRates(0));
    assert.deepEqual(
      [1, 120, 121, 240].map((step) => shareAt(scenario, step)),
      [0.05, 0.05, 0.5, 0.5],
    );
  });

  it('burst once for twelve steps', () => {
    const rates = burstRates(0.001, 2, 0.05)(seededRandom(7));
    const burst = Array.from({ length: stepsMax }, (_, index) => rates(index + 1)).filter(
      ({ stable }) => stable === 0.05,
    );
    assert.equal(burst.length, 12);
    assert.ok(burst.every(({ canary, harm }) => canary === 0.1 && harm === 0.05));
  });

  it('drift from the first rate to the last', () => {
    const rates = driftingRates(0.001, 0.01)(seededRandom(8));
    assert.equal(rates(1).stable, 0.001);
    near(rates(stepsMax).stable, 0.01, 1e-9);
  });

  it('wander around 1 with the spread that was asked for', () => {
    const logs = Array.from({ length: 200 }, (_, run) => drawWander(seededRandom(run), 0.3))
      .flat()
      .map(Math.log);
    const mean = logs.reduce((sum, log) => sum + log, 0) / logs.length;
    const deviation = Math.sqrt(logs.reduce((sum, log) => sum + (log - mean) ** 2, 0) / logs.length);
    near(deviation, 0.3, 0.1);
    near(Math.exp(mean + deviation ** 2 / 2), 1, 0.05);
  });

  it('give each pod a factor of its own', () => {
    assert.equal(new Set(drawPodFactors(5, 0.5)(seededRandom(9))).size, 5);
  });
});
