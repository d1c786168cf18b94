import type { FieldErrors } from '../../api/field-error.ts';
import { listOf, numberOf as jsonNumber, recordOf, textMapOf } from '../../api/json-access.ts';
import { graphiteSchema } from '../../api/metric-provider.ts';
import type { Json } from '../../api/object.ts';
import { fail, succeed, type Result } from '../../base/result.ts';
import { ConfigReader } from './config-reader.ts';
import type { MetricOutcome, MetricProvider, MetricRequest, MetricResponse, SampleOrigin } from './contract.ts';
import { parseJsonDocument } from './json-document.ts';

const requestId = 'render';
const timeoutMs = 10_000;
const bodyBytesMax = 4 * 2 ** 20;

/**
 * `graphite`: a query of the Render URL API, such as `target=stats.errors&from=-5min` (graphite-web documentation, "The
 * Render URL API", format `json`). Conditions see a list: the values of the first series that are not null.
 */
export const graphite: MetricProvider<MetricRequest, null> = {
  name: 'graphite',
  plugin: false,
  schema: graphiteSchema,
  parse,
  start: () => null,
  requests: (request) => [request],
  fold: (_, __, state, responses) => ({ state, outcome: measure(responses.find(({ id }) => id === requestId)) }),
  origin: (_, responses) => originOf(responses.find(({ id }) => id === requestId)),
  store: () => ({}),
  restore: () => succeed(null),
};

function parse(configuration: Json): Result<MetricRequest, FieldErrors> {
  const fields = new ConfigReader(configuration);
  const address = fields.httpUrl('address');
  // Queries are written over several lines; no blank in them means anything.
  const parameters = new URLSearchParams(fields.text('query', '').replaceAll(/\s+/g, ''));
  if ((parameters.get('target') ?? '') === '') fields.refuse('query', 'give a query such as "target=a.b&from=-5min"');
  const errors = fields.errors();
  if (errors.length > 0 || address === undefined) return fail(errors);
  parameters.set('format', 'json');
  const url = new URL(address);
  url.pathname = `${address.pathname.replace(/\/+$/, '')}/render`;
  url.search = parameters.toString();
  return succeed({ id: requestId, url: url.href, headers: {}, timeoutMs, bodyBytesMax });
}

function measure(response: MetricResponse | undefined): MetricOutcome {
  if (response === undefined) return error('Graphite did not answer');
  if (response.kind === 'failure') return { kind: 'error', code: response.code, message: response.message };
  const { status, body } = response;
  if (status < 200 || status >= 300) return error(`Graphite answered with status ${status}`);
  const document = parseJsonDocument(body);
  if (!document.ok || !Array.isArray(document.value)) return error('Graphite did not answer with a list of series');
  const [series] = document.value as readonly Json[];
  const value: number[] = [];
  for (const point of listOf(recordOf(series)['datapoints'])) {
    const [reading] = listOf(point);
    // Null is a time for which nothing was recorded.
    if (reading === null) continue;
    const number = numberOf(reading);
    if (number === undefined)
      return error(`Graphite answered with ${JSON.stringify(point).slice(0, 100)} as a datapoint`);
    value.push(number);
  }
  if (value.length > 0) return { kind: 'sample', value };
  return { kind: 'noData', value, reason: 'the query found no values' };
}

/** The newest value of the first series, which is the one that is measured. */
function originOf(response: MetricResponse | undefined): SampleOrigin {
  const document = parseJsonDocument(response?.kind === 'answer' ? response.body : '');
  const [series] = listOf(document.ok ? document.value : undefined).map(recordOf);
  const newest = listOf(series?.['datapoints'])
    .map(listOf)
    .findLast(([reading]) => numberOf(reading) !== undefined);
  const atSeconds = jsonNumber(newest?.[1]);
  const labels = series === undefined ? [] : [textMapOf(series['tags'])];
  return { labels, ...(atSeconds === undefined ? {} : { sampledAtMs: 1000 * atSeconds }) };
}

/** Numbers come as texts too. */
function numberOf(reading: unknown): number | undefined {
  const isNumeric = typeof reading === 'string' && /^[+-]?(?:\d+(?:\.\d*)?|\.\d+)(?:[eE][+-]?\d+)?$/.test(reading);
  const number = isNumeric ? Number(reading) : reading;
  return typeof number === 'number' && Number.isFinite(number) ? number : undefined;
}

function error(message: string): MetricOutcome {
  return { kind: 'error', code: 'MetricUnreachable', message };
}
