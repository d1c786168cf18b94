import type { Static } from 'typebox';

import { extraMetadataSchema } from './analysis-reference.ts';
import { jobSpecSchema } from './job-spec.ts';
import { anyObject, anyValue, boolean, int64, list, map, object, stringEnum, text } from './schema.ts';

const headerSchema = object({ key: text, value: text }, {});

/** A header of a metric request. */
export type MetricHeader = Static<typeof headerSchema>;

const authenticationSchema = object(
  {},
  {
    sigv4: object({}, { address: text, profile: text, region: text, roleArn: text }),
    oauth2: object({}, { tokenUrl: text, clientId: text, clientSecret: text, scopes: list(text) }),
    basicAuth: object({}, { username: text, password: text }),
  },
);

/** How a metric request proves who it is: at most one field. */
export type MetricAuthentication = Static<typeof authenticationSchema>;

/** Schema of a Prometheus query. */
export const prometheusSchema = object(
  {},
  {
    address: text,
    query: text,
    rangeQuery: object({}, { start: text, end: text, step: text }),
    authentication: authenticationSchema,
    timeout: int64,
    insecure: boolean,
    headers: list(headerSchema),
  },
);

/** A Prometheus query; start and end of rangeQuery are expressions, step is a duration; timeout is in seconds. */
export type PrometheusMetric = Static<typeof prometheusSchema>;

/** Schema of a web metric. */
export const webSchema = object(
  { url: text },
  {
    method: stringEnum(['GET', 'POST', 'PUT']),
    headers: list(headerSchema),
    body: text,
    jsonBody: anyValue,
    jsonPath: text,
    timeoutSeconds: int64,
    insecure: boolean,
    authentication: authenticationSchema,
  },
);

/** An HTTP request whose JSON answer, cut down by jsonPath, is the result. */
export type WebMetric = Static<typeof webSchema>;

/** Schema of a Datadog query. */
export const datadogSchema = object(
  {},
  {
    apiVersion: stringEnum(['v1', 'v2']),
    interval: text,
    query: text,
    queries: map(text),
    formula: text,
    aggregator: stringEnum(['avg', 'min', 'max', 'sum', 'last', 'percentile', 'mean', 'l2norm', 'area']),
    requestTimeout: text,
    secretRef: object({}, { name: text, namespaced: boolean }),
  },
);

/** A Datadog query, or with v2 several queries and a formula. */
export type DatadogMetric = Static<typeof datadogSchema>;

const kayentaScopeSchema = object({ scope: text, region: text, step: int64, start: text, end: text }, {});

/** Schema of a judgement by Kayenta. */
export const kayentaSchema = object(
  {
    address: text,
    application: text,
    canaryConfigName: text,
    metricsAccountName: text,
    configurationAccountName: text,
    storageAccountName: text,
    threshold: object({ pass: int64, marginal: int64 }, {}),
    scopes: list(object({ name: text, controlScope: kayentaScopeSchema, experimentScope: kayentaScopeSchema }, {})),
  },
  { lookback: boolean },
);

/** A canary judgement by Spinnaker's Kayenta. */
export type KayentaMetric = Static<typeof kayentaSchema>;

/** Schema of a metric that is a Job. */
export const jobSchema = object({ spec: jobSpecSchema }, { metadata: extraMetadataSchema });

/** A Kubernetes Job whose success is the result. */
export type JobMetric = Static<typeof jobSchema>;

const metricStatisticSchema = object(
  {},
  {
    metric: object(
      {},
      {
        dimensions: list(object({}, { name: text, value: text })),
        metricName: text,
        namespace: text,
      },
    ),
    period: anyValue,
    stat: text,
    unit: text,
  },
);

/** Schema of queries to CloudWatch. */
export const cloudWatchSchema = object(
  {
    metricDataQueries: list(
      object(
        {},
        {
          id: text,
          expression: text,
          label: text,
          metricStat: metricStatisticSchema,
          period: anyValue,
          returnData: boolean,
        },
      ),
    ),
  },
  { interval: text },
);

/** Queries to AWS CloudWatch. */
export type CloudWatchMetric = Static<typeof cloudWatchSchema>;

/** Schema of a Wavefront query. */
export const wavefrontSchema = object({}, { address: text, query: text });
/** Schema of a New Relic query. */
export const newRelicSchema = object({ query: text }, { profile: text, timeout: int64 });
/** Schema of a Graphite query. */
export const graphiteSchema = object({}, { address: text, query: text });
/** Schema of an InfluxDB query. */
export const influxdbSchema = object({}, { profile: text, query: text });
/** Schema of a SkyWalking query. */
export const skywalkingSchema = object({}, { address: text, query: text, interval: text });

/** A Wavefront query. */
export type WavefrontMetric = Static<typeof wavefrontSchema>;

/** A New Relic query in NRQL; timeout is in seconds. */
export type NewRelicMetric = Static<typeof newRelicSchema>;

/** A Graphite query. */
export type GraphiteMetric = Static<typeof graphiteSchema>;

/** An InfluxDB query. */
export type InfluxdbMetric = Static<typeof influxdbSchema>;

/** An Apache SkyWalking query. */
export type SkywalkingMetric = Static<typeof skywalkingSchema>;

/** Schema of where a metric's result comes from. */
export const metricProviderSchema = object(
  {},
  {
    prometheus: prometheusSchema,
    web: webSchema,
    datadog: datadogSchema,
    newRelic: newRelicSchema,
    wavefront: wavefrontSchema,
    kayenta: kayentaSchema,
    job: jobSchema,
    cloudWatch: cloudWatchSchema,
    graphite: graphiteSchema,
    influxdb: influxdbSchema,
    skywalking: skywalkingSchema,
    plugin: anyObject,
  },
);

/** Where a metric's result comes from: exactly one field; `plugin` has exactly one entry, name to configuration. */
export type MetricProvider = Static<typeof metricProviderSchema>;

/** Name of a metric provider as it stands in the manifest. */
export type MetricProviderName = keyof MetricProvider;
