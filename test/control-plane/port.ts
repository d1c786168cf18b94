import { createServer } from 'node:net';

const host = '127.0.0.1';

/** A TCP port of the loopback interface that nobody listens on now. Somebody else may take it before it is used. */
export async function freePort(): Promise<number> {
  return await listenOnce(0);
}

/** Throws unless nobody listens on the port. */
export async function requireFreePort(port: number): Promise<void> {
  if (!Number.isInteger(port) || port < 1 || port > 65_535) {
    throw new Error(`port ${port} must be a whole number from 1 to 65535`);
  }
  try {
    await listenOnce(port);
  } catch (error) {
    if (!(error instanceof Error && 'code' in error && error.code === 'EADDRINUSE')) throw error;
    throw new Error(`port ${port} of ${host} is taken: stop what listens there or choose another port`, {
      cause: error,
    });
  }
}

function listenOnce(port: number): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.once('error', reject);
    server.listen(port, host, () => {
      const address = server.address();
      const bound = typeof address === 'object' && address !== null ? address.port : port;
      server.close(() => resolve(bound));
    });
  });
}
