import type { Judge } from '../judge.ts';
import { isHigh, rankCritical } from './kayenta.ts';
import { rankSumZ } from './rank-sum.ts';

/** Kayenta on the gauge: the mean of the canary's pods in each minute against that of the stable ones. */
export const kayentaOnGauge: Judge = gaugeJudge(
  'Kayenta 6x10',
  (minute, canary, stable) => minute % 10 === 0 && isHigh(canary, stable),
);

/** The rank-sum test on the same means, one-sided at 1 %, repeated every minute from the fifth on. */
export const mannWhitneyOnGauge: Judge = gaugeJudge(
  'Mann-Whitney repeated',
  (minute, canary, stable) => minute >= 5 && rankSumZ(canary, stable, 0) >= rankCritical,
);

type Samples = readonly number[];

function gaugeJudge(name: string, isBad: (minute: number, canary: Samples, stable: Samples) => boolean): Judge {
  return {
    name,
    delaySteps: 0,
    start() {
      const [canary, stable]: [number[], number[]] = [[], []];
      return {
        observe({ step, minuteEnds, gauge = [] }) {
          if (!minuteEnds || gauge.length === 0) return undefined;
          canary.push(meanOf(gauge.filter(({ role }) => role === 'canary')));
          stable.push(meanOf(gauge.filter(({ role }) => role === 'stable')));
          return isBad(step / 4, canary, stable) ? 'rollback' : undefined;
        },
      };
    },
  };
}

function meanOf(readings: readonly { readonly value: number }[]): number {
  return readings.reduce((sum, { value }) => sum + value, 0) / Math.max(1, readings.length);
}
