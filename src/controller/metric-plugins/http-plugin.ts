import { signedPost, type SignedPostOptions } from '../plugins/signed-post.ts';
import { metricPluginApiVersion, type MetricPlugin } from './contract.ts';

/** A metric plug-in that is called by HTTP, with signed requests; see docs/metric-plug-ins.md. */
export function httpMetricPlugin(options: SignedPostOptions): MetricPlugin {
  return {
    call: (request, signal) =>
      signedPost({ apiVersion: metricPluginApiVersion, id: request.id, request }, options, signal),
  };
}
