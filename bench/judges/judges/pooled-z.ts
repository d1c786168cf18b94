import { minuteJudge, type Judge, type MinuteSums } from '../judge.ts';

/** Canary requests before the first look. */
const canaryRequestsMin = 50;

/** Upper 1 % point of the standard normal law. */
const critical = 2.3263478740408408;

/** O'Brien-Fleming constant for 60 equally spaced looks, one-sided 1 %. */
const obrienFleming60 = 2.503;

/**
 * Two-proportion z-test with pooled variance on the totals so far, looked at every minute as if each look were the only
 * one.
 */
export const pooledZ: Judge = zJudge('z peek', () => critical);

/** The same statistic with the O'Brien-Fleming bound for one look a minute in an hour. */
export const groupSequential: Judge = zJudge('GST OBF', (minute) => obrienFleming60 / Math.sqrt(minute / 60));

function zJudge(name: string, boundAt: (minute: number) => number): Judge {
  return minuteJudge(name, 0, () => {
    let totals: MinuteSums = { canaryTotal: 0, canaryBad: 0, stableTotal: 0, stableBad: 0 };
    return (minute, index) => {
      totals = {
        canaryTotal: totals.canaryTotal + minute.canaryTotal,
        canaryBad: totals.canaryBad + minute.canaryBad,
        stableTotal: totals.stableTotal + minute.stableTotal,
        stableBad: totals.stableBad + minute.stableBad,
      };
      if (totals.canaryTotal < canaryRequestsMin) return undefined;
      return zStatistic(totals) >= boundAt(index) ? 'rollback' : undefined;
    };
  });
}

/** Two-proportion z with pooled variance; 0 where it is not defined. */
export function zStatistic({ canaryTotal, canaryBad, stableTotal, stableBad }: MinuteSums): number {
  if (canaryTotal <= 0 || stableTotal <= 0) return 0;
  const pooled = (canaryBad + stableBad) / (canaryTotal + stableTotal);
  const variance = pooled * (1 - pooled) * (1 / canaryTotal + 1 / stableTotal);
  return variance <= 0 ? 0 : (canaryBad / canaryTotal - stableBad / stableTotal) / Math.sqrt(variance);
}
