import http from 'node:http';
import type { Duplex } from 'node:stream';

import { nextTurn, type Clock } from '../../../base/clock.ts';

/** Sockets to a pod that are kept open without a request, at most. */
const idleCountMax = 64;

/** A socket that was idle for longer is not used again: common servers close idle connections from 2 seconds on. */
const reuseMsMax = 1000;

/**
 * Until a pod is known to keep idle connections for this long, each request gets a fresh one: a shorter time could pass
 * while the pod is busy.
 */
const provenMsMin = 500;

/** Between two looks at which idle sockets are still open. */
const beatMs = 100;

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
  /** How often it was found open. */
  beats: number;
  /** It is this side that closes it. */
  isDropped: boolean;
  readonly stop: () => void;
}

/**
 * Keeps the connections to one pod. A request must not be lost to a connection that the pod is just closing, and it
 * cannot be sent again once it may have reached the pod. So a kept socket is used only when it has been idle for less
 * than half the time for which another one is known to have stayed open; otherwise a fresh one is opened.
 *
 * That time is counted in beats, and before each is counted everything that arrived is heard: after a while in which
 * this process did not run, a clock would call a connection long-lived that the pod has closed meanwhile. Who has
 * closed an idle connection once is not believed to keep any for longer.
 */
export class UpstreamAgent extends http.Agent {
  readonly #clock: Clock;
  /** Oldest first. */
  #idle: IdleSocket[] = [];
  readonly #keys = new WeakMap<Duplex, string>();
  #provenMs = 0;
  /** Shortest time for which the pod kept an idle connection that it closed. */
  #keptMsMin = Infinity;
  #cancelBeat: (() => void) | undefined;
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
    for (const idle of this.#idle) drop(idle);
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
    this.#cancelBeat?.();
    super.destroy();
  }

  /** The socket that has been idle for the shortest time, if that is short enough. */
  #reusable(): IdleSocket | undefined {
    this.#forgetClosed();
    const youngest = this.#idle.at(-1);
    const knownMs = Math.min(this.#provenMs, this.#keptMsMin);
    if (youngest === undefined || knownMs < provenMsMin) return undefined;
    return this.#clock.monotonic() - youngest.sinceMs < Math.min(knownMs / 2, reuseMsMax) ? youngest : undefined;
  }

  #keep(socket: Duplex, key: string): void {
    const onEnd = (): void => void socket.destroy();
    const onClose = (): void => this.#forgetClosed();
    const cancel = this.#clock.schedule(idleMsMax, () => drop(idle));
    const stop = (): void => {
      cancel();
      socket.off('end', onEnd);
      socket.off('close', onClose);
      this.#idle = this.#idle.filter((kept) => kept.socket !== socket);
    };
    const idle: IdleSocket = { key, socket, sinceMs: this.#clock.monotonic(), beats: 0, isDropped: false, stop };
    socket.once('end', onEnd);
    socket.once('close', onClose);
    this.#idle.push(idle);
    this.#beat();
  }

  /**
   * The next request must find no socket that is closed. Node.js itself destroys an idle one at the first thing that
   * the pod sends, its end too, and 'close' comes only a little later.
   */
  #forgetClosed(): void {
    for (const idle of this.#idle.filter(({ socket }) => socket.destroyed)) {
      if (!idle.isDropped) this.#keptMsMin = Math.min(this.#keptMsMin, openMs(idle));
      idle.stop();
    }
  }

  /** Looks again and again which sockets are still open, for as long as there are any. */
  #beat(): void {
    this.#cancelBeat ??= this.#clock.schedule(beatMs, () => {
      void nextTurn().then(() => {
        this.#cancelBeat = undefined;
        this.#forgetClosed();
        for (const idle of this.#idle) {
          idle.beats += 1;
          this.#provenMs = Math.max(this.#provenMs, openMs(idle));
        }
        if (this.#idle.length > 0) this.#beat();
      });
    });
  }
}

function drop(idle: IdleSocket): void {
  idle.isDropped = true;
  idle.socket.destroy();
}

/** For how long a socket was open at least: the first beat may come at once. */
function openMs({ beats }: IdleSocket): number {
  return Math.max(0, beats - 1) * beatMs;
}
