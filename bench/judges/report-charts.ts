import { binomialInterval } from '../../src/analysis/judge/binomial-interval.ts';
import { detectionBound, promotionBound, requestsPerStep } from './bounds.ts';
import type { Cell } from './cell.ts';
import { tallyOf } from './demands.ts';
import { sluiceNames } from './line-up.ts';
import { familyCells } from './plan.ts';
import type { DotChart, Mark } from './plot.ts';
import type { Results } from './results.ts';
import { countOf, excessOf, stepQuantile } from './tally.ts';

const { standard, known, independent } = sluiceNames;

/** How often each judge rolls a healthy release back. */
export function falseAlarmChart(results: Results): DotChart {
  const series = ['Argo L3', 'Flagger 5', 'Kayenta 6x10', 'z peek', 'GST OBF', 'RatioE r0=1', standard, known];
  return {
    title: 'False rollbacks of healthy releases within an hour, with exact 95 % intervals',
    axis: 'per cent of the runs (logarithmic; 0.01 stands for none)',
    low: 0.01,
    high: 100,
    limit: { value: 1, label: 'promised: 1 %' },
    series,
    rows: familyCells
      .filter(({ isHealthy }) => isHealthy)
      .map((cell) => row(cell, series, (judge) => rateMark(results, cell, judge))),
  };
}

/** Excess bad requests over the bound that no test is below. */
export function excessChart(results: Results): DotChart {
  const series = ['Argo L3', 'Flagger 5', 'Kayenta 6x10', 'z peek', 'RatioE r0=1', standard, known, independent];
  const cells = familyCells.filter((cell) => detectionBound(cell, 1) !== undefined && cell.family !== 2);
  return {
    title: 'Bad requests because of the regression, as a multiple of the least that any test needs',
    axis: 'times the information bound at r0 = 1 (logarithmic)',
    low: 0.5,
    high: 200,
    limit: { value: 1, label: 'bound' },
    series,
    rows: cells.map((cell) => row(cell, series, (judge) => excessMark(results, cell, judge))),
  };
}

/** Time until a healthy release is promoted, over what any test needs. */
export function promotionChart(results: Results): DotChart {
  const cells = familyCells.filter((cell) => {
    const { harm, isHealthy } = cell;
    return (
      isHealthy &&
      requestsPerStep(cell) !== undefined &&
      harm !== undefined &&
      promotionBound(harm.stableRatio) < Infinity
    );
  });
  return {
    title: 'Median time until a healthy release is promoted',
    axis: 'minutes (logarithmic; 60 stands for later)',
    low: 0.25,
    high: 60,
    series: [standard, 'bound'],
    rows: cells.map((cell) => row(cell, [standard, 'bound'], (judge) => promotionMark(results, cell, judge))),
  };
}

function row(
  cell: Cell,
  series: readonly string[],
  mark: (judge: string) => Mark | undefined,
): DotChart['rows'][number] {
  return {
    label: cell.id.replace(/ (?:healthy|bad):/, ''),
    marks: series.map(mark).filter((one) => one !== undefined),
  };
}

function rateMark(results: Results, cell: Cell, judge: string): Mark | undefined {
  const tally = tallyOf(results, cell.id, judge);
  if (tally === undefined) return undefined;
  const hits = countOf(tally.rollbacks);
  const [low, high] = binomialInterval(hits, tally.runs);
  return { series: judge, value: (100 * hits) / tally.runs, low: 100 * low, high: 100 * high };
}

function excessMark(results: Results, cell: Cell, judge: string): Mark | undefined {
  const tally = tallyOf(results, cell.id, judge);
  const bound = detectionBound(cell, 1);
  if (tally === undefined || bound === undefined) return undefined;
  const { mean, half } = excessOf(tally);
  return {
    series: judge,
    value: mean / bound.excess,
    low: (mean - half) / bound.excess,
    high: (mean + half) / bound.excess,
  };
}

function promotionMark(results: Results, cell: Cell, judge: string): Mark | undefined {
  if (judge === 'bound') {
    const bound = promotionBound(cell.harm?.stableRatio ?? 1) / (requestsPerStep(cell) ?? 1) / 4;
    return { series: judge, value: bound };
  }
  const tally = tallyOf(results, cell.id, judge);
  return tally === undefined ? undefined : { series: judge, value: stepQuantile(tally.promotions, tally.runs) / 4 };
}
