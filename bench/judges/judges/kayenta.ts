import { minuteJudge, type Judge } from '../judge.ts';
import { findZero } from './find-zero.ts';
import { rankSumZ } from './rank-sum.ts';
import { minuteRatio } from './threshold.ts';

/** Upper 1 % point of the standard normal law: Kayenta's interval has 98 %. */
export const rankCritical = 2.3263478740408408;

/** Part of the estimated shift that counts as no change. */
const tolerance = 0.25;

/** More than a search for a shift can miss it by. */
const searchWidth = 1e-4;

/**
 * Whether Kayenta's NetflixACAJudge calls a metric "High" (direction: increase, no effect size configured): it inverts
 * the rank-sum test to a 98 % confidence interval and an estimate of the shift between the samples, and says "High"
 * when the lower limit is above a quarter of the estimate. Facts: spinnaker/kayenta, MannWhitneyClassifier.scala and
 * MannWhitney.scala.
 */
export function isHigh(experiment: readonly number[], control: readonly number[]): boolean {
  if (new Set([...experiment, ...control]).size < 2) return false;
  // z falls with the shift: the lower limit cannot be above 0 then. Saves two searches for most healthy samples.
  if (rankSumZ(experiment, control, -searchWidth) <= rankCritical) return false;
  const low = Math.min(...experiment) - Math.max(...control);
  const high = Math.max(...experiment) - Math.min(...control);
  const estimate = findZero((shift) => rankSumZ(experiment, control, shift), low, high);
  return lowerLimit(experiment, control, low, high) > tolerance * Math.abs(estimate);
}

function lowerLimit(experiment: readonly number[], control: readonly number[], low: number, high: number): number {
  const above = (shift: number): number => rankSumZ(experiment, control, shift) - rankCritical;
  if (above(low) <= 0) return low;
  return above(high) >= 0 ? high : findZero(above, low, high);
}

/**
 * Kayenta on one metric, the bad ratio of each minute, against all stable traffic: a look after each `windowMinutes`
 * over everything so far (its default look-back grows). One metric that is "High" makes the score 0, below any pass
 * mark. A minute without a request has the value 0 (its default for missing values).
 */
export function kayenta(windowMinutes: number): Judge {
  return minuteJudge(`Kayenta ${60 / windowMinutes}x${windowMinutes}`, 0, () => {
    const experiment: number[] = [];
    const control: number[] = [];
    return (minute, index) => {
      experiment.push(minute.canaryTotal > 0 ? minuteRatio(minute) : 0);
      control.push(minute.stableTotal > 0 ? minute.stableBad / minute.stableTotal : 0);
      return index % windowMinutes === 0 && isHigh(experiment, control) ? 'rollback' : undefined;
    };
  });
}

/** Minutes before the first repeated look. */
const minutesMin = 5;

/** The rank-sum test, one-sided at 1 %, repeated every minute as if each look were the only one. */
export const mannWhitneyRepeated: Judge = minuteJudge('Mann-Whitney repeated', 0, () => {
  const experiment: number[] = [];
  const control: number[] = [];
  return (minute, index) => {
    if (minute.canaryTotal > 0 && minute.stableTotal > 0) {
      experiment.push(minuteRatio(minute));
      control.push(minute.stableBad / minute.stableTotal);
    }
    return index >= minutesMin && rankSumZ(experiment, control, 0) >= rankCritical ? 'rollback' : undefined;
  };
});
