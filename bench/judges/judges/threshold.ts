import { minuteJudge, type Judge, type MinuteSums } from '../judge.ts';

/** A rule that counts bad minutes of the canary, without looking at the stable side. */
export interface ThresholdRule {
  readonly name: string;
  /** A minute with a larger bad ratio is a failed one. */
  readonly limit: number;
  /** Failed minutes, in all, that make a rollback. */
  readonly failures: number;
  /** Steps between the verdict and its effect. */
  readonly delaySteps: number;
}

/** An analysis with a success condition on a one-minute ratio and a failure limit of 0 (one failure is too many). */
export const thresholdL0: ThresholdRule = { name: 'Argo L0', limit: 0.01, failures: 1, delaySteps: 0 };

/** The same with a failure limit of 3. */
export const thresholdL3: ThresholdRule = { name: 'Argo L3', limit: 0.01, failures: 4, delaySteps: 0 };

/** Flagger: success rate of at least 99 % over a minute, threshold 5; it acts in its next reconciliation. */
export const flagger5: ThresholdRule = { name: 'Flagger 5', limit: 0.01, failures: 5, delaySteps: 4 };

/** The same with threshold 10. */
export const flagger10: ThresholdRule = { name: 'Flagger 10', limit: 0.01, failures: 10, delaySteps: 4 };

/** A threshold rule as a judge. A minute without a request is a failed one: its ratio is not a number. */
export function threshold(rule: ThresholdRule): Judge {
  return minuteJudge(rule.name, rule.delaySteps, () => {
    let failed = 0;
    return (minute) => {
      if (minuteRatio(minute) > rule.limit) failed += 1;
      return failed >= rule.failures ? 'rollback' : undefined;
    };
  });
}

/** Bad ratio of the canary in a minute; infinite for one without a request. */
export function minuteRatio({ canaryTotal, canaryBad }: MinuteSums): number {
  return canaryTotal > 0 ? canaryBad / canaryTotal : Infinity;
}
