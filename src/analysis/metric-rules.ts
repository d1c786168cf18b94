import type { AnalysisRunSpec, MetricResult } from '../api/analysis-run.ts';
import { metricNameMatcher } from '../api/validate-analysis.ts';

/** Measurements that are kept of a metric unless a rule says otherwise. */
const retentionDefault = 10;

type Rules = Pick<AnalysisRunSpec, 'metrics' | 'dryRun' | 'measurementRetention'>;

/**
 * Names of the metrics that do not count. A rule that is no regular expression matches nothing; validation refuses it.
 */
export function dryRunNames(rules: Rules): ReadonlySet<string> {
  const matchers = (rules.dryRun ?? []).map(({ metricName }) => metricNameMatcher(metricName));
  return new Set(rules.metrics.map(({ name }) => name).filter((name) => matchers.some((matches) => matches?.(name))));
}

/** The result with the newest measurements only, as many as are kept. */
export function retainMeasurements(rules: Rules, result: MetricResult): MetricResult {
  const measurements = result.measurements ?? [];
  const limit = retentionLimit(rules, result.name);
  return measurements.length <= limit ? result : { ...result, measurements: measurements.slice(-limit) };
}

/** How many measurements of a metric are kept: what the last rule says that matches its name, but at least one. */
export function retentionLimit(rules: Pick<Rules, 'measurementRetention'>, metric: string): number {
  const rule = (rules.measurementRetention ?? []).findLast(({ metricName }) => metricNameMatcher(metricName)?.(metric));
  // The newest one is needed to go on.
  return Math.max(rule?.limit ?? retentionDefault, 1);
}
