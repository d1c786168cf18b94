import type { FieldErrors } from '../../api/field-error.ts';
import { recordOf } from '../../api/json-access.ts';
import { influxdbSchema } from '../../api/metric-provider.ts';
import type { Json } from '../../api/object.ts';
import { parseInstant } from '../../base/instant.ts';
import { fail, succeed, type Result } from '../../base/result.ts';
import { readAnnotatedCsv } from './annotated-csv.ts';
import { ConfigReader } from './config-reader.ts';
import type { MetricOutcome, MetricWindow, SampleOrigin } from './contract.ts';
import { createQueryProvider, type QueryAnswer, type QueryRequest } from './query-provider.ts';
import { badAnswer, isSuccess, jsonOf, refusal, vendorWords } from './refusal.ts';
import { secretUrl } from './secret-url.ts';

/** An InfluxDB metric with its defaults filled in. */
export interface InfluxdbConfig {
  readonly query: string;
  /** Name of the Secret with the address, the organisation and the token. */
  readonly profile: string;
}

const title = 'InfluxDB';
const profileDefault = 'influxdb';
const timeoutMs = 30_000;
const bodyBytesMax = 4 * 2 ** 20;

/**
 * `influxdb`: a query in Flux (InfluxDB v2 API, "Query data", POST /api/v2/query). Conditions see a list: the column
 * `_value` of all tables, row by row. Address, organisation and token are in a Secret.
 */
export const influxdb = createQueryProvider<InfluxdbConfig>({
  name: 'influxdb',
  title,
  schema: influxdbSchema,
  parse,
  secret: ({ profile }) => ({
    name: profile,
    place: 'controller',
    required: ['address', 'authToken', 'org'],
    shown: ['address', 'org'],
  }),
  request,
  measure,
  origin,
});

function parse(configuration: Json): Result<InfluxdbConfig, FieldErrors> {
  const fields = new ConfigReader(configuration);
  const query = fields.text('query', '').trim();
  if (query === '') fields.refuse('query', 'give a query in Flux');
  const profile = fields.text('profile', '').trim();
  const errors = fields.errors();
  return errors.length > 0 ? fail(errors) : succeed({ query, profile: profile === '' ? profileDefault : profile });
}

function request({ query }: InfluxdbConfig, { secret = {} }: MetricWindow): Result<QueryRequest, string> {
  const url = secretUrl(secret, 'address');
  if (!url.ok) return url;
  const parameters = new URLSearchParams({ org: secret['org'] ?? '' });
  const dialect = { annotations: ['datatype', 'default'], delimiter: ',', header: true };
  return succeed({
    url: `${url.value}/api/v2/query?${parameters.toString()}`,
    method: 'POST',
    headers: {
      authorization: `Token ${secret['authToken'] ?? ''}`,
      accept: 'application/csv',
      'content-type': 'application/json',
    },
    body: JSON.stringify({ query, type: 'flux', dialect }),
    timeoutMs,
    bodyBytesMax,
  });
}

function measure({ status, body }: QueryAnswer): MetricOutcome {
  if (!isSuccess(status)) {
    const { code, message } = recordOf(jsonOf(body));
    return refusal(title, status, vendorWords(message) || vendorWords(code));
  }
  const records = readAnnotatedCsv(body);
  if (!records.ok) return badAnswer(`${title}: ${vendorWords(records.error)}`);
  const value = records.value.map((record) => record.value);
  if (value.some((one) => one !== null)) return { kind: 'sample', value };
  return { kind: 'noData', value, reason: 'the query found no values' };
}

/** The newest row: a query in Flux gives whole series. */
function origin({ body }: QueryAnswer): SampleOrigin {
  const records = readAnnotatedCsv(body);
  if (!records.ok) return {};
  const times = records.value.flatMap(({ columns }) => parseInstant(columns['_time'] ?? '') ?? []);
  const labels = records.value.map(({ columns }) => columns);
  return times.length === 0 ? { labels } : { labels, sampledAtMs: times.reduce((one, other) => Math.max(one, other)) };
}
