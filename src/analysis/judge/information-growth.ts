/**
 * Mean growth of the log likelihood ratio per canary request when the canary's bad ratio is `ratio` times the stable
 * one and the null hypothesis allows `ratioMax` times:
 *
 *     g = p (r ln(r/r0) - (r + (1-q)/q) ln((r q + 1-q) / (r0 q + 1-q)))
 *
 * with the stable bad ratio p = `stableRatio` and the canary's share of traffic q = `canaryShare` (0 to 1, both
 * excluded). No test of level alpha that always detects needs fewer than ln(1/alpha)/g canary requests on average
 * (Wald's bound for Poisson errors). 0 when there is nothing to detect.
 */
export function informationGrowth(harm: {
  readonly stableRatio: number;
  readonly ratio: number;
  readonly ratioMax: number;
  readonly canaryShare: number;
}): number {
  const { stableRatio, ratio, ratioMax, canaryShare } = harm;
  if (canaryShare <= 0 || canaryShare >= 1 || stableRatio <= 0 || ratio <= ratioMax) return 0;
  const stableShare = 1 - canaryShare;
  const gain = ratio * Math.log(ratio / ratioMax);
  const mixed = Math.log((ratio * canaryShare + stableShare) / (ratioMax * canaryShare + stableShare));
  return stableRatio * (gain - (ratio + stableShare / canaryShare) * mixed);
}

/**
 * Kullback-Leibler divergence of a coin with probability `actual` from one with `assumed` (0 < assumed < 1), in nats.
 */
export function binomialDivergence(actual: number, assumed: number): number {
  const term = (part: number, whole: number): number => (part <= 0 ? 0 : part * Math.log(part / whole));
  return term(actual, assumed) + term(1 - actual, 1 - assumed);
}
