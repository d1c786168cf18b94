import { writeFileSync } from 'node:fs';

import { manyBadEvents, patience, restlessFactor } from '../../src/analysis/judge/early-doubt.ts';
import { scrapeFloor } from './bounds.ts';
import { aimsOf, demandsOn, runsWanted, type Check, type Demand } from './demands.ts';
import { sluiceNames } from './line-up.ts';
import { jobs } from './plan.ts';
import { seed } from './play.ts';
import { drawDotChart } from './plot.ts';
import { excessChart, falseAlarmChart, promotionChart } from './report-charts.ts';
import { badTable, calibratedTable, healthyTable, reproductionTable } from './report-tables.ts';
import { judgeSource, reportFolder, type Results } from './results.ts';

/** Writes the report and its pictures. */
export function writeReport(results: Results): void {
  writeFileSync(`${reportFolder}false-alarms.svg`, drawDotChart(falseAlarmChart(results)));
  writeFileSync(`${reportFolder}excess.svg`, drawDotChart(excessChart(results)));
  writeFileSync(`${reportFolder}promotion.svg`, drawDotChart(promotionChart(results)));
  writeFileSync(`${reportFolder}report.md`, describeReport(results));
}

/** Each demand with hit or miss, as text for a terminal. */
export function describeLines(results: Results): string {
  return demandsOn(results)
    .map((demand) => `${answerOf(demand).padEnd(36)} ${demand.text}`)
    .join('\n');
}

function describeReport(results: Results): string {
  const [demands, aims] = [demandsOn(results), aimsOf(results)];
  return (
    [
      '# How judges of a release compare',
      ...introduction(results),
      '## What must hold',
      'The unfavourable end of the 95 % interval counts: Clopper and Pearson for rates, the normal law for means. With fewer than 4,000 runs a figure whose interval reaches over the limit is open.',
      statedFloor(),
      demandTable(demands),
      '### Misses',
      ...misses(demands),
      '## What we aim at beyond that',
      'RatioE alone keeps to 1.6 times the bound. Our judge with independent errors vouched for divides its attention between errors, latency and restarts, single pods and harm that begins late, and pays for that in every one of them.',
      demandTable(aims),
      ...(aims.some(({ checks }) => checks.some(({ state }) => state === 'missed')) ? misses(aims) : []),
      '## Baselines are as published',
      'Published figures come from a simulation by other code (10,000 runs, Kayenta 1,000). Rates agree when the exact 99 % intervals of both samples overlap, bad requests when they are within 10 %; half a unit of the last published digit is allowed for in both. Each field: ours / published, and MISS where they do not agree.',
      reproductionTable(results),
      '## Healthy releases',
      'Rollbacks in an hour, in per cent. For our judge also the 95 % interval, runs that ended undecided, and the median minutes until it says that the canary is good enough; the bound is what any test of that promise needs.',
      '![False rollbacks of healthy releases](false-alarms.svg)',
      healthyTable(results),
      '![Time to promote](promotion.svg)',
      '## Bad releases',
      'Each field: detected in per cent / median minutes / mean excess bad requests until the verdict takes effect, or in the hour. A judge that alarms on the healthy twin too is no better for being quick: see the table above. The last column is how often an inline run of our judge would have ended with a promotion before; that is no mistake where the bad ratio of the canary is below the acceptable 1 %.',
      '![Excess bad requests](excess.svg)',
      badTable(results),
      '## Thresholds that know the truth',
      'Thresholds here are calibrated on the healthy twin to 1 % false rollbacks, which tells them the true ratio and traffic. Mean excess bad requests; 10 % share, one hour.',
      calibratedTable(results),
      ...limitations,
    ].join('\n\n') + '\n'
  );
}

/** The least number of scrapes that the default needs, from the judge itself. */
function statedFloor(): string {
  const robust = [0.1, 0.5, 0.75].map((share) => `${scrapeFloor(share)} at ${100 * share} %`).join(', ');
  const lasting = patience.map(({ looks, ratio }) => `${looks} scrapes below ${ratio} times`).join(', ');
  return [
    `The stated floor of the default, as in [docs/judging.md](../../../docs/judging.md): by share of the canary it needs`,
    `${robust} scrapes with an error when every error is the canary's. Where stable has ${manyBadEvents} bad events in`,
    `a scrape or more, a ratio has to last: ${lasting}. Otherwise two sides that wander could not be told from harm.`,
    `Where the hour before showed stable to be calm nothing has to last; where it showed a movement, or the run does,`,
    `it has to last ${restlessFactor} times as long.`,
  ].join(' ');
}

function introduction(results: Results): readonly string[] {
  const runs = jobs.flatMap(({ id, runsMax }) =>
    Object.values(results.cells[id] ?? {}).map(({ tally }) => (tally.runs >= runsMax ? runsWanted : tally.runs)),
  );
  const complete = runs.filter((count) => count >= runsWanted).length;
  const source = judgeSource();
  const ours = Object.values(results.cells).flatMap((entries) =>
    Object.entries(entries).filter(([name]) => name.startsWith(sluiceNames.standard)),
  );
  const stale = ours.filter(([, entry]) => entry.source !== source).length;
  const partial =
    complete === runs.length
      ? `Every figure rests on ${runsWanted} runs.`
      : `**This is not the full run yet**: ${complete} of ${runs.length} figures rest on ${runsWanted} runs or all that their cell has; the fewest are ${Math.min(...runs)}. Where fewer runs were played, intervals are wider and more demands are missed.`;
  return [
    `Written by \`npm run bench:judges\` at commit ${results.commit}, seed ${seed}, ${results.hours.toFixed(2)} hours of processor time in all. ${partial}`,
    stale === 0
      ? 'The figures of our judge are those of the sources of that commit.'
      : `${stale} of ${ours.length} figures of our judge are of earlier sources and will be computed again by the next run.`,
    'Every run is an hour of scrapes, every 15 s: Poisson requests, binomial errors, unless the cell says otherwise. All judges of a cell see the same requests. Our judge is fed with counters of pods through the functions of the plug-in, with its default settings and nothing known of the service (**Sluice**), with the hour before the release read as it is from Prometheus (**Sluice, service known**), or with independent errors vouched for (**Sluice independent**). **RatioE r0=1** and **ShareBet r0=1.5** are its tests alone.',
  ];
}

function demandTable(demands: readonly Demand[]): string {
  return ['| demand | cells | worst cell | figure | limit |', '|---|---|---|---|---|', ...demands.map(demandRow)].join(
    '\n',
  );
}

function demandRow(demand: Demand): string {
  const worst = worstOf(demand.checks);
  const tail =
    worst === undefined ? ['', '', ''] : [worst.cell, figureOf(worst.figure, worst), figureOf(worst.limit, worst)];
  return `| ${[demand.text, answerOf(demand), ...tail].join(' | ')} |`;
}

/** E.g. `MISS: 12 held, 3 open, 1 missed`. */
function answerOf({ checks }: Demand): string {
  const count = (state: Check['state']): number => checks.filter((check) => check.state === state).length;
  if (checks.length === 0) return 'not played';
  const answer = count('missed') > 0 ? 'MISS' : count('open') > 0 ? 'open' : 'hit';
  return `${answer}: ${count('held')} held, ${count('open')} open, ${count('missed')} missed`;
}

/** The check that is furthest on the wrong side, or nearest to it. */
function worstOf(checks: readonly Check[]): Check | undefined {
  const ratio = ({ figure, limit, unit }: Check): number => {
    const isLeast = unit === 'times' || (unit === '%' && limit > 50);
    return isLeast ? limit / Math.max(figure, 1e-9) : figure / limit;
  };
  return checks.toSorted((first, second) => ratio(second) - ratio(first))[0];
}

function misses(demands: readonly Demand[]): readonly string[] {
  const lines = demands.flatMap(({ text, checks }) => {
    const missed = checks.filter(({ state }) => state === 'missed');
    if (missed.length === 0) return [];
    return [
      `- ${text}:`,
      ...missed.map(
        (one) =>
          `  - ${one.cell}: ${one.judge} ${figureOf(one.figure, one)}, limit ${figureOf(one.limit, one)} (${one.runs} runs)`,
      ),
    ];
  });
  return lines.length === 0 ? ['None.'] : [lines.join('\n')];
}

function figureOf(value: number, { unit }: Check): string {
  return `${Number.isFinite(value) ? Number(value.toPrecision(4)) : 'never'} ${unit === 'times' ? 'x' : unit}`;
}

const limitations: readonly string[] = [
  '## What is not in here',
  [
    '- Family 5 (memory and CPU): only judges that look at gauges play. Gauges are judged where somebody names them, so this is not the default.',
    '- Latencies are judged by one boundary, the objective; that is what the judge does with them today. Native histograms are not played.',
    '- Scrapes come every 15 s without jitter. A clump of errors never crosses a scrape.',
    '- Kayenta with three looks of 60 minutes cannot decide within the hour and is left out, as are equal-size baselines: all stable traffic is the control.',
    '- Counts with a mean above 30 are drawn from the rounded normal law.',
  ].join('\n'),
];
