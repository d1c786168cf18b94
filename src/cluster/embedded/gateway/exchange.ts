import type { ClientRequest, IncomingMessage, ServerResponse } from 'node:http';
import type { Duplex } from 'node:stream';

import type { Clock } from '../../../base/clock.ts';
import { messageOf } from '../../../base/error.ts';
import { endToEndHeaders } from './forwarded-headers.ts';
import type { HttpRouteFilter } from './http-route.ts';
import { modifyHeaders, type HeaderPair } from './request-filter.ts';

/** One request of a client and the answer to it. */
export interface Exchange {
  readonly incoming: IncomingMessage;
  readonly outgoing: ServerResponse;
  /** Present when the client asks to go over to another protocol, such as WebSocket. */
  readonly upgrade: { readonly socket: Duplex; readonly head: Buffer } | undefined;
  /** Aborts when the client has gone. */
  readonly signal: AbortSignal;
}

/** How passing a request to a pod ended. */
export type ExchangeOutcome =
  /** The whole answer has been passed on. */
  | { readonly kind: 'answered'; readonly status: number }
  /** The kept connection turned out to be closed before a byte could be written: another one may be tried. */
  | { readonly kind: 'unsent'; readonly message: string }
  /** The pod broke off before its answer began; the client has been told nothing yet. */
  | { readonly kind: 'failed'; readonly message: string }
  /** The answer did not begin, or did not end, in time. */
  | { readonly kind: 'timeout'; readonly status: number | undefined }
  /** The pod broke off in the middle of its answer; the client's connection is to be cut, so that it notices. */
  | { readonly kind: 'broken'; readonly status: number; readonly message: string }
  | { readonly kind: 'client-gone' };

/** Limits and changes for one exchange. */
export interface ExchangeOptions {
  readonly clock: Clock;
  /** Until the head of the answer is there. */
  readonly headTimeoutMs: number;
  /** Until the whole answer is there; undefined means no limit. */
  readonly requestTimeoutMs: number | undefined;
  readonly responseHeaders: readonly NonNullable<HttpRouteFilter['responseHeaderModifier']>[];
  /** Called when the request is over because the connection now speaks another protocol. */
  readonly onJoined: () => void;
}

/**
 * Passes a request to a pod over a connected socket and the answer back, both as streams with back-pressure. Called
 * at most once per connected socket; only after `unsent` may the request be passed on again.
 */
export function passOn(request: ClientRequest, exchange: Exchange, options: ExchangeOptions): Promise<ExchangeOutcome> {
  return new Promise((resolve) => new Passage(request, exchange, options, resolve).start());
}

class Passage {
  readonly #request: ClientRequest;
  readonly #exchange: Exchange;
  readonly #options: ExchangeOptions;
  readonly #resolve: (outcome: ExchangeOutcome) => void;
  readonly #limits: Limits;
  #answer: IncomingMessage | undefined;
  #isJoined = false;
  #isSettled = false;

  constructor(
    request: ClientRequest,
    exchange: Exchange,
    options: ExchangeOptions,
    resolve: (outcome: ExchangeOutcome) => void,
  ) {
    this.#request = request;
    this.#exchange = exchange;
    this.#options = options;
    this.#resolve = resolve;
    this.#limits = new Limits(options.clock, () => this.#settle({ kind: 'timeout', status: this.#status }));
  }

  start(): void {
    const { incoming, signal, upgrade } = this.#exchange;
    const request = this.#request;
    request.on('error', (error) => this.#onBreak(error));
    request.on('close', () => this.#onBreak(new Error('the connection was closed')));
    request.on('response', (answer) => this.#onAnswer(answer));
    request.on('upgrade', (answer, upstream, head) => this.#onUpgrade(answer, upstream, head));
    signal.addEventListener('abort', () => this.#onLeft(), { once: true });
    this.#limits.start(this.#options.headTimeoutMs, this.#options.requestTimeoutMs);
    if (signal.aborted) this.#settle({ kind: 'client-gone' });
    else if (request.destroyed) this.#onBreak(request.errored ?? new Error('the connection was closed'));
    else if (upgrade === undefined) incoming.pipe(request);
    else request.end();
  }

  get #status(): number | undefined {
    return this.#answer?.statusCode;
  }

  #settle(outcome: ExchangeOutcome): void {
    if (this.#isSettled) return;
    this.#isSettled = true;
    this.#limits.clear();
    this.#exchange.incoming.unpipe(this.#request);
    if (outcome.kind !== 'answered') this.#request.destroy();
    this.#resolve(outcome);
  }

  #onAnswer(answer: IncomingMessage): void {
    const { outgoing } = this.#exchange;
    this.#answer = answer;
    this.#limits.headArrived();
    try {
      sendHead(answer, outgoing, this.#options);
    } catch (error) {
      // The pod's status line or a header cannot be sent on, e.g. a control character in a value.
      this.#answer = undefined;
      this.#settle({ kind: 'failed', message: messageOf(error) });
      return;
    }
    answer.on('error', (error) => this.#onBreak(error));
    answer.on('end', () => endAnswer(answer, outgoing));
    outgoing.on('finish', () => this.#settle({ kind: 'answered', status: answer.statusCode ?? 0 }));
    answer.pipe(outgoing, { end: false });
  }

  #onUpgrade(answer: IncomingMessage, upstream: Duplex, head: Buffer): void {
    this.#isJoined = true;
    this.#limits.clear();
    this.#options.onJoined();
    const { clock } = this.#options;
    joinSockets(this.#exchange, { answer, upstream, head, clock }, () => this.#onLeft());
  }

  /** Once two sockets are joined, either side may leave when it likes. */
  #onLeft(): void {
    this.#settle(this.#isJoined ? { kind: 'answered', status: 101 } : { kind: 'client-gone' });
  }

  #onBreak(error: Error): void {
    // A whole answer needs nothing more from the pod: what remains is to send it on.
    if (this.#answer?.complete === true || this.#isJoined) return;
    const message = messageOf(error);
    if (this.#exchange.signal.aborted) this.#settle({ kind: 'client-gone' });
    else if (this.#status !== undefined) this.#settle({ kind: 'broken', status: this.#status, message });
    else if (isUnsent(error, this.#request, this.#exchange)) this.#settle({ kind: 'unsent', message });
    else this.#settle({ kind: 'failed', message });
  }
}

/**
 * Whether it is proven that no byte of the request left this process: the very first write on a kept socket failed,
 * and there was nothing else to send. Any other break leaves open whether the pod has seen the request.
 */
function isUnsent(error: Error, request: ClientRequest, { incoming, upgrade }: Exchange): boolean {
  const { headers } = incoming;
  const hasBody = headers['transfer-encoding'] !== undefined || (headers['content-length'] ?? '0') !== '0';
  if (!request.reusedSocket || hasBody || upgrade !== undefined) return false;
  const { code, syscall }: NodeJS.ErrnoException = error;
  return syscall === 'write' || (code === 'EPIPE' && syscall === undefined);
}

/** Flattens pairs to the form that Node.js sends unchanged. */
export function flatten(pairs: readonly HeaderPair[]): string[] {
  return pairs.flatMap(([name, value]) => [name, value]);
}

function sendHead(answer: IncomingMessage, outgoing: ServerResponse, { responseHeaders }: ExchangeOptions): void {
  const headers = modifyHeaders(endToEndHeaders(answer), responseHeaders);
  outgoing.writeHead(answer.statusCode ?? 502, answer.statusMessage, flatten(headers));
  // A stream of events must not wait for its first event.
  outgoing.flushHeaders();
}

function endAnswer(answer: IncomingMessage, outgoing: ServerResponse): void {
  if (!answer.complete) return;
  if (answer.rawTrailers.length > 0) outgoing.addTrailers(answer.trailers);
  outgoing.end();
}

interface Joined {
  readonly answer: IncomingMessage;
  readonly upstream: Duplex;
  readonly head: Buffer;
  readonly clock: Clock;
}

/** How long a side may go on sending after the other has said its last word. */
const halfOpenMsMax = 10_000;

/** After "101 Switching Protocols" bytes go through unread, until either side closes. */
function joinSockets(
  { outgoing, upgrade }: Exchange,
  { answer, upstream, head, clock }: Joined,
  onClose: () => void,
): void {
  const client = upgrade?.socket;
  if (client === undefined) {
    upstream.destroy();
    outgoing.destroy();
    onClose();
    return;
  }
  const lines = [`HTTP/1.1 101 ${answer.statusMessage ?? 'Switching Protocols'}`];
  for (let index = 0; index + 1 < answer.rawHeaders.length; index += 2) {
    lines.push(`${answer.rawHeaders[index]}: ${answer.rawHeaders[index + 1]}`);
  }
  client.write(`${lines.join('\r\n')}\r\n\r\n`, 'latin1');
  client.write(head);
  upstream.write(upgrade?.head ?? '');
  joinOneWay(client, upstream, clock);
  joinOneWay(upstream, client, clock);
  upstream.on('close', onClose);
}

/** Passes bytes on; a proper end ends the other side after its last byte, anything else cuts it. */
function joinOneWay(from: Duplex, to: Duplex, clock: Clock): void {
  let cancel = (): void => undefined;
  from.pipe(to);
  from.on('error', () => to.destroy());
  from.on('end', () => {
    cancel = clock.schedule(halfOpenMsMax, () => to.destroy());
  });
  to.on('close', () => cancel());
  from.on('close', () => {
    if (!from.readableEnded) to.destroy();
  });
}

/** The two time limits of an exchange. */
class Limits {
  readonly #clock: Clock;
  readonly #onTimeout: () => void;
  #cancelHead = (): void => undefined;
  #cancelWhole = (): void => undefined;

  constructor(clock: Clock, onTimeout: () => void) {
    this.#clock = clock;
    this.#onTimeout = onTimeout;
  }

  start(headTimeoutMs: number, requestTimeoutMs: number | undefined): void {
    this.#cancelHead = this.#clock.schedule(headTimeoutMs, this.#onTimeout);
    if (requestTimeoutMs !== undefined) this.#cancelWhole = this.#clock.schedule(requestTimeoutMs, this.#onTimeout);
  }

  headArrived(): void {
    this.#cancelHead();
  }

  clear(): void {
    this.#cancelHead();
    this.#cancelWhole();
  }
}
