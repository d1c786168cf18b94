import { fail, succeed, type Result } from '../../base/result.ts';
import { parseValue, seriesKey, type Sample } from './exposition-line.ts';
import type { LatencyMetric, RequestMetric } from './metric-conventions.ts';
import { countUpTo } from './native-histogram.ts';

/** How bad events of one kind are counted on the metric page of a pod. */
export type BadEventRule =
  | {
      /** Requests whose status label says that they failed. */
      readonly kind: 'status';
      readonly name: string;
      /** Counters of requests, in order of preference. */
      readonly metrics: readonly RequestMetric[];
    }
  | {
      /** Requests that took longer than a boundary of a histogram, classic or native. */
      readonly kind: 'latency';
      readonly name: string;
      /** Histograms by their name without `_bucket`, in order of preference. */
      readonly metrics: readonly LatencyMetric[];
      readonly boundarySeconds: number;
    };

/** A metric that a rule may read. */
export type RuleMetric = RequestMetric | LatencyMetric;

/**
 * Cumulative counters of a rule on one page, by key. The first letter of a key says what it counts: `g`ood requests,
 * `b`ad ones, `t`otal, or those that were `f`ast enough. Bad requests are those under `b`, or the total without the
 * fast ones.
 */
export type EventCounters = ReadonlyMap<string, number>;

/** Totals of a rule. */
export interface EventCounts {
  readonly total: number;
  readonly bad: number;
}

/** The metric of the rule that this page has in a usable form, or undefined. */
export function findMetric(rule: BadEventRule, samples: readonly Sample[]): RuleMetric | undefined {
  if (rule.kind === 'latency')
    return rule.metrics.find((metric) => samples.some((sample) => isSampleOf(metric, sample)));
  return rule.metrics.find((metric) =>
    samples.some(
      (sample) => isCountOf(metric, sample) && metric.statusLabels.some((label) => sample.labels.has(label)),
    ),
  );
}

/** Names of the samples that a rule reads of a metric: those of a classic histogram, and the native one's. */
export function sampleNames(rule: BadEventRule, { name }: RuleMetric): readonly string[] {
  if (rule.kind === 'latency') return [`${name}_bucket`, name];
  return name.endsWith('_count') ? [name, nativeName(name)] : [name];
}

/**
 * Reads the counters of a rule off a page. A page without the metric has counted nothing yet. Fails with a reason when
 * the page cannot be counted as the rule says.
 */
export function countEvents(
  rule: BadEventRule,
  chosen: string,
  samples: readonly Sample[],
): Result<EventCounters, string> {
  if (rule.kind === 'latency') {
    const metric = rule.metrics.find(({ name }) => name === chosen);
    return metric === undefined ? fail(`${chosen} is not known`) : countSlow(rule.boundarySeconds, metric, samples);
  }
  const metric = rule.metrics.find(({ name }) => name === chosen);
  return metric === undefined ? fail(`${chosen} is not known`) : countStatuses(metric, samples);
}

/**
 * Sums deltas of event counters. Total without fast may come out negative when a page was torn; see `incrementProblem`.
 */
export function sumEvents(deltas: ReadonlyMap<string, number>): EventCounts {
  const sums: Record<string, number> = { g: 0, b: 0, t: 0, f: 0 };
  for (const [key, delta] of deltas) sums[key.charAt(0)] = (sums[key.charAt(0)] ?? 0) + delta;
  const { g = 0, b = 0, t = 0, f = 0 } = sums;
  return { total: g + b + t, bad: b + t - f };
}

/** True for a sample of this histogram, classic or native. */
export function isSampleOf(metric: LatencyMetric, { name, labels, histogram }: Sample): boolean {
  return (
    (name === `${metric.name}_bucket` || (name === metric.name && histogram !== undefined)) && metric.matches(labels)
  );
}

/** Buckets by bound, of each classic histogram of this metric; fails where they are written wrongly. */
export function classicBuckets(
  metric: LatencyMetric,
  samples: readonly Sample[],
): Result<ReadonlyMap<string, ReadonlyMap<number, number>>, string> {
  const histograms = new Map<string, Map<number, number>>();
  for (const { name, labels, value, histogram } of samples) {
    if (histogram !== undefined || name !== `${metric.name}_bucket` || !metric.matches(labels)) continue;
    const bound = parseValue(labels.get('le') ?? '');
    if (bound === undefined || Number.isNaN(bound)) {
      return fail(`a bucket of ${metric.name} has no bound in its label le`);
    }
    const key = seriesKey({ name, labels: new Map([...labels].filter(([label]) => label !== 'le')) });
    const buckets = histograms.get(key) ?? new Map<number, number>();
    if (buckets.has(bound)) return fail(`${metric.name} has two buckets at ${bound}`);
    histograms.set(key, buckets.set(bound, value));
  }
  return succeed(histograms);
}

function nativeName(countName: string): string {
  return countName.slice(0, -'_count'.length);
}

/** The count of a native histogram has no series of its own. */
function isCountOf(metric: RequestMetric, { name, labels, histogram }: Sample): boolean {
  const isCounter = name === metric.name && histogram === undefined;
  const isNative = histogram !== undefined && metric.name === `${name}_count`;
  return (isCounter || isNative) && metric.matches(labels);
}

function countStatuses(metric: RequestMetric, samples: readonly Sample[]): Result<EventCounters, string> {
  const series = samples.filter((sample) => isCountOf(metric, sample));
  const hasCounters = series.some(({ histogram }) => histogram === undefined);
  const counters = new Map<string, number>();
  for (const sample of series) {
    // Where a service shows both forms of a histogram, each request is in both.
    if (hasCounters && sample.histogram !== undefined) continue;
    const label = metric.statusLabels.find((one) => sample.labels.has(one));
    const status = label === undefined ? undefined : sample.labels.get(label);
    if (status === undefined) {
      const there = [...sample.labels.keys()].join(', ') || 'none';
      const wanted = metric.statusLabels.join(', ');
      return fail(`a series of ${sample.name} has no status label (${wanted}); it has: ${there}`);
    }
    counters.set(`${metric.isBad(status) ? 'b' : 'g'} ${seriesKey(sample)}`, sample.histogram?.count ?? sample.value);
  }
  return succeed(counters);
}

function countSlow(
  boundarySeconds: number,
  metric: LatencyMetric,
  samples: readonly Sample[],
): Result<EventCounters, string> {
  const boundary = boundarySeconds / metric.unitSeconds;
  const native = samples.filter((sample) => sample.histogram !== undefined && isSampleOf(metric, sample));
  return native.length > 0 ? countNative(boundary, metric, native) : countClassic(boundary, metric, samples);
}

function countNative(
  boundary: number,
  { name }: LatencyMetric,
  samples: readonly Sample[],
): Result<EventCounters, string> {
  const counters = new Map<string, number>();
  for (const sample of samples) {
    if (sample.histogram === undefined) continue;
    const counted = countUpTo(sample.histogram, boundary);
    if (!counted.ok) return fail(`${name}: ${counted.error}`);
    const key = seriesKey(sample);
    counters.set(`t ${key}`, counted.value.total).set(`f ${key}`, counted.value.upTo);
  }
  return succeed(counters);
}

function countClassic(
  boundary: number,
  metric: LatencyMetric,
  samples: readonly Sample[],
): Result<EventCounters, string> {
  const histograms = classicBuckets(metric, samples);
  if (!histograms.ok) return histograms;
  const { name } = metric;
  const counters = new Map<string, number>();
  for (const [key, buckets] of histograms.value) {
    const total = buckets.get(Infinity);
    const bound = [...buckets.keys()].find((one) => Math.abs(one - boundary) <= 1e-9 * boundary);
    if (total === undefined) return fail(`${name} has no bucket +Inf`);
    if (bound === undefined) return fail(`${name} has no bucket at ${boundary}; it has ${describeBounds(buckets)}`);
    counters.set(`t ${key}`, total).set(`f ${key}`, buckets.get(bound) ?? 0);
  }
  return succeed(counters);
}

function describeBounds(buckets: ReadonlyMap<number, number>): string {
  const finite = [...buckets.keys()].filter(Number.isFinite).sort((first, second) => first - second);
  return finite.length === 0 ? 'only +Inf' : finite.slice(0, 16).join(', ');
}
