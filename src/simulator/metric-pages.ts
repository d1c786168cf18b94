import { SluiceError } from '../base/error.ts';
import type { HttpPort } from '../controller/http-port.ts';
import type { MetricRequest, MetricResponse } from '../providers/metrics/contract.ts';
import type { ServingPod } from './data-plane.ts';
import type { ImageCatalogue } from './image-behaviour.ts';
import type { RequestCounts } from './traffic-ledger.ts';

/** What metric pages are made from. */
export interface MetricPagesOptions {
  readonly images: ImageCatalogue;
  readonly podAt: (address: string) => ServingPod | undefined;
  /** The requests of a pod up to now. */
  readonly countsOf: (pod: string) => Readonly<RequestCounts>;
}

/** The metric pages of modelled pods, as a client of HTTP meets them. */
export function metricPages(options: MetricPagesOptions): HttpPort {
  return { send: (request) => Promise.resolve(answer(request, options)) };
}

function answer(request: MetricRequest, { images, podAt, countsOf }: MetricPagesOptions): MetricResponse {
  const { id, url } = request;
  const pod = podAt(new URL(url).hostname);
  const kind = pod?.isRunning === true ? images.of(pod.image).metrics : 'unreachable';
  switch (kind) {
    case 'unreachable': {
      const { code, message } = new SluiceError('MetricUnreachable', `connect ECONNREFUSED ${url}`);
      return { kind: 'failure', id, code, message };
    }
    case 'failing':
      return { kind: 'answer', id, status: 500, contentType: 'text/plain', body: 'Internal Server Error' };
    case 'nonsense':
      return {
        kind: 'answer',
        id,
        status: 200,
        contentType: 'text/plain',
        body: 'http_requests_total{code="200"} NaN\n',
      };
    case 'empty':
      return { kind: 'answer', id, status: 200, contentType: 'text/plain', body: '' };
    case 'proper':
      return { kind: 'answer', id, status: 200, contentType: 'text/plain', body: page(countsOf(pod?.key ?? '')) };
  }
}

function page({ requests, errors, slow }: Readonly<RequestCounts>): string {
  const fast = requests - slow;
  return [
    '# TYPE http_requests_total counter',
    `http_requests_total{code="200"} ${requests - errors}`,
    `http_requests_total{code="500"} ${errors}`,
    '# TYPE http_request_duration_seconds histogram',
    `http_request_duration_seconds_bucket{le="0.1"} ${fast}`,
    `http_request_duration_seconds_bucket{le="0.5"} ${fast}`,
    `http_request_duration_seconds_bucket{le="1"} ${requests}`,
    `http_request_duration_seconds_bucket{le="+Inf"} ${requests}`,
    `http_request_duration_seconds_sum ${(fast * 0.02 + slow).toFixed(3)}`,
    `http_request_duration_seconds_count ${requests}`,
    '',
  ].join('\n');
}
