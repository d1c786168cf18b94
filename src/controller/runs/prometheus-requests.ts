import type { PrometheusDriver } from 'prometheus-query';

import { messageOf } from '../../base/error.ts';
import { invariant } from '../../base/invariant.ts';
import type { MetricRequest, MetricResponse, PrometheusRequest } from '../../providers/metrics/contract.ts';
import type { HttpPort } from '../http-port.ts';

/** How queries of Prometheus are sent. Never rejects. */
export interface PrometheusRequests {
  send(request: PrometheusRequest, signal: AbortSignal): Promise<MetricResponse>;
}

/** Longer queries do not fit into the URLs that every proxy lets through. */
const queryLengthMax = 1800;

/**
 * Queries by the library prometheus-query, which knows paths and parameters of the API. Its transport is ours, with the
 * same policy, deadline and bounds as every other request of a metric, and the answer comes out of it as it came in:
 * the library's own reading loses infinities, warnings, histograms and Prometheus' words.
 */
export function createPrometheusRequests(http: HttpPort): PrometheusRequests {
  return {
    async send(request, signal) {
      try {
        // Most controllers ask no Prometheus, and need not load it.
        const { PrometheusDriver } = await import('prometheus-query');
        return await ask(PrometheusDriver, request, (sent) => http.send(sent, signal));
      } catch (error) {
        return { kind: 'failure', id: request.id, code: 'Internal', message: messageOf(error) };
      }
    },
  };
}

type Send = (request: MetricRequest) => Promise<MetricResponse>;
type DriverOptions = ConstructorParameters<typeof PrometheusDriver>[0];
type Interceptor = NonNullable<DriverOptions['requestInterceptor']>['onFulfilled'];
type Config = Parameters<Interceptor>[0];

async function ask(Driver: typeof PrometheusDriver, request: PrometheusRequest, send: Send): Promise<MetricResponse> {
  const { address, query, range, timeoutMs } = request;
  const url = new URL(address);
  const driver = new Driver({
    endpoint: `${url.origin}${url.pathname.replace(/\/+$/, '')}`,
    timeout: timeoutMs,
    preferPost: new URLSearchParams({ query }).toString().length > queryLengthMax,
    requestInterceptor: { onFulfilled: (config) => ({ ...config, adapter: adapter(request, url.searchParams, send) }) },
  });
  // The library takes 0 for no time. What is next to it is 0 again in seconds.
  const time = (instantMs: number): number => (instantMs === 0 ? Number.MIN_VALUE : instantMs);
  const { result } = await (range === undefined
    ? driver.instantQuery(query)
    : driver.rangeQuery(query, time(range.startMs), time(range.endMs), range.stepMs / 1000));
  const [answer] = result as readonly (MetricResponse | undefined)[];
  invariant(answer !== undefined, 'what the transport answers comes out of the library');
  return answer;
}

/**
 * Sends what the library asks for, and answers with an envelope that it hands through: a scalar, which it does not look
 * into.
 */
function adapter(request: PrometheusRequest, along: URLSearchParams, send: Send): NonNullable<Config['adapter']> {
  return async (config) => {
    const answer = await send(requestOf(request, along, config));
    const data = { status: 'success', data: { resultType: 'scalar', result: [answer] } };
    return { data, status: 200, statusText: '', headers: {}, config };
  };
}

function requestOf(request: PrometheusRequest, along: URLSearchParams, config: Config): MetricRequest {
  const { id, headers, insecure, signing, timeoutMs, bodyBytesMax } = request;
  const url = new URL(`${config.baseURL ?? ''}${config.url ?? ''}`);
  for (const [name, value] of along) url.searchParams.append(name, value);
  const isPosted = config.method?.toUpperCase() === 'POST';
  // The library has made text of a form by now.
  const parameters = new URLSearchParams(String(isPosted ? config.data : config.params));
  // It always sends the time of this machine, whose clock may differ. Without one it is Prometheus' own.
  parameters.delete('time');
  const common = {
    id,
    ...(insecure === undefined ? {} : { insecure }),
    ...(signing === undefined ? {} : { signing }),
    timeoutMs,
    bodyBytesMax,
  };
  if (!isPosted) {
    for (const [name, value] of parameters) url.searchParams.append(name, value);
    return { ...common, url: url.href, headers };
  }
  const form = { 'content-type': 'application/x-www-form-urlencoded' };
  return { ...common, url: url.href, method: 'POST', headers: { ...headers, ...form }, body: parameters.toString() };
}
