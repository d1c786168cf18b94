import { createServer } from 'node:net';

const host = '127.0.0.1';

/** The port was taken by somebody else between our looking and the program's listening. */
export class PortLostError extends Error {}

const triesMax = 5;

/**
 * Runs `start` with the port that was asked for, which must be free, or with one that is free now. In the latter case
 * it is run again with another one when it throws `PortLostError`.
 */
export async function withFreePort<T>(
  asked: number | undefined,
  report: (line: string) => void,
  start: (port: number) => Promise<T>,
): Promise<T> {
  if (asked !== undefined) {
    await requireFreePort(asked);
    return await start(asked);
  }
  for (let attempt = 1; ; attempt += 1) {
    const port = await freePort();
    try {
      return await start(port);
    } catch (error) {
      if (!(error instanceof PortLostError) || attempt === triesMax) throw error;
      report(`port ${port} was taken while a program started; trying another one`);
    }
  }
}

/** A TCP port of the loopback interface that nobody listens on now. Somebody else may take it before it is used. */
async function freePort(): Promise<number> {
  return await listenOnce(0);
}

/** Throws unless nobody listens on the port. */
async function requireFreePort(port: number): Promise<void> {
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
