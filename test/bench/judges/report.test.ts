import assert from 'node:assert/strict';
import { describe, it } from 'node:test';

import { calibrate } from '../../../bench/judges/calibration.ts';
import { baselineSource, headRuns, playTallies, recomputedCells } from '../../../bench/judges/compute.ts';
import { ratioOne } from '../../../bench/judges/judges/evidence.ts';
import { pooledZ } from '../../../bench/judges/judges/pooled-z.ts';
import { threshold, thresholdL0 } from '../../../bench/judges/judges/threshold.ts';
import { jobs } from '../../../bench/judges/plan.ts';
import { playRun } from '../../../bench/judges/play.ts';
import { drawDotChart } from '../../../bench/judges/plot.ts';
import { excessAgrees, ratesAgree, referenceCells } from '../../../bench/judges/reproduction.ts';
import { loadResults } from '../../../bench/judges/results.ts';
import { addOutcomes, countOf, emptyTally, excessOf, stepQuantile } from '../../../bench/judges/tally.ts';
import { binomialInterval } from '../../../src/analysis/judge/binomial-interval.ts';

describe('the committed figures', () => {
  const results = loadResults();
  for (const id of recomputedCells) {
    it(`come out again: ${id}`, () => {
      const job = jobs.find((one) => one.id === id);
      const entries = results.cells[id];
      assert.ok(job !== undefined && entries !== undefined, `${id} is a cell and has results`);
      const judges = job.judges(() => assert.fail('a cell without calibrated thresholds'));
      const played = playTallies(job, judges, 0, headRuns);
      judges.forEach(({ name }, index) => {
        const head = entries[name]?.head;
        assert.ok(head, `${name} has kept its first runs`);
        const again = addOutcomes(emptyTally, played[index] ?? []);
        if (entries[name]?.source === baselineSource) return assert.deepEqual(again, head, name);
        // Our judge may have been improved since; then its figures may move, within what chance explains.
        const [low, high] = binomialInterval(countOf(again.rollbacks), headRuns, 0.999);
        const rate = countOf(head.rollbacks) / headRuns;
        assert.ok(
          low <= rate && rate <= high,
          `${name}: ${countOf(again.rollbacks)} rollbacks, ${rate * headRuns} kept`,
        );
      });
    });
  }
});

describe('tallies', () => {
  const outcomes = [
    { rollbackStep: 4, excessBad: 2 },
    { rollbackStep: 8, promoteStep: 2, excessBad: 4 },
    { promoteStep: 6, excessBad: 6 },
    { excessBad: 8 },
  ];

  it('add up over batches', () => {
    const whole = addOutcomes(emptyTally, outcomes);
    assert.deepEqual(addOutcomes(addOutcomes(emptyTally, outcomes.slice(0, 1)), outcomes.slice(1)), whole);
    assert.deepEqual([whole.runs, whole.undecided, countOf(whole.rollbacks), countOf(whole.promotions)], [4, 1, 2, 2]);
    assert.equal(excessOf(whole).mean, 5);
  });

  it('tell the step by which a part of all runs got there', () => {
    const { rollbacks } = addOutcomes(emptyTally, outcomes);
    assert.deepEqual(
      [0.25, 0.5, 0.75].map((part) => stepQuantile(rollbacks, 4, part)),
      [4, 8, Infinity],
    );
  });
});

describe('runs', () => {
  const [cell] = referenceCells.filter(({ id }) => id.includes('.1 to .5'));
  assert.ok(cell);
  const { id, scenario } = cell;

  it('are the same for the same cell and number, whoever else plays', () => {
    assert.deepEqual(
      playRun(id, 3, scenario, [ratioOne]),
      playRun(id, 3, scenario, [threshold(thresholdL0), ratioOne]).slice(1),
    );
    assert.notDeepEqual(playRun(id, 3, scenario, [ratioOne]), playRun(id, 4, scenario, [ratioOne]));
  });

  it('count harm until the verdict takes effect, and no longer', () => {
    const [late, soon] = playRun(id, 5, scenario, [{ ...pooledZ, delaySteps: 40 }, pooledZ]);
    assert.ok(late?.rollbackStep === (soon?.rollbackStep ?? 0) + 40);
    assert.ok(late.excessBad > (soon?.excessBad ?? 0));
  });
});

describe('published figures', () => {
  it('agree within the intervals of both samples and their rounding', () => {
    assert.ok(ratesAgree(112, 1000, '11.2', 10_000));
    assert.ok(ratesAgree(0, 1000, '.15', 10_000));
    assert.ok(!ratesAgree(338, 1000, '20', 1000));
    assert.ok(excessAgrees(8.9, '8.2') && !excessAgrees(9.2, '8.2'));
  });
});

describe('calibration', () => {
  it('finds a limit that few healthy runs pass, the higher the fewer failures it takes', () => {
    const [one = 0, four = 0, five = 0] = calibrate('20 rps .5 %', 100);
    assert.ok(one > four && four >= five && five > 0.005 && one < 0.2);
  });
});

describe('charts', () => {
  it('are well-formed and keep marks inside', () => {
    const rows = [{ label: 'a < b & c', marks: [{ series: 's', value: 1e9, low: 1, high: 1e9 }] }];
    const svg = drawDotChart({ title: 't', axis: 'x', low: 0.1, high: 10, series: ['s'], rows });
    assert.ok(svg.includes('a &lt; b &amp; c') && svg.startsWith('<svg') && svg.endsWith('</svg>\n'));
    assert.ok(!/NaN|Infinity|undefined/.test(svg));
  });
});
