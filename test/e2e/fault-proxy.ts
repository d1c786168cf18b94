import { writeFileSync } from 'node:fs';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { Agent, request as secureRequest } from 'node:https';
import type { AddressInfo, Socket } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';

import type { ClusterConnection, TextSource } from '../../src/cluster/kubernetes/connection.ts';

/** What becomes of a request in place of what would. */
export type Fault =
  | { readonly kind: 'answer'; readonly status: number; readonly headers?: Readonly<Record<string, string>> }
  /** The request reaches the API server, and the connection ends before the answer. */
  | { readonly kind: 'cut' }
  | { readonly kind: 'slow'; readonly delayMs: number };

/** A request on its way. */
export interface PassingRequest {
  readonly method: string;
  readonly path: string;
  readonly isWatch: boolean;
}

/** Stands between a client and an API server, as one user, and does to requests what a test wants. */
export class FaultProxy {
  /** How many requests came since the count was last set. */
  count = 0;
  /** What is done to a request; nothing when it answers undefined. */
  fault: (request: PassingRequest) => Fault | undefined = () => undefined;
  readonly #connection: ClusterConnection;
  readonly #agent: Agent;
  readonly #sockets = new Set<Socket>();
  #server: Server | undefined;
  #port = 0;

  constructor(connection: ClusterConnection) {
    this.#connection = connection;
    const { authority, user } = connection;
    this.#agent = new Agent({
      keepAlive: true,
      ca: textOf(authority),
      cert: textOf(user.certificate),
      key: textOf(user.key),
    });
  }

  /** Begins to listen, on the same port as before if there was one. */
  async start(): Promise<void> {
    const server = createServer((request, response) => void this.#serve(request, response));
    server.on('connection', (socket) => {
      this.#sockets.add(socket);
      socket.on('close', () => this.#sockets.delete(socket));
    });
    await new Promise<void>((resolve) => server.listen(this.#port, '127.0.0.1', resolve));
    this.#port = (server.address() as AddressInfo).port;
    this.#server = server;
  }

  /** Nobody listens any more, and all connections end. */
  async stop(): Promise<void> {
    const server = this.#server;
    this.#server = undefined;
    this.cut();
    await new Promise<void>((resolve) => (server === undefined ? resolve() : server.close(() => resolve())));
  }

  close(): Promise<void> {
    this.#agent.destroy();
    return this.stop();
  }

  /** Ends all connections, with whatever is under way on them. */
  cut(): void {
    for (const socket of this.#sockets) socket.destroy();
  }

  /** A kubeconfig that leads here. */
  writeKubeconfig(file: string): string {
    const document = {
      apiVersion: 'v1',
      kind: 'Config',
      clusters: [{ name: 'proxy', cluster: { server: `http://127.0.0.1:${this.#port}` } }],
      users: [{ name: 'nobody', user: {} }],
      contexts: [{ name: 'proxy', context: { cluster: 'proxy', user: 'nobody' } }],
      'current-context': 'proxy',
    };
    writeFileSync(file, JSON.stringify(document), { mode: 0o600 });
    return file;
  }

  async #serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    this.count += 1;
    const { method = 'GET', url = '/' } = request;
    const fault = this.fault({ method, path: url, isWatch: url.includes('watch=') });
    if (fault?.kind === 'answer') {
      request.resume();
      response.writeHead(fault.status, { 'content-type': 'application/json', ...fault.headers });
      const status = { kind: 'Status', apiVersion: 'v1', status: 'Failure', code: fault.status };
      response.end(JSON.stringify({ ...status, message: 'a fault that a test wants' }));
      return;
    }
    if (fault?.kind === 'slow') await delay(fault.delayMs);
    const target = new URL(url, this.#connection.server);
    const outgoing = secureRequest(target, { method, headers: headersOf(request), agent: this.#agent }, (answer) => {
      if (fault?.kind === 'cut') {
        answer.resume();
        response.destroy();
        return;
      }
      response.writeHead(answer.statusCode ?? 502, answer.headers);
      answer.pipe(response);
      answer.on('error', () => response.destroy());
    });
    outgoing.on('error', () => response.destroy());
    response.on('close', () => outgoing.destroy());
    request.pipe(outgoing);
  }
}

function headersOf({ headers }: IncomingMessage): Record<string, string | string[] | undefined> {
  const { host: _, connection: __, ...rest } = headers;
  return rest;
}

function textOf(source: TextSource | undefined): string {
  if (source?.kind !== 'text') throw new Error('the control plane of a test gives its certificates as text');
  return source.text;
}
