import { createCloudWatch, type CloudWatchSettings } from './cloud-watch.ts';
import type { AnyMetricProvider } from './contract.ts';
import { datadog } from './datadog.ts';
import { googleCloudMonitoring } from './google-cloud-monitoring.ts';
import { graphite } from './graphite.ts';
import { influxdb } from './influxdb.ts';
import { job } from './job.ts';
import { createJudge } from './judge.ts';
import { kayenta } from './kayenta.ts';
import { newRelic } from './new-relic.ts';
import { createPluginProvider } from './plugin.ts';
import { createPrometheus, type PrometheusSettings } from './prometheus.ts';
import { skywalking } from './skywalking.ts';
import type { SourceProvider } from './sources-config.ts';
import { createSources } from './sources.ts';
import { wavefront } from './wavefront.ts';
import { web } from './web.ts';

/** What a controller sets for all metrics. */
export interface MetricSettings {
  readonly prometheus?: PrometheusSettings;
  readonly cloudWatch?: CloudWatchSettings;
  /** Names of the metric plug-ins that can be called. */
  readonly plugins?: readonly string[];
}

/** Every metric provider by its name in a manifest, with what a controller sets. */
export function metricProvidersWith(settings: MetricSettings): Readonly<Record<string, AnyMetricProvider>> {
  // These answer at once, so that one of them can stand in for another.
  const sources: Readonly<Record<string, SourceProvider>> = {
    cloudWatch: createCloudWatch(settings.cloudWatch ?? {}),
    datadog,
    'sluice.dev/google-cloud-monitoring': googleCloudMonitoring,
    graphite,
    influxdb,
    newRelic,
    prometheus: createPrometheus(settings.prometheus ?? {}),
    skywalking,
    wavefront,
    web,
  };
  const prometheusAddress = settings.prometheus?.address;
  const judge = createJudge(prometheusAddress === undefined ? {} : { prometheusAddress });
  const plugins = Object.fromEntries((settings.plugins ?? []).map((name) => [name, createPluginProvider(name)]));
  // What is built in cannot be replaced by a plug-in.
  return {
    ...plugins,
    ...sources,
    'sluice.dev/judge': judge,
    'sluice.dev/sources': createSources(sources),
    job,
    kayenta,
  };
}

/** The same where a controller sets nothing. */
export const metricProviders = metricProvidersWith({});
