import type { GaugeReading } from '../../src/analysis/judge/gauge.ts';
import type { KindLook } from '../../src/analysis/judge/judge.ts';
import type { Knowledge } from '../../src/analysis/judge/knowledge.ts';
import type { Increment } from '../../src/analysis/judge/sequential-test.ts';

/** What a judge is told at each scrape, every 15 s. */
export interface Observation {
  /** From 1 on. */
  readonly step: number;
  /** True at each fourth step: judges that look once a minute look then. */
  readonly minuteEnds: boolean;
  /** What was counted since the last comparison of both sides; absent when one side could not be read. */
  readonly increment: Increment | undefined;
  /** The same, and more, in the form in which the controller hands it to the judge; by kind of bad event. */
  readonly looks: Readonly<Record<string, KindLook>>;
  /** Values of the pods' gauge, where the release has one. */
  readonly gauge?: readonly GaugeReading[];
}

export type Decision = 'rollback' | 'promote';

/** A way to judge a release, and one that is under way. */
export interface Judge {
  readonly name: string;
  /** Steps between its verdict and its effect, beyond the scrape itself. */
  readonly delaySteps: number;
  /** `hourBefore` answers what the stable side taught in the hour before the release, by kind of bad event. */
  start(hourBefore?: () => Readonly<Record<string, Knowledge>>): JudgePlay;
}

/**
 * Takes one observation in. `promote` may be answered at any number of steps; a `rollback` ends the play. A judge that
 * said `promote` goes on as a background judge would, so that false alarms are counted over the whole horizon.
 */
export interface JudgePlay {
  observe(observation: Observation): Decision | undefined;
  /** Whether the check of stable against itself ever admitted the test that needs independent errors. */
  usedRatioTest?(): boolean;
}

/** Counts of whole minutes, for judges that look once a minute. */
export interface MinuteSums {
  readonly canaryTotal: number;
  readonly canaryBad: number;
  readonly stableTotal: number;
  readonly stableBad: number;
}

/** A judge that is asked at the end of each minute, with the counts of that minute. */
export function minuteJudge(
  name: string,
  delaySteps: number,
  begin: () => (minute: MinuteSums, index: number) => Decision | undefined,
): Judge {
  return {
    name,
    delaySteps,
    start() {
      const decide = begin();
      let [canaryTotal, canaryBad, stableTotal, stableBad] = [0, 0, 0, 0];
      let minutes = 0;
      return {
        observe({ increment, minuteEnds }) {
          if (increment !== undefined) {
            canaryTotal += increment.canaryTotal;
            canaryBad += increment.canaryBad;
            stableTotal += increment.stableTotal;
            stableBad += increment.stableBad;
          }
          if (!minuteEnds) return undefined;
          minutes += 1;
          const decision = decide({ canaryTotal, canaryBad, stableTotal, stableBad }, minutes);
          [canaryTotal, canaryBad, stableTotal, stableBad] = [0, 0, 0, 0];
          return decision;
        },
      };
    },
  };
}
