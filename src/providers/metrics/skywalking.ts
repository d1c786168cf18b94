import type { FieldErrors } from '../../api/field-error.ts';
import { skywalkingSchema } from '../../api/metric-provider.ts';
import type { Json } from '../../api/object.ts';
import { formatInstant } from '../../base/instant.ts';
import { fail, succeed, type Result } from '../../base/result.ts';
import { ConfigReader } from './config-reader.ts';
import type { MetricOutcome, MetricWindow } from './contract.ts';
import { graphQlBody, graphQlData } from './graph-ql.ts';
import { isFiniteJson, sortMembers } from './json-document.ts';
import { createQueryProvider, type QueryAnswer, type QueryRequest } from './query-provider.ts';
import { badAnswer } from './refusal.ts';

/** A SkyWalking metric with its defaults filled in. */
export interface SkywalkingConfig {
  readonly address: URL;
  /** GraphQL; it may have a variable `$duration`. */
  readonly query: string;
  readonly windowMs: number;
}

const title = 'SkyWalking';
const timeoutMs = 30_000;
const bodyBytesMax = 4 * 2 ** 20;
const interval = { minMs: 60_000, maxMs: 366 * 24 * 3_600_000, initialMs: 5 * 60_000 };

/**
 * `skywalking`: a query in GraphQL, whose variable `duration` is the last interval in steps of a minute, in UTC (Apache
 * SkyWalking documentation, "Query Protocol", Duration). Conditions see the data of the answer.
 */
export const skywalking = createQueryProvider<SkywalkingConfig>({
  name: 'skywalking',
  title,
  schema: skywalkingSchema,
  parse,
  request,
  measure,
});

function parse(configuration: Json): Result<SkywalkingConfig, FieldErrors> {
  const fields = new ConfigReader(configuration);
  const address = fields.httpUrl('address');
  const query = fields.text('query', '').trim();
  if (query === '') fields.refuse('query', 'give a query in GraphQL');
  const windowMs = fields.duration('interval', interval);
  const errors = fields.errors();
  return errors.length > 0 || address === undefined ? fail(errors) : succeed({ address, query, windowMs });
}

function request(
  { address, query, windowMs }: SkywalkingConfig,
  { nowMs }: MetricWindow,
): Result<QueryRequest, string> {
  const url = new URL(address);
  url.pathname = `${address.pathname.replace(/\/+$/, '')}/graphql`;
  const duration = { start: minuteOf(nowMs - windowMs), end: minuteOf(nowMs), step: 'MINUTE' };
  const headers = { accept: 'application/json', 'content-type': 'application/json' };
  return succeed({
    url: url.href,
    method: 'POST',
    headers,
    body: graphQlBody(query, { duration }),
    timeoutMs,
    bodyBytesMax,
  });
}

/** For example `2026-11-25 0930`. */
function minuteOf(instantMs: number): string {
  const [day = '', time = ''] = formatInstant(instantMs).split('T');
  return `${day} ${time.slice(0, 5).replace(':', '')}`;
}

function measure(answer: QueryAnswer): MetricOutcome {
  const data = graphQlData(title, answer);
  if (!data.ok) return data.error;
  const { value } = data;
  if (!hasValue(value)) return { kind: 'noData', value, reason: 'the query found nothing' };
  return isFiniteJson(value) ? { kind: 'sample', value: sortMembers(value) } : badAnswer('a number is too large');
}

/** False for data whose fields are all null or empty. */
function hasValue(value: Json): boolean {
  if (value === null) return false;
  return typeof value !== 'object' || Object.values(value).some((member: Json) => hasValue(member));
}
