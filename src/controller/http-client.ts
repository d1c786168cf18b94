import { lookup as resolveName, type LookupAddress } from 'node:dns';
import { Agent, request as httpRequest, type IncomingMessage } from 'node:http';
import { Agent as SecureAgent, request as secureRequest } from 'node:https';
import type { LookupFunction } from 'node:net';

import { withDeadline, type Clock } from '../base/clock.ts';
import { messageOf, SluiceError } from '../base/error.ts';
import { parseHttpDate } from '../base/instant.ts';
import { unreachable } from '../base/invariant.ts';
import { parseRetryAfter } from '../base/retry-after.ts';
import type { AwsSigning, MetricRequest, MetricResponse } from '../providers/metrics/contract.ts';
import type { AwsGrant } from './aws/aws-credentials.ts';
import { createHttpPolicy, type HttpPolicy } from './http-policy.ts';
import type { HttpPort } from './http-port.ts';
import { signRequest } from './sign-request.ts';

/** Connections kept open to one host, and requests in flight to it. */
const socketsMax = 32;

/** How often a request is sent whose connection turns out to be closed: each kept one may be. */
const attemptsMax = 3;

/** Methods with which the same request twice is not the same as once (RFC 9110, section 9.2.2). */
const onceOnly: ReadonlySet<string> = new Set(['POST', 'PATCH']);

/** What a client is made with. */
export interface HttpClientOptions {
  /** Where requests may go; not to this machine itself unless given. */
  readonly policy?: HttpPolicy;
  /** All addresses of a host; the machine's own resolver unless given. */
  readonly resolve?: (host: string) => Promise<readonly LookupAddress[]>;
  /** Credentials to sign requests with. Without it requests that must be signed fail. */
  readonly credentials?: (signing: AwsSigning, signal: AbortSignal) => Promise<AwsGrant>;
  /** A token of Google Cloud. Without it requests that need one fail. */
  readonly googleToken?: (signal: AbortSignal) => Promise<string>;
}

/**
 * An HTTP client for metrics: kept-alive connections, deadlines, bounded bodies, no redirects, no proxies. A host is
 * resolved once for each connection, all its addresses are held against the policy, and the connection is made to one
 * of just these, so that a name cannot change its mind in between. Failures name a URL without its query, which may
 * hold a key.
 */
export interface HttpClient extends HttpPort {
  /** Closes the idle connections. */
  close(): void;
}

/** Makes a client on the real network. */
export function createHttpClient(clock: Clock, options: HttpClientOptions = {}): HttpClient {
  const { policy = createHttpPolicy({ loopback: 'deny' }), resolve = systemResolve } = options;
  const limits = { keepAlive: true, maxSockets: socketsMax, maxFreeSockets: socketsMax };
  const connections: Connections = {
    plain: new Agent(limits),
    secure: new SecureAgent(limits),
    lookup: checkedLookup(policy, resolve),
    now: () => clock.now(),
  };
  const prepared = async (request: MetricRequest, url: URL, signal: AbortSignal): Promise<MetricRequest> => {
    const refusal = policy.refuseUrl(url);
    if (refusal !== undefined) throw new SluiceError('Forbidden', `${shownUrl(url)} was not asked: ${refusal}`);
    return signed(request, options, signal, clock);
  };
  return {
    async send(request, signal) {
      const url = URL.parse(request.url);
      try {
        if (url === null) throw new SluiceError('Invalid', 'the URL of a metric cannot be understood');
        return await withDeadline(
          clock,
          request.timeoutMs,
          signal,
          async (inner) => sendKept(await prepared(request, url, inner), url, connections, inner),
          () => new SluiceError('Timeout', `${shownUrl(url)} did not answer within ${request.timeoutMs} ms`),
        );
      } catch (error) {
        const code = error instanceof SluiceError ? error.code : 'MetricUnreachable';
        return { kind: 'failure', id: request.id, code, message: failureText(error) };
      }
    },
    close() {
      connections.plain.destroy();
      connections.secure.destroy();
    },
  };
}

async function signed(
  request: MetricRequest,
  { credentials, googleToken }: HttpClientOptions,
  signal: AbortSignal,
  clock: Clock,
): Promise<MetricRequest> {
  const { signing } = request;
  switch (signing?.kind) {
    case undefined:
      return request;
    case 'sigv4': {
      if (credentials === undefined) {
        throw new SluiceError('Unauthorized', 'the controller has no AWS credentials to sign requests with');
      }
      const { region, credentials: granted } = await credentials(signing, signal);
      return signRequest(request, { service: signing.service, region }, granted, clock.now());
    }
    case 'google':
      if (googleToken === undefined) {
        throw new SluiceError('Unauthorized', 'the controller has no Google Cloud credentials to send with requests');
      }
      return { ...request, headers: { ...request.headers, authorization: `Bearer ${await googleToken(signal)}` } };
    default:
      return unreachable(signing);
  }
}

interface Connections {
  readonly plain: Agent;
  readonly secure: SecureAgent;
  readonly lookup: LookupFunction;
  /** Wall time, milliseconds since the epoch. */
  now(): number;
}

/**
 * A connection that was kept may have been closed by the other side just before it is used again. A request that may be
 * sent twice is then sent over a new one.
 */
async function sendKept(
  request: MetricRequest,
  url: URL,
  connections: Connections,
  signal: AbortSignal,
): Promise<MetricResponse> {
  for (let attempt = 1; ; attempt += 1) {
    const outcome = await send(request, url, connections, signal);
    if (outcome.kind === 'answered') return outcome.response;
    const isRepeatable = outcome.wasStale && !onceOnly.has(request.method ?? 'GET') && attempt < attemptsMax;
    if (!isRepeatable || signal.aborted) throw outcome.error;
  }
}

type SendOutcome =
  | { readonly kind: 'answered'; readonly response: MetricResponse }
  /** `wasStale`: a kept connection ended before any answer. */
  | { readonly kind: 'failed'; readonly error: Error; readonly wasStale: boolean };

function send(request: MetricRequest, url: URL, connections: Connections, signal: AbortSignal): Promise<SendOutcome> {
  const { method = 'GET', headers, body, insecure = false } = request;
  const { plain, secure, lookup } = connections;
  // Without its length, Node.js frames no body of a GET.
  const length = body === undefined ? {} : { 'content-length': String(Buffer.byteLength(body)) };
  const common = { method, headers: { ...headers, ...length }, signal, lookup };
  return new Promise((resolve) => {
    const onAnswer = (incoming: IncomingMessage): void => {
      readBody(incoming, request.bodyBytesMax).then(
        (text) => resolve({ kind: 'answered', response: answer(request.id, incoming, text, connections.now()) }),
        (error: Error) => {
          outgoing.destroy();
          resolve({ kind: 'failed', error, wasStale: false });
        },
      );
    };
    const outgoing =
      url.protocol === 'https:'
        ? secureRequest(url, { ...common, agent: secure, rejectUnauthorized: !insecure }, onAnswer)
        : httpRequest(url, { ...common, agent: plain }, onAnswer);
    outgoing.on('error', (error: NodeJS.ErrnoException) => {
      const isClosed = error.code === 'ECONNRESET' || error.code === 'EPIPE';
      resolve({ kind: 'failed', error, wasStale: isClosed && outgoing.reusedSocket });
    });
    outgoing.end(body);
  });
}

/** Answers with the addresses of a host only when the policy allows all of them. */
function checkedLookup(policy: HttpPolicy, resolve: NonNullable<HttpClientOptions['resolve']>): LookupFunction {
  return (host, { all }, callback) => {
    resolve(host).then(
      (addresses) => {
        const refusal = addresses.map(({ address }) => policy.refuseAddress(address)).find(Boolean);
        const [first] = addresses;
        if (refusal !== undefined) {
          callback(new SluiceError('Forbidden', `the host "${host}" was not asked: ${refusal}`), '', 0);
        } else if (first === undefined) callback(new Error(`the host "${host}" has no address`), '', 0);
        else if (all === true) callback(null, [...addresses]);
        else callback(null, first.address, first.family);
      },
      (error: NodeJS.ErrnoException) => callback(error, '', 0),
    );
  };
}

function systemResolve(host: string): Promise<readonly LookupAddress[]> {
  return new Promise((resolve, reject) => {
    resolveName(host, { all: true }, (error, addresses) => {
      if (error === null) resolve(addresses);
      else reject(error);
    });
  });
}

function answer(id: string, incoming: IncomingMessage, body: string, nowMs: number): MetricResponse {
  const retryAfterMs = parseRetryAfter(incoming.headers['retry-after'], nowMs);
  const serverTimeMs = parseHttpDate(incoming.headers.date ?? '');
  return {
    kind: 'answer',
    id,
    status: incoming.statusCode ?? 0,
    contentType: incoming.headers['content-type'] ?? '',
    ...(retryAfterMs === undefined ? {} : { retryAfterMs }),
    ...(serverTimeMs === undefined ? {} : { serverTimeMs }),
    body,
  };
}

async function readBody(incoming: IncomingMessage, bytesMax: number): Promise<string> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of incoming as AsyncIterable<Buffer>) {
    bytes += chunk.byteLength;
    if (bytes > bytesMax) throw new SluiceError('TooLarge', `the answer is longer than ${bytesMax} bytes`);
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString('utf8');
}

function shownUrl({ origin, pathname }: URL): string {
  return `${origin}${pathname}`;
}

/** A host with several addresses fails once for each of them. */
function failureText(error: unknown): string {
  const errors: readonly unknown[] = error instanceof AggregateError ? error.errors : [error];
  return errors.map(messageOf).join('; ');
}
