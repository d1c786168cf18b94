import { studentTail } from './student.ts';

/** A comparison of the means of two groups of pods. */
export interface MeansComparison {
  readonly canaryMean: number;
  readonly stableMean: number;
  /** Chance of such a difference or a larger one when the canary's mean is at the margin. */
  readonly chance: number;
  /** Evidence of the one comparison, on a scale where 1 is none; see `evidenceOfChance`. */
  readonly evidence: number;
}

/** Stable pods that a spread can be worked out from, at least. */
export const stablePodsMin = 3;
/** Pods are taken to differ at least by this part of their mean: values that are equal by rounding prove nothing. */
const spreadMin = 0.002;

/**
 * Compares one number for each pod, a mean or a growth over the same time. Null hypothesis: the canary's mean is at
 * most `factor` times the stable one plus `margin`. Student's t with pods as units: however many samples a pod had, it
 * counts once, so correlation in time does no harm. With several canary pods the spread is pooled. `scale` is the size
 * of the quantity, for the least spread. Undefined with fewer than three stable pods.
 *
 * Assumes that pods of one side are alike and about normal; sources: Student (Biometrika 6, 1908).
 */
export function compareMeans(
  canary: readonly number[],
  stable: readonly number[],
  { factor, margin, scale }: { readonly factor: number; readonly margin: number; readonly scale: number },
): MeansComparison | undefined {
  if (canary.length === 0 || stable.length < stablePodsMin) return undefined;
  const [canaryMean, stableMean] = [meanOf(canary), meanOf(stable)];
  const degrees = stable.length - 1 + (canary.length - 1);
  const pooled = (squaresOf(canary, canaryMean) + squaresOf(stable, stableMean)) / degrees;
  const variance = Math.max(pooled, (spreadMin * scale) ** 2);
  const error = Math.sqrt(variance * (1 / canary.length + factor ** 2 / stable.length));
  if (!(error > 0)) return undefined;
  const chance = studentTail((canaryMean - factor * stableMean - margin) / error, degrees);
  return { canaryMean, stableMean, chance, evidence: evidenceOfChance(chance) };
}

/**
 * Evidence (an e-value) of a chance p that is uniform or larger under the null hypothesis: the integral of k p^(k-1)
 * over k from 0 to 1,
 *
 *     e(p) = (1 - p + p ln p) / (p (ln p)^2)
 *
 * whose mean is 1 for a uniform p. Source: Vovk and Wang, "E-values: calibration, combination and applications"
 * (Annals of Statistics 49, 2021).
 */
export function evidenceOfChance(chance: number): number {
  const p = Math.max(chance, 1e-300);
  if (p > 1 - 1e-4) return 0.5; // The limit at 1; the formula loses its digits there.
  return (1 - p + p * Math.log(p)) / (p * Math.log(p) ** 2);
}

function meanOf(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}

function squaresOf(values: readonly number[], mean: number): number {
  return values.reduce((sum, value) => sum + (value - mean) ** 2, 0);
}
