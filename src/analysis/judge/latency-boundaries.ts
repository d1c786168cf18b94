import { classicBuckets, isSampleOf } from './bad-events.ts';
import type { Sample } from './exposition-line.ts';
import type { LatencyMetric } from './metric-conventions.ts';
import { countUpTo, powersOfTwo } from './native-histogram.ts';

/** Boundaries that are compared, at most. More would cost each of them capital, and neighbours say the same. */
const boundariesMax = 4;
/** Parts of the requests above a boundary between which it is worth looking at: a tail, and not the body. */
const tailMax = 0.3;
const tailMin = 0.0005;
/** Requests that the parts are worked out from, at least. */
const requestsMin = 200;

/**
 * Boundaries of a histogram at which two sides may be compared, in seconds: those that every page has, and of them the
 * ones where the tail of the pages' requests ends, spread evenly. The first boundary above all of the tail is among
 * them, because harm appears where there was nothing. Empty when the pages have none in common.
 */
export function latencyBoundaries(metric: LatencyMetric, pages: readonly (readonly Sample[])[]): readonly number[] {
  const shown = pages.filter((samples) => samples.some((sample) => isSampleOf(metric, sample)));
  const common = commonBounds(metric, shown);
  const parts = common.map((bound) => ({ bound, part: partAbove(metric, shown, bound) }));
  const tail = parts.filter(({ part }) => part !== undefined && part <= tailMax && part >= tailMin);
  const beyond = parts.find(({ part }) => part !== undefined && part < tailMin);
  const candidates =
    tail.length === 0 && beyond === undefined ? parts : [...tail, ...(beyond === undefined ? [] : [beyond])];
  return spreadEvenly(candidates.map(({ bound }) => bound)).map((bound) => roundBound(bound * metric.unitSeconds));
}

/** Finite bounds in every classic histogram of the pages, or powers of two where all are native. */
function commonBounds(metric: LatencyMetric, pages: readonly (readonly Sample[])[]): readonly number[] {
  let common: readonly number[] | undefined;
  for (const samples of pages) {
    if (samples.some((sample) => sample.histogram !== undefined && isSampleOf(metric, sample))) {
      const exact = powersOfTwo.filter((bound) => nativeExact(metric, samples, bound));
      common = common?.filter((bound) => exact.includes(bound)) ?? exact;
      continue;
    }
    const histograms = classicBuckets(metric, samples);
    if (!histograms.ok) return [];
    for (const buckets of histograms.value.values()) {
      common = common?.filter((bound) => buckets.has(bound)) ?? [...buckets.keys()];
    }
  }
  return (common ?? []).filter((bound) => Number.isFinite(bound) && bound > 0).sort((first, second) => first - second);
}

function nativeExact(metric: LatencyMetric, samples: readonly Sample[], bound: number): boolean {
  return samples.every(
    (sample) => sample.histogram === undefined || !isSampleOf(metric, sample) || countUpTo(sample.histogram, bound).ok,
  );
}

/** Part of all requests on the pages that took longer; undefined while there are too few. */
function partAbove(metric: LatencyMetric, pages: readonly (readonly Sample[])[], bound: number): number | undefined {
  let [total, upTo] = [0, 0];
  for (const samples of pages) {
    for (const sample of samples) {
      if (sample.histogram === undefined || !isSampleOf(metric, sample)) continue;
      const counted = countUpTo(sample.histogram, bound);
      if (counted.ok) [total, upTo] = [total + counted.value.total, upTo + counted.value.upTo];
    }
    const histograms = classicBuckets(metric, samples);
    if (!histograms.ok) continue;
    for (const buckets of histograms.value.values()) {
      [total, upTo] = [total + (buckets.get(Infinity) ?? 0), upTo + (buckets.get(bound) ?? 0)];
    }
  }
  return total >= requestsMin ? 1 - upTo / total : undefined;
}

function spreadEvenly(bounds: readonly number[]): readonly number[] {
  if (bounds.length <= boundariesMax) return bounds;
  const step = (bounds.length - 1) / (boundariesMax - 1);
  return Array.from({ length: boundariesMax }, (_, at) => bounds[Math.round(at * step)] ?? 0);
}

/** Without the last digits, which a change of units may have disturbed. */
function roundBound(bound: number): number {
  return Number(bound.toPrecision(12));
}
