import type { MetricRequest, MetricResponse } from '../providers/metrics/contract.ts';

/** How metric requests are sent: over the network, or in the simulator from a model. Never rejects. */
export interface HttpPort {
  /** Sends one request within its deadline and size limit. What goes wrong comes back as a failure. */
  send(request: MetricRequest, signal: AbortSignal): Promise<MetricResponse>;
}
