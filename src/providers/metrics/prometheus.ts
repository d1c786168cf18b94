import type { FieldErrors } from '../../api/field-error.ts';
import { prometheusSchema } from '../../api/metric-provider.ts';
import type { Json } from '../../api/object.ts';
import { formatDuration } from '../../base/duration.ts';
import { fail, succeed, type Result } from '../../base/result.ts';
import { readAuthentication, type Authentication } from './authentication.ts';
import { authorisedRequests, beginAuthorisation, foldAuthorisation, type Authorisation } from './authorisation.ts';
import { ConfigReader } from './config-reader.ts';
import type { MetricOutcome, MetricProvider, MetricRequest, MetricResponse, PrometheusRequest } from './contract.ts';
import { readPrometheusAnswer, readPrometheusOrigin, type PrometheusAnswer } from './prometheus-answer.ts';
import { rangeTimes, readRange, type PrometheusRange } from './prometheus-range.ts';
import { readHeaders } from './request-headers.ts';

/** The configuration of a Prometheus metric with its defaults filled in. */
export interface PrometheusConfig {
  readonly address: URL;
  readonly query: string;
  /** Absent: the query is evaluated for the moment at which Prometheus receives it. */
  readonly range: PrometheusRange | undefined;
  readonly authentication: Authentication;
  readonly headers: Readonly<Record<string, string>>;
  readonly insecure: boolean;
  readonly timeoutMs: number;
}

/** What the controller adds. */
export interface PrometheusSettings {
  /** Of metrics that name no address. */
  readonly address?: string;
}

const timeoutSecondsDefault = 30;
const timeoutSecondsMax = 3600;
const bodyBytesMax = 4 * 2 ** 20;
/** Scrapes and rates span minutes, so that a smaller difference of clocks changes nothing. */
const clockDifferenceMsMax = 60_000;
/** Where clients look for the query with its arguments filled in, and how much of it is kept. */
const queryKey = 'ResolvedPrometheusQuery';
const queryBytesMax = 3000;

/** It asks for tokens by requests of its own. */
export type PrometheusProvider = MetricProvider<PrometheusConfig, Authorisation, MetricRequest | PrometheusRequest>;

/**
 * `prometheus`: an instant query or, with `rangeQuery`, a range query. Conditions see a number for a scalar, and a list
 * of numbers for a vector and for a matrix, whose values follow each other. A vector without elements is no data.
 */
export function createPrometheus(settings: PrometheusSettings): PrometheusProvider {
  return {
    name: 'prometheus',
    plugin: false,
    schema: prometheusSchema,
    parse: (configuration) => parse(configuration, settings),
    start: ({ authentication }) => beginAuthorisation(authentication),
    requests(config, { nowMs }, state) {
      const request = requestOf(config, nowMs);
      return request.ok ? authorisedRequests(config.authentication, state, [request.value]) : [];
    },
    fold(config, { nowMs }, state, responses) {
      const request = requestOf(config, nowMs);
      if (!request.ok) return { state, outcome: error(request.error) };
      const authorised = foldAuthorisation(state, responses);
      if (authorised !== undefined) return { state: authorised.authorisation, outcome: authorised.outcome };
      return {
        state,
        outcome: measure(
          responses.find(({ id }) => id === queryId),
          config,
          nowMs,
        ),
      };
    },
    origin(_, responses) {
      const answer = responses.find(({ id }) => id === queryId);
      return answer?.kind === 'answer' ? readPrometheusOrigin(answer.body) : {};
    },
    store: ({ query }) => ({ [queryKey]: truncated(query) }),
    restore({ authentication }, _, metadata) {
      return metadata[queryKey] === undefined
        ? fail(`the metadata holds no ${queryKey}`)
        : succeed(beginAuthorisation(authentication));
    },
  };
}

/** The provider where the controller adds nothing. */
export const prometheus = createPrometheus({});

const queryId = 'query';

function parse(configuration: Json, settings: PrometheusSettings): Result<PrometheusConfig, FieldErrors> {
  const fields = new ConfigReader(configuration);
  const address = fields.httpUrl('address', settings.address);
  const query = fields.text('query', '').trim();
  if (query === '') fields.refuse('query', 'give an expression of PromQL');
  const range = readRange(fields);
  const timeoutSeconds = fields.number('timeout', { min: 0, max: timeoutSecondsMax, initial: timeoutSecondsDefault });
  const config = {
    query,
    range,
    authentication: readAuthentication(fields, ['basicAuth', 'oauth2', 'sigv4']),
    headers: readHeaders(fields, 'headers'),
    insecure: fields.flag('insecure', false),
    timeoutMs: 1000 * (timeoutSeconds === 0 ? timeoutSecondsDefault : timeoutSeconds),
  };
  const errors = fields.errors();
  return errors.length > 0 || address === undefined ? fail(errors) : succeed({ address, ...config });
}

function requestOf(config: PrometheusConfig, nowMs: number): Result<PrometheusRequest, string> {
  const { address, query, range, headers, insecure, timeoutMs } = config;
  const times = range === undefined ? succeed(undefined) : rangeTimes(range, nowMs);
  if (!times.ok) return times;
  return succeed({
    kind: 'prometheus',
    id: queryId,
    address: address.href,
    query,
    ...(range === undefined || times.value === undefined ? {} : { range: { ...times.value, stepMs: range.stepMs } }),
    headers,
    ...(insecure ? { insecure } : {}),
    timeoutMs,
    bodyBytesMax,
  });
}

function measure(response: MetricResponse | undefined, { range }: PrometheusConfig, nowMs: number): MetricOutcome {
  if (response === undefined) return error('Prometheus did not answer');
  if (response.kind === 'failure') return { kind: 'error', code: response.code, message: response.message };
  const answer = readPrometheusAnswer(response.status, response.body);
  if (!answer.ok) return error(answer.error);
  const { value } = answer.value;
  const warnings = [...answer.value.warnings, ...(range === undefined ? clockWarnings(answer.value, nowMs) : [])];
  const metadata = warnings.length === 0 ? {} : { metadata: { warnings: quoted(warnings) } };
  if (typeof value === 'number' || value.length > 0) return { kind: 'sample', value, ...metadata };
  return { kind: 'noData', value, reason: 'the query found no series', ...metadata };
}

function clockWarnings({ evaluatedAtMs = Number.NaN }: PrometheusAnswer, nowMs: number): readonly string[] {
  const differenceMs = evaluatedAtMs - nowMs;
  if (!(Math.abs(differenceMs) > clockDifferenceMsMax)) return [];
  const direction = differenceMs > 0 ? 'ahead of' : 'behind';
  return [`the clock of Prometheus is ${formatDuration(Math.abs(differenceMs))} ${direction} that of the controller`];
}

function quoted(warnings: readonly string[]): string {
  const text = warnings.map((warning) => `"${warning}"`).join(', ');
  return text.length > 1000 ? `${text.slice(0, 999).toWellFormed()}…` : text;
}

/** As much of the query as is kept. */
function truncated(query: string): string {
  const bytes = Buffer.from(query);
  return bytes.length <= queryBytesMax ? query : `${bytes.subarray(0, queryBytesMax).toString().slice(0, -1)}…`;
}

function error(message: string): MetricOutcome {
  return { kind: 'error', code: 'MetricUnreachable', message };
}
