import type { Json } from '../../src/api/object.ts';
import type { Random } from '../../src/base/random.ts';

/** Steps of one play and seconds of one step: an hour of scrapes. */
export const stepsMax = 240;
export const stepSeconds = 15;

/** Mean bad ratios in one step. */
export interface Rates {
  readonly canary: number;
  readonly stable: number;
  /** Part of the canary's ratio that a healthy canary would not have: what is counted as harm. */
  readonly harm: number;
}

/** A release as it is played. Everything random about a run is drawn from the `Random` that is handed in. */
export interface Scenario {
  /** Requests per second of the whole service, and the canary's parts of it in equal parts of the hour. */
  readonly rps: number;
  readonly shares: readonly number[];
  readonly pods: { readonly canary: number; readonly stable: number };
  /** Mean number of errors in a clump; 1 for independent errors. */
  readonly clump: number;
  /** Draws what one run is like and answers with the ratios of each step, from 1 on. */
  readonly drawRates: (random: Random) => (step: number) => Rates;
  /** Draws the factor of each pod on its ratio, canary pods first: one for all time, or one for each step from 1 on. */
  readonly drawPodFactors?: (random: Random) => readonly (number | readonly number[])[];
  /** So many canary pods alone carry the harm, each with this ratio between its errors and those of the others. */
  readonly badPods?: { readonly count: number; readonly ratio: number };
  readonly scrapes?: ScrapeLoss;
  readonly restarts?: Restarts;
  /** Draws a gauge of the pods, such as memory: its value by the index of the pod, canary pods first, and the step. */
  readonly drawGauge?: (random: Random) => (pod: number, step: number) => number;
  /** What a bad event is; errors when absent. Nothing but its name differs for the judges. */
  readonly badEvent?: 'errors' | 'latency';
  /** Configuration of our judge that belongs to the scenario, such as a declared warm-up. */
  readonly configuration?: { readonly [key: string]: Json };
}

/** How readings get lost. */
export interface ScrapeLoss {
  /** Chance of each pod's reading to be missing. */
  readonly lost: number;
  /** Steps in which no pod at all can be read. */
  readonly gap: readonly number[];
}

/** How often pods restart, with their counters at zero again and what was counted since the last scrape lost. */
export interface Restarts {
  readonly canaryPerHour: number;
  readonly stablePerHour: number;
}

/** The same ratio on both sides at all times. */
export function constantRates(stable: number, ratio = 1): Scenario['drawRates'] {
  const rates = { canary: stable * ratio, stable, harm: stable * (ratio - 1) };
  return () => () => rates;
}

/** A plain service: one canary and one stable pod, constant share, independent errors. */
export function plain(rps: number, share: number | readonly number[], drawRates: Scenario['drawRates']): Scenario {
  return {
    rps,
    shares: typeof share === 'number' ? [share] : share,
    pods: { canary: 1, stable: 1 },
    clump: 1,
    drawRates,
  };
}

/** The canary's part of the traffic in a step. */
export function shareAt({ shares }: Scenario, step: number): number {
  return shares[Math.floor(((step - 1) * shares.length) / stepsMax)] ?? 0;
}

/** Ten pods, divided as the traffic is; for a ramp as at its middle. */
export function podsFor(share: number | readonly number[]): Scenario['pods'] {
  const part = typeof share === 'number' ? share : 0.2;
  const canary = Math.min(9, Math.max(1, Math.round(10 * part)));
  return { canary, stable: 10 - canary };
}
