import type { Random } from '../../src/base/random.ts';
import { errors, poisson } from '../../test/analysis/judge/traffic-model.ts';
import { shareAt, stepSeconds, stepsMax, type Rates, type Scenario } from './scenario.ts';

/** A pod with its counters as its metric page shows them. */
export interface Pod {
  readonly name: string;
  /** Canary pods first, from 0 on. */
  readonly index: number;
  readonly role: 'canary' | 'stable';
  /** Factor on its bad ratio, for all time or for each step from 1 on. */
  readonly factor: number | readonly number[];
  /** Part of the harm of a step that it carries; the mean over canary pods is 1, or pods of their own ratio. */
  readonly harmRatio: number | undefined;
  good: number;
  bad: number;
  restarts: number;
}

/** What one step was like. */
export interface StepTruth {
  /** Requests of the canary that went wrong because of the regression, in the mean. */
  readonly excessBad: number;
  /** Pods whose page could be read. */
  readonly read: readonly Pod[];
}

/** All pods of one run. */
export function drawPods(scenario: Scenario, random: Random): readonly Pod[] {
  const { pods, badPods } = scenario;
  const factors = scenario.drawPodFactors?.(random) ?? [];
  return Array.from({ length: pods.canary + pods.stable }, (_, index): Pod => {
    const isCanary = index < pods.canary;
    return {
      name: isCanary ? `canary-${index}` : `stable-${index - pods.canary}`,
      index,
      role: isCanary ? 'canary' : 'stable',
      factor: factors[index] ?? 1,
      harmRatio: isCanary && badPods !== undefined && index < badPods.count ? badPods.ratio : undefined,
      good: 0,
      bad: 0,
      restarts: 0,
    };
  });
}

/** Serves the requests of one step and says which pods can be read after it. */
export function serveStep(
  scenario: Scenario,
  pods: readonly Pod[],
  rates: Rates,
  step: number,
  random: Random,
): StepTruth {
  const share = shareAt(scenario, step);
  let excessBad = 0;
  for (const pod of pods) {
    const isCanary = pod.role === 'canary';
    const part = isCanary ? share / scenario.pods.canary : (1 - share) / scenario.pods.stable;
    const requests = poisson(scenario.rps * stepSeconds * part, random);
    const base = isCanary ? rates.canary : rates.stable;
    const factor = typeof pod.factor === 'number' ? pod.factor : (pod.factor[step] ?? 1);
    const ratio = Math.min(1, base * factor * (pod.harmRatio ?? 1));
    const harm = pod.harmRatio === undefined ? rates.harm * factor : ratio - base * factor;
    if (isCanary) excessBad += requests * harm;
    const bad = errors(requests, ratio, scenario.clump, random);
    countStep(scenario, pod, requests, bad, random);
  }
  return { excessBad, read: readable(scenario, pods, step, random) };
}

function countStep(scenario: Scenario, pod: Pod, requests: number, bad: number, random: Random): void {
  const { restarts } = scenario;
  const perHour = pod.role === 'canary' ? (restarts?.canaryPerHour ?? 0) : (restarts?.stablePerHour ?? 0);
  if (perHour <= 0 || random.next() >= perHour / stepsMax) {
    pod.good += requests - bad;
    pod.bad += bad;
    return;
  }
  // What was counted before the moment of the restart is lost with the process.
  const kept = random.next();
  pod.restarts += 1;
  pod.bad = Math.round(bad * kept);
  pod.good = Math.max(0, Math.round(requests * kept) - pod.bad);
}

function readable({ scrapes }: Scenario, pods: readonly Pod[], step: number, random: Random): readonly Pod[] {
  if (scrapes === undefined) return pods;
  if (scrapes.gap.includes(step)) return [];
  return pods.filter(() => random.next() >= scrapes.lost);
}
