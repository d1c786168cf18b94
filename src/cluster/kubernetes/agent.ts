import { Agent as PlainAgent, type AgentOptions, type ClientRequestArgs } from 'node:http';
import { Agent as SecureAgent, type AgentOptions as SecureAgentOptions, type RequestOptions } from 'node:https';
import type { Socket } from 'node:net';
import type { Duplex } from 'node:stream';

import type { ClusterConnection } from './connection.ts';
import type { Identity } from './identity.ts';
import { isSocks, openSocksTunnel } from './socks-tunnel.ts';

/** Free connections are closed after this time, well before an API server closes them in the middle of a request. */
const idleSocketMs = 20_000;
const freeSocketsMax = 32;
/** The system asks a silent peer whether it is still there after this time. */
const probeMs = 30_000;

/** Keeps the connections to one API server, as one identity, through the proxy if there is one. */
export function createAgent(connection: ClusterConnection, proxy: URL | undefined, identity: Identity): PlainAgent {
  const shared = {
    keepAlive: true,
    keepAliveInitialDelay: probeMs,
    maxFreeSockets: freeSocketsMax,
    timeout: idleSocketMs,
  };
  const isPlain = connection.server.protocol === 'http:';
  const secure = { ...shared, ...material(connection, identity) };
  if (proxy !== undefined && isSocks(proxy)) {
    return isPlain ? new PlainTunnelAgent(shared, proxy) : new SecureTunnelAgent(secure, proxy);
  }
  const through = proxy === undefined ? {} : { proxyEnv: proxyVariables(proxy) };
  return isPlain ? new PlainAgent({ ...shared, ...through }) : new OneIdentityAgent({ ...secure, ...through });
}

/** What TLS shows and believes. */
function material(
  { insecure, serverName }: ClusterConnection,
  { authority, certificate, key }: Identity,
): SecureAgentOptions {
  return {
    ...(authority !== undefined && { ca: authority }),
    ...(certificate !== undefined && { cert: certificate }),
    ...(key !== undefined && { key }),
    ...(serverName !== undefined && { servername: serverName }),
    rejectUnauthorized: insecure !== true,
  };
}

/** The agent reads proxies as from an environment; whether one is used is decided before. */
function proxyVariables(proxy: URL): Record<string, string> {
  return { HTTP_PROXY: proxy.href, HTTPS_PROXY: proxy.href };
}

/**
 * All connections of an agent are to one server and show one identity. Without a name of its own an agent puts one
 * together from all certificates and keys, for every request.
 */
class OneIdentityAgent extends SecureAgent {
  override getName(): string {
    return 'server';
  }
}

type OnConnected = (error: Error | null, stream: Duplex) => void;

/** Connections through a SOCKS proxy to a server without TLS. */
class PlainTunnelAgent extends PlainAgent {
  readonly #proxy: URL;

  constructor(options: AgentOptions, proxy: URL) {
    super(options);
    this.#proxy = proxy;
  }

  override createConnection(options: ClientRequestArgs, onConnected?: OnConnected): undefined {
    connectThrough(this.#proxy, options, onConnected, (socket) => socket);
  }
}

/** Connections through a SOCKS proxy, which sees nothing of what TLS carries. */
class SecureTunnelAgent extends OneIdentityAgent {
  readonly #proxy: URL;

  constructor(options: SecureAgentOptions, proxy: URL) {
    super(options);
    this.#proxy = proxy;
  }

  override createConnection(options: RequestOptions, onConnected?: OnConnected): undefined {
    connectThrough(this.#proxy, options, onConnected, (socket) => {
      const inTunnel: RequestOptions & { readonly socket: Socket } = { ...options, socket };
      return super.createConnection(inTunnel) ?? socket;
    });
  }
}

/** Hands out what is made of a tunnel once it is open. */
function connectThrough(
  proxy: URL,
  { host, port }: ClientRequestArgs,
  onConnected: OnConnected | undefined,
  use: (socket: Socket) => Duplex,
): void {
  openSocksTunnel(proxy, { host: host ?? '', port: Number(port) })
    .then((socket) => use(socket.setKeepAlive(true, probeMs)))
    .then(
      (stream) => onConnected?.(null, stream),
      // Whoever is told of an error looks at no stream.
      (error: Error) => onConnected?.(error, undefined as never),
    );
}
