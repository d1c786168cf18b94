import type { FieldErrors } from '../../api/field-error.ts';
import { listOf, numberOf, recordOf, textMapOf, textOf } from '../../api/json-access.ts';
import { datadogSchema } from '../../api/metric-provider.ts';
import type { Json } from '../../api/object.ts';
import { fail, succeed, type Result } from '../../base/result.ts';
import { ConfigReader } from './config-reader.ts';
import type { MetricOutcome, MetricWindow, SampleOrigin, SecretReference } from './contract.ts';
import { groupMetadata } from './datadog-groups.ts';
import { createQueryProvider, type QueryAnswer, type QueryRequest } from './query-provider.ts';
import { badAnswer, isSuccess, jsonOf, refusal, vendorWords } from './refusal.ts';
import { secretUrl } from './secret-url.ts';

/** A Datadog metric with its defaults filled in. */
export interface DatadogConfig {
  readonly version: 'v1' | 'v2';
  /** Queries by the names that the formula knows them by. */
  readonly queries: Readonly<Record<string, string>>;
  readonly formula: string;
  readonly aggregator: string;
  readonly windowMs: number;
  readonly timeoutMs: number;
  readonly secret: Pick<SecretReference, 'name' | 'place' | 'environment'>;
}

const title = 'Datadog';
const secretNameDefault = 'datadog';
const addressDefault = 'https://api.datadoghq.com';
/** Where existing installations have the keys when there is no Secret. */
const variables = { 'api-key': 'DD_API_KEY', 'app-key': 'DD_APP_KEY', address: 'DD_ADDRESS' };
const requestTimeout = { minMs: 1, maxMs: 60_000, initialMs: 10_000 };
const bodyBytesMax = 4 * 2 ** 20;
const interval = { minMs: 1000, maxMs: 366 * 24 * 3_600_000, initialMs: 5 * 60_000 };
const aggregators = ['avg', 'min', 'max', 'sum', 'last', 'percentile', 'mean', 'l2norm', 'area'] as const;

/**
 * `datadog`: with version v1 the newest value of the first series (Datadog API Reference, "Query timeseries points"),
 * with v2 one number for the whole interval (the same, "Query scalar data across multiple products"). Conditions see a
 * number; a v2 query with `by {…}` gives a list with one for each group. Keys are in a Secret.
 */
export const datadog = createQueryProvider<DatadogConfig>({
  name: 'datadog',
  title,
  schema: datadogSchema,
  parse,
  secret: ({ secret }) => ({
    ...secret,
    required: ['api-key', 'app-key'],
    optional: ['address'],
    shown: ['address'],
  }),
  request,
  measure: (answer, { version }) => (version === 'v1' ? measureSeries(answer) : measureScalar(answer)),
  // A number for the whole interval has no time of its own.
  origin: (answer, { version }) => (version === 'v1' ? seriesOrigin(answer) : {}),
});

function parse(configuration: Json): Result<DatadogConfig, FieldErrors> {
  const fields = new ConfigReader(configuration);
  const version = fields.choice('apiVersion', ['v1', 'v2'], 'v1');
  const windowMs = fields.duration('interval', interval);
  const timeoutMs = fields.duration('requestTimeout', requestTimeout);
  const query = fields.text('query', '').trim();
  const named = readQueries(fields);
  const formula = fields.text('formula', '').trim();
  const aggregator = fields.choice('aggregator', aggregators, 'last');
  const secret = readSecret(fields);
  if (version === 'v1') refuseForV1(fields, query);
  else refuseForV2(fields, query, named, formula);
  const errors = fields.errors();
  if (errors.length > 0) return fail(errors);
  const queries = query === '' ? named : { query };
  return succeed({ version, queries, formula, aggregator, windowMs, timeoutMs, secret });
}

function readQueries(fields: ConfigReader): Readonly<Record<string, string>> {
  const given = fields.json('queries');
  const queries = textMapOf(given);
  const count = Object.keys(recordOf(given)).length;
  const isRight = given === undefined || (count === Object.keys(queries).length && count > 0);
  if (!isRight || Object.values(queries).some((query) => query.trim() === '')) {
    fields.refuse('queries', 'it must be an object with a query for each name');
  }
  return queries;
}

function readSecret(fields: ConfigReader): DatadogConfig['secret'] {
  const reference = fields.nested('secretRef');
  const name = reference.text('name', '').trim();
  const isOfRun = reference.flag('namespaced', false);
  if (isOfRun && name === '') reference.refuse('name', "give the name of a Secret in the run's namespace");
  if (name === '') return { name: secretNameDefault, place: 'controller', environment: variables };
  return { name, place: isOfRun ? 'run' : 'controller' };
}

function refuseForV1(fields: ConfigReader, query: string): void {
  if (query === '') fields.refuse('query', 'give a query such as "avg:system.load.1{*}"');
  for (const name of ['queries', 'formula', 'aggregator']) {
    if (fields.has(name)) fields.refuse(name, 'only apiVersion v2 knows it');
  }
}

function refuseForV2(
  fields: ConfigReader,
  query: string,
  queries: Readonly<Record<string, string>>,
  formula: string,
): void {
  const names = Object.keys(queries);
  if (query === '' && names.length === 0) fields.refuse('query', 'give a query, or queries with names');
  if (query !== '' && fields.has('queries')) fields.refuse('queries', 'there is a query already; leave one of them');
  if (query !== '' && formula !== '') fields.refuse('formula', 'a formula needs queries with names');
  if (names.length > 1 && formula === '') fields.refuse('formula', 'several queries need a formula that combines them');
  // Any other sign would be an operator in the formula.
  const unusable = formula === '' ? undefined : names.find((name) => !/^[A-Za-z]\w*$/.test(name));
  if (unusable === undefined) return;
  fields.refuse('queries', `"${unusable}" cannot stand in a formula; use letters, digits and "_", a letter first`);
}

function request(config: DatadogConfig, { nowMs, secret = {} }: MetricWindow): Result<QueryRequest, string> {
  const { version, windowMs, timeoutMs } = config;
  const url = secretUrl(secret, 'address', addressDefault);
  if (!url.ok) return url;
  const keys = { 'dd-api-key': secret['api-key'] ?? '', 'dd-application-key': secret['app-key'] ?? '' };
  const common = { headers: { ...keys, 'content-type': 'application/json' }, timeoutMs, bodyBytesMax };
  const toSeconds = Math.floor(nowMs / 1000);
  const fromSeconds = toSeconds - Math.floor(windowMs / 1000);
  if (version === 'v2') {
    const body = JSON.stringify(scalarRequest(config, fromSeconds * 1000, toSeconds * 1000));
    return succeed({ ...common, url: `${url.value}/api/v2/query/scalar`, method: 'POST', body });
  }
  const query = Object.values(config.queries).join('');
  const parameters = new URLSearchParams({ from: String(fromSeconds), to: String(toSeconds), query });
  return succeed({ ...common, url: `${url.value}/api/v1/query?${parameters.toString()}` });
}

function scalarRequest({ queries, formula, aggregator }: DatadogConfig, from: number, to: number): Json {
  const list = Object.entries(queries).map(([name, query]) => ({ name, query, aggregator, data_source: 'metrics' }));
  const formulas = formula === '' ? {} : { formulas: [{ formula }] };
  return { data: { type: 'scalar_request', attributes: { from, to, queries: list, ...formulas } } };
}

function measureSeries({ status, body }: QueryAnswer): MetricOutcome {
  const answer = recordOf(jsonOf(body));
  if (!isSuccess(status)) return refusal(title, status, wordsOf(answer));
  if (textOf(answer['status']) === 'error') return badAnswer(`${title} refuses the query: ${wordsOf(answer)}`);
  if (!Array.isArray(answer['series'])) return badAnswer(`${title} did not answer with a list of series`);
  const [series] = listOf(answer['series']);
  const values = listOf(recordOf(series)['pointlist']).map((point) => listOf(point)[1]);
  // Null is a time for which nothing was recorded.
  const value = values.findLast((one) => one !== null && one !== undefined);
  if (value === undefined) return noData();
  const number = numberOf(value);
  return number === undefined ? badAnswer(`${title} answered with a point without a number`) : sample(number);
}

function measureScalar({ status, body }: QueryAnswer): MetricOutcome {
  const answer = recordOf(jsonOf(body));
  if (!isSuccess(status)) return refusal(title, status, wordsOf(answer));
  const data = recordOf(answer['data']);
  const problem = vendorWords(answer['errors'], data['errors']);
  if (problem !== '') return badAnswer(`${title} refuses the query: ${problem}`);
  const { columns } = recordOf(data['attributes']);
  if (!Array.isArray(columns)) return badAnswer(`${title} did not answer with columns`);
  const read = columns.map(recordOf);
  const groups = read.filter(({ type }) => type === 'group');
  const column = read.find(({ type }) => type !== 'group');
  if (column !== undefined && !Array.isArray(column['values'])) {
    return badAnswer(`${title} answered with a column without values`);
  }
  const values = listOf(column?.['values']).filter((value) => value !== null);
  const numbers = values.flatMap((value) => numberOf(value) ?? []);
  const [first] = numbers;
  if (numbers.length < values.length) return badAnswer(`${title} answered with a value that is no number`);
  if (first === undefined) return noData();
  if (groups.length === 0) return sample(first);
  return { kind: 'sample', value: numbers, metadata: groupMetadata(groups, listOf(column?.['values'])) };
}

function wordsOf({ error, errors }: Readonly<Record<string, unknown>>): string {
  return vendorWords(error, errors, ...listOf(errors));
}

function sample(value: number): MetricOutcome {
  return { kind: 'sample', value };
}

function noData(): MetricOutcome {
  return { kind: 'noData', reason: 'the query found no values' };
}

function seriesOrigin({ body }: QueryAnswer): SampleOrigin {
  const [series] = listOf(recordOf(jsonOf(body))['series']).map(recordOf);
  const newest = listOf(series?.['pointlist'])
    .map(listOf)
    .findLast(([, value]) => typeof value === 'number');
  const sampledAtMs = numberOf(newest?.[0]);
  const tags = listOf(series?.['tag_set']).map((tag) => textOf(tag).split(/:(.*)/s));
  const labels = Object.fromEntries(tags.map(([name = '', value = '']) => [name, value]));
  return { labels: series === undefined ? [] : [labels], ...(sampledAtMs === undefined ? {} : { sampledAtMs }) };
}
