import type { IncomingMessage } from 'node:http';

import { withDeadline, type Clock } from '../../base/clock.ts';
import { hasCode, SluiceError, type ErrorCode } from '../../base/error.ts';
import type { Log } from '../../base/log.ts';
import type { Call, WatchEvent } from '../port.ts';
import { CallSlots } from './call-slots.ts';
import type { ClusterConnection } from './connection.ts';
import { Credentials, type Identity } from './identity.ts';
import { isCertificateRefusal, networkError } from './network-error.ts';
import { readLines } from './read-lines.ts';
import { statusError } from './status-error.ts';
import { Transport, type Exchange } from './transport.ts';
import { readWatchEvent } from './watch-event.ts';

/** What a request is about, in words of RBAC. */
export interface ApiResource {
  readonly group: string;
  readonly plural: string;
  readonly subresource?: string;
  readonly namespace?: string;
  /** Of the object, when the request is about one that is there. */
  readonly name?: string;
}

/** Verbs of RBAC. */
export type ApiVerb = 'get' | 'list' | 'watch' | 'create' | 'update' | 'patch' | 'delete' | 'deletecollection';

/** One request to an API server. */
export interface ApiRequest extends Pick<Exchange, 'method' | 'path' | 'contentType'> {
  /** Sent as JSON. */
  readonly body?: unknown;
  readonly verb?: ApiVerb;
  readonly resource?: ApiResource;
}

/** What is told of every request when its answer's head is there, or when there was none. */
export interface RequestReport {
  readonly verb: string;
  readonly resource: ApiResource;
  /** The HTTP status of a success, or the code of the failure. */
  readonly outcome: 'ok' | ErrorCode;
  readonly durationMs: number;
}

/** What the client of one API server is made with. */
export interface ApiClientOptions {
  readonly connection: ClusterConnection;
  readonly clock: Clock;
  readonly log: Log;
  /** Read for proxies, and handed to credential plug-ins. */
  readonly environment: Readonly<Record<string, string | undefined>>;
  /** Name and version of this program. */
  readonly userAgent: string;
  /** Requests under way at once, watches not counted. */
  readonly concurrencyMax?: number;
  onRequest?(report: RequestReport): void;
}

const concurrencyMaxDefault = 64;
const waitingMax = 10_000;
const timeoutMsDefault = 10_000;
/** Longest wait for the head of a watch, which an API server may hold back until there is an event. */
const watchHeadTimeoutMs = 30_000;
const bodyBytesMax = 64 * 2 ** 20;
/** Longest event of a watch: an object is at most 1.5 MiB in etcd, and grows by managed fields and conversion. */
const lineBytesMax = 8 * 2 ** 20;

/** Talks to one API server. Failures are `SluiceError`s. */
export class ApiClient {
  readonly #options: ApiClientOptions;
  readonly #credentials: Credentials;
  readonly #transport: Transport;
  readonly #slots: CallSlots;

  constructor(options: ApiClientOptions) {
    this.#options = options;
    this.#credentials = new Credentials(options.connection, options);
    this.#transport = new Transport(options);
    this.#slots = new CallSlots(options.concurrencyMax ?? concurrencyMaxDefault, waitingMax);
  }

  /** Sends a request and reads the whole answer, as JSON or else as text. */
  async send(request: ApiRequest, call: Call): Promise<unknown> {
    const { clock } = this.#options;
    const timeoutMs = call.timeoutMs ?? timeoutMsDefault;
    const startMs = clock.monotonic();
    try {
      const value = await withDeadline(
        clock,
        timeoutMs,
        call.signal,
        (signal) => this.#slots.run(signal, async () => await this.#read(request, signal), call.isUrgent),
        () => timeoutError(request, timeoutMs),
      );
      this.#report(request, 'ok', startMs);
      return value;
    } catch (error) {
      const failure = this.#translate(error, call.signal);
      this.#report(request, failure.code, startMs);
      throw failure;
    }
  }

  /** Like `send`, for requests that a JSON object answers. Anything else leaves open what happened. */
  async object(request: ApiRequest, call: Call): Promise<object> {
    const value = await this.send(request, call);
    if (typeof value === 'object' && value !== null) return value;
    throw new SluiceError('Unavailable', `the answer to ${request.method} ${request.path} is no JSON object`);
  }

  /** Opens a watch and hands out its events as they come. */
  async *watch(request: ApiRequest, signal: AbortSignal): AsyncGenerator<WatchEvent> {
    const { clock } = this.#options;
    const startMs = clock.monotonic();
    let stream: IncomingMessage;
    try {
      stream = await withDeadline(
        clock,
        watchHeadTimeoutMs,
        signal,
        (inner) => this.#answer(request, inner),
        () => timeoutError(request, watchHeadTimeoutMs),
      );
    } catch (error) {
      const failure = this.#translate(error, signal);
      this.#report(request, failure.code, startMs);
      throw failure;
    }
    this.#report(request, 'ok', startMs);
    yield* this.#events(stream, signal);
  }

  /** Closes all connections, also those in use. */
  close(): void {
    this.#transport.close();
  }

  async *#events(stream: IncomingMessage, signal: AbortSignal): AsyncGenerator<WatchEvent> {
    const onAbort = (): void => {
      stream.destroy();
    };
    signal.addEventListener('abort', onAbort, { once: true });
    try {
      signal.throwIfAborted();
      for await (const line of readLines(stream, lineBytesMax)) yield readWatchEvent(line);
    } catch (error) {
      if (signal.aborted) throw new SluiceError('Cancelled', 'the watch was stopped', { cause: error });
      throw error instanceof SluiceError
        ? error
        : new SluiceError('Unavailable', 'the watch broke off', { cause: error });
    } finally {
      signal.removeEventListener('abort', onAbort);
      stream.destroy();
    }
  }

  async #read(request: ApiRequest, signal: AbortSignal): Promise<unknown> {
    const text = await textOf(await this.#answer(request, signal));
    return parseJson(text) ?? text;
  }

  /** Resolves with a successful answer; any other becomes an error. A refused identity is renewed once. */
  async #answer(request: ApiRequest, signal: AbortSignal): Promise<IncomingMessage> {
    const identity = await this.#credentials.read();
    try {
      return await this.#exchange(request, identity, signal);
    } catch (error) {
      if (!hasCode(error, 'Unauthorized') && !isCertificateRefusal(error)) throw error;
      this.#credentials.distrust();
      const renewed = await this.#credentials.read();
      if (isSame(identity, renewed)) throw this.#explain(error, identity);
      return await this.#exchange(request, renewed, signal);
    }
  }

  async #exchange(request: ApiRequest, identity: Identity, signal: AbortSignal): Promise<IncomingMessage> {
    const { method, path, body, contentType } = request;
    const response = await this.#transport.send(
      {
        method,
        path,
        ...(body !== undefined && { body: Buffer.from(JSON.stringify(body)) }),
        ...(contentType !== undefined && { contentType }),
      },
      identity,
      signal,
    );
    const status = response.statusCode ?? 0;
    if (status >= 200 && status < 300) return response;
    const text = await textOf(response);
    throw statusError(status, parseJson(text) ?? text, response.headers['retry-after'], this.#options.clock.now());
  }

  #explain(error: unknown, identity: Identity): unknown {
    const problem = this.#credentials.certificateProblem(identity);
    return problem === undefined || !hasCode(error, 'Unauthorized')
      ? error
      : new SluiceError('Unauthorized', `${error.message}: ${problem}`, { cause: error });
  }

  #translate(error: unknown, signal: AbortSignal): SluiceError {
    if (error instanceof SluiceError) return error;
    if (signal.aborted) return new SluiceError('Cancelled', 'the call was cancelled', { cause: error });
    return networkError(error, this.#options.connection.server.origin);
  }

  #report({ verb, resource, method }: ApiRequest, outcome: 'ok' | ErrorCode, startMs: number): void {
    this.#options.onRequest?.({
      verb: verb ?? method.toLowerCase(),
      resource: resource ?? { group: '', plural: '' },
      outcome,
      durationMs: this.#options.clock.monotonic() - startMs,
    });
  }
}

function timeoutError({ method, path }: ApiRequest, timeoutMs: number): SluiceError {
  return new SluiceError('Timeout', `no answer to ${method} ${path} within ${timeoutMs} ms`);
}

function isSame(left: Identity, right: Identity): boolean {
  return (
    left.headers['authorization'] === right.headers['authorization'] &&
    left.authority === right.authority &&
    left.certificate === right.certificate &&
    left.key === right.key
  );
}

/** By events rather than by iteration, which costs as much again as the rest of a small answer. */
function textOf(response: IncomingMessage): Promise<string> {
  return new Promise((resolve, reject) => {
    const chunks: Buffer[] = [];
    let bytes = 0;
    response.on('data', (chunk: Buffer) => {
      bytes += chunk.length;
      if (bytes > bodyBytesMax) {
        response.destroy(new SluiceError('TooLarge', `the answer is larger than ${bodyBytesMax} bytes`));
        return;
      }
      chunks.push(chunk);
    });
    response.once('end', () => resolve(Buffer.concat(chunks).toString('utf8')));
    response.once('error', reject);
    response.once('close', () => {
      if (!response.readableEnded) reject(new SluiceError('Unavailable', 'the answer broke off'));
    });
  });
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
