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

/** The result with the newest measurements only, as many as the last matching rule keeps. */
export function retainMeasurements(rules: Rules, result: MetricResult): MetricResult {
  const measurements = result.measurements ?? [];
  const rule = (rules.measurementRetention ?? []).findLast(({ metricName }) =>
    metricNameMatcher(metricName)?.(result.name),
  );
  // The newest one is needed to go on.
  const limit = Math.max(rule?.limit ?? retentionDefault, 1);
  return measurements.length <= limit ? result : { ...result, measurements: measurements.slice(-limit) };
}
