import http from 'node:http';
import type { Duplex } from 'node:stream';

import type { Clock } from '../../../base/clock.ts';

/** Sockets to a pod that are kept open without a request, at most. */
const idleCountMax = 64;

/** A socket that was idle for longer is not used again: common servers close idle connections from 2 seconds on. */
const reuseMsMax = 1000;

/**
 * Until a pod is known to keep idle connections for this long, each request gets a fresh one: a shorter time could pass
 * while either side is busy.
 */
const provenMsMin = 200;

/** Idle sockets are closed after this time. Until then they show how long the pod keeps idle connections. */
const idleMsMax = 2500;

/** Options of a request with the key of the one socket it is to use. */
export interface KeyedOptions extends http.RequestOptions {
  readonly socketKey: string;
}

interface IdleSocket {
  readonly key: string;
  readonly socket: Duplex;
  readonly sinceMs: number;
  readonly stop: () => void;
}

/**
 * Keeps the connections to one pod. A request must not be lost to a connection that the pod is just closing, and it
 * cannot be sent again once it may have reached the pod. So a kept socket is used only when it has been idle for less
 * than half the time for which another one is known to have stayed open; otherwise a fresh one is opened.
 */
export class UpstreamAgent extends http.Agent {
  readonly #clock: Clock;
  /** Oldest first. */
  #idle: IdleSocket[] = [];
  readonly #keys = new WeakMap<Duplex, string>();
  #provenMs = 0;
  #keyCount = 0;
  #isDraining = false;

  constructor(clock: Clock) {
    super({ keepAlive: true });
    this.#clock = clock;
  }

  /** True when a kept socket would be used for the next request. */
  get hasReusable(): boolean {
    return this.#reusable() !== undefined;
  }

  /** The key under which the next request gets a kept socket that is safe to use, or else a fresh one. */
  nextKey(): string {
    const reusable = this.#reusable();
    if (reusable !== undefined) return reusable.key;
    this.#keyCount += 1;
    return String(this.#keyCount);
  }

  /** While true no socket is kept, and those that are idle are closed. */
  setDraining(isDraining: boolean): void {
    this.#isDraining = isDraining;
    if (!isDraining) return;
    for (const { socket } of this.#idle) socket.destroy();
  }

  /** What Node.js files sockets under: here every socket is filed alone. */
  override getName(options: http.RequestOptions & Partial<KeyedOptions> = {}): string {
    return options.socketKey ?? '';
  }

  // The result says whether the socket is kept; the typings of Node.js leave that out.
  override keepSocketAlive(socket: Duplex): boolean {
    if (this.#isDraining || this.#idle.length >= idleCountMax) return false;
    const isKept: unknown = super.keepSocketAlive(socket);
    const key = this.#keys.get(socket);
    if (isKept === false || key === undefined || !socket.readable || !socket.writable) return false;
    this.#keep(socket, key);
    return true;
  }

  override reuseSocket(socket: Duplex, request: http.ClientRequest): void {
    this.#idle.find((idle) => idle.socket === socket)?.stop();
    super.reuseSocket(socket, request);
  }

  /** Tells under which key a socket was opened. */
  learnKey(socket: Duplex, key: string): void {
    this.#keys.set(socket, key);
  }

  override destroy(): void {
    for (const { stop } of this.#idle) stop();
    super.destroy();
  }

  /** The socket that has been idle for the shortest time, if that is short enough. */
  #reusable(): IdleSocket | undefined {
    const nowMs = this.#clock.monotonic();
    const oldest = this.#idle[0];
    if (oldest !== undefined) this.#provenMs = Math.max(this.#provenMs, nowMs - oldest.sinceMs);
    const youngest = this.#idle.at(-1);
    if (youngest === undefined || this.#provenMs < provenMsMin) return undefined;
    return nowMs - youngest.sinceMs < Math.min(this.#provenMs / 2, reuseMsMax) ? youngest : undefined;
  }

  #keep(socket: Duplex, key: string): void {
    const sinceMs = this.#clock.monotonic();
    const onEnd = (): void => {
      this.#provenMs = Math.min(this.#provenMs, this.#clock.monotonic() - sinceMs);
      // The next request must not find it, and 'close' comes only a little later.
      socket.destroy();
      stop();
    };
    const cancel = this.#clock.schedule(idleMsMax, () => socket.destroy());
    const stop = (): void => {
      cancel();
      socket.off('end', onEnd);
      socket.off('close', stop);
      this.#idle = this.#idle.filter((idle) => idle.socket !== socket);
    };
    socket.once('end', onEnd);
    socket.once('close', stop);
    this.#idle.push({ key, socket, sinceMs, stop });
  }
}
