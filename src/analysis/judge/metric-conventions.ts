import { invariant } from '../../base/invariant.ts';
import { parsePattern, parseSeriesSelector, type SeriesSelector } from './series-selector.ts';

/** A counter of requests by status, and what a bad status is there. */
export interface RequestMetric extends SeriesSelector {
  /** Labels that may hold the status, in order of preference. */
  readonly statusLabels: readonly string[];
  readonly isBad: (status: string) => boolean;
  /** Whose convention this is, for a person. */
  readonly convention: string;
}

/** A histogram of durations, by its name without `_bucket`. */
export interface LatencyMetric extends SeriesSelector {
  /** Its unit as a part of a second. */
  readonly unitSeconds: number;
  readonly convention: string;
}

/**
 * Where services commonly have their metrics besides `/metrics` on their own port: Spring Boot, Istio, the Linkerd
 * proxy, Envoy, the Prometheus exporter of OpenTelemetry's SDKs, and NGINX with the module VTS.
 */
export const commonPlaces: readonly { readonly port?: number; readonly path: string }[] = [
  { path: '/metrics' },
  { path: '/actuator/prometheus' },
  { port: 15_020, path: '/stats/prometheus' },
  { port: 4191, path: '/metrics' },
  { port: 9901, path: '/stats/prometheus' },
  { port: 9464, path: '/metrics' },
  { path: '/status/format/prometheus' },
];

const commonStatusLabels = [
  'code',
  'status',
  'status_code',
  'http_response_status_code',
  'http_status_code',
  'response_code',
];

const otelLabels = ['http_response_status_code', 'error_type'];

interface Convention {
  readonly name: string;
  /** Selectors of request counters with their status labels and the pattern of a bad status. */
  readonly requests: readonly (readonly [selector: string, statusLabels: readonly string[], bad: string])[];
  readonly latency: readonly (readonly [selector: string, unitSeconds: number])[];
}

/**
 * The conventions in order of preference. What a proxy sees goes first, because a process that hangs or dies counts
 * nothing itself. Each is tested on a page of the version that stands beside it.
 */
const conventions: readonly Convention[] = [
  {
    name: 'Istio standard metrics', // istio.io, Istio 1.24
    requests: [['istio_requests_total{reporter="destination"}', ['response_code'], '5..']],
    latency: [['istio_request_duration_milliseconds{reporter="destination"}', 0.001]],
  },
  {
    name: 'Linkerd proxy', // linkerd.io, proxy metrics of 2.14
    requests: [['response_total{direction="inbound"}', ['classification'], 'failure']],
    latency: [['response_latency_ms{direction="inbound"}', 0.001]],
  },
  {
    name: 'Envoy', // envoyproxy.io, HTTP connection manager statistics of 1.31
    requests: [
      ['envoy_http_downstream_rq_xx{envoy_http_conn_manager_prefix!="admin"}', ['envoy_response_code_class'], '5'],
    ],
    latency: [['envoy_http_downstream_rq_time{envoy_http_conn_manager_prefix!="admin"}', 0.001]],
  },
  {
    name: 'NGINX ingress controller', // kubernetes.github.io/ingress-nginx, monitoring of 1.11
    requests: [['nginx_ingress_controller_requests', ['status'], '5..']],
    latency: [['nginx_ingress_controller_request_duration_seconds', 1]],
  },
  {
    name: 'NGINX with VTS', // github.com/vozlt/nginx-module-vts 0.2
    requests: [['nginx_vts_server_requests_total{host!="*",code=~".xx"}', ['code'], '5xx']],
    latency: [['nginx_vts_server_request_duration_seconds{host!="*"}', 1]],
  },
  {
    name: 'OpenTelemetry HTTP server', // semantic conventions 1.27, stable since 1.23
    requests: [
      // A request that ended without a status has the type of its error instead.
      ['http_server_request_duration_seconds_count', [...otelLabels, ...commonStatusLabels], '5..|[a-zA-Z_].*'],
    ],
    latency: [['http_server_request_duration_seconds', 1]],
  },
  {
    name: 'Micrometer', // docs.spring.io, Spring Boot 3.3 with Micrometer 1.13
    requests: [['http_server_requests_seconds_count{uri!~"/actuator.*"}', ['status'], '5..']],
    latency: [['http_server_requests_seconds{uri!~"/actuator.*"}', 1]],
  },
  {
    name: 'client libraries',
    requests: [
      ['http_requests_total', commonStatusLabels, '5..'],
      ['http_server_requests_total', commonStatusLabels, '5..'],
      ['http_requests_received_total', commonStatusLabels, '5..'],
      ['http_request_duration_seconds_count', commonStatusLabels, '5..'],
      ['flask_http_request_total', ['status'], '5..'],
    ],
    latency: [
      ['http_request_duration_seconds', 1],
      ['http_server_request_duration_seconds', 1],
      ['flask_http_request_duration_seconds', 1],
    ],
  },
  {
    name: 'OpenTelemetry HTTP server before 1.23', // semantic conventions 1.20
    requests: [['http_server_duration_milliseconds_count', ['http_status_code'], '5..']],
    latency: [['http_server_duration_milliseconds', 0.001]],
  },
  {
    name: 'gRPC server', // go-grpc-middleware, providers/prometheus 1.0
    requests: [
      [
        'grpc_server_handled_total',
        ['grpc_code'],
        'Unknown|DeadlineExceeded|Unimplemented|Internal|Unavailable|DataLoss',
      ],
    ],
    latency: [['grpc_server_handling_seconds', 1]],
  },
];

/** Counters of requests that services commonly have, in order of preference. */
export const commonRequestMetrics: readonly RequestMetric[] = conventions.flatMap(({ name, requests }) =>
  requests.map(([selector, statusLabels, bad]) =>
    requestMetric(known(parseSeriesSelector(selector)), statusLabels, known(parsePattern(bad)), name),
  ),
);

/** Histograms of durations that services commonly have, in order of preference. */
export const commonLatencyMetrics: readonly LatencyMetric[] = conventions.flatMap(({ name, latency }) =>
  latency.map(([selector, unitSeconds]) => ({
    ...known(parseSeriesSelector(selector)),
    unitSeconds,
    convention: name,
  })),
);

/** A counter that somebody named. The status is where it commonly is unless they named that too. */
export function requestMetric(
  selector: SeriesSelector,
  statusLabels: readonly string[] = commonStatusLabels,
  isBad: (status: string) => boolean,
  convention = 'configuration',
): RequestMetric {
  return { ...selector, statusLabels, isBad, convention };
}

/** A histogram that somebody named; its name says its unit. */
export function latencyMetric(selector: SeriesSelector): LatencyMetric {
  const unitSeconds = /_(?:ms|milliseconds)$/.test(selector.name) ? 0.001 : 1;
  return { ...selector, unitSeconds, convention: 'configuration' };
}

function known<Value>(result: { readonly ok: true; readonly value: Value } | { readonly ok: false }): Value {
  invariant(result.ok, 'the conventions that are known are written rightly');
  return result.value;
}
