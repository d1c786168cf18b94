import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { describe, it } from 'node:test';

import { canary, play, stable, type Pages } from './judge-play.ts';

interface Recorded {
  readonly file: string;
  readonly convention: string;
  readonly errors: string;
  readonly latency: string;
  /** What marks a bad series. */
  readonly bad: RegExp;
  /** Boundaries in seconds at which latency is compared. */
  readonly boundaries: string;
  /** Series that must not be counted. */
  readonly foreign?: RegExp;
}

const recorded: readonly Recorded[] = [
  {
    file: 'open-telemetry-http-1.27',
    convention: 'OpenTelemetry HTTP server',
    errors: 'http_server_request_duration_seconds_count',
    latency: 'http_server_request_duration_seconds',
    bad: /error_type=/,
    boundaries: '0.075,0.25,1,5',
  },
  {
    file: 'open-telemetry-http-1.20',
    convention: 'OpenTelemetry HTTP server before 1.23',
    errors: 'http_server_duration_milliseconds_count',
    latency: 'http_server_duration_milliseconds',
    bad: /http_status_code="5/,
    boundaries: '0.05,0.25,0.75,5',
  },
  {
    file: 'istio-1.24',
    convention: 'Istio standard metrics',
    errors: 'istio_requests_total',
    latency: 'istio_request_duration_milliseconds',
    bad: /reporter="destination".*response_code="5/,
    boundaries: '0.05,0.25,0.5,2.5',
    foreign: /reporter="source"/,
  },
  {
    file: 'linkerd-2.14',
    convention: 'Linkerd proxy',
    errors: 'response_total',
    latency: 'response_latency_ms',
    bad: /direction="inbound".*status_code="5/,
    boundaries: '0.04,0.2,0.4,2',
    foreign: /direction="outbound"/,
  },
  {
    file: 'micrometer-1.13',
    convention: 'Micrometer',
    errors: 'http_server_requests_seconds_count',
    latency: 'http_server_requests_seconds',
    bad: /status="5/,
    boundaries: '0.050331648,0.246066065,1.073741824,5.010795177',
    foreign: /actuator/,
  },
  {
    file: 'envoy-1.31',
    convention: 'Envoy',
    errors: 'envoy_http_downstream_rq_xx',
    latency: 'envoy_http_downstream_rq_time',
    bad: /class="5",envoy_http_conn_manager_prefix="ingress_http"/,
    boundaries: '0.05,0.25,0.5,2.5',
    foreign: /prefix="admin"/,
  },
  {
    file: 'nginx-ingress-1.11',
    convention: 'NGINX ingress controller',
    errors: 'nginx_ingress_controller_requests',
    latency: 'nginx_ingress_controller_request_duration_seconds',
    bad: /status="5/,
    boundaries: '0.05,0.25,1,5',
  },
  {
    file: 'nginx-vts-0.2',
    convention: 'NGINX with VTS',
    errors: 'nginx_vts_server_requests_total',
    latency: 'nginx_vts_server_request_duration_seconds',
    bad: /host="shop.example",code="5xx"/,
    boundaries: '0.05,0.1,1,5',
    foreign: /host="\*"|code="total"/,
  },
  {
    file: 'client-golang-1.20',
    convention: 'client libraries',
    errors: 'http_requests_total',
    latency: 'http_request_duration_seconds',
    bad: /^http_requests_total{code="5/,
    boundaries: '0.05,0.25,1,5',
    foreign: /promhttp/,
  },
  {
    file: 'express-prom-bundle-7',
    convention: 'client libraries',
    errors: 'http_request_duration_seconds_count',
    latency: 'http_request_duration_seconds',
    bad: /status_code="5/,
    boundaries: '0.1,0.3,1.5,10',
  },
  {
    file: 'prometheus-net-8',
    convention: 'client libraries',
    errors: 'http_requests_received_total',
    latency: 'http_request_duration_seconds',
    bad: /code="5/,
    boundaries: '0.064,0.256,0.512,2.048',
  },
  {
    file: 'fastapi-instrumentator-7',
    convention: 'client libraries',
    errors: 'http_requests_total',
    latency: 'http_request_duration_seconds',
    bad: /status="5xx"/,
    boundaries: '0.1,0.5,1',
    foreign: /created/,
  },
  {
    file: 'flask-exporter-0.23',
    convention: 'client libraries',
    errors: 'flask_http_request_total',
    latency: 'flask_http_request_duration_seconds',
    bad: /status="5/,
    boundaries: '0.05,0.25,0.75,5',
  },
  {
    file: 'go-grpc-middleware-1.0',
    convention: 'gRPC server',
    errors: 'grpc_server_handled_total',
    latency: 'grpc_server_handling_seconds',
    bad: /grpc_code="Unavailable"/,
    boundaries: '0.05,0.25,1,5',
  },
];

/** The recorded page as it is after so many rounds; values of matching series grow so many times as fast. */
function grown(file: string, round: number, faster: RegExp, times: number): string {
  const text = readFileSync(new URL(`../../golden/expositions/${file}.txt`, import.meta.url), 'utf8');
  return text
    .split('\n')
    .map((line) => {
      if (line === '' || line.startsWith('#')) return line;
      const at = line.lastIndexOf(' ');
      const value = Number(line.slice(at + 1)) * (round + 1) * (faster.test(line) ? times : 1);
      return `${line.slice(0, at)} ${value}`;
    })
    .join('\n');
}

describe('with nothing but {} the judge finds the usual metrics', () => {
  for (const { file, convention, errors, latency, bad, boundaries, foreign } of recorded) {
    const pages =
      (faster: RegExp, times: number) =>
      (round: number): Pages => ({
        [stable.pod]: grown(file, round, bad, 1),
        [canary.pod]: grown(file, round, faster, times),
      });

    it(`of ${file}, and finds the harm in them`, () => {
      const { outcome, state } = play({}, pages(bad, 60), { rounds: 30 });
      assert.deepEqual(state.sources, { errors, convention, latency, boundaries });
      assert.ok(outcome.kind === 'verdict' && outcome.value === 'rollback');
      assert.equal(state.report.decidedBy?.kind, 'errors');
    });

    it(`of ${file}, and nothing where there is none`, () => {
      const { outcome } = play({}, pages(foreign ?? /^$/, 60), { rounds: 30 });
      assert.ok(outcome.kind === 'verdict' && outcome.value === 'promote', JSON.stringify(outcome));
    });
  }
});

describe('pages that are elsewhere', () => {
  it('are looked for where the conventions have them, and the place is kept', () => {
    const targets = { window: () => ({ targets: [stable, canary] }) };
    let asked: readonly string[] = [];
    const answers = (round: number): Pages =>
      asked.some((url) => url.includes('/actuator/prometheus'))
        ? {
            [stable.pod]: grown('micrometer-1.13', round, /^$/, 1),
            [canary.pod]: grown('micrometer-1.13', round, /status="5/, 60),
          }
        : { [stable.pod]: { status: 404 }, [canary.pod]: { status: 404 } };
    const { outcome, state } = play({}, answers, {
      ...targets,
      rounds: 30,
      sent: (urls) => (asked = urls),
      restartAt: 3,
    });
    assert.ok(outcome.kind === 'verdict' && outcome.value === 'rollback');
    assert.equal(state.sources['page'], '/actuator/prometheus');
  });

  it('are not looked for when the place is configured', () => {
    const urls = new Set<string>();
    const sent = (asked: readonly string[]) => asked.forEach((url) => urls.add(url));
    play({ path: '/mine' }, () => ({}), { rounds: 12, sent });
    assert.deepEqual([...urls], ['http://10.0.0.1:8080/mine', 'http://10.0.0.2:8080/mine']);
  });
});
