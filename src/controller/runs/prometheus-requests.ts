import { messageOf } from '../../base/error.ts';
import type { MetricResponse, PrometheusRequest } from '../../providers/metrics/contract.ts';
import type { HttpPort } from '../http-port.ts';

/** How queries of Prometheus are sent. Never rejects. */
export interface PrometheusRequests {
  send(request: PrometheusRequest, signal: AbortSignal): Promise<MetricResponse>;
}

/** Queries by the library prometheus-query, over the same client as every other request of a metric. */
export function createPrometheusRequests(http: HttpPort): PrometheusRequests {
  return {
    async send(request, signal) {
      try {
        // Most controllers ask no Prometheus, and need not load it.
        const { askPrometheus } = await import('./ask-prometheus.ts');
        return await askPrometheus(request, (sent) => http.send(sent, signal));
      } catch (error) {
        return { kind: 'failure', id: request.id, code: 'Internal', message: messageOf(error) };
      }
    },
  };
}
