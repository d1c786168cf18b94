import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';

import { messageOf, SluiceError } from '../../base/error.ts';

/** One page that is served. */
export interface Page {
  readonly path: string;
  /** What is answered now. */
  read(): { readonly status: number; readonly body: string; readonly contentType?: string };
}

/** Pages while they are served. */
export interface ProbeServer {
  readonly port: number;
  close(): Promise<void>;
}

/** Probes and scrapes are short; more than this at once is no monitoring. */
const connectionsMax = 64;
const requestTimeoutMs = 10_000;

/** Serves pages without secrets, to whoever may reach the port. Rejects with PortInUse when it is taken. */
export async function startProbeServer(host: string, port: number, pages: readonly Page[]): Promise<ProbeServer> {
  const server = createServer((request, response) => {
    const path = (request.url ?? '/').split('?')[0];
    const page = pages.find((candidate) => candidate.path === path);
    const isRead = request.method === 'GET' || request.method === 'HEAD';
    const {
      status,
      body,
      contentType = 'text/plain; charset=utf-8',
    } = page === undefined
      ? { status: 404, body: `there are: ${pages.map((one) => one.path).join(', ')}\n` }
      : isRead
        ? page.read()
        : { status: 405, body: 'only GET\n' };
    response.writeHead(status, { 'content-type': contentType, 'cache-control': 'no-store' });
    response.end(request.method === 'HEAD' ? undefined : body);
  });
  server.maxConnections = connectionsMax;
  server.requestTimeout = requestTimeoutMs;
  await listen(server, host, port);
  // It listens on TCP, so its address is no path.
  const address = server.address() as AddressInfo;
  return {
    port: address.port,
    async close() {
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
    },
  };
}

async function listen(server: Server, host: string, port: number): Promise<void> {
  try {
    server.listen({ host, port });
    await once(server, 'listening');
  } catch (error) {
    const { code } = error as { readonly code?: string };
    if (code === 'EADDRINUSE') throw new SluiceError('PortInUse', `port ${port} of ${host} is in use`);
    throw new SluiceError('Usage', `cannot listen on ${host}:${port}: ${messageOf(error)}`, { cause: error });
  }
}
