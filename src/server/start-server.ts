import type { AddressInfo } from 'node:net';

import { messageOf, SluiceError } from '../base/error.ts';
import { createServer, type ServerOptions } from './server.ts';

/** Where the API listens: on this machine only. */
export interface ListenOptions {
  /** 0 lets the system choose. */
  readonly port: number;
}

/** The API while it is served. */
export interface RunningServer {
  readonly url: string;
  /** Ends watches and connections, and stops listening. */
  close(): Promise<void>;
}

const host = '127.0.0.1';

/** Serves the API on the loopback interface. Rejects with PortInUse when the port is taken. */
export async function startServer(options: ServerOptions, { port }: ListenOptions): Promise<RunningServer> {
  const server = createServer(options);
  try {
    await server.listen({ host, port });
  } catch (error) {
    await server.close();
    const { code } = error as { readonly code?: string };
    if (code === 'EADDRINUSE') {
      throw new SluiceError('PortInUse', `port ${port} of ${host} is in use; choose another one for the API`);
    }
    throw new SluiceError('Internal', `the API cannot listen on port ${port}: ${messageOf(error)}`, { cause: error });
  }
  // It listens on TCP, so its address is no path.
  const address = server.server.address() as AddressInfo;
  return { url: `http://${host}:${address.port}`, close: () => server.close() };
}
