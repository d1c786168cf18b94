import { recordOf, textOf } from '../../api/json-access.ts';
import { authenticate, basicCredentials, type Authentication, type OAuth2Authentication } from './authentication.ts';
import type { MetricOutcome, MetricRequest, MetricResponse } from './contract.ts';
import { parseJsonDocument } from './json-document.ts';
import { isHeaderValue } from './request-headers.ts';

/**
 * How far a measurement has come with the permission to send its requests. A token is asked for first, with the
 * client's credentials in a header, and if the server refuses those there, in the body (RFC 6749, section 2.3.1). It
 * stays in memory for this one measurement.
 */
export type Authorisation =
  | { readonly stage: 'askInHeader' | 'askInBody' }
  /** `token` is the value of the header Authorization; empty when none was needed. */
  | { readonly stage: 'ready'; readonly token: string };

/** What bounds the request for a token: the bounds of the request that needs it. */
export type TokenBounds = Pick<MetricRequest, 'timeoutMs' | 'insecure'>;

const tokenId = 'token';
const tokenBytesMax = 64 * 1024;

/** State of a measurement that begins. */
export function beginAuthorisation({ kind }: Authentication): Authorisation {
  return kind === 'oauth2' ? { stage: 'askInHeader' } : { stage: 'ready', token: '' };
}

/** The request for a token while one is needed, else the provider's own requests with their credentials. */
export function authorisedRequests<Request extends TokenBounds & Pick<MetricRequest, 'headers' | 'signing'>>(
  authentication: Authentication,
  authorisation: Authorisation,
  own: readonly [Request, ...Request[]],
): readonly (MetricRequest | Request)[] {
  if (authorisation.stage === 'ready') {
    return own.map((request) => authenticate(request, authentication, authorisation.token));
  }
  return authentication.kind === 'oauth2' ? [tokenRequest(authentication, authorisation.stage, own[0])] : [];
}

/** Takes the answer to the request for a token in; undefined when this round was not about one. */
export function foldAuthorisation(
  authorisation: Authorisation,
  responses: readonly MetricResponse[],
): { readonly authorisation: Authorisation; readonly outcome: MetricOutcome } | undefined {
  if (authorisation.stage === 'ready') return undefined;
  const response = responses.find(({ id }) => id === tokenId);
  if (response === undefined) return { authorisation, outcome: failure('nobody answered the request for a token') };
  if (response.kind === 'failure') return { authorisation, outcome: { ...response, kind: 'error' } };
  const isRefused = response.status >= 400 && response.status < 500;
  if (isRefused && authorisation.stage === 'askInHeader') {
    return { authorisation: { stage: 'askInBody' }, outcome: { kind: 'again' } };
  }
  const token = readToken(response);
  if (token === undefined) return { authorisation, outcome: failure(refusalOf(response)) };
  return { authorisation: { stage: 'ready', token }, outcome: { kind: 'again' } };
}

function tokenRequest(
  { tokenUrl, clientId, clientSecret, scopes }: OAuth2Authentication,
  stage: 'askInHeader' | 'askInBody',
  { timeoutMs, insecure }: TokenBounds,
): MetricRequest {
  const form = new URLSearchParams({ grant_type: 'client_credentials' });
  if (scopes.length > 0) form.set('scope', scopes.join(' '));
  if (stage === 'askInBody') {
    form.set('client_id', clientId);
    form.set('client_secret', clientSecret);
  }
  const credentials = basicCredentials(formEncoded(clientId), formEncoded(clientSecret));
  return {
    id: tokenId,
    url: tokenUrl,
    method: 'POST',
    headers: {
      'content-type': 'application/x-www-form-urlencoded',
      accept: 'application/json',
      ...(stage === 'askInHeader' ? { authorization: `Basic ${credentials}` } : {}),
    },
    body: form.toString(),
    timeoutMs,
    ...(insecure === undefined ? {} : { insecure }),
    bodyBytesMax: tokenBytesMax,
  };
}

/** The name and secret of a client are form-encoded before they become Basic credentials. */
function formEncoded(text: string): string {
  return new URLSearchParams({ '': text }).toString().slice(1);
}

type Answer = Extract<MetricResponse, { kind: 'answer' }>;

/** Value of the header Authorization that the answer leads to (RFC 6749, section 5.1). */
function readToken({ status, body }: Answer): string | undefined {
  if (status < 200 || status >= 300) return undefined;
  const document = parseJsonDocument(body);
  const { access_token: token, token_type: type } = recordOf(document.ok ? document.value : undefined);
  const scheme = /^bearer$/i.test(textOf(type)) || textOf(type) === '' ? 'Bearer' : textOf(type);
  const authorization = `${scheme} ${textOf(token)}`;
  return textOf(token) !== '' && isHeaderValue(authorization) ? authorization : undefined;
}

/** Section 5.2 names the mistake by a word; nothing else of the answer is shown. */
function refusalOf({ status, body }: Answer): string {
  const document = parseJsonDocument(body);
  const word = textOf(recordOf(document.ok ? document.value : undefined)['error']);
  const reason = /^[a-z_]{1,40}$/.test(word) ? `: ${word}` : '';
  if (status >= 200 && status < 300) return 'the answer to the request for a token holds no access_token';
  return `the request for a token was refused with status ${status}${reason}`;
}

function failure(message: string): MetricOutcome {
  return { kind: 'error', code: 'Unauthorized', message };
}
