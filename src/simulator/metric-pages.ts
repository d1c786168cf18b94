import { SluiceError } from '../base/error.ts';
import type { HttpPort } from '../controller/http-port.ts';
import type { MetricRequest, MetricResponse } from '../providers/metrics/contract.ts';
import type { ServingPod } from './data-plane.ts';
import type { ImageBehaviour, ImageCatalogue } from './image-behaviour.ts';
import type { RequestCounts } from './traffic-ledger.ts';

/** What metric pages are made from. */
export interface MetricPagesOptions {
  readonly images: ImageCatalogue;
  readonly podAt: (address: string) => ServingPod | undefined;
  /** The requests of a pod up to now. */
  readonly countsOf: (pod: string) => Readonly<RequestCounts>;
  /** Resolves after a time in milliseconds. */
  readonly wait: (ms: number) => Promise<void>;
}

/** The metric pages of modelled pods, as a client of HTTP meets them. */
export function metricPages(options: MetricPagesOptions): HttpPort {
  /** What pods had counted when their pages stood still. */
  const frozen = new Map<string, Readonly<RequestCounts>>();
  return {
    async send(request) {
      const { images, podAt, countsOf, wait } = options;
      const pod = podAt(new URL(request.url).hostname);
      const kind = pod?.isRunning === true ? images.of(pod.image).metrics : 'unreachable';
      const key = pod?.key ?? '';
      if (kind !== 'stale') frozen.delete(key);
      else if (!frozen.has(key)) frozen.set(key, countsOf(key));
      if (kind === 'late') await wait(request.timeoutMs);
      return answer(request, kind, () => frozen.get(key) ?? countsOf(key));
    },
  };
}

function answer(
  { id, url, timeoutMs }: MetricRequest,
  kind: ImageBehaviour['metrics'],
  counts: () => Readonly<RequestCounts>,
): MetricResponse {
  const text = (body: string): MetricResponse => ({
    kind: 'answer',
    id,
    status: 200,
    contentType: 'text/plain',
    body,
  });
  const failure = ({ code, message }: SluiceError): MetricResponse => ({ kind: 'failure', id, code, message });
  switch (kind) {
    case 'unreachable':
      return failure(new SluiceError('MetricUnreachable', `connect ECONNREFUSED ${url}`));
    case 'late':
      return failure(new SluiceError('Timeout', `${url} did not answer within ${timeoutMs} ms`));
    case 'failing':
      return { kind: 'answer', id, status: 500, contentType: 'text/plain', body: 'Internal Server Error' };
    case 'nonsense':
      return text('http_requests_total{code="200"} NaN\n');
    case 'text':
      return text('http_requests_total{code="200"} many\n');
    case 'huge':
      return text('http_requests_total{code="200"} 1e308\nhttp_requests_total{code="500"} 1e308\n');
    case 'empty':
      return text('');
    case 'proper':
    case 'stale':
      return text(page(counts()));
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
