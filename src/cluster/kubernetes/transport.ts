import {
  request as plainRequest,
  type Agent,
  type ClientRequest,
  type IncomingMessage,
  type OutgoingHttpHeaders,
} from 'node:http';
import { request as secureRequest } from 'node:https';

import { createAgent } from './agent.ts';
import type { ClusterConnection } from './connection.ts';
import type { Identity } from './identity.ts';
import { proxyFor, type ProxyEnvironment } from './proxy.ts';

/** One HTTP exchange. `path` stands below the server's address and holds the query. */
export interface Exchange {
  readonly method: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';
  readonly path: string;
  readonly body?: Buffer;
  readonly contentType?: string;
}

/** How connections are kept. */
export interface TransportOptions {
  readonly connection: ClusterConnection;
  readonly environment: ProxyEnvironment;
  readonly userAgent: string;
}

/** Sends requests over connections that are kept and shared. New TLS material gets new connections. */
export class Transport {
  readonly #options: TransportOptions;
  readonly #isPlain: boolean;
  readonly #basePath: string;
  readonly #proxy: URL | undefined;
  #agent: Agent | undefined;
  #material = '';
  readonly #agents = new Set<Agent>();

  /** Throws Usage when the proxy cannot be used. */
  constructor(options: TransportOptions) {
    const { server, proxy } = options.connection;
    this.#options = options;
    this.#isPlain = server.protocol === 'http:';
    this.#basePath = server.pathname.replace(/\/$/, '');
    this.#proxy = proxyFor(server, proxy, options.environment);
  }

  /** Resolves with the head of the answer, whatever it says. Rejects with errors of the network. */
  async send(exchange: Exchange, identity: Identity, signal: AbortSignal): Promise<IncomingMessage> {
    try {
      return await this.#sendOnce(exchange, identity, signal);
    } catch (error) {
      // A kept connection can be closed by the server at the moment of its next use. Reading again is harmless.
      if (!(error instanceof StaleConnection) || exchange.method !== 'GET') throw causeOf(error);
      return await this.#sendOnce(exchange, identity, signal).catch((second: unknown) => {
        throw causeOf(second);
      });
    }
  }

  /** Closes all connections, also those in use. */
  close(): void {
    for (const agent of this.#agents) agent.destroy();
    this.#agents.clear();
    this.#agent = undefined;
  }

  #sendOnce(exchange: Exchange, identity: Identity, signal: AbortSignal): Promise<IncomingMessage> {
    const { server } = this.#options.connection;
    const send = this.#isPlain ? plainRequest : secureRequest;
    return new Promise((resolve, reject) => {
      const outgoing: ClientRequest = send({
        protocol: server.protocol,
        hostname: server.hostname.replace(/^\[|\]$/g, ''),
        port: server.port || (this.#isPlain ? 80 : 443),
        method: exchange.method,
        path: this.#basePath + exchange.path,
        agent: this.#agentFor(identity),
        headers: this.#headers(exchange, identity),
        signal,
      });
      outgoing.once('response', resolve);
      outgoing.once('error', (error: NodeJS.ErrnoException) => {
        const isStale = outgoing.reusedSocket && (error.code === 'ECONNRESET' || error.code === 'EPIPE');
        reject(isStale ? new StaleConnection('the kept connection was closed', { cause: error }) : error);
      });
      outgoing.end(exchange.body);
    });
  }

  #headers({ body, contentType = 'application/json' }: Exchange, identity: Identity): OutgoingHttpHeaders {
    return {
      accept: 'application/json',
      'user-agent': this.#options.userAgent,
      ...headersOf(identity),
      ...(body !== undefined && { 'content-type': contentType, 'content-length': String(body.length) }),
    };
  }

  /** Old agents live on until their last request ends: their free connections time out. */
  #agentFor(identity: Identity): Agent {
    const { authority = '', certificate = '', key = '' } = identity;
    const material = `${authority}\n${certificate}\n${key}`;
    if (this.#agent === undefined || material !== this.#material) {
      this.#agent = createAgent(this.#options.connection, this.#proxy, identity);
      this.#material = material;
      this.#agents.add(this.#agent);
      if (this.#agents.size > agentsMax) this.#dropOldest();
    }
    return this.#agent;
  }

  #dropOldest(): void {
    const [oldest] = this.#agents;
    if (oldest !== undefined) this.#agents.delete(oldest);
    oldest?.destroy();
  }
}

/** Certificates change rarely; so many generations of connections may still be in use. */
const agentsMax = 8;

/** A kept connection turned out to be closed. */
class StaleConnection extends Error {
  override readonly name = 'StaleConnection';
}

function causeOf(error: unknown): unknown {
  return error instanceof StaleConnection ? error.cause : error;
}

function headersOf({ headers }: Identity): OutgoingHttpHeaders {
  return Object.fromEntries(
    Object.entries(headers).map(([name, value]) => [name, typeof value === 'string' ? value : [...value]]),
  );
}
