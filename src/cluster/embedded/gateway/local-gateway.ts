import http from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Duplex } from 'node:stream';

import { resourceTypes } from '../../../api/resource-types.ts';
import type { Clock } from '../../../base/clock.ts';
import { messageOf, SluiceError } from '../../../base/error.ts';
import { ObjectCache, type CacheChange, type FollowOptions } from '../workloads/object-cache.ts';
import type { Pod } from '../workloads/shapes.ts';
import { BackendChooser } from './backend-chooser.ts';
import { BackendLookup, type GatewayCaches } from './backend-lookup.ts';
import { EndpointTable } from './endpoint-table.ts';
import type { Exchange } from './exchange.ts';
import { handleRequest, type GatewayContext } from './handle-request.ts';
import { RequestCounters, type RequestCount, type RequestRecord } from './request-record.ts';
import { RouteDirectory } from './route-directory.ts';
import { UpstreamPool } from './upstream-pool.ts';

/** How to run a gateway. */
export interface LocalGatewayOptions extends FollowOptions {
  /** Where to listen; port 0 takes any free one. */
  readonly listen: { readonly host: string; readonly port: number };
  /** Only routes whose parentRefs name this Gateway are served; every Gateway when a part is absent. */
  readonly gateway?: { readonly name?: string; readonly namespace?: string };
  /** Told of every request once it is over. It must not throw. */
  readonly onRequest?: (record: RequestRecord) => void;
  /** Until the head of a pod's answer must be there; 60 s when absent. */
  readonly headTimeoutMs?: number;
}

/** A running gateway. */
export interface LocalGateway {
  /** Where it listens, e.g. `http://127.0.0.1:8080`. */
  readonly url: string;
  /** Requests so far, by route, backend, revision and outcome. */
  counts(): readonly RequestCount[];
  /**
   * Sends no new request to a pod and waits until its requests in flight are done, or until `timeoutMs` has passed. The
   * runtime asks for it before it ends a process. The answer lets the address be used again.
   */
  drain(podAddress: string, timeoutMs: number): Promise<() => void>;
  /** Stops listening, lets requests in flight finish for at most `drainMs`, then closes every connection. */
  stop(drainMs?: number): Promise<void>;
}

const headTimeoutMsDefault = 60_000;
const drainMsDefault = 5000;
const connectionCountMax = 20_000;

/**
 * An HTTP/1.1 proxy whose configuration is the HTTPRoute objects in the store. Rejects with PortInUse when the address
 * is taken.
 */
export async function startLocalGateway(options: LocalGatewayOptions): Promise<LocalGateway> {
  const { clock, cluster, log } = options;
  const ending = new AbortController();
  const server = http.createServer(serverOptions);
  server.maxConnections = connectionCountMax;
  const identity = { ...options.gateway, port: await listen(server, options) };
  const caches: GatewayCaches = {
    routes: new ObjectCache(resourceTypes.httpRoute, options),
    services: new ObjectCache(resourceTypes.service, options),
    endpointSlices: new ObjectCache(resourceTypes.endpointSlice, options),
    pods: new ObjectCache(resourceTypes.pod, options),
  };
  const pool = new UpstreamPool(clock);
  const forgetPods = caches.pods.subscribe((change) => forgetAddress(pool, change));
  const endpoints = new EndpointTable(caches);
  const routes = new RouteDirectory({ cluster, clock, caches, gateway: identity, signal: ending.signal, log });
  const followed = [caches.routes, caches.services, caches.endpointSlices, caches.pods];
  const ended = Promise.all(followed.map((cache) => cache.run(ending.signal)));
  const ready = Promise.all(followed.map((cache) => cache.synced)).then(() => undefined);
  const counters = new RequestCounters();
  const connections = serve(server, {
    clock,
    ready,
    find: (request) => routes.find(request),
    endpoints,
    lookup: new BackendLookup(cluster, caches, endpoints, ending.signal),
    chooser: new BackendChooser(),
    pool,
    listenPort: identity.port,
    headTimeoutMs: options.headTimeoutMs ?? headTimeoutMsDefault,
    record(record) {
      counters.add(record);
      options.onRequest?.(record);
    },
  });
  await ready;
  routes.start();
  return {
    url: `http://${options.listen.host}:${identity.port}`,
    counts: () => counters.read(),
    drain: (podAddress, timeoutMs) => pool.drain(podAddress, timeoutMs),
    async stop(drainMs = drainMsDefault) {
      await connections.close(clock, drainMs);
      ending.abort(new SluiceError('Cancelled', 'the gateway is stopping'));
      forgetPods();
      endpoints.close();
      await routes.stop();
      pool.close();
      await ended;
    },
  };
}

/**
 * Clients' connections are kept for long, so that a client does not run into a connection that is just being closed.
 * Bodies may take any time; heads may not.
 */
const serverOptions: http.ServerOptions = {
  keepAliveTimeout: 120_000,
  headersTimeout: 60_000,
  requestTimeout: 0,
  maxHeaderSize: 64 * 1024,
  noDelay: true,
  shouldUpgradeCallback: ({ headers }) => headers.upgrade?.toLowerCase() === 'websocket',
};

function listen(server: http.Server, { listen: { host, port } }: LocalGatewayOptions): Promise<number> {
  return new Promise((resolve, reject) => {
    server.once('error', (error: NodeJS.ErrnoException) => reject(listenError(error, host, port)));
    server.listen({ host, port, backlog: 1024 }, () => {
      server.removeAllListeners('error');
      // A TCP server that listens always has such an address.
      resolve((server.address() as AddressInfo).port);
    });
  });
}

function listenError(error: NodeJS.ErrnoException, host: string, port: number): SluiceError {
  if (error.code === 'EADDRINUSE') {
    const message = `the gateway cannot listen on ${host}:${port}: another program uses this port; choose another port`;
    return new SluiceError('PortInUse', message, { cause: error });
  }
  return new SluiceError('Unavailable', `the gateway cannot listen on ${host}:${port}: ${messageOf(error)}`, {
    cause: error,
  });
}

/** Answers the requests of the server until it is closed. */
function serve(server: http.Server, context: GatewayContext): { close(clock: Clock, drainMs: number): Promise<void> } {
  const upgraded = new Set<Duplex>();
  let isClosing = false;
  const handle = (
    incoming: http.IncomingMessage,
    outgoing: http.ServerResponse,
    upgrade: Exchange['upgrade'],
  ): void => {
    const gone = new AbortController();
    // A client that breaks off while it sends is noticed here, where its connection closes.
    incoming.on('error', () => undefined);
    outgoing.on('error', () => undefined);
    outgoing.on('close', () => {
      if (!outgoing.writableFinished) gone.abort(new Error('the client has gone'));
    });
    if (isClosing) outgoing.shouldKeepAlive = false;
    void handleRequest({ incoming, outgoing, upgrade, signal: gone.signal }, context);
  };
  server.on('request', (incoming, outgoing) => handle(incoming, outgoing, undefined));
  server.on('upgrade', (incoming, socket, head) => {
    upgraded.add(socket);
    socket.on('close', () => upgraded.delete(socket));
    handle(incoming, responseOn(incoming, socket), { socket, head });
  });
  return {
    close: (clock, drainMs) =>
      new Promise((resolve) => {
        isClosing = true;
        const cancel = clock.schedule(drainMs, () => {
          for (const socket of upgraded) socket.destroy();
          server.closeAllConnections();
        });
        server.close(() => {
          cancel();
          resolve();
        });
        for (const socket of upgraded) socket.destroy();
        server.closeIdleConnections();
      }),
  };
}

/** An ordinary answer for the case that the pod does not change the protocol. */
function responseOn(incoming: http.IncomingMessage, socket: Duplex): http.ServerResponse {
  const outgoing = new http.ServerResponse(incoming);
  outgoing.shouldKeepAlive = false;
  // The server of this gateway speaks plain TCP, whose sockets are net.Sockets.
  outgoing.assignSocket(socket as Parameters<typeof outgoing.assignSocket>[0]);
  outgoing.on('finish', () => {
    outgoing.detachSocket(socket as Parameters<typeof outgoing.detachSocket>[0]);
    socket.end();
  });
  socket.on('close', () => outgoing.destroy());
  socket.on('error', () => undefined);
  return outgoing;
}

/** An address that no pod has any more is free for another one. */
function forgetAddress(pool: UpstreamPool, { before, after }: CacheChange): void {
  const gone: Pod | undefined = before;
  const now: Pod | undefined = after;
  const address = gone?.status?.podIP;
  if (address !== undefined && now?.status?.podIP !== address) pool.forget(address);
}
