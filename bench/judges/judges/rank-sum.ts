/**
 * Standardised rank-sum statistic of `first` shifted down by `shift` against `second`: positive when the first sample
 * is the larger one. Normal approximation with midranks, tie correction and continuity correction; 0 when all values
 * are equal.
 *
 * Source: Mann and Whitney 1947, in the form of R's `wilcox.test(exact = FALSE, correct = TRUE)`.
 */
export function rankSumZ(first: readonly number[], second: readonly number[], shift: number): number {
  const size = first.length + second.length;
  const values = new Float64Array(size);
  first.forEach((value, index) => {
    values[index] = value - shift;
  });
  values.set(second, first.length);
  const sorted = Float64Array.from(values).sort();
  const shifted = Float64Array.from(values.subarray(0, first.length)).sort();
  const { rankSum, ties } = rankShifted(sorted, shifted);
  const product = first.length * second.length;
  const excess = rankSum - (first.length * (first.length + 1)) / 2 - product / 2;
  const variance = (product / 12) * (size + 1 - ties / (size * (size - 1)));
  return variance <= 0 ? 0 : (excess - Math.sign(excess) * 0.5) / Math.sqrt(variance);
}

/** Sum of the midranks of `part` within `all`, both sorted, and the sum of t^3 - t over groups of t equal values. */
function rankShifted(all: Float64Array, part: Float64Array): { readonly rankSum: number; readonly ties: number } {
  let [rankSum, ties, inPart] = [0, 0, 0];
  for (let start = 0; start < all.length;) {
    const value = all[start];
    let end = start + 1;
    while (end < all.length && all[end] === value) end += 1;
    const count = end - start;
    ties += count ** 3 - count;
    for (; inPart < part.length && part[inPart] === value; inPart += 1) rankSum += (start + 1 + end) / 2;
    start = end;
  }
  return { rankSum, ties };
}
