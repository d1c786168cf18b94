import { once } from 'node:events';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { createServer as createSecureServer, type ServerOptions } from 'node:https';
import type { AddressInfo, Socket } from 'node:net';

/** What the server does with one request. The body is read before. */
export type Act = (request: SeenRequest, response: ServerResponse) => void;

/** A request as the server saw it. */
export interface SeenRequest {
  readonly method: string;
  readonly url: URL;
  readonly headers: IncomingMessage['headers'];
  readonly rawHeaders: readonly string[];
  readonly body: unknown;
  readonly socket: Socket;
}

/** A server on the loopback whose answers are scripted: the acts in order, then the last one for ever. */
export interface ScriptedServer {
  readonly url: URL;
  readonly requests: readonly SeenRequest[];
  /** Connections that were opened. */
  readonly connections: number;
  close(): Promise<void>;
}

/** Starts a scripted server; with TLS when `secure` is given. */
export async function startScriptedServer(acts: readonly Act[], secure?: ServerOptions): Promise<ScriptedServer> {
  const requests: SeenRequest[] = [];
  let connections = 0;
  const handle = async (incoming: IncomingMessage, response: ServerResponse): Promise<void> => {
    const seen = await see(incoming);
    requests.push(seen);
    const act = acts[Math.min(requests.length, acts.length) - 1];
    act?.(seen, response);
  };
  const onRequest = (incoming: IncomingMessage, response: ServerResponse): void => {
    handle(incoming, response).catch(() => incoming.socket.destroy());
  };
  const server: Server = secure === undefined ? createServer(onRequest) : createSecureServer(secure, onRequest);
  server.on('connection', () => {
    connections += 1;
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  // A server that listens on a port has an address with one.
  const { port } = server.address() as AddressInfo;
  return {
    url: new URL(`${secure === undefined ? 'http' : 'https'}://127.0.0.1:${port}`),
    requests,
    get connections() {
      return connections;
    },
    async close() {
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
    },
  };
}

async function see(incoming: IncomingMessage): Promise<SeenRequest> {
  const chunks: Buffer[] = [];
  for await (const chunk of incoming as AsyncIterable<Buffer>) chunks.push(chunk);
  const text = Buffer.concat(chunks).toString('utf8');
  return {
    method: incoming.method ?? '',
    url: new URL(incoming.url ?? '/', 'http://server'),
    headers: incoming.headers,
    rawHeaders: incoming.rawHeaders,
    body: text === '' ? undefined : JSON.parse(text),
    socket: incoming.socket,
  };
}

/** Answers with JSON. */
export function answer(status: number, body: unknown, headers: Readonly<Record<string, string>> = {}): Act {
  return (_, response) => {
    response.writeHead(status, { 'content-type': 'application/json', ...headers });
    response.end(typeof body === 'string' ? body : JSON.stringify(body));
  };
}

/** Answers with a metav1.Status. */
export function status(code: number, reason: string, message: string, details?: object): Act {
  return answer(code, { kind: 'Status', apiVersion: 'v1', status: 'Failure', code, reason, message, details });
}

/** Begins a stream with these pieces; then ends it, cuts it or says nothing more. */
export function stream(pieces: readonly string[], then: 'end' | 'cut' | 'silence'): Act {
  return ({ socket }, response) => {
    response.writeHead(200, { 'content-type': 'application/json' });
    response.flushHeaders();
    for (const piece of pieces) response.write(piece);
    if (then === 'end') response.end();
    if (then === 'cut') setImmediate(() => setImmediate(() => socket.destroy()));
  };
}

/** Reads the request and cuts the connection: the answer is lost. */
export const cut: Act = ({ socket }) => {
  socket.destroy();
};

/** Never answers. */
export const silence: Act = () => {};
