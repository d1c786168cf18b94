import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';

/** Metrics of Rollouts, each of which is good until it is told to turn bad. */
export class MetricPages {
  readonly #server: Server;
  /** Told when the first bad sample of a name is served. */
  readonly #bad = new Map<string, (servedMs: number) => void>();

  private constructor(server: Server) {
    this.#server = server;
  }

  static async serve(): Promise<MetricPages> {
    const server = createServer();
    const pages = new MetricPages(server);
    server.on('request', (request, response) => {
      const name = (request.url ?? '/').slice(1);
      const onBad = pages.#bad.get(name);
      response.end(JSON.stringify({ errors: onBad === undefined ? 0 : 100 }));
      onBad?.(performance.now());
    });
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    return pages;
  }

  get address(): string {
    // It listens on TCP, so its address is no path.
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  /** From now on the samples are bad. Resolves with the time at which the first one was served. */
  turnBad(name: string): Promise<number> {
    return new Promise((resolve) => {
      this.#bad.set(name, resolve);
    });
  }

  close(): void {
    this.#server.closeAllConnections();
    this.#server.close();
  }
}
