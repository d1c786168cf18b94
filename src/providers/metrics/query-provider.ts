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

/** What is special about a provider that measures by one request, or by one for each page of its answer. */
export interface MetricQuery<Config> {
  readonly name: string;
  readonly plugin?: boolean;
  /** Name of the source in messages. */
  readonly title: string;
  readonly schema: TSchema;
  parse(configuration: Json): Result<Config, FieldErrors>;
  readonly secret?: (config: Config) => SecretReference;
  /** The request for the page with this name; fails with what is wrong with the Secret or the time. */
  request(config: Config, window: MetricWindow, page: string): Result<QueryRequest, string>;
  /** What the answer shows, whatever its status is. `earlier` are the pages before it, which are no errors. */
  measure(answer: QueryAnswer, config: Config, window: MetricWindow, earlier: readonly QueryAnswer[]): MetricOutcome;
  /** Name of the page that follows an answer; empty when there is none. Absent: answers have one page. */
  readonly nextPage?: (answer: QueryAnswer) => string;
  /** What the answer tells of its samples, whatever its status is; of several pages the first one is asked. */
  readonly origin?: (answer: QueryAnswer, config: Config) => SampleOrigin;
}

/** How far the pages of an answer were read. */
export interface QueryState {
  /** Name of the page that is asked for; empty for the first one. */
  readonly page: string;
  /** When the first page was asked for, in milliseconds since the epoch: the others are about the same time. */
  readonly nowMs: number | undefined;
  readonly earlier: readonly QueryAnswer[];
}

/** A request without its id. */
export type QueryRequest = Omit<MetricRequest, 'id'>;

/** An answer with any status and any body. */
export type QueryAnswer = Extract<MetricResponse, { kind: 'answer' }>;

const requestId = 'query';
/** Pages of one answer, at most: two sources of one metric fit into the rounds that a measurement has. */
const pagesMax = 4;

/** Nothing was read yet. */
export const firstPage: QueryState = { page: '', nowMs: undefined, earlier: [] };

/** A provider whose measurements are one request and its answer, page by page. */
export function createQueryProvider<Config>(query: MetricQuery<Config>): MetricProvider<Config, QueryState> {
  const requestOf = (config: Config, window: MetricWindow, state: QueryState): Result<QueryRequest, string> => {
    if (window.secretProblem !== undefined) return fail(window.secretProblem);
    return query.request(config, { ...window, nowMs: state.nowMs ?? window.nowMs }, state.page);
  };
  const fold: MetricProvider<Config, QueryState>['fold'] = (config, window, state, responses) => {
    const request = requestOf(config, window, state);
    if (!request.ok) return { state, outcome: failure(request.error) };
    const response = responses.find(({ id }) => id === idOf(state));
    if (response === undefined) return { state, outcome: failure(`${query.title} did not answer`) };
    if (response.kind === 'failure') {
      return { state, outcome: { kind: 'error', code: response.code, message: response.message } };
    }
    const page = query.nextPage?.(response) ?? '';
    if (page === '') return { state, outcome: query.measure(response, config, window, state.earlier) };
    const earlier = [...state.earlier, response];
    if (earlier.length >= pagesMax) return { state, outcome: failure(tooManyPages(query.title)) };
    return { state: { page, nowMs: state.nowMs ?? window.nowMs, earlier }, outcome: { kind: 'again' } };
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
    start: () => firstPage,
    requests(config, window, state) {
      const request = requestOf(config, window, state);
      return request.ok ? [{ ...request.value, id: idOf(state) }] : [];
    },
    fold,
    store: () => ({}),
    restore: () => succeed(firstPage),
  };
}

function idOf({ earlier }: QueryState): string {
  return earlier.length === 0 ? requestId : `${requestId}/${earlier.length + 1}`;
}

function tooManyPages(title: string): string {
  return `${title} answers with more than ${pagesMax} pages: let the query find fewer values`;
}

function failure(message: string): MetricOutcome {
  return { kind: 'error', code: 'MetricUnreachable', message };
}
