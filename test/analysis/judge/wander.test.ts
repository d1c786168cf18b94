import assert from 'node:assert/strict';
import { describe, it } from 'node:test';

import { assess } from '../../../src/analysis/judge/assess.ts';
import { calmVariance } from '../../../src/analysis/judge/early-doubt.ts';
import type { JudgeReport } from '../../../src/analysis/judge/judge-report.ts';
import { initialJudgeState, type JudgeState } from '../../../src/analysis/judge/judge-state.ts';
import { judge, marginOf } from '../../../src/analysis/judge/judge.ts';
import { carryKnowledge, learn, noKnowledge, type Knowledge } from '../../../src/analysis/judge/knowledge.ts';
import type { Increment } from '../../../src/analysis/judge/sequential-test.ts';
import { twoDigits } from '../../../src/analysis/judge/summarise.ts';
import {
  initialWander,
  largestVariance,
  unknownVariance,
  wanderRatio,
  wanderVariance,
  watchWander,
} from '../../../src/analysis/judge/wander.ts';
import { seededRandom, type Random } from '../../../src/base/random.ts';
import { defaultSettings as settings } from './default-settings.ts';
import { binomial, drawPods, gaussian } from './traffic-model.ts';

/** Factors of a side that wanders: an autoregressive log with a correlation of 0.97 from look to look. */
function drawWander(deviation: number, looks: number, random: Random): readonly number[] {
  let log = deviation * gaussian(random);
  return Array.from({ length: looks }, () => {
    log = 0.97 * log + deviation * Math.sqrt(1 - 0.97 ** 2) * gaussian(random);
    return Math.exp(log - deviation ** 2 / 2);
  });
}

function variance(factors: (look: number) => readonly [canary: number, stable: number], seed: number): number {
  const random = seededRandom(seed);
  let wander = initialWander;
  for (let look = 0; look < 240; look += 1) {
    const [canary, stable] = factors(look);
    wander = watchWander(
      wander,
      {
        canaryTotal: 300,
        canaryBad: binomial(300, 0.005 * canary, random),
        stableTotal: 2700,
        stableBad: binomial(2700, 0.005 * stable, random),
      },
      1,
    );
  }
  return wanderVariance(wander, 1);
}

describe('a side that wanders', () => {
  const seeds = Array.from({ length: 20 }, (_, at) => 61_000 + at);

  it('is known by its movement over an hour', () => {
    const widened = seeds.filter((seed) => {
      const random = seededRandom(seed).fork('wander');
      const [canary, stable] = [drawWander(0.3, 240, random), drawWander(0.3, 240, random)];
      return (
        wanderRatio(
          1.5,
          variance((look) => [canary[look] ?? 1, stable[look] ?? 1], seed),
        ) > 1.8
      );
    });
    assert.ok(widened.length >= 15, String(widened.length));
  });

  it('is not seen in one that is calm, nor in a movement that both sides share', () => {
    const calm = seeds.filter((seed) => variance(() => [1, 1], seed) > 0);
    assert.ok(calm.length <= 4, String(calm.length));
    const burst = seeds.filter((seed) => variance((look) => (look % 120 < 12 ? [8, 8] : [1, 1]), seed) > 0);
    const harmed = seeds.filter((seed) => variance((look) => [2 + look / 120, 1 + look / 240], seed) > 0);
    assert.ok(burst.length + harmed.length <= 2, `${burst.length}, ${harmed.length}`);
  });

  it('keeps what was known until as much is known again', () => {
    assert.equal(wanderVariance({ ...initialWander, known: 0.09 }, 1), 0.09);
    assert.ok(wanderRatio(1.5, 0.09) > 4 && wanderRatio(1.5, 0.09) <= 5);
    assert.equal(wanderRatio(1.5, 0), 1.5);
  });
});

/** What so many looks at nine stable pods teach, with the factor on their ratio of 0.5 % at each look. */
function learned(factors: readonly number[], seed: number, before: Knowledge = noKnowledge): Knowledge {
  const random = seededRandom(seed).fork('before');
  return factors.reduce((known, factor) => {
    const service = { requests: 2700, ratio: 0.005 * factor, clump: 1, factors: Array.from({ length: 9 }, () => 1) };
    return learn(known, drawPods(service, random), settings);
  }, before);
}

describe('an hour of the stable side before a release', () => {
  const seeds = Array.from({ length: 20 }, (_, at) => 63_000 + at);
  const steady = Array.from({ length: 240 }, () => 1);
  const carried = (factors: (seed: number) => readonly number[]) =>
    seeds.map((seed) => carryKnowledge(learned(factors(seed), seed)));

  it('shows a calm service to be calm, and its errors to be independent', () => {
    const known = carried(() => steady);
    assert.ok(known.filter(({ wander }) => wander.knownMax <= calmVariance).length >= 17);
    assert.ok(known.filter(({ check }) => check.isAdmitted).length >= 19);
    assert.ok(known.every(({ wander }) => wander.known === 0 && wander.blocks === 0));
  });

  it('shows nothing of one that moves: without a canary nobody can tell whether both sides would', () => {
    const restless = carried((seed) => drawWander(0.3, 240, seededRandom(seed).fork('wander')));
    assert.ok(restless.filter(({ wander }) => wander.knownMax > calmVariance).length >= 19);
    assert.ok(restless.every(({ wander }) => wander.knownMax < unknownVariance));
    assert.ok(restless.every(({ wander }) => wander.known === 0));
  });

  it('says nothing after a few minutes, and leaves what was known before', () => {
    const minutes = steady.slice(0, 40);
    assert.equal(carryKnowledge(learned(minutes, 1)).wander.knownMax, unknownVariance);
    const before = carryKnowledge(learned(steady, 63_000));
    const later = carryKnowledge(learned(minutes, 2, before));
    assert.equal(later.wander.knownMax, before.wander.knownMax);
    assert.ok(later.check.bad > 0 && later.check.isAdmitted);
  });

  it('bounds what could not have been seen by the errors that were there', () => {
    const bound = (looks: number) => largestVariance(learned(steady.concat(steady).slice(0, looks), 5).wander, 1);
    assert.ok(bound(480) < bound(100));
  });
});

/** Looks until a rollback, of a service whose counts are always the same; and the report of the look before. */
function decide(increment: Increment, chosen = settings, known: Knowledge = noKnowledge) {
  let state: JudgeState = initialJudgeState(chosen, { errors: known });
  let before: JudgeReport | undefined;
  for (let look = 1; look <= 240; look += 1) {
    state = judge(chosen, state, { errors: { increment, stableRead: true } });
    const report = assess(chosen, state, { mode: 'background' });
    if (report.verdict === 'rollback') return { look, before };
    before = report;
  }
  return { look: Infinity, before };
}

describe('a small ratio in a service with many errors', () => {
  const counts = (canaryBad: number, stableBad: number): Increment => {
    return { canaryTotal: 1000, canaryBad, stableTotal: 9000, stableBad };
  };

  it('is held against the canary only when it lasts, and the report says that it waits', () => {
    const { look, before } = decide(counts(15, 45));
    assert.equal(look, 40);
    assert.deepEqual([before?.verdict, before?.isHeldBack], ['continue', true]);
    assert.match(before?.summary ?? '', /which waits, as two sides may wander so far apart/);
    assert.equal(decide(counts(12, 45)).look, 120);
  });

  it('is held against it at once where stable is known to be calm', () => {
    const known = carryKnowledge(
      learned(
        Array.from({ length: 240 }, () => 1),
        63_000,
      ),
    );
    assert.ok(decide(counts(15, 45), settings, known).look < 15);
    assert.ok(decide(counts(12, 45), settings, known).look < 40);
  });

  it('is held against it at once where it is large, errors are few, or independence is vouched for', () => {
    assert.ok(decide(counts(30, 45)).look < 15);
    const few = decide({ canaryTotal: 100, canaryBad: 15, stableTotal: 900, stableBad: 5 }).look;
    assert.ok(few < 40, String(few));
    assert.ok(decide(counts(15, 45), { ...settings, rollbackTest: 'independent' }).look < 15);
  });

  it('waits as long in time when looks are closer together', () => {
    assert.equal(decide(counts(15, 45), { ...settings, looksPerOnset: 2 }).look, 80);
  });
});

describe('healthy hours of two sides that wander', () => {
  it('are rarely rolled back', () => {
    let alarms = 0;
    for (let run = 0; run < 50; run += 1) {
      const random = seededRandom(62_000 + run);
      const [own, other] = [drawWander(0.3, 240, random), drawWander(0.3, 240, random)];
      let state = initialJudgeState(settings);
      for (let look = 0; look < 240; look += 1) {
        const side = (pods: number, ratio: number) =>
          drawPods({ requests: 300 * pods, ratio, clump: 1, factors: Array.from({ length: pods }, () => 1) }, random);
        const pods = { canary: side(1, 0.005 * (own[look] ?? 1)), stable: side(9, 0.005 * (other[look] ?? 1)) };
        const sum = (of: typeof pods.canary, what: 'total' | 'bad') =>
          Object.values(of).reduce((total, pod) => total + pod[what], 0);
        const increment = {
          canaryTotal: sum(pods.canary, 'total'),
          canaryBad: sum(pods.canary, 'bad'),
          stableTotal: sum(pods.stable, 'total'),
          stableBad: sum(pods.stable, 'bad'),
        };
        state = judge(settings, state, { errors: { increment, stableRead: true, pods } });
        if (assess(settings, state, { mode: 'background' }).verdict !== 'rollback') continue;
        alarms += 1;
        break;
      }
      const { errors } = state;
      assert.ok(errors !== undefined && marginOf(settings, errors, 1) >= 1.5);
    }
    assert.ok(alarms <= 2, String(alarms)); // 0.35 expected
  });
});

describe('evidence as text', () => {
  it('has no sign where it is nothing', () => {
    assert.deepEqual([-0.001, -0, 0.004, -0.006, 4.6052].map(twoDigits), ['0.00', '0.00', '0.00', '-0.01', '4.61']);
  });
});
