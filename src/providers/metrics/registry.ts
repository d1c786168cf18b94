import type { AnyMetricProvider } from './contract.ts';
import { datadog } from './datadog.ts';
import { graphite } from './graphite.ts';
import { job } from './job.ts';
import { judge } from './judge.ts';
import { createPrometheus, prometheus, type PrometheusSettings } from './prometheus.ts';
import { web } from './web.ts';

/** Every metric provider by its name in a manifest. */
export const metricProviders = {
  'sluice.dev/judge': judge,
  datadog,
  graphite,
  job,
  prometheus,
  web,
} as const satisfies Record<string, AnyMetricProvider>;

/** What a controller sets for all metrics. */
export interface MetricSettings {
  readonly prometheus?: PrometheusSettings;
}

/** The same with what a controller sets. */
export function metricProvidersWith(settings: MetricSettings): Readonly<Record<string, AnyMetricProvider>> {
  return { ...metricProviders, prometheus: createPrometheus(settings.prometheus ?? {}) };
}
