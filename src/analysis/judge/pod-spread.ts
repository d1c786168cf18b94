import { chiSquare } from './dispersion.ts';
import type { PodCount } from './pod-bets.ts';
import { studentQuantile } from './student.ts';

/** How much pods of one revision differ from each other beyond chance. */
export interface PodSpread {
  /** Variance of the pods' bad ratios over the square of their mean; 0 when chance explains the differences. */
  readonly variance: number;
  /** Pods that this was found on. */
  readonly pods: number;
}

export const noSpread: PodSpread = { variance: 0, pods: 0 };

/** Standard deviations that chi-square must be above its mean by before pods count as different. */
const deviationsMin = 3.1;
/** Bad events per pod below which chi-square is far from its law: one on a quiet pod would look like a spread. */
const badPerPodMin = 3;
/** Chance that a good pod's own ratio is above the widened margin. */
const tail = 0.005;

/**
 * Spread of the stable pods by their totals, by moments: chi-square has a mean of (J-1) d + K v (1-h) for J pods with
 * shares of which the squares sum to h, K bad events in clumps with dispersion d (at least 1), and pod ratios with
 * relative variance v (as DerSimonian and Laird estimate it, Controlled Clinical Trials 7, 1986).
 */
export function podSpread(pods: readonly PodCount[], clumping: number): PodSpread {
  const { value, pods: count } = chiSquare(pods);
  const degrees = count - 1;
  const bad = pods.reduce((sum, pod) => sum + pod.bad, 0);
  if (degrees < 1 || bad < badPerPodMin * count) return { variance: 0, pods: count };
  const scale = Math.max(1, clumping);
  if (value / scale <= degrees + deviationsMin * Math.sqrt(2 * degrees)) return { variance: 0, pods: count };
  const total = pods.reduce((sum, pod) => sum + pod.total, 0);
  const square = pods.reduce((sum, pod) => sum + (pod.total / total) ** 2, 0);
  return { variance: (value - degrees * scale) / (bad * (1 - square)), pods: count };
}

/**
 * The margin for a canary of so many pods when each pod has a ratio of its own. With log-normal ratios the mean of the
 * canary's pods lies above that of the stable ones by a factor that Student's t bounds; a margin below it would hold a
 * pod's nature against the revision. `choices` is how many pods are tried at once, each of which may be the odd one.
 */
export function widenedRatio(ratio: number, { variance, pods }: PodSpread, canaryPods: number, choices = 1): number {
  if (variance <= 0 || pods < 2) return ratio;
  const relative = variance * (1 / Math.max(1, canaryPods) + 1 / pods);
  const deviations = studentQuantile(tail / Math.max(1, choices), pods - 1);
  return Math.max(ratio, Math.min(ratioLimit, Math.exp(deviations * Math.sqrt(Math.log1p(relative)))));
}

/**
 * The margin is not widened beyond this, however few the pods are that it is worked out from: a canary that answers
 * only badly must still be found, which takes about 40 looks at this margin.
 */
const ratioLimit = 5;
