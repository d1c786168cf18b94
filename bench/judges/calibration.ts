import type { Judge } from './judge.ts';
import { minuteJudge } from './judge.ts';
import { ratioOne } from './judges/evidence.ts';
import { sluice } from './judges/sluice.ts';
import { flagger5, minuteRatio, threshold, thresholdL0, thresholdL3, type ThresholdRule } from './judges/threshold.ts';
import { sluiceNames } from './line-up.ts';
import { burstRates } from './noise.ts';
import { playRun } from './play.ts';
import { constantRates, plain, podsFor, type Scenario } from './scenario.ts';

/** A release that is compared with calibrated thresholds, and the healthy one that they are calibrated on. */
export interface CalibratedCell {
  readonly id: string;
  readonly scenario: Scenario;
  readonly twin: string;
}

/** Healthy releases by name. */
export const twins: Readonly<Record<string, Scenario>> = {
  '20 rps .5 %': plain(20, 0.1, constantRates(0.005)),
  '200 rps .1 %': plain(200, 0.1, constantRates(0.001)),
  '200 rps .1 % with a burst': plain(200, 0.1, burstRates(0.001, 1, 0.05)),
  '2 rps .5 %': plain(2, 0.1, constantRates(0.005)),
};

/** The nine cells: 10 % share, one hour. */
export const calibratedCells: readonly CalibratedCell[] = [
  cell('20 rps .5 %', 20, 0.005, 3),
  cell('20 rps .5 %', 20, 0.005, 10),
  cell('200 rps .1 %', 200, 0.001, 2),
  cell('200 rps .1 %', 200, 0.001, 5),
  cell('200 rps .1 %', 200, 0.001, 50),
  burstCell(5),
  burstCell(50),
  cell('2 rps .5 %', 2, 0.005, 10),
  cell('2 rps .5 %', 2, 0.005, 40),
];

/** The rules that are calibrated. */
export const calibratedRules: readonly ThresholdRule[] = [thresholdL0, thresholdL3, flagger5];

/** Rate of false alarms that thresholds are calibrated to. */
const falseAlarmRate = 0.01;

/** Runs of a twin that a limit is computed of. */
export const calibrationRuns = 4000;

/** Lowest limit of each rule at which at most 1 % of the healthy runs are rolled back, in the order of the rules. */
export type Limits = readonly number[];

/**
 * Calibrates the rules on a healthy release, which tells them the true ratio and the true traffic. A rule with n
 * failures rolls a run back when the n-th largest of its minute ratios is above the limit; of those that act later
 * the last minute does not count.
 */
export function calibrate(twin: string, runs = calibrationRuns): Limits {
  const scenario = twins[twin];
  if (scenario === undefined) throw new Error(`there is no healthy release ${twin}`);
  const decisive = calibratedRules.map((): number[] => []);
  for (let run = 0; run < runs; run += 1) {
    const ratios: number[] = [];
    playRun(`calibration/${twin}`, run, scenario, [recorder(ratios)]);
    calibratedRules.forEach(({ failures, delaySteps }, index) => {
      const counted = ratios.slice(0, ratios.length - Math.ceil(delaySteps / 4));
      const sorted = counted.sort((first, second) => second - first);
      decisive[index]?.push(sorted[failures - 1] ?? 0);
    });
  }
  return decisive.map((values) => {
    const sorted = values.sort((first, second) => second - first);
    return sorted[Math.floor(falseAlarmRate * runs)] ?? 0;
  });
}

/** Remembers the ratio of each minute and never decides. */
function recorder(ratios: number[]): Judge {
  return minuteJudge('recorder', 0, () => (minute) => {
    ratios.push(minuteRatio(minute));
    return undefined;
  });
}

/** Judges that play a calibrated cell. */
export function calibratedJudges(limits: Limits): readonly Judge[] {
  return [
    ...calibratedRules.map((rule, index) =>
      threshold({ ...rule, name: `${rule.name} calibrated`, limit: limits[index] ?? rule.limit }),
    ),
    ratioOne,
    sluice(sluiceNames.standard, {}),
    sluice(sluiceNames.known, {}, true),
    sluice(sluiceNames.share, { rollbackTest: 'share' }),
    sluice(sluiceNames.independent, { rollbackTest: 'independent' }),
    sluice(`${sluiceNames.independent} r0=1`, { rollbackTest: 'independent', ratio: 1 }),
  ];
}

function cell(twin: string, rps: number, stable: number, ratio: number): CalibratedCell {
  const scenario = { ...plain(rps, 0.1, constantRates(stable, ratio)), pods: podsFor(0.1) };
  return { id: `calibrated/${twin} x ${ratio}`, twin, scenario };
}

function burstCell(ratio: number): CalibratedCell {
  const scenario = { ...plain(200, 0.1, burstRates(0.001, ratio, 0.05)), pods: podsFor(0.1) };
  return { id: `calibrated/200 rps .1 % with a burst x ${ratio}`, twin: '200 rps .1 % with a burst', scenario };
}
