import type { TSchema } from 'typebox';

import type { FieldErrors } from '../../api/field-error.ts';
import type { Json } from '../../api/object.ts';
import { fail, succeed, type Result } from '../../base/result.ts';
import type {
  MetricOutcome,
  MetricProvider,
  MetricRequest,
  MetricResponse,
  MetricWindow,
  SampleOrigin,
  SecretReference,
} from './contract.ts';

/** What is special about a provider that measures by one request. */
export interface MetricQuery<Config> {
  readonly name: string;
  readonly plugin?: boolean;
  /** Name of the source in messages. */
  readonly title: string;
  readonly schema: TSchema;
  parse(configuration: Json): Result<Config, FieldErrors>;
  readonly secret?: (config: Config) => SecretReference;
  /** The request; fails with what is wrong with the Secret or the time. */
  request(config: Config, window: MetricWindow): Result<QueryRequest, string>;
  /** What the answer shows, whatever its status is. */
  measure(answer: QueryAnswer, config: Config, window: MetricWindow): MetricOutcome;
  /** What the answer tells of its samples, whatever its status is. */
  readonly origin?: (answer: QueryAnswer, config: Config) => SampleOrigin;
}

/** A request without its id. */
export type QueryRequest = Omit<MetricRequest, 'id'>;

/** An answer with any status and any body. */
export type QueryAnswer = Extract<MetricResponse, { kind: 'answer' }>;

const requestId = 'query';

/** A provider whose measurements are one request and its answer. */
export function createQueryProvider<Config>(query: MetricQuery<Config>): MetricProvider<Config, null> {
  const requestOf = (config: Config, window: MetricWindow): Result<QueryRequest, string> =>
    window.secretProblem === undefined ? query.request(config, window) : fail(window.secretProblem);
  const measure = (config: Config, window: MetricWindow, responses: readonly MetricResponse[]): MetricOutcome => {
    const request = requestOf(config, window);
    if (!request.ok) return failure(request.error);
    const response = responses.find(({ id }) => id === requestId);
    if (response === undefined) return failure(`${query.title} did not answer`);
    if (response.kind === 'failure') return { kind: 'error', code: response.code, message: response.message };
    return query.measure(response, config, window);
  };
  const { origin, secret } = query;
  const originOf = (config: Config, responses: readonly MetricResponse[]): SampleOrigin => {
    const answer = responses.find(({ id, kind }) => id === requestId && kind === 'answer');
    return origin === undefined || answer?.kind !== 'answer' ? {} : origin(answer, config);
  };
  return {
    name: query.name,
    plugin: query.plugin ?? false,
    schema: query.schema,
    parse: (configuration) => query.parse(configuration),
    ...(secret === undefined ? {} : { secret: (config) => secret(config) }),
    ...(origin === undefined ? {} : { origin: originOf }),
    start: () => null,
    requests(config, window) {
      const request = requestOf(config, window);
      return request.ok ? [{ ...request.value, id: requestId }] : [];
    },
    fold: (config, window, state, responses) => ({ state, outcome: measure(config, window, responses) }),
    store: () => ({}),
    restore: () => succeed(null),
  };
}

function failure(message: string): MetricOutcome {
  return { kind: 'error', code: 'MetricUnreachable', message };
}
