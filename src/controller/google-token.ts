import { createSign } from 'node:crypto';

import { recordOf, numberOf, textOf } from '../api/json-access.ts';
import { withDeadline, type Clock } from '../base/clock.ts';
import { messageOf, SluiceError } from '../base/error.ts';
import type { MetricRequest } from '../providers/metrics/contract.ts';
import type { HttpPolicy } from './http-policy.ts';
import type { HttpPort } from './http-port.ts';

/** Where tokens of Google Cloud come from. */
export interface GoogleSources {
  readonly clock: Clock;
  /** GOOGLE_APPLICATION_CREDENTIALS names the key file of a service account; without it the machine is asked. */
  readonly environment: Readonly<Record<string, string | undefined>>;
  readonly readFile: (path: string, signal: AbortSignal) => Promise<string>;
  /** May ask the two hosts of `googleTokenPolicy`. */
  readonly http: HttpPort;
}

const metadataHost = 'metadata.google.internal';
const tokenHost = 'oauth2.googleapis.com';
const tokenUrl = `https://${tokenHost}/token`;
const scope = 'https://www.googleapis.com/auth/monitoring.read';
const timeoutMs = 10_000;
const answerBytesMax = 64 * 1024;
/** A token is renewed so long before it ends. */
const renewalMs = 60_000;

/** Where requests for tokens go, and nothing else: metrics may not ask the metadata server. */
export const googleTokenPolicy: HttpPolicy = {
  refuseUrl({ protocol, host }) {
    const isKnown = (protocol === 'http:' && host === metadataHost) || (protocol === 'https:' && host === tokenHost);
    return isKnown ? undefined : 'it gives no tokens of Google Cloud';
  },
  refuseAddress: () => undefined,
};

/**
 * Tokens of the service account of the controller: that of its pod or machine, by the metadata server (Google Cloud
 * documentation, "About VM metadata", service-accounts/default/token), or of a key file, by a signed claim (RFC 7523;
 * "Using OAuth 2.0 for Server to Server Applications"). One is kept until shortly before it ends. Fails with
 * Unauthorized and a reason.
 */
export function createGoogleToken(sources: GoogleSources): (signal: AbortSignal) => Promise<string> {
  const { clock, environment } = sources;
  let kept: { readonly token: string; readonly endsAtMs: number } | undefined;
  return async (signal) => {
    if (kept !== undefined && kept.endsAtMs - clock.now() > renewalMs) return kept.token;
    const file = environment['GOOGLE_APPLICATION_CREDENTIALS'] ?? '';
    const request = file === '' ? metadataRequest() : await claimRequest(file, sources, signal);
    const response = await sources.http.send(request, signal);
    if (response.kind === 'failure') throw new SluiceError(response.code, `Google Cloud: ${response.message}`);
    const { access_token: token, expires_in: seconds, error } = recordOf(parsed(response.body));
    if (response.status !== 200 || textOf(token) === '' || !/^[\x21-\x7e]+$/.test(textOf(token))) {
      const word = /^[a-z_]{1,40}$/.test(textOf(error)) ? `: ${textOf(error)}` : '';
      throw new SluiceError('Unauthorized', `Google Cloud gives no token, with status ${response.status}${word}`);
    }
    kept = { token: textOf(token), endsAtMs: clock.now() + 1000 * (numberOf(seconds) ?? 0) };
    return kept.token;
  };
}

const common = { id: 'token', timeoutMs, bodyBytesMax: answerBytesMax };

function metadataRequest(): MetricRequest {
  const url = `http://${metadataHost}/computeMetadata/v1/instance/service-accounts/default/token`;
  return { ...common, url, headers: { 'metadata-flavor': 'Google' } };
}

async function claimRequest(path: string, sources: GoogleSources, signal: AbortSignal): Promise<MetricRequest> {
  const { clock, readFile } = sources;
  const late = (): SluiceError => new SluiceError('Timeout', `it could not be read within ${timeoutMs} ms`);
  try {
    const text = await withDeadline(clock, timeoutMs, signal, (inner) => readFile(path, inner), late);
    const { type, client_email: issuer, private_key: key } = recordOf(parsed(text));
    if (type !== 'service_account') throw new Error('it is not the key of a service account');
    const assertion = claim(textOf(issuer), textOf(key), Math.floor(clock.now() / 1000));
    const form = { grant_type: 'urn:ietf:params:oauth:grant-type:jwt-bearer', assertion };
    return {
      ...common,
      url: tokenUrl,
      method: 'POST',
      headers: { 'content-type': 'application/x-www-form-urlencoded' },
      body: new URLSearchParams(form).toString(),
    };
  } catch (error) {
    throw new SluiceError('Unauthorized', `the Google Cloud credentials ${path}: ${messageOf(error)}`);
  }
}

/** A signed claim that lasts an hour, as long as the token that it is exchanged for. */
function claim(issuer: string, key: string, nowSeconds: number): string {
  const times = { iat: nowSeconds, exp: nowSeconds + 3600 };
  const parts = [
    { alg: 'RS256', typ: 'JWT' },
    { iss: issuer, scope, aud: tokenUrl, ...times },
  ].map((part) => Buffer.from(JSON.stringify(part)).toString('base64url'));
  const text = parts.join('.');
  return `${text}.${createSign('RSA-SHA256').update(text).sign(key, 'base64url')}`;
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
