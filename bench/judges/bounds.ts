import { manyBadEvents, patience } from '../../src/analysis/judge/early-doubt.ts';
import { binomialDivergence, informationGrowth } from '../../src/analysis/judge/information-growth.ts';
import type { Cell } from './cell.ts';
import type { Observation } from './judge.ts';
import { configOf, sluice } from './judges/sluice.ts';
import { stepSeconds, stepsMax, type Scenario } from './scenario.ts';

/** What no test can do better than, for a cell with constant rates and a constant share. */
export interface Bound {
  /** Canary requests that any test of level 1 % needs on average. */
  readonly requests: number;
  /** Excess bad requests in these. */
  readonly excess: number;
  /** How many times the hour holds these requests. */
  readonly multiple: number;
}

/** Canary requests in a step, for a constant share. */
export function requestsPerStep({ scenario }: Cell): number | undefined {
  const [share = 0, ...others] = scenario.shares;
  return others.length > 0 ? undefined : scenario.rps * share * stepSeconds;
}

/** The bound against a null hypothesis of `ratioMax`; undefined where there is none. */
export function detectionBound(cell: Cell, ratioMax: number): Bound | undefined {
  const perStep = requestsPerStep(cell);
  const { harm } = cell;
  const [canaryShare = 0] = cell.scenario.shares;
  if (perStep === undefined || harm === undefined || harm.ratio <= ratioMax) return undefined;
  const growth = informationGrowth({ ...harm, ratioMax, canaryShare });
  const requests = Math.log(100) / growth;
  const excess = requests * excessPerRequest(cell);
  return { requests, excess, multiple: (perStep * stepsMax) / requests };
}

/** Excess bad requests of one request to the canary. */
export function excessPerRequest({ harm }: Cell): number {
  return harm === undefined ? 0 : harm.stableRatio * (harm.ratio - 1);
}

/** Canary requests that show a bad ratio below what is acceptable, at beta 5 %, on average. */
export function promotionBound(stableRatio: number): number {
  const { settings } = configOf({});
  const acceptable = settings.kinds[0]?.acceptableRatio ?? 0;
  return stableRatio >= acceptable
    ? Infinity
    : Math.log(1 / settings.beta) / binomialDivergence(stableRatio, acceptable);
}

type FloorOptions = Pick<Scenario, 'configuration' | 'badEvent'>;

/**
 * Scrapes with errors that the default judge needs at this share when every error is the canary's: its floor, whatever
 * the rate. Played with the judge itself, one error in each scrape.
 */
export function scrapeFloor(share: number, { configuration = {}, badEvent = 'errors' }: FloorOptions = {}): number {
  const play = sluice('floor', configuration).start();
  const total = 10_000;
  const increment = {
    canaryTotal: Math.round(total * share),
    canaryBad: 1,
    stableTotal: Math.round(total * (1 - share)),
    stableBad: 0,
  };
  for (let step = 1; step <= stepsMax; step += 1) {
    const looks = { [badEvent]: { increment, stableRead: true } };
    const observation: Observation = { step, minuteEnds: false, increment, looks };
    if (play.observe(observation) === 'rollback') return step;
  }
  return Infinity;
}

/**
 * The stated floor of a cell: scrapes until so many had an error of the canary, or those for which so small a ratio has
 * to last in a service with so many errors that nothing is known of; and the excess bad requests in them.
 */
export function floorOf(
  cell: Cell,
  isKnown: boolean,
): { readonly scrapes: number; readonly excess: number } | undefined {
  const perStep = requestsPerStep(cell);
  if (perStep === undefined || cell.harm === undefined) return undefined;
  const [share = 0] = cell.scenario.shares;
  const errorsPerStep = perStep * cell.harm.stableRatio * cell.harm.ratio;
  const robust = scrapeFloor(share, cell.scenario) / (1 - Math.exp(-errorsPerStep));
  const scrapes = isKnown ? robust : Math.max(robust, scrapesOfPatience(cell));
  return { scrapes, excess: scrapes * perStep * excessPerRequest(cell) };
}

/** Scrapes for which the ratio of a cell has to last before it is held against the canary; 0 where it need not. */
function scrapesOfPatience({ scenario, harm }: Cell): number {
  const [share = 0] = scenario.shares;
  const stableBad = scenario.rps * (1 - share) * stepSeconds * (harm?.stableRatio ?? 0);
  if (stableBad < manyBadEvents) return 0;
  return Math.max(0, ...patience.filter(({ ratio }) => (harm?.ratio ?? 0) < ratio).map(({ looks }) => looks));
}
