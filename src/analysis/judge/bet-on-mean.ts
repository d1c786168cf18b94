/**
 * Fractions of the largest allowed stake. Small ones win against a slight excess, large ones against a gross one; equal
 * shares of the starting capital go to each.
 */
export const stakeFractions: readonly number[] = [0.02, 0.05, 0.1, 0.2, 0.35, 0.5, 0.7, 0.9];

/**
 * One round of betting that a quantity in [0, 1] is above `bound` (0 < bound): each log capital in `logs` grows by ln(1
 * + f (observed - bound) / bound) for its fraction f. When the mean of the quantity, given the past, is at most the
 * bound, no capital grows on average, whatever the distribution. With f < 1 no capital is ever lost entirely.
 *
 * Source: Waudby-Smith and Ramdas, "Estimating means of bounded random variables by betting" (arXiv 2010.09686).
 */
export function betOnMean(
  logs: readonly number[],
  observed: number,
  bound: number,
  fractions: readonly number[] = stakeFractions,
): readonly number[] {
  const excess = (observed - bound) / bound;
  return logs.map((log, index) => log + Math.log1p((fractions[index] ?? 0) * excess));
}
