import { Agent, request as httpRequest, type IncomingMessage } from 'node:http';
import { Agent as SecureAgent, request as secureRequest } from 'node:https';

import { withDeadline, type Clock } from '../base/clock.ts';
import { messageOf, SluiceError } from '../base/error.ts';
import type { MetricRequest, MetricResponse } from '../providers/metrics/contract.ts';
import type { HttpPort } from './http-port.ts';

/** Connections kept open to one host, and requests in flight to it. */
const socketsMax = 8;

/** An HTTP client for metric pages: kept-alive connections, deadlines, bounded bodies, no redirects. */
export interface HttpClient extends HttpPort {
  /** Closes the idle connections. */
  close(): void;
}

/** Makes a client on the real network. */
export function createHttpClient(clock: Clock): HttpClient {
  const plain = new Agent({ keepAlive: true, maxSockets: socketsMax, maxFreeSockets: socketsMax });
  const secure = new SecureAgent({ keepAlive: true, maxSockets: socketsMax, maxFreeSockets: socketsMax });
  return {
    async send(request, signal) {
      const timedOut = (): SluiceError =>
        new SluiceError('Timeout', `${request.url} did not answer within ${request.timeoutMs} ms`);
      try {
        return await withDeadline(
          clock,
          request.timeoutMs,
          signal,
          (inner) => exchange(request, request.url.startsWith('https:') ? secure : plain, inner),
          timedOut,
        );
      } catch (error) {
        const code = error instanceof SluiceError ? error.code : 'MetricUnreachable';
        return { kind: 'failure', id: request.id, code, message: messageOf(error) };
      }
    },
    close() {
      plain.destroy();
      secure.destroy();
    },
  };
}

function exchange(request: MetricRequest, agent: Agent, signal: AbortSignal): Promise<MetricResponse> {
  const send = request.url.startsWith('https:') ? secureRequest : httpRequest;
  return new Promise((resolve, reject) => {
    const outgoing = send(request.url, { method: 'GET', headers: request.headers, agent, signal }, (incoming) => {
      readBody(incoming, request.bodyBytesMax).then(
        (body) => resolve(answer(request.id, incoming, body)),
        (error: Error) => {
          outgoing.destroy();
          reject(error);
        },
      );
    });
    outgoing.on('error', reject);
    outgoing.end();
  });
}

function answer(id: string, incoming: IncomingMessage, body: string): MetricResponse {
  return {
    kind: 'answer',
    id,
    status: incoming.statusCode ?? 0,
    contentType: incoming.headers['content-type'] ?? '',
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
