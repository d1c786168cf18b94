import type { FieldErrors } from '../../api/field-error.ts';
import { optionalRecord, recordOf } from '../../api/json-access.ts';
import { newRelicSchema } from '../../api/metric-provider.ts';
import type { Json } from '../../api/object.ts';
import { fail, succeed, type Result } from '../../base/result.ts';
import { ConfigReader } from './config-reader.ts';
import type { MetricOutcome, MetricWindow } from './contract.ts';
import { graphQlBody, graphQlData } from './graph-ql.ts';
import { isFiniteJson, sortMembers } from './json-document.ts';
import { createQueryProvider, type QueryAnswer, type QueryRequest } from './query-provider.ts';
import { badAnswer } from './refusal.ts';
import { secretUrl } from './secret-url.ts';

/** A New Relic metric with its defaults filled in. */
export interface NewRelicConfig {
  readonly query: string;
  /** Name of the Secret with the key and the account. */
  readonly profile: string;
  /** How long New Relic may take, in seconds; 0 leaves it to New Relic. */
  readonly timeoutSeconds: number;
}

const title = 'New Relic';
const profileDefault = 'newrelic';
const requestTimeoutMs = 30_000;
/** NerdGraph lets no query run longer. */
const timeoutSecondsMax = 120;
const bodyBytesMax = 4 * 2 ** 20;

/** NerdGraph in each region (New Relic documentation, "Introduction to NerdGraph", "Endpoints"). */
const endpoints: ReadonlyMap<string, string> = new Map([
  ['us', 'https://api.newrelic.com/graphql'],
  ['eu', 'https://api.eu.newrelic.com/graphql'],
  ['jp', 'https://api.jp.newrelic.com/graphql'],
]);

/**
 * `newRelic`: a query in NRQL by NerdGraph (New Relic documentation, "NerdGraph tutorial: Query your data using NRQL").
 * Conditions see the one result as an object, several as a list of objects. The key and the account are in a Secret.
 */
export const newRelic = createQueryProvider<NewRelicConfig>({
  name: 'newRelic',
  title,
  schema: newRelicSchema,
  parse,
  secret: ({ profile }) => ({
    name: profile,
    place: 'controller',
    required: ['personal-api-key', 'account-id'],
    optional: ['region', 'base-url-nerdgraph'],
    shown: ['account-id', 'region', 'base-url-nerdgraph'],
  }),
  request,
  measure,
});

function parse(configuration: Json): Result<NewRelicConfig, FieldErrors> {
  const fields = new ConfigReader(configuration);
  const query = fields.text('query', '').trim();
  if (query === '') fields.refuse('query', 'give a query in NRQL');
  const profile = fields.text('profile', '').trim();
  const timeoutSeconds = fields.integer('timeout', { min: 0, max: timeoutSecondsMax, initial: 0 });
  const errors = fields.errors();
  if (errors.length > 0) return fail(errors);
  return succeed({ query, profile: profile === '' ? profileDefault : profile, timeoutSeconds });
}

function request(
  { query, timeoutSeconds }: NewRelicConfig,
  { secret = {} }: MetricWindow,
): Result<QueryRequest, string> {
  const region = (secret['region'] ?? 'us').toLowerCase();
  const endpoint = endpoints.get(region);
  const url = secretUrl(secret, 'base-url-nerdgraph', endpoint ?? '');
  const accountId = secret['account-id'] ?? '';
  if (endpoint === undefined) {
    return fail(`the key "region" of the Secret must be one of ${[...endpoints.keys()].join(', ')}`);
  }
  if (!url.ok) return url;
  if (!/^[1-9]\d{0,15}$/.test(accountId)) return fail('the key "account-id" of the Secret must be a number');
  return succeed({
    url: url.value,
    method: 'POST',
    headers: { 'api-key': secret['personal-api-key'] ?? '', 'content-type': 'application/json' },
    body: graphQlBody(operation(timeoutSeconds), { accountId: Number(accountId), query }),
    timeoutMs: Math.max(requestTimeoutMs, 1000 * timeoutSeconds),
    bodyBytesMax,
  });
}

function operation(timeoutSeconds: number): string {
  const timeout = timeoutSeconds === 0 ? '' : `, timeout: ${timeoutSeconds}`;
  const nrql = `nrql(query: $query${timeout}) { results }`;
  return `query($accountId: Int!, $query: Nrql!) { actor { account(id: $accountId) { ${nrql} } } }`;
}

function measure(answer: QueryAnswer): MetricOutcome {
  const data = graphQlData(title, answer);
  if (!data.ok) return data.error;
  const account = recordOf(recordOf(recordOf(data.value)['actor'])['account']);
  const { results } = recordOf(account['nrql']);
  if (!Array.isArray(results)) return badAnswer(`${title} did not answer with a list of results`);
  // It comes from a JSON document.
  const rows = (results as readonly Json[]).filter((row) => Object.keys(optionalRecord(row) ?? {}).length > 0);
  const [first] = rows;
  if (first === undefined) return { kind: 'noData', reason: 'the query found no results' };
  const value = rows.length === 1 ? first : rows;
  return isFiniteJson(value) ? { kind: 'sample', value: sortMembers(value) } : badAnswer('a number is too large');
}
