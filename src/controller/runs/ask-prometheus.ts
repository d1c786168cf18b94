import { PrometheusDriver } from 'prometheus-query';

import { invariant } from '../../base/invariant.ts';
import type { MetricRequest, MetricResponse, PrometheusRequest } from '../../providers/metrics/contract.ts';

/** Longer queries do not fit into the URLs that every proxy lets through. */
const queryLengthMax = 1800;

/** Sends a request of the library. Never rejects. */
export type SendRequest = (request: MetricRequest) => Promise<MetricResponse>;
type DriverOptions = ConstructorParameters<typeof PrometheusDriver>[0];
type Interceptor = NonNullable<DriverOptions['requestInterceptor']>['onFulfilled'];
type Config = Parameters<Interceptor>[0];

/**
 * Asks a Prometheus by the library prometheus-query, which knows paths and parameters of the API. Its transport is
 * `send`, with the policy, deadline and bounds of every other request of a metric, and the answer comes out of it as it
 * came in: the library's own reading loses infinities, warnings, histograms and Prometheus' words.
 */
export async function askPrometheus(request: PrometheusRequest, send: SendRequest): Promise<MetricResponse> {
  const { address, query, range, timeoutMs } = request;
  const url = new URL(address);
  const driver = new PrometheusDriver({
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
function adapter(
  request: PrometheusRequest,
  along: URLSearchParams,
  send: SendRequest,
): NonNullable<Config['adapter']> {
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
