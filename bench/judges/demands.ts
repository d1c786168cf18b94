import { binomialInterval } from '../../src/analysis/judge/binomial-interval.ts';
import { detectionBound, excessPerRequest, floorOf, promotionBound, requestsPerStep } from './bounds.ts';
import { calibratedCells, calibratedRules } from './calibration.ts';
import type { Cell } from './cell.ts';
import { sluiceNames } from './line-up.ts';
import { familyCells } from './plan.ts';
import type { Results } from './results.ts';
import { stepSeconds, stepsMax } from './scenario.ts';
import { countOf, excessOf, stepQuantile, type Tally } from './tally.ts';

/** One figure that has to be on the right side of a limit. */
export interface Check {
  readonly cell: string;
  readonly judge: string;
  readonly runs: number;
  /** The figure at the unfavourable end of its 95 % interval. */
  readonly figure: number;
  readonly limit: number;
  /** Open: the interval reaches over the limit, but too few runs were played to hold that against the judge. */
  readonly state: 'held' | 'missed' | 'open';
  readonly unit: '%' | 'bad requests' | 'scrapes' | 'times';
}

/** Runs that every figure should rest on. With as many an interval on the wrong side is a miss. */
export const runsWanted = 4000;

/** Something that must hold, in all cells where it can be asked. */
export interface Demand {
  readonly text: string;
  readonly checks: readonly Check[];
}

/** What we aim at beyond that. */
export function aimsOf(results: Results): readonly Demand[] {
  return [
    demand('Excess bad requests with independent errors vouched for at most 1.6 x the bound at r0 = 1.5', (cell) =>
      excessOfRatio(results, cell, sluiceNames.independent, 1.5),
    ),
  ];
}

/** All demands on our judge, with the figures that are there. */
export function demandsOn(results: Results): readonly Demand[] {
  const { standard, known, independent } = sluiceNames;
  const both = (cell: Cell): readonly string[] => (cell.isIndependent ? [standard, independent] : [standard]);
  return [
    demand('Healthy releases: false rollbacks of the default at most 1 % in every family', (cell) =>
      cell.isHealthy ? falseAlarms(results, cell, standard) : [],
    ),
    demand('Healthy releases, once the hour before is known: false rollbacks of the default at most 1 %', (cell) =>
      cell.isHealthy ? falseAlarms(results, cell, known) : [],
    ),
    demand('Healthy releases with independent errors vouched for: false rollbacks at most 1 %', (cell) =>
      cell.isHealthy && cell.isIndependent ? falseAlarms(results, cell, independent) : [],
    ),
    demand(
      'Promoted in at least 95 %, where p is at most half of what is acceptable and traffic is 5 x the bound',
      (cell) => [...promoted(results, cell, standard), ...promoted(results, cell, known)],
    ),
    demand('Detection by the default at least 99 %, where the hour holds 8 x its bound and its stated floor', (cell) =>
      detected(results, cell, standard, 1.5, 8),
    ),
    demand('Detection by the default once the hour before is known: the same without the floor of patience', (cell) =>
      detected(results, cell, known, 1.5, 8),
    ),
    demand('Detection by RatioE at least 99 %, where the hour holds 5 x the bound', (cell) =>
      detected(results, cell, 'RatioE r0=1', 1, 5),
    ),
    demand('Excess bad requests of the default at most 3 x the bound at r0 = 1.5, or its stated floor', (cell) =>
      excessOfDefault(results, cell, standard),
    ),
    demand('Excess bad requests once the hour before is known: the same without the floor of patience', (cell) =>
      excessOfDefault(results, cell, known),
    ),
    demand('Excess bad requests of RatioE at most 1.6 x the bound and one scrape, r = 2 to 10', (cell) =>
      excessOfRatio(results, cell, 'RatioE r0=1', 1),
    ),
    demand('A canary that answers only badly, at 50 and 75 %: at most 12 scrapes, 2 with independent errors', (cell) =>
      cell.id.includes('only bad') && cell.scenario.shares[0] !== 0.1
        ? both(cell).flatMap((judge) => slowest(results, cell, judge, judge === standard ? 12 : 2))
        : [],
    ),
    demand('The check of stable against itself refuses RatioE in at least 99 % of clumped runs', (cell) =>
      cell.isHealthy && cell.scenario.clump > 1 ? admissions(results, cell, { limit: 0.01, isMost: true }) : [],
    ),
    demand('It admits RatioE in at least 95 % of independent runs with 500 bad events of stable or more', (cell) =>
      stableBad(cell) >= 500 ? admissions(results, cell, { limit: 0.95, isMost: false }) : [],
    ),
    calibratedDemand(results),
  ];
}

/** The tally of a judge in a cell, if it was played. */
export function tallyOf(results: Results, cell: string, judge: string): Tally | undefined {
  const tally = results.cells[cell]?.[judge]?.tally;
  return tally !== undefined && tally.runs > 1 ? tally : undefined;
}

function demand(text: string, checksOf: (cell: Cell) => readonly Check[]): Demand {
  return { text, checks: familyCells.flatMap(checksOf) };
}

function falseAlarms(results: Results, cell: Cell, judge: string): readonly Check[] {
  const tally = tallyOf(results, cell.id, judge);
  if (tally === undefined) return [];
  return [rateCheck(cell, judge, tally, countOf(tally.rollbacks), { limit: 0.01, isMost: true })];
}

function admissions(results: Results, cell: Cell, limit: RateLimit): readonly Check[] {
  const tally = tallyOf(results, cell.id, sluiceNames.standard);
  if (tally?.admitted === undefined) return [];
  return [rateCheck(cell, sluiceNames.standard, tally, tally.admitted, limit)];
}

/** Bad events of the stable side in the hour, of healthy releases with constant rates and independent errors. */
function stableBad({ isHealthy, isIndependent, harm, scenario }: Cell): number {
  const [share = 0, ...others] = scenario.shares;
  if (!isHealthy || !isIndependent || harm === undefined || others.length > 0) return 0;
  return scenario.rps * (1 - share) * stepSeconds * stepsMax * harm.stableRatio;
}

function promoted(results: Results, cell: Cell, judge: string): readonly Check[] {
  const tally = tallyOf(results, cell.id, judge);
  const perStep = requestsPerStep(cell);
  if (tally === undefined || !cell.isHealthy || cell.harm === undefined || perStep === undefined) return [];
  const { stableRatio } = cell.harm;
  if (stableRatio > 0.005 || perStep * stepsMax < 5 * promotionBound(stableRatio)) return [];
  return [rateCheck(cell, judge, tally, countOf(tally.promotions), { limit: 0.95, isMost: false })];
}

function detected(results: Results, cell: Cell, judge: string, ratioMax: number, multiple: number): readonly Check[] {
  const tally = tallyOf(results, cell.id, judge);
  const bound = detectionBound(cell, ratioMax);
  if (tally === undefined || bound === undefined || bound.multiple < multiple) return [];
  if (ratioMax > 1 && (floorOf(cell, isKnown(judge))?.scrapes ?? Infinity) > stepsMax) return [];
  return [rateCheck(cell, judge, tally, countOf(tally.rollbacks), { limit: 0.99, isMost: false })];
}

function excessOfDefault(results: Results, cell: Cell, judge: string): readonly Check[] {
  const tally = tallyOf(results, cell.id, judge);
  const bound = detectionBound(cell, 1.5);
  const floor = floorOf(cell, isKnown(judge));
  if (tally === undefined || bound === undefined || floor === undefined || bound.multiple < 8) return [];
  return [excessCheck(cell, judge, tally, Math.max(3 * bound.excess, floor.excess))];
}

function isKnown(judge: string): boolean {
  return judge === sluiceNames.known;
}

function excessOfRatio(results: Results, cell: Cell, judge: string, ratioMax: number): readonly Check[] {
  const tally = tallyOf(results, cell.id, judge);
  const bound = detectionBound(cell, ratioMax);
  const perStep = requestsPerStep(cell);
  const ratio = cell.harm?.ratio ?? 0;
  if (tally === undefined || bound === undefined || perStep === undefined || bound.multiple < 5) return [];
  if (ratio < 2 || ratio > 10 || cell.family > 2) return [];
  return [excessCheck(cell, judge, tally, 1.6 * bound.excess + perStep * excessPerRequest(cell))];
}

function slowest(results: Results, cell: Cell, judge: string, limit: number): readonly Check[] {
  const tally = tallyOf(results, cell.id, judge);
  if (tally === undefined) return [];
  const most = stepQuantile(tally.rollbacks, tally.runs, 1);
  const state = most <= limit ? 'held' : 'missed';
  return [{ cell: cell.id, judge, runs: tally.runs, figure: most, limit, state, unit: 'scrapes' }];
}

/** Times as many bad requests as `judge`, the geometric mean over the nine cells, for each rule. */
export function calibratedChecks(results: Results, judge: string): readonly Check[] {
  return calibratedRules.flatMap((rule) => {
    const pairs = calibratedCells.flatMap(({ id }) => {
      const [ours, theirs] = [tallyOf(results, id, judge), tallyOf(results, id, `${rule.name} calibrated`)];
      return ours === undefined || theirs === undefined
        ? []
        : [{ ours: excessOf(ours), theirs: excessOf(theirs), runs: ours.runs }];
    });
    if (pairs.length < calibratedCells.length) return [];
    const logs = pairs.map(({ ours, theirs }) => Math.log(theirs.mean / ours.mean));
    const variances = pairs.map(({ ours, theirs }) => (ours.half / ours.mean) ** 2 + (theirs.half / theirs.mean) ** 2);
    const mean = sum(logs) / logs.length;
    const figure = Math.exp(mean - Math.sqrt(sum(variances)) / logs.length);
    const runs = Math.min(...pairs.map((pair) => pair.runs));
    return [
      {
        cell: `nine cells, ${rule.name}`,
        judge,
        runs,
        figure,
        limit: 4,
        state: figure >= 4 ? ('held' as const) : ('missed' as const),
        unit: 'times' as const,
      },
    ];
  });
}

function calibratedDemand(results: Results): Demand {
  return {
    text: 'RatioE lets at least 4 x fewer bad requests pass than each calibrated threshold (geometric mean, nine cells)',
    checks: calibratedChecks(results, 'RatioE r0=1'),
  };
}

interface RateLimit {
  readonly limit: number;
  /** The rate must be at most the limit, or at least. */
  readonly isMost: boolean;
}

function rateCheck(cell: Cell, judge: string, { runs }: Tally, hits: number, { limit, isMost }: RateLimit): Check {
  const [low, high] = binomialInterval(hits, runs);
  const [figure, isHeld, isPossible] = isMost
    ? [high, high <= limit, low <= limit]
    : [low, low >= limit, high >= limit];
  const state = stateOf(runs, isHeld, isPossible);
  return { cell: cell.id, judge, runs, figure: 100 * figure, limit: 100 * limit, state, unit: '%' };
}

function excessCheck(cell: Cell, judge: string, tally: Tally, limit: number): Check {
  const { mean, half } = excessOf(tally);
  const state = stateOf(tally.runs, mean + half <= limit, mean - half <= limit);
  return { cell: cell.id, judge, runs: tally.runs, figure: mean + half, limit, state, unit: 'bad requests' };
}

function stateOf(runs: number, isHeld: boolean, isPossible: boolean): Check['state'] {
  if (isHeld) return 'held';
  return isPossible && runs < runsWanted ? 'open' : 'missed';
}

function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0);
}
