import { createHmac } from 'node:crypto';

import { withDeadline, type Clock } from '../../base/clock.ts';
import { messageOf, SluiceError } from '../../base/error.ts';
import type { StepPluginAnswer } from '../../engine/step-plugin.ts';
import type { HttpPort } from '../http-port.ts';
import { stepPluginApiVersion, type StepPlugin, type StepPluginRequest } from './contract.ts';
import { readStepPluginAnswer } from './read-answer.ts';

/** A plug-in behind a URL. */
export interface HttpPluginOptions {
  readonly url: string;
  readonly timeoutMs: number;
  readonly http: HttpPort;
  readonly clock: Clock;
  /** Reads the secret with which requests are signed. Rejects when it cannot be had: nothing is sent without it. */
  readonly readSecret: (signal: AbortSignal) => Promise<string>;
  /** A text that was never used before. */
  readonly nonce: () => string;
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
 * A plug-in that is called by HTTP: one POST with a JSON body, signed with HMAC-SHA-256 over timestamp, nonce and body.
 * Redirects are not followed, and time and size of the answer are bounded.
 */
export function httpPlugin(options: HttpPluginOptions): StepPlugin {
  const { clock, timeoutMs } = options;
  return {
    disabled: false,
    async call(request, signal) {
      try {
        return await withDeadline(
          clock,
          timeoutMs,
          signal,
          (inner) => send(request, options, inner),
          () => new SluiceError('Timeout', `no answer within ${timeoutMs} ms`),
        );
      } catch (error) {
        return { phase: 'Error', message: messageOf(error) };
      }
    },
  };
}

async function send(
  request: StepPluginRequest,
  { url, timeoutMs, http, clock, readSecret, nonce }: HttpPluginOptions,
  signal: AbortSignal,
): Promise<StepPluginAnswer> {
  const body = JSON.stringify(request);
  const signed = signatureOf(await readSecret(signal), String(Math.floor(clock.now() / 1000)), nonce(), body);
  const response = await http.send(
    {
      id: request.id,
      url,
      method: 'POST',
      headers: { 'content-type': 'application/json', accept: 'application/json', ...signed },
      body,
      timeoutMs,
      bodyBytesMax: answerBytesMax,
    },
    signal,
  );
  if (response.kind === 'failure') return { phase: 'Error', message: response.message };
  if (response.status !== 200) return { phase: 'Error', message: `it answered with HTTP status ${response.status}` };
  const answer = readStepPluginAnswer(parseJson(response.body));
  return answer.ok ? answer.value : { phase: 'Error', message: answer.error };
}

/** Headers of a request with this body. Who knows the secret can check them; see docs/step-plug-ins.md. */
export function signatureOf(
  secret: string,
  timestamp: string,
  nonce: string,
  body: string,
): Readonly<Record<string, string>> {
  const text = `${stepPluginApiVersion}\n${timestamp}\n${nonce}\n${body}`;
  const signature = createHmac('sha256', secret).update(text).digest('hex');
  return {
    [signatureHeaders.timestamp]: timestamp,
    [signatureHeaders.nonce]: nonce,
    [signatureHeaders.signature]: `sha256=${signature}`,
  };
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
