import { recordOf, textOf } from '../api/json-access.ts';
import { sleep, withDeadline, type Clock } from '../base/clock.ts';
import { errorCatalogue, hasCode, messageOf, SluiceError, type ErrorCode } from '../base/error.ts';
import type { ApiAccess } from './access.ts';
import { readEvents, type ServerEvent } from './server-events.ts';

/** The HTTP API as the commands use it. */
export interface ApiClient {
  get(path: string): Promise<unknown>;
  post(path: string, body: object): Promise<unknown>;
  /**
   * Follows a watch for as long as somebody reads, or until the signal aborts. A connection that breaks is opened again
   * where it stopped; the iteration throws when that does not work for a while, or when the API refuses.
   */
  events(path: string, signal?: AbortSignal): AsyncIterableIterator<ServerEvent>;
}

/** What the client is made with. */
export interface ApiClientOptions {
  /** Asked again for every connection: a server that was started anew has another token, and perhaps another port. */
  readonly findAccess: () => Promise<ApiAccess>;
  readonly clock: Clock;
  readonly signal: AbortSignal;
  /** Told when a watch has lost its connection. */
  readonly onLost?: (message: string) => void;
  readonly reconnectDelayMs?: number;
  readonly reconnectAttemptsMax?: number;
}

const answerTimeoutMs = 20_000;

/** How far a watch has come. */
interface Progress {
  lastId: string | undefined;
  /** Connections in a row that brought nothing. */
  failures: number;
}

/** Makes a client. Nothing is asked yet. */
export function createApiClient(options: ApiClientOptions): ApiClient {
  return new Client(options);
}

class Client implements ApiClient {
  readonly #options: ApiClientOptions;

  constructor(options: ApiClientOptions) {
    this.#options = options;
  }

  get(path: string): Promise<unknown> {
    return this.#ask(path, { method: 'GET' });
  }

  post(path: string, body: object): Promise<unknown> {
    const headers = { 'content-type': 'application/json' };
    return this.#ask(path, { method: 'POST', headers, body: JSON.stringify(body) });
  }

  async *events(path: string, ending?: AbortSignal): AsyncGenerator<ServerEvent, void, void> {
    const { clock } = this.#options;
    const signal = ending === undefined ? this.#options.signal : AbortSignal.any([this.#options.signal, ending]);
    const progress: Progress = { lastId: undefined, failures: 0 };
    for (;;) {
      const lost = yield* this.#follow(path, progress, signal);
      this.#count(lost, progress);
      await sleep(clock, this.#options.reconnectDelayMs ?? 1000, signal);
    }
  }

  /** Follows one connection to its end, and answers what ended it. */
  async *#follow(path: string, progress: Progress, signal: AbortSignal): AsyncGenerator<ServerEvent, unknown, void> {
    try {
      for await (const event of this.#connect(path, progress.lastId, signal)) {
        progress.failures = 0;
        progress.lastId = event.id ?? progress.lastId;
        yield event;
      }
      return undefined;
    } catch (error) {
      signal.throwIfAborted();
      return error;
    }
  }

  #count(lost: unknown, progress: Progress): void {
    const { onLost, reconnectAttemptsMax = 30 } = this.#options;
    progress.failures += 1;
    if (lost === undefined) return;
    if (isRefusal(lost) || progress.failures > reconnectAttemptsMax) throw lost;
    if (progress.failures === 1) onLost?.(messageOf(lost));
  }

  async *#connect(
    path: string,
    lastId: string | undefined,
    parent: AbortSignal,
  ): AsyncGenerator<ServerEvent, void, void> {
    const ending = new AbortController();
    const signal = AbortSignal.any([parent, ending.signal]);
    try {
      const headers = lastId === undefined ? {} : { 'last-event-id': lastId };
      const answer = await this.#open(path, { method: 'GET', headers }, signal);
      if (answer.body !== null) yield* readEvents(answer.body);
    } finally {
      ending.abort();
    }
  }

  #ask(path: string, init: Question): Promise<unknown> {
    const { clock, signal } = this.#options;
    const late = (): Error => new SluiceError('Timeout', `the API did not answer within ${answerTimeoutMs / 1000} s`);
    return withDeadline(
      clock,
      answerTimeoutMs,
      signal,
      async (limited) => (await this.#open(path, init, limited)).json(),
      late,
    );
  }

  async #open(path: string, init: Question, signal: AbortSignal): Promise<Response> {
    const access = await this.#options.findAccess();
    const answer = await request(access, path, init, signal);
    if (answer.ok) return answer;
    throw await refusalOf(answer, access);
  }
}

/** What of a request is not the same for all. */
interface Question {
  readonly method: 'GET' | 'POST';
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string;
}

async function request(
  { url, token }: ApiAccess,
  path: string,
  question: Question,
  signal: AbortSignal,
): Promise<Response> {
  try {
    const headers = { ...question.headers, authorization: `Bearer ${token}` };
    return await fetch(`${url}${path}`, { ...question, headers, redirect: 'error', signal });
  } catch (error) {
    signal.throwIfAborted();
    throw new SluiceError(
      'Unavailable',
      `nothing answers at ${url}; start Sluice with "sluice run", or name another address with --server`,
      { cause: error },
    );
  }
}

async function refusalOf(answer: Response, { url, tokenPath }: ApiAccess): Promise<SluiceError> {
  const body = recordOf(await answer.json().catch(() => undefined));
  if (answer.status === 401 && tokenPath !== undefined) {
    return new SluiceError('Unauthorized', `the API at ${url} refuses the token in ${tokenPath}; name the right file`);
  }
  const code = textOf(body['code']);
  const message = textOf(body['message']) || `the API at ${url} answered ${answer.status}`;
  return new SluiceError(isCode(code) ? code : 'Internal', message);
}

function isCode(text: string): text is ErrorCode {
  return Object.hasOwn(errorCatalogue, text);
}

/** Trying again does not help. A token may be refused while a new server has not written its own yet. */
function isRefusal(error: unknown): boolean {
  return error instanceof SluiceError && !hasCode(error, 'Unavailable', 'Timeout', 'Unauthorized', 'TooManyRequests');
}
