import { fail, succeed, type Result } from '../../base/result.ts';

/**
 * A native histogram as Prometheus answers with it: every bucket with its bounds and its own count, cumulative in time
 * only. Exponential, custom and zero buckets alike.
 */
export interface NativeHistogram {
  /** All observations, also those that are no numbers and stand in no bucket. */
  readonly count: number;
  readonly buckets: readonly NativeBucket[];
}

export interface NativeBucket {
  readonly lower: number;
  readonly upper: number;
  readonly count: number;
}

/** Two bounds that differ by rounding only are the same. */
const tolerance = 1e-6;

/**
 * Observations at or below a boundary, and in all buckets. Exact or not at all: a bucket that reaches over the boundary
 * refuses it. Buckets of a finer schema merge exactly into those of a coarser one, so two histograms with different
 * schemas can be compared at every boundary that both have. Observations that are no numbers are in neither count.
 *
 * Source: Prometheus, "Native histograms" (specification), sections on exponential buckets and NaN.
 */
export function countUpTo(
  { buckets }: NativeHistogram,
  boundary: number,
): Result<{ readonly total: number; readonly upTo: number }, string> {
  let [total, upTo] = [0, 0];
  for (const { lower, upper, count } of buckets) {
    total += count;
    if (upper <= boundary * (1 + tolerance)) upTo += count;
    else if (lower < boundary * (1 - tolerance)) {
      return fail(`its bucket from ${lower} to ${upper} reaches over ${boundary}; it has ${describeBounds(buckets)}`);
    }
  }
  return succeed({ total, upTo });
}

/** Boundaries at which an exponential histogram of schema 0 or finer is exact: powers of two from 1/4096 to 4096. */
export const powersOfTwo: readonly number[] = Array.from({ length: 25 }, (_, at) => 2 ** (at - 12));

function describeBounds(buckets: readonly NativeBucket[]): string {
  const bounds = buckets.map(({ upper }) => upper).filter((bound) => bound > 0 && Number.isFinite(bound));
  return bounds.length === 0
    ? 'no other bounds'
    : bounds
        .slice(0, 12)
        .map((bound) => bound.toPrecision(3))
        .join(', ');
}
