import type { FieldErrors } from '../../api/field-error.ts';
import { webSchema } from '../../api/metric-provider.ts';
import type { Json } from '../../api/object.ts';
import { fail, succeed, type Result } from '../../base/result.ts';
import { readAuthentication, type Authentication } from './authentication.ts';
import { authorisedRequests, beginAuthorisation, foldAuthorisation, type Authorisation } from './authorisation.ts';
import { ConfigReader } from './config-reader.ts';
import type { MetricOutcome, MetricProvider, MetricRequest, MetricResponse } from './contract.ts';
import { isFiniteJson, parseJsonDocument, sortMembers } from './json-document.ts';
import { parseJsonPath, type JsonPath } from './json-path-syntax.ts';
import { findJsonPath } from './json-path.ts';
import { readHeaders } from './request-headers.ts';

/** The configuration of a web metric with its defaults filled in. */
export interface WebConfig {
  readonly request: MetricRequest;
  readonly authentication: Authentication;
  /** What is measured in the answer; undefined for all of it, which then need not be JSON. */
  readonly path: JsonPath | undefined;
}

const wholeDocument = '{$}';
const timeoutSecondsDefault = 10;
const timeoutSecondsMax = 3600;
/** An answer is meant to be a number or a small document. */
const bodyBytesMax = 2 ** 20;

/**
 * `web`: the value is what `jsonPath` finds first in the JSON that a server answers; conditions see it as a number, a
 * text, a truth value, a list or an object, just as it stands there. Without `jsonPath` it is the whole document, or a
 * text when the answer is no JSON. Any status but 2xx is an error, and so is a path that leads nowhere.
 */
export const web: MetricProvider<WebConfig, Authorisation> = {
  name: 'web',
  plugin: false,
  schema: webSchema,
  parse,
  start: ({ authentication }) => beginAuthorisation(authentication),
  requests: ({ authentication, request }, _, state) => authorisedRequests(authentication, state, [request]),
  fold({ path, request }, _, state, responses) {
    const authorised = foldAuthorisation(state, responses);
    if (authorised !== undefined) return { state: authorised.authorisation, outcome: authorised.outcome };
    return {
      state,
      outcome: measure(
        path,
        responses.find(({ id }) => id === request.id),
      ),
    };
  },
  store: () => ({}),
  restore: ({ authentication }) => succeed(beginAuthorisation(authentication)),
};

function parse(configuration: Json): Result<WebConfig, FieldErrors> {
  const fields = new ConfigReader(configuration);
  const url = fields.httpUrl('url');
  const method = fields.choice('method', ['GET', 'POST', 'PUT'], 'GET');
  const timeoutSeconds = fields.number('timeoutSeconds', { max: timeoutSecondsMax, initial: timeoutSecondsDefault });
  const insecure = fields.flag('insecure', false);
  const headers = readHeaders(fields, 'headers');
  const body = readBody(fields, method);
  const path = fields.parsed('jsonPath', wholeDocument, parseJsonPath);
  const isWhole = ['', wholeDocument].includes(fields.text('jsonPath', '').trim());
  const authentication = readAuthentication(fields, ['oauth2', 'basicAuth']);
  const errors = fields.errors();
  if (errors.length > 0 || url === undefined) return fail(errors);
  const request: MetricRequest = {
    id: 'metric',
    url: url.href,
    method,
    headers: { ...headers, ...(body.isJson ? { 'content-type': 'application/json' } : {}) },
    ...(body.text === '' ? {} : { body: body.text }),
    ...(insecure ? { insecure } : {}),
    timeoutMs: 1000 * (timeoutSeconds > 0 ? timeoutSeconds : timeoutSecondsDefault),
    bodyBytesMax,
  };
  return succeed({ request, authentication, path: isWhole ? undefined : path });
}

function readBody(fields: ConfigReader, method: string): { readonly text: string; readonly isJson: boolean } {
  const text = fields.text('body', '');
  const json = fields.json('jsonBody');
  const name = text === '' ? 'jsonBody' : 'body';
  if (text !== '' && json !== undefined) fields.refuse('jsonBody', 'there is a body already; leave one of them');
  if ((text !== '' || json !== undefined) && method === 'GET') {
    fields.refuse(name, 'only the methods POST and PUT send one');
  }
  return json === undefined ? { text, isJson: false } : { text: JSON.stringify(json), isJson: true };
}

function measure(path: JsonPath | undefined, response: MetricResponse | undefined): MetricOutcome {
  if (response === undefined) return error('the server did not answer');
  if (response.kind === 'failure') return { kind: 'error', code: response.code, message: response.message };
  const { status, body } = response;
  if (status < 200 || status >= 300) return error(statusText(status));
  const document = parseJsonDocument(body);
  if (!document.ok) return path === undefined ? { kind: 'sample', value: body } : error(document.error);
  return path === undefined ? sample(document.value) : findIn(path, document.value);
}

function statusText(status: number): string {
  const isRedirect = status >= 300 && status < 400;
  return `received non 2xx response code: ${status}${isRedirect ? '; redirects are not followed' : ''}`;
}

function findIn(path: JsonPath, document: Json): MetricOutcome {
  const found = findJsonPath(path, document);
  if (!found.ok) return error(`Could not find JSONPath in body: ${found.error}`);
  const [value] = found.value.find((values) => values.length > 0) ?? [];
  return value === undefined ? { kind: 'noData', reason: 'jsonPath finds nothing in the answer' } : sample(value);
}

function sample(value: Json): MetricOutcome {
  return isFiniteJson(value) ? { kind: 'sample', value: sortMembers(value) } : error('a number is too large');
}

function error(message: string): MetricOutcome {
  return { kind: 'error', code: 'MetricUnreachable', message };
}
