import { Agent as PlainAgent, request as plainRequest, type IncomingMessage } from 'node:http';
import { Agent, request as tlsRequest } from 'node:https';

import { SluiceError } from '../../src/base/error.ts';
import type { Connection } from '../control-plane/kubeconfig.ts';
import { statusError } from './status-error.ts';

/** One request to an API server. */
export interface ApiRequest {
  readonly method: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';
  /** Path below the server's address, with its query. */
  readonly path: string;
  readonly body?: unknown;
  readonly contentType?: string;
}

/** When a request ends early. */
export interface ApiLimits {
  readonly signal: AbortSignal;
  /** Time to the end of the answer; for a stream, time to its head. */
  readonly timeoutMs: number;
}

const bodyBytesMax = 64 * 2 ** 20;
const socketsMax = 64;
const idleSocketMs = 20_000;

/** A keep-alive HTTP client for one API server. Failures are `SluiceError`s. */
export class ApiServer {
  readonly #base: URL;
  readonly #token: string | undefined;
  readonly #agent: Agent | PlainAgent;

  constructor(connection: Connection) {
    this.#base = new URL(connection.server);
    this.#token = connection.token;
    const options = { keepAlive: true, maxSockets: socketsMax, timeout: idleSocketMs };
    this.#agent =
      this.#base.protocol === 'http:'
        ? new PlainAgent(options)
        : new Agent({
            ...options,
            ca: connection.authority,
            cert: connection.certificate,
            key: connection.key,
            rejectUnauthorized: connection.insecure !== true,
          });
  }

  /** Sends a request and reads the whole answer as JSON (as text when it is none). */
  async send(request: ApiRequest, limits: ApiLimits): Promise<unknown> {
    return await this.#withDeadline(limits, async (signal) => {
      const text = await textOf(await this.#answer(request, signal));
      return parseJson(text) ?? text;
    });
  }

  /** Sends a request and hands out its answer as it comes. The signal ends it. */
  async stream(request: ApiRequest, limits: ApiLimits): Promise<IncomingMessage> {
    const head = new AbortController();
    const timer = setTimeout(() => head.abort(timeoutError(request, limits)), limits.timeoutMs);
    try {
      return await this.#answer(request, AbortSignal.any([limits.signal, head.signal]));
    } catch (error) {
      throw head.signal.aborted ? timeoutError(request, limits) : translate(error, limits.signal);
    } finally {
      clearTimeout(timer);
    }
  }

  /** Closes the kept connections. */
  close(): void {
    this.#agent.destroy();
  }

  async #withDeadline<T>(limits: ApiLimits, work: (signal: AbortSignal) => Promise<T>): Promise<T> {
    const deadline = AbortSignal.timeout(limits.timeoutMs);
    try {
      return await work(AbortSignal.any([limits.signal, deadline]));
    } catch (error) {
      if (deadline.aborted && !limits.signal.aborted && !(error instanceof SluiceError)) {
        throw new SluiceError('Timeout', `no answer within ${limits.timeoutMs} ms`, { cause: error });
      }
      throw translate(error, limits.signal);
    }
  }

  /** Resolves with a successful answer; any other becomes an error. */
  async #answer(request: ApiRequest, signal: AbortSignal): Promise<IncomingMessage> {
    const body = request.body === undefined ? undefined : Buffer.from(JSON.stringify(request.body));
    const response = await new Promise<IncomingMessage>((resolve, reject) => {
      const send = this.#base.protocol === 'http:' ? plainRequest : tlsRequest;
      const outgoing = send(new URL(request.path, this.#base), {
        method: request.method,
        agent: this.#agent,
        signal,
        headers: this.#headers(request, body),
      });
      outgoing.once('response', resolve);
      outgoing.once('error', reject);
      outgoing.end(body);
    });
    const status = response.statusCode ?? 0;
    if (status >= 200 && status < 300) return response;
    const text = await textOf(response);
    throw statusError(status, parseJson(text) ?? text, response.headers['retry-after']);
  }

  #headers(request: ApiRequest, body: Buffer | undefined): Record<string, string> {
    return {
      accept: 'application/json',
      'user-agent': 'sluice-contract',
      ...(this.#token !== undefined && { authorization: `Bearer ${this.#token}` }),
      ...(body !== undefined && {
        'content-type': request.contentType ?? 'application/json',
        'content-length': String(body.length),
      }),
    };
  }
}

function timeoutError(request: ApiRequest, limits: ApiLimits): SluiceError {
  return new SluiceError('Timeout', `no answer to ${request.method} ${request.path} within ${limits.timeoutMs} ms`);
}

function translate(error: unknown, signal: AbortSignal): unknown {
  if (error instanceof SluiceError) return error;
  if (signal.aborted) return new SluiceError('Cancelled', 'the call was cancelled', { cause: error });
  const message = error instanceof Error ? error.message : String(error);
  return new SluiceError('Unavailable', `the API server cannot be reached: ${message}`, { cause: error });
}

async function textOf(response: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of response as AsyncIterable<Buffer>) {
    bytes += chunk.length;
    if (bytes > bodyBytesMax) {
      response.destroy();
      throw new SluiceError('TooLarge', `the answer is larger than ${bodyBytesMax} bytes`);
    }
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString('utf8');
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
