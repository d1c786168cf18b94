import { binomialInterval } from '../../src/analysis/judge/binomial-interval.ts';
import { burstRates, driftingRates, wanderingRates } from './noise.ts';
import { constantRates, plain, type Scenario } from './scenario.ts';

/**
 * Reference figures of a simulation by other code, in the form in which they were published: per cent as text, because
 * the digits say how they were rounded. 10,000 runs (Kayenta 1,000), an hour, 15 s steps, alpha 1 %.
 */
export interface ReferenceCell {
  readonly id: string;
  readonly scenario: Scenario;
  /** Rollbacks in per cent, by judge. */
  readonly rates: Readonly<Record<string, string>>;
  /** Mean excess bad requests, by judge. */
  readonly excess?: Readonly<Record<string, string>>;
}

/** The judges whose false alarms are published. */
export const falseAlarmJudges = [
  'Argo L0',
  'Argo L3',
  'Flagger 5',
  'Kayenta 6x10',
  'z peek',
  'GST OBF',
  'Lindon-Malek',
  'Turner',
  'RatioE r0=1',
];
const ramp = [0.05, 0.1, 0.25, 0.5];

/** Healthy canaries. */
const healthy: readonly ReferenceCell[] = [
  falseAlarms('200 rps p=.1 %', plain(200, 0.1, constantRates(0.001)), '0 0 0 0.1 11.2 1.2 .15 .26 .31'),
  falseAlarms('200 rps p=.9 %', plain(200, 0.1, constantRates(0.009)), '100 100 100 0.8 9.9 1.2 .11 .15 .14'),
  falseAlarms('20 rps p=.5 %', plain(20, 0.1, constantRates(0.005)), '100 96 90 0.3 11.8 1.3 .16 .25 .27'),
  falseAlarms('2 rps p=.5 %', plain(2, 0.1, constantRates(0.005)), '97 46 26 0 12.1 2.0 .04 .22 .25'),
  falseAlarms('.5 rps p=1 %', plain(0.5, 0.1, constantRates(0.01)), '99 71 51 0 8.4 2.5 .02 .21 .30'),
  falseAlarms('shared burst to 5 %', plain(200, 0.1, burstRates(0.001, 1, 0.05)), '100 68 0 0.1 11.2 1.1 .17 .23 .27'),
  falseAlarms('ramp, p .1 to 1 %', plain(200, ramp, driftingRates(0.001, 0.01)), '81 2.3 0 0.4 100 100 - .24 .30'),
  falseAlarms('ramp, p 1 to .1 %', plain(200, ramp, driftingRates(0.01, 0.001)), '99 56 33 0 6.7 0 - .18 .16'),
  falseAlarms('clumps of 5', { ...plain(200, 0.1, constantRates(0.001)), clump: 5 }, '75 4.6 1.1 0 60 34 38 40 40'),
  falseAlarms('per-arm AR(1) sd .3', plain(200, 0.1, wanderingRates(0.005, 1, 0.3)), '78 24 16 21 53 37 33 32 32'),
];

const detectionJudges = ['Argo L3', 'Flagger 5', 'Kayenta 6x10', 'z peek', 'GST OBF', 'RatioE r0=1'];

/** Regressed canaries: detected per cent and mean excess bad requests. */
const regressed: readonly ReferenceCell[] = [
  detections('200 rps .1 to .2 %', 200, 0.1, 0.001, 2, '0 0 96 100 100 99.8', '72 72 36.5 7.8 24.8 19.7'),
  detections('200 rps .1 to .5 %', 200, 0.1, 0.001, 5, '1 0 100 100 100 100', '288 288 50.3 6.2 29.4 8.2'),
  detections('200 rps .1 to 5 %', 200, 0.1, 0.001, 50, '100 100 100 100 100 100', '235 353 588 59 69 14.7'),
  detections('200 rps .5 to .6 %', 200, 0.1, 0.005, 1.2, '30 14 47 94 87 42', '66 70 61 27 50 61'),
  detections('20 rps .5 to 1.5 %', 20, 0.1, 0.005, 3, '100 100 100 100 100 100', '8.8 12 25 4.9 18.5 11.6'),
  detections('20 rps .5 to 5 %', 20, 0.1, 0.005, 10, '100 100 100 100 100 100', '22 33 55 5.9 25 5.9'),
  detections('2 rps .5 to 5 %', 2, 0.1, 0.005, 10, '100 100 20 100 100 100', '4.8 6.5 31 3.1 7.5 5.2'),
  detections('2 rps .5 to 20 %', 2, 0.1, 0.005, 40, '100 100 100 100 100 100', '10 15 29 11 12 3.9'),
  detections('1 % share .1 to 1 %', 200, 0.01, 0.001, 10, '100 100 91 100 100 100', '12 16 35 2.1 8 4.3'),
];

/** All reference cells. */
export const referenceCells: readonly ReferenceCell[] = [...healthy, ...regressed];

function falseAlarms(name: string, scenario: Scenario, rates: string): ReferenceCell {
  return { id: `reference/healthy, ${name}`, scenario, rates: byJudge(falseAlarmJudges, rates) };
}

function detections(
  name: string,
  rps: number,
  share: number,
  stable: number,
  ratio: number,
  rates: string,
  excess: string,
): ReferenceCell {
  return {
    id: `reference/regressed, ${name}`,
    scenario: plain(rps, share, constantRates(stable, ratio)),
    rates: byJudge(detectionJudges, rates),
    excess: byJudge(detectionJudges, excess),
  };
}

function byJudge(judges: readonly string[], row: string): Readonly<Record<string, string>> {
  const values = row.split(' ');
  return Object.fromEntries(
    judges.map((judge, index) => [judge, values[index] ?? '-'] as const).filter(([, v]) => v !== '-'),
  );
}

/** Whether a rate of ours and a published one can be the same: their exact 99 % intervals overlap. */
export function ratesAgree(hits: number, runs: number, published: string, publishedRuns: number): boolean {
  const [least, most] = [Number(published) - rounding(published), Number(published) + rounding(published)];
  const toHits = (percent: number): number => Math.min(publishedRuns, Math.max(0, (percent / 100) * publishedRuns));
  const [low, high] = binomialInterval(hits, runs, 0.99);
  const [publishedLow] = binomialInterval(Math.floor(toHits(least)), publishedRuns, 0.99);
  const [, publishedHigh] = binomialInterval(Math.ceil(toHits(most)), publishedRuns, 0.99);
  return low <= publishedHigh && publishedLow <= high;
}

/** Whether mean excess bad requests are within 10 % of a published figure, besides its rounding. */
export function excessAgrees(mean: number, published: string): boolean {
  return Math.abs(mean - Number(published)) <= 0.1 * Number(published) + rounding(published);
}

/** Half a unit of the last digit. */
function rounding(published: string): number {
  return 0.5 * 10 ** -(published.split('.')[1]?.length ?? 0);
}
