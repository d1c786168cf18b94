import type { PodCount } from './pod-bets.ts';

/** How unevenly bad events lie on the pods beyond chance, and how uncertain that is when they are independent. */
export interface Dispersion {
  /** Mean 0 for independent events; near the mean clump size less 1 when they come in clumps. */
  readonly excess: number;
  /** Variance of `excess` for independent events. */
  readonly variance: number;
}

/**
 * Compares how often two bad events of an interval met on the same pod with how often independent ones would. Given
 * their number K and the pods' shares q of the requests, independent events meet with probability h = sum of q^2, and
 *
 *     excess = (sum of y (y-1) / K - (K-1) h) / (1-h)
 *
 * with y bad events on each pod: Pearson's chi-square by its degrees of freedom, less 1, for equal shares. The common
 * rate cancels, so shared bursts and traffic that changes are no clumps. The variance follows from counting pairs and
 * triples of multinomial counts. Undefined with fewer than two bad events or two pods with requests.
 */
export function dispersion(pods: readonly PodCount[]): Dispersion | undefined {
  const total = pods.reduce((sum, pod) => sum + pod.total, 0);
  const bad = pods.reduce((sum, pod) => sum + pod.bad, 0);
  if (bad < 2 || total <= 0) return undefined;
  let [pairs, square, cube] = [0, 0, 0];
  for (const pod of pods) {
    const share = pod.total / total;
    pairs += pod.bad * (pod.bad - 1);
    square += share ** 2;
    cube += share ** 3;
  }
  const rest = 1 - square;
  if (rest < 1e-6) return undefined;
  const excess = (pairs / bad - (bad - 1) * square) / rest;
  const variance = (bad - 1) * (2 * square * rest + 4 * (bad - 2) * (cube - square ** 2));
  return { excess, variance: variance / (bad * rest ** 2) };
}

/** Pearson's chi-square of the pods' bad events against their shares of the requests, and the number of such pods. */
export function chiSquare(pods: readonly PodCount[]): { readonly value: number; readonly pods: number } {
  const busy = pods.filter(({ total }) => total > 0);
  const total = busy.reduce((sum, pod) => sum + pod.total, 0);
  const bad = busy.reduce((sum, pod) => sum + pod.bad, 0);
  if (bad <= 0) return { value: 0, pods: busy.length };
  const value = busy.reduce((sum, pod) => {
    const expected = (bad * pod.total) / total;
    return sum + (pod.bad - expected) ** 2 / expected;
  }, 0);
  return { value, pods: busy.length };
}
