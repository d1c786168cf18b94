import { seededRandom } from '../../src/base/random.ts';
import { counterFeed, readGaugeValues } from './feed.ts';
import { hourBefore } from './hour-before.ts';
import type { Judge, JudgePlay, Observation } from './judge.ts';
import { configOf } from './judges/sluice.ts';
import { drawPods, serveStep } from './pods.ts';
import { stepsMax, type Scenario } from './scenario.ts';

/** Seed of everything in the benchmark; each run forks its own stream by its cell and number. */
export const seed = 20_261_126;

/** What one judge made of one run. Steps are counted from 1 and include the delay until the verdict takes effect. */
export interface Outcome {
  readonly rollbackStep?: number;
  readonly promoteStep?: number;
  /** The check of stable against itself admitted the ratio test at some time; absent for judges without one. */
  readonly isAdmitted?: boolean;
  /** Bad requests because of the regression until the effect, or in the whole hour. */
  readonly excessBad: number;
}

interface Playing {
  readonly judge: Judge;
  readonly play: JudgePlay;
  /** Step from which on users are safe. */
  effectStep: number | undefined;
  promoteStep: number | undefined;
}

/** Plays one run for all judges at once: all see the same requests. */
export function playRun(cell: string, run: number, scenario: Scenario, judges: readonly Judge[]): readonly Outcome[] {
  const random = seededRandom(seed).fork(`${cell}/${run}`);
  const pods = drawPods(scenario, random.fork('pods'));
  const rates = scenario.drawRates(random.fork('rates'));
  const traffic = random.fork('traffic');
  const gauge = scenario.drawGauge?.(random.fork('gauge'));
  const badEvent = scenario.badEvent ?? 'errors';
  const config = configOf(scenario.configuration ?? {});
  const feed = counterFeed(config, pods, badEvent, { restarts: scenario.restarts !== undefined });
  const playing = judges.map((judge): Playing => {
    const play = judge.start(() => hourBefore(scenario, random));
    return { judge, play, effectStep: undefined, promoteStep: undefined };
  });
  const excess: number[] = [0];
  feed.scrape(0, pods);
  for (let step = 1; step <= stepsMax; step += 1) {
    const { excessBad, read } = serveStep(scenario, pods, rates(step), step, traffic);
    excess.push((excess[step - 1] ?? 0) + excessBad);
    const looks = feed.scrape(step, read);
    const observation = {
      step,
      minuteEnds: step % 4 === 0,
      increment: looks[badEvent]?.increment,
      looks,
      ...(gauge === undefined ? {} : { gauge: readGaugeValues(read, step, gauge) }),
    };
    for (const one of playing) observe(one, observation);
    // A verdict that has no effect yet needs the steps until then, for what they cost.
    if (playing.every(({ effectStep }) => effectStep !== undefined && effectStep <= step)) break;
  }
  return playing.map((one) => outcomeOf(one, excess));
}

function observe(one: Playing, observation: Observation): void {
  if (one.effectStep !== undefined) return;
  const decision = one.play.observe(observation);
  if (decision === 'rollback') one.effectStep = observation.step + one.judge.delaySteps;
  else if (decision === 'promote') one.promoteStep ??= observation.step;
}

function outcomeOf({ play, effectStep, promoteStep }: Playing, excess: readonly number[]): Outcome {
  const excessBad = excess[Math.min(effectStep ?? stepsMax, excess.length - 1)] ?? 0;
  return {
    ...(effectStep === undefined || effectStep > stepsMax ? {} : { rollbackStep: effectStep }),
    ...(promoteStep === undefined ? {} : { promoteStep }),
    ...(play.usedRatioTest === undefined ? {} : { isAdmitted: play.usedRatioTest() }),
    excessBad,
  };
}
