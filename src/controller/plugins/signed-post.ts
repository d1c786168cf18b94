import { createHmac } from 'node:crypto';

import { withDeadline, type Clock } from '../../base/clock.ts';
import { messageOf, SluiceError } from '../../base/error.ts';
import type { MetricResponse } from '../../providers/metrics/contract.ts';
import type { HttpPort } from '../http-port.ts';

/** How a plug-in behind a URL is reached. */
export interface SignedPostOptions {
  readonly url: string;
  readonly timeoutMs: number;
  readonly http: HttpPort;
  readonly clock: Clock;
  /** Reads the secret with which requests are signed. Rejects when it cannot be had: nothing is sent without it. */
  readonly readSecret: (signal: AbortSignal) => Promise<string>;
  /** A text that was never used before. */
  readonly nonce: () => string;
}

/** One call. */
export interface PluginCall {
  /** Version of what plug-ins of this kind are told and answer; a part of what is signed. */
  readonly apiVersion: string;
  readonly id: string;
  /** Told as JSON. */
  readonly request: object;
}

/** A longer answer is an error. */
const answerBytesMax = 64 * 1024;

/** Names of the headers that prove who asks. */
export const signatureHeaders = {
  timestamp: 'sluice-timestamp',
  nonce: 'sluice-nonce',
  signature: 'sluice-signature',
} as const;

/**
 * Calls a plug-in by one POST with a JSON body, signed with HMAC-SHA-256 over timestamp, nonce and body. Redirects are
 * not followed, and time and size of the answer are bounded. Never rejects.
 */
export async function signedPost(
  call: PluginCall,
  options: SignedPostOptions,
  signal: AbortSignal,
): Promise<MetricResponse> {
  const { clock, timeoutMs } = options;
  const late = (): SluiceError => new SluiceError('Timeout', `no answer within ${timeoutMs} ms`);
  try {
    return await withDeadline(clock, timeoutMs, signal, (inner) => send(call, options, inner), late);
  } catch (error) {
    const code = error instanceof SluiceError ? error.code : 'Internal';
    return { kind: 'failure', id: call.id, code, message: messageOf(error) };
  }
}

async function send(
  { apiVersion, id, request }: PluginCall,
  { url, timeoutMs, http, clock, readSecret, nonce }: SignedPostOptions,
  signal: AbortSignal,
): Promise<MetricResponse> {
  const body = JSON.stringify(request);
  const timestamp = String(Math.floor(clock.now() / 1000));
  const signed = signatureOf(apiVersion, await readSecret(signal), { timestamp, nonce: nonce(), body });
  const headers = { 'content-type': 'application/json', accept: 'application/json', ...signed };
  return http.send({ id, url, method: 'POST', headers, body, timeoutMs, bodyBytesMax: answerBytesMax }, signal);
}

/** Headers of a request with this body. Who knows the secret can check them. */
function signatureOf(
  apiVersion: string,
  secret: string,
  { timestamp, nonce, body }: { readonly timestamp: string; readonly nonce: string; readonly body: string },
): Readonly<Record<string, string>> {
  const text = `${apiVersion}\n${timestamp}\n${nonce}\n${body}`;
  const signature = createHmac('sha256', secret).update(text).digest('hex');
  return {
    [signatureHeaders.timestamp]: timestamp,
    [signatureHeaders.nonce]: nonce,
    [signatureHeaders.signature]: `sha256=${signature}`,
  };
}
