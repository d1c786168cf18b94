import type { FieldErrors } from '../../api/field-error.ts';
import type { Json } from '../../api/object.ts';
import { int64, object, text } from '../../api/schema.ts';
import { fail, succeed, type Result } from '../../base/result.ts';
import { ConfigReader } from './config-reader.ts';
import { readRange } from './prometheus-range.ts';
import { prometheus, type PrometheusConfig, type PrometheusProvider } from './prometheus.ts';

const schema = object(
  {},
  { project: text, query: text, rangeQuery: object({}, { start: text, end: text, step: text }), timeout: int64 },
);

/**
 * `sluice.dev/google-cloud-monitoring`: PromQL over the metrics of a Google Cloud project (Cloud Monitoring API
 * Reference, v1, projects.location.prometheus.api.v1), with the service account of the controller. Conditions see what
 * they see of a Prometheus.
 */
export const googleCloudMonitoring: PrometheusProvider = {
  ...prometheus,
  name: 'sluice.dev/google-cloud-monitoring',
  plugin: true,
  schema,
  parse,
  requests: (config, window, state) =>
    prometheus.requests(config, window, state).map((request) => ({ ...request, signing: { kind: 'google' } as const })),
};

function parse(configuration: Json): Result<PrometheusConfig, FieldErrors> {
  const fields = new ConfigReader(configuration);
  const project = fields.text('project', '').trim();
  // It becomes a part of the path.
  if (!/^(?:[a-z0-9.-]{1,62}:)?[a-z0-9][a-z0-9-]{0,61}[a-z0-9]$/.test(project)) {
    fields.contradict('project', 'it must be the id or number of a Google Cloud project');
  }
  const query = fields.text('query', '').trim();
  if (query === '') fields.refuse('query', 'give an expression of PromQL');
  const range = readRange(fields);
  const timeoutSeconds = fields.number('timeout', { min: 1, max: 3600, initial: 30 });
  const errors = fields.errors();
  if (errors.length > 0) return fail(errors);
  return succeed({
    address: new URL(`https://monitoring.googleapis.com/v1/projects/${project}/location/global/prometheus`),
    query,
    range,
    authentication: { kind: 'none' },
    headers: {},
    insecure: false,
    timeoutMs: 1000 * timeoutSeconds,
  });
}
