import http from 'node:http';

import { nextTurn, type Clock } from '../../../base/clock.ts';
import { messageOf } from '../../../base/error.ts';
import type { PodEndpoint } from './endpoint-table.ts';
import { UpstreamAgent, type KeyedOptions } from './upstream-agent.ts';

/** How a connection to a pod came about, or why it did not. Until then nothing of the request has been sent. */
export type ConnectOutcome =
  | { readonly kind: 'connected'; readonly request: http.ClientRequest; readonly isReused: boolean }
  | { readonly kind: 'unreachable'; readonly message: string };

/** What is sent to a pod. */
export interface UpstreamHead {
  readonly method: string;
  readonly path: string;
  /** Names and values in turn. */
  readonly headers: readonly string[];
}

interface Upstream {
  readonly endpoint: PodEndpoint;
  readonly agent: UpstreamAgent;
  inFlightCount: number;
  /** Until then (monotonic) other pods are preferred, because this one refused a connection. */
  suspectUntilMs: number;
}

const upstreamCountMax = 1024;
const connectMsMax = 3000;
const suspectMs = 500;

/** Divisible by every small number of pods, so that starting again does not favour one. */
const turnMax = 720_720;

/** The connections to all pods, how many requests each has in flight, and which pods are being drained. */
export class UpstreamPool {
  readonly #clock: Clock;
  readonly #upstreams = new Map<string, Upstream>();
  readonly #drains = new Map<string, Drain>();
  readonly #turns = new Map<string, number>();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** True from the moment its draining was asked for. */
  isDraining(endpoint: PodEndpoint): boolean {
    return this.#drains.has(endpoint.address);
  }

  /** True for a short time after the pod refused a connection. */
  isSuspect(endpoint: PodEndpoint): boolean {
    return (this.#upstreams.get(keyOf(endpoint))?.suspectUntilMs ?? 0) > this.#clock.monotonic();
  }

  /** Counts up per backend, so that its pods are taken in turn. */
  nextTurn(backend: string): number {
    if (this.#turns.size >= upstreamCountMax && !this.#turns.has(backend)) this.#turns.clear();
    const turn = this.#turns.get(backend) ?? 0;
    this.#turns.set(backend, (turn + 1) % turnMax);
    return turn;
  }

  /** Counts a request as in flight until the returned function is called. */
  begin(endpoint: PodEndpoint): () => void {
    const upstream = this.#of(endpoint);
    upstream.inFlightCount += 1;
    let isOver = false;
    return () => {
      if (isOver) return;
      isOver = true;
      upstream.inFlightCount -= 1;
      this.#drains.get(endpoint.address)?.check();
    };
  }

  /** Gets a connected socket for one request, fresh or kept. Nothing of the request is sent before it resolves. */
  async connect(endpoint: PodEndpoint, head: UpstreamHead, signal: AbortSignal): Promise<ConnectOutcome> {
    const upstream = this.#of(endpoint);
    // The pod may have closed a kept socket just now: hear of it before the socket is used.
    if (upstream.agent.hasReusable) await nextTurn();
    return new Promise((resolve) => {
      // An unusable path or header makes this throw, which rejects the promise.
      const request = openRequest(upstream.agent, endpoint, head, signal);
      const cancel = this.#clock.schedule(connectMsMax, () => request.destroy(new Error('connecting took too long')));
      const onConnected = (isReused: boolean): void => {
        cancel();
        request.off('error', onError);
        // Whoever uses the request adds its own listener; until then an error must not go unheard.
        request.on('error', () => undefined);
        resolve({ kind: 'connected', request, isReused });
      };
      const onError = (error: Error): void => {
        cancel();
        if (!signal.aborted) upstream.suspectUntilMs = this.#clock.monotonic() + suspectMs;
        resolve({ kind: 'unreachable', message: messageOf(error) });
      };
      request.once('error', onError);
      request.once('socket', (socket) => {
        if (socket.connecting) socket.once('connect', () => onConnected(false));
        else onConnected(request.reusedSocket);
      });
    });
  }

  /**
   * Sends no new request to an address and waits until those in flight are done, or until `timeoutMs` has passed.
   * Resolves with the function that lets the address be used again.
   */
  async drain(address: string, timeoutMs: number): Promise<() => void> {
    const drain = this.#drains.get(address) ?? new Drain(() => this.#inFlightCount(address) === 0);
    this.#drains.set(address, drain);
    this.#setDraining(address, true);
    await drain.done(this.#clock, timeoutMs);
    return () => {
      this.#drains.delete(address);
      this.#setDraining(address, false);
    };
  }

  /** Forgets an address that no pod has any more. */
  forget(address: string): void {
    this.#drains.delete(address);
    for (const [key, { endpoint, agent, inFlightCount }] of this.#upstreams) {
      if (endpoint.address !== address || inFlightCount > 0) continue;
      agent.destroy();
      this.#upstreams.delete(key);
    }
  }

  /** Closes every connection. */
  close(): void {
    for (const { agent } of this.#upstreams.values()) agent.destroy();
    this.#upstreams.clear();
  }

  #of(endpoint: PodEndpoint): Upstream {
    const key = keyOf(endpoint);
    const known = this.#upstreams.get(key);
    if (known !== undefined) return known;
    if (this.#upstreams.size >= upstreamCountMax) this.#forgetIdle();
    const upstream = { endpoint, agent: new UpstreamAgent(this.#clock), inFlightCount: 0, suspectUntilMs: 0 };
    upstream.agent.setDraining(this.isDraining(endpoint));
    this.#upstreams.set(key, upstream);
    return upstream;
  }

  #forgetIdle(): void {
    for (const { endpoint, inFlightCount } of this.#upstreams.values()) {
      if (inFlightCount === 0 && !this.isDraining(endpoint)) this.forget(endpoint.address);
    }
  }

  #setDraining(address: string, isDraining: boolean): void {
    for (const { endpoint, agent } of this.#upstreams.values()) {
      if (endpoint.address === address) agent.setDraining(isDraining);
    }
  }

  #inFlightCount(address: string): number {
    let count = 0;
    for (const { endpoint, inFlightCount } of this.#upstreams.values()) {
      if (endpoint.address === address) count += inFlightCount;
    }
    return count;
  }
}

/** Waits for the last request in flight. */
class Drain {
  readonly #isEmpty: () => boolean;
  readonly #waiting = new Set<() => void>();

  constructor(isEmpty: () => boolean) {
    this.#isEmpty = isEmpty;
  }

  check(): void {
    if (!this.#isEmpty()) return;
    for (const wake of this.#waiting) wake();
  }

  done(clock: Clock, timeoutMs: number): Promise<void> {
    if (this.#isEmpty()) return Promise.resolve();
    return new Promise((resolve) => {
      const wake = (): void => {
        cancel();
        this.#waiting.delete(wake);
        resolve();
      };
      const cancel = clock.schedule(timeoutMs, wake);
      this.#waiting.add(wake);
    });
  }
}

function openRequest(
  agent: UpstreamAgent,
  { address, port }: PodEndpoint,
  { method, path, headers }: UpstreamHead,
  signal: AbortSignal,
): http.ClientRequest {
  const socketKey = agent.nextKey();
  const options: KeyedOptions = {
    agent,
    host: address,
    port,
    method,
    path,
    headers: [...headers],
    setHost: false,
    signal,
    socketKey,
  };
  const request = http.request(options);
  request.once('socket', (socket) => agent.learnKey(socket, socketKey));
  return request;
}

function keyOf(endpoint: PodEndpoint): string {
  return `${endpoint.address}:${endpoint.port}`;
}
