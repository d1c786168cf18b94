import { fail, succeed, type Result } from '../../base/result.ts';
import { parseValue, seriesKey, type Sample } from './exposition-line.ts';
import type { SeriesSelector } from './series-selector.ts';

/** How bad events of one kind are counted on the metric page of a pod. */
export type BadEventRule =
  | {
      /** Requests whose status label says that they failed. */
      readonly kind: 'status';
      readonly name: string;
      /** Counters of requests, in order of preference. */
      readonly metrics: readonly SeriesSelector[];
      /** Labels that may hold the status, in order of preference. */
      readonly statusLabels: readonly string[];
      readonly isBad: (status: string) => boolean;
    }
  | {
      /** Requests that took longer than a boundary of a histogram. */
      readonly kind: 'latency';
      readonly name: string;
      /** Histograms by their name without `_bucket`, in order of preference. */
      readonly metrics: readonly SeriesSelector[];
      readonly boundarySeconds: number;
    };

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
export function findMetric(rule: BadEventRule, samples: readonly Sample[]): SeriesSelector | undefined {
  return rule.metrics.find((metric) =>
    samples.some((sample) => {
      if (sample.name !== sampleName(rule, metric) || !metric.matches(sample.labels)) return false;
      return rule.kind === 'latency' || rule.statusLabels.some((label) => sample.labels.has(label));
    }),
  );
}

/** Name of the samples that a rule reads of a metric. */
export function sampleName(rule: BadEventRule, metric: SeriesSelector): string {
  return rule.kind === 'latency' ? `${metric.name}_bucket` : metric.name;
}

/**
 * Reads the counters of a rule off a page. A page without the metric has counted nothing yet. Fails with a reason when
 * the page cannot be counted as the rule says.
 */
export function countEvents(
  rule: BadEventRule,
  metric: SeriesSelector,
  samples: readonly Sample[],
): Result<EventCounters, string> {
  const name = sampleName(rule, metric);
  const series = samples.filter((sample) => sample.name === name && metric.matches(sample.labels));
  return rule.kind === 'status' ? countStatuses(rule, series) : countSlow(rule, metric.name, series);
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

function countStatuses(
  rule: Extract<BadEventRule, { kind: 'status' }>,
  series: readonly Sample[],
): Result<EventCounters, string> {
  const counters = new Map<string, number>();
  for (const sample of series) {
    const label = rule.statusLabels.find((one) => sample.labels.has(one));
    const status = label === undefined ? undefined : sample.labels.get(label);
    if (status === undefined) {
      const there = [...sample.labels.keys()].join(', ') || 'none';
      return fail(`a series of ${sample.name} has no status label (${rule.statusLabels.join(', ')}); it has: ${there}`);
    }
    counters.set(`${rule.isBad(status) ? 'b' : 'g'} ${seriesKey(sample)}`, sample.value);
  }
  return succeed(counters);
}

function countSlow(
  rule: Extract<BadEventRule, { kind: 'latency' }>,
  metric: string,
  series: readonly Sample[],
): Result<EventCounters, string> {
  const boundary = rule.boundarySeconds * (inMilliseconds(metric) ? 1000 : 1);
  const histograms = groupBuckets(metric, series);
  if (!histograms.ok) return histograms;
  const counters = new Map<string, number>();
  for (const [key, buckets] of histograms.value) {
    const total = buckets.get(Infinity);
    const bound = [...buckets.keys()].find((one) => Math.abs(one - boundary) <= 1e-9 * boundary);
    if (total === undefined) return fail(`${metric} has no bucket +Inf`);
    if (bound === undefined) return fail(`${metric} has no bucket at ${boundary}; it has ${describeBounds(buckets)}`);
    counters.set(`t ${key}`, total).set(`f ${key}`, buckets.get(bound) ?? 0);
  }
  return succeed(counters);
}

/** Buckets by bound, of each series of a histogram. */
function groupBuckets(
  metric: string,
  series: readonly Sample[],
): Result<ReadonlyMap<string, ReadonlyMap<number, number>>, string> {
  const histograms = new Map<string, Map<number, number>>();
  for (const { name, labels, value } of series) {
    const bound = parseValue(labels.get('le') ?? '');
    if (bound === undefined || Number.isNaN(bound)) return fail(`a bucket of ${metric} has no bound in its label le`);
    const key = seriesKey({ name, labels: new Map([...labels].filter(([label]) => label !== 'le')) });
    const buckets = histograms.get(key) ?? new Map<number, number>();
    if (buckets.has(bound)) return fail(`${metric} has two buckets at ${bound}`);
    histograms.set(key, buckets.set(bound, value));
  }
  return succeed(histograms);
}

function inMilliseconds(metric: string): boolean {
  return /_(?:ms|milliseconds)$/.test(metric);
}

function describeBounds(buckets: ReadonlyMap<number, number>): string {
  const finite = [...buckets.keys()].filter(Number.isFinite).sort((first, second) => first - second);
  return finite.length === 0 ? 'only +Inf' : finite.slice(0, 16).join(', ');
}
