import { cloudWatch, createCloudWatch, type CloudWatchSettings } from './cloud-watch.ts';
import type { AnyMetricProvider } from './contract.ts';
import { datadog } from './datadog.ts';
import { graphite } from './graphite.ts';
import { influxdb } from './influxdb.ts';
import { job } from './job.ts';
import { judge } from './judge.ts';
import { kayenta } from './kayenta.ts';
import { newRelic } from './new-relic.ts';
import { createPrometheus, prometheus, type PrometheusSettings } from './prometheus.ts';
import { skywalking } from './skywalking.ts';
import { wavefront } from './wavefront.ts';
import { web } from './web.ts';

/** Every metric provider by its name in a manifest. */
export const metricProviders = {
  'sluice.dev/judge': judge,
  cloudWatch,
  datadog,
  graphite,
  influxdb,
  job,
  kayenta,
  newRelic,
  prometheus,
  skywalking,
  wavefront,
  web,
} as const satisfies Record<string, AnyMetricProvider>;

/** What a controller sets for all metrics. */
export interface MetricSettings {
  readonly prometheus?: PrometheusSettings;
  readonly cloudWatch?: CloudWatchSettings;
}

/** The same with what a controller sets. */
export function metricProvidersWith(settings: MetricSettings): Readonly<Record<string, AnyMetricProvider>> {
  return {
    ...metricProviders,
    cloudWatch: createCloudWatch(settings.cloudWatch ?? {}),
    prometheus: createPrometheus(settings.prometheus ?? {}),
  };
}
