import type { Random } from '../../src/base/random.ts';
import { gaussian } from '../../test/analysis/judge/traffic-model.ts';
import { stepsMax, type Rates, type Scenario } from './scenario.ts';

/** Autocorrelation from one step to the next of wandering rates. */
const phi = 0.97;

/**
 * A factor for each step, from 1 on, that wanders: an autoregressive process of the log with the stationary standard
 * deviation `sd`, corrected so that the factor has a mean of 1.
 */
export function drawWander(random: Random, sd: number): readonly number[] {
  const factors = [1];
  let log = sd * gaussian(random);
  for (let step = 1; step <= stepsMax; step += 1) {
    factors.push(Math.exp(log - sd ** 2 / 2));
    log = phi * log + sd * Math.sqrt(1 - phi ** 2) * gaussian(random);
  }
  return factors;
}

/** Each side wanders by itself: what caches, neighbours and request mix do to a single arm. */
export function wanderingRates(stable: number, ratio: number, sd: number): Scenario['drawRates'] {
  return (random) => {
    const [canary, other] = [drawWander(random, sd), drawWander(random, sd)];
    return (step) => ({
      canary: Math.min(1, stable * ratio * (canary[step] ?? 1)),
      stable: Math.min(1, stable * (other[step] ?? 1)),
      harm: stable * (ratio - 1),
    });
  };
}

/** Static differences between pods: log-normal factors with a mean of 1. */
export function drawPodFactors(pods: number, sd: number): (random: Random) => readonly number[] {
  return (random) => Array.from({ length: pods }, () => Math.exp(sd * gaussian(random) - sd ** 2 / 2));
}

/** Three minutes somewhere in the hour at `burst` on both sides, times the ratio on the canary's. */
export function burstRates(stable: number, ratio: number, burst: number): Scenario['drawRates'] {
  const burstSteps = 12;
  return (random) => {
    const start = random.integer(1, stepsMax - burstSteps + 1);
    return (step) => scaled(step >= start && step < start + burstSteps ? burst : stable, ratio);
  };
}

/** A rate shared by both sides that goes from `first` to `last` geometrically within the hour. */
export function driftingRates(first: number, last: number, ratio = 1): Scenario['drawRates'] {
  return () => (step) => scaled(first * (last / first) ** ((step - 1) / (stepsMax - 1)), ratio);
}

/** Healthy until `onsetStep`, then worse by the ratio. */
export function lateRates(stable: number, ratio: number, onsetStep: number): Scenario['drawRates'] {
  return () => (step) => scaled(stable, step >= onsetStep ? ratio : 1);
}

function scaled(stable: number, ratio: number): Rates {
  const canary = Math.min(1, stable * ratio);
  return { canary, stable, harm: canary - stable };
}
