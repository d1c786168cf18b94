import { binomialInterval } from '../../src/analysis/judge/binomial-interval.ts';
import { promotionBound, requestsPerStep } from './bounds.ts';
import { calibratedCells, calibratedRules } from './calibration.ts';
import { families, type Cell } from './cell.ts';
import { calibratedChecks, tallyOf } from './demands.ts';
import { sluiceNames } from './line-up.ts';
import { familyCells } from './plan.ts';
import { excessAgrees, falseAlarmJudges, ratesAgree, referenceCells } from './reproduction.ts';
import type { Results } from './results.ts';
import { countOf, excessOf, stepQuantile, type Tally } from './tally.ts';

const baselines = [
  'Argo L0',
  'Argo L3',
  'Flagger 5',
  'Flagger 10',
  'Kayenta 6x10',
  'Mann-Whitney repeated',
  'z peek',
  'GST OBF',
  'Lindon-Malek',
  'RatioE r0=1',
  'ShareBet r0=1.5',
];
const ours = [sluiceNames.standard, sluiceNames.known, sluiceNames.independent];

/** Published runs of the reference figures. */
function publishedRuns(judge: string): number {
  return judge.startsWith('Kayenta') ? 1000 : 10_000;
}

/** Rates and bad requests beside the published ones. */
export function reproductionTable(results: Results): string {
  const rows = referenceCells.map((cell) => [
    cell.id.replace('reference/', ''),
    ...falseAlarmJudges.map((judge) => {
      const tally = tallyOf(results, cell.id, judge);
      const rate = cell.rates[judge];
      if (tally === undefined || rate === undefined) return '';
      const excess = cell.excess?.[judge];
      const { mean } = excessOf(tally);
      const isSame =
        ratesAgree(countOf(tally.rollbacks), tally.runs, rate, publishedRuns(judge)) &&
        (excess === undefined || excessAgrees(mean, excess));
      const bad = excess === undefined ? '' : `, ${digits(mean)} / ${excess} bad`;
      return `${percent(countOf(tally.rollbacks), tally.runs)} / ${rate} %${bad}${isSame ? '' : ' **MISS**'}`;
    }),
  ]);
  return table(['cell', ...falseAlarmJudges], rows);
}

/** False rollbacks, and what becomes of the run, of healthy releases. */
export function healthyTable(results: Results): string {
  const rows = familyCells
    .filter(({ isHealthy }) => isHealthy)
    .map((cell) => {
      const tally = tallyOf(results, cell.id, sluiceNames.standard);
      return [
        familyOf(cell),
        ...[...baselines, ...ours].map((judge) => rateOf(tallyOf(results, cell.id, judge))),
        ...(tally === undefined
          ? ['', '', '']
          : [
              intervalOf(tally),
              percent(tally.undecided, tally.runs),
              minutes(stepQuantile(tally.promotions, tally.runs)),
            ]),
        boundMinutes(cell),
      ];
    });
  return table(
    ['release', ...baselines, ...ours, '95 % interval of Sluice', 'undecided', 'median min to promote', 'bound, min'],
    rows,
  );
}

/** What is found, when, and what it cost, of bad releases. */
export function badTable(results: Results): string {
  const judges = [...baselines, ...ours];
  const rows = familyCells
    .filter(({ isHealthy }) => !isHealthy)
    .map((cell) => {
      const tally = tallyOf(results, cell.id, sluiceNames.standard);
      return [
        familyOf(cell),
        ...judges.map((judge) => detectionOf(tallyOf(results, cell.id, judge))),
        tally === undefined ? '' : percent(countOf(tally.promotions), tally.runs),
      ];
    });
  return table(['release', ...judges, 'Sluice promotes first, %'], rows);
}

/** Mean excess bad requests beside calibrated thresholds, and how many times as many those let pass. */
export function calibratedTable(results: Results): string {
  const rules = calibratedRules.map(({ name }) => `${name} calibrated`);
  const judges = ['RatioE r0=1', ...Object.values(sluiceNames), `${sluiceNames.independent} r0=1`];
  const rows = calibratedCells.map(({ id }) => [
    id.replace('calibrated/', ''),
    ...[...rules, ...judges].map((judge) => {
      const tally = tallyOf(results, id, judge);
      return tally === undefined
        ? ''
        : `${digits(excessOf(tally).mean)} (${percent(countOf(tally.rollbacks), tally.runs)} %)`;
    }),
  ]);
  const means = judges.map((judge) => [
    judge,
    ...calibratedChecks(results, judge).map(({ figure }) => `${digits(figure)} x`),
  ]);
  return [
    table(['cell', ...rules, ...judges], rows),
    'How many times fewer bad requests, geometric mean over the nine cells at the unfavourable end of its 95 % interval:',
    table(['judge', ...calibratedRules.map(({ name }) => name)], means),
  ].join('\n\n');
}

function familyOf({ id, family }: Cell): string {
  return `${families[family - 1] ?? ''}: ${id.replace(/^\d+ (?:healthy|bad): /, '')}`;
}

function rateOf(tally: Tally | undefined): string {
  return tally === undefined ? '' : percent(countOf(tally.rollbacks), tally.runs);
}

function intervalOf({ rollbacks, runs }: Tally): string {
  const [low, high] = binomialInterval(countOf(rollbacks), runs);
  return `${digits(100 * low)} to ${digits(100 * high)}`;
}

function detectionOf(tally: Tally | undefined): string {
  if (tally === undefined) return '';
  const median = minutes(stepQuantile(tally.rollbacks, tally.runs));
  return `${percent(countOf(tally.rollbacks), tally.runs)} / ${median} / ${digits(excessOf(tally).mean)}`;
}

function boundMinutes(cell: Cell): string {
  const perStep = requestsPerStep(cell);
  if (perStep === undefined || cell.harm === undefined) return '';
  const bound = promotionBound(cell.harm.stableRatio) / perStep / 4;
  return Number.isFinite(bound) ? digits(bound) : '-';
}

function minutes(step: number): string {
  return Number.isFinite(step) ? digits(step / 4) : '-';
}

function percent(hits: number, runs: number): string {
  return digits((100 * hits) / runs);
}

/** Three digits, but whole numbers whole. */
function digits(value: number): string {
  return Math.abs(value) >= 100 ? value.toFixed(0) : String(Number(value.toPrecision(3)));
}

function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const line = (fields: readonly string[]): string => `| ${fields.join(' | ')} |`;
  return [line(head), line(head.map(() => '---')), ...rows.map(line)].join('\n');
}
