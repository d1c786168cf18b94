import { hashLabel } from '../../api/pod-template-hash.ts';
import type { MetricResponse, PluginRequest } from '../../providers/metrics/contract.ts';
import type { JobPlace } from '../../providers/metrics/job-object.ts';
import { metricPluginApiVersion, type MetricPluginRegistry, type MetricPluginRequest } from './contract.ts';

/** How metric plug-ins are called. */
export interface MetricPluginCalls {
  /** Never rejects. */
  send(request: PluginRequest, place: JobPlace, signal: AbortSignal): Promise<MetricResponse>;
}

/** A copy of the whole manifest, which is nobody's business. */
const lastApplied = 'kubectl.kubernetes.io/last-applied-configuration';

/** Calls of the plug-ins that the settings name. */
export function metricPluginCalls(plugins: MetricPluginRegistry): MetricPluginCalls {
  return {
    async send(request, place, signal) {
      const plugin = plugins.get(request.plugin);
      const { id } = request;
      if (plugin === undefined)
        return { kind: 'failure', id, code: 'NotFound', message: 'the controller does not know it' };
      // The provider knows its request by an id of its own.
      return { ...(await plugin.call(requestOf(request, place), signal)), id };
    },
  };
}

function requestOf({ plugin, config, status }: PluginRequest, { run, metric, number }: JobPlace): MetricPluginRequest {
  const { namespace = '', name, uid = '', labels = {}, annotations = {} } = run.metadata;
  return {
    apiVersion: metricPluginApiVersion,
    id: `${uid}/${metric}/${number}`,
    plugin,
    config,
    status,
    metric,
    measurement: number,
    run: {
      namespace,
      name,
      uid,
      labels,
      annotations: Object.fromEntries(Object.entries(annotations).filter(([key]) => key !== lastApplied)),
      podTemplateHash: labels[hashLabel] ?? '',
    },
  };
}
