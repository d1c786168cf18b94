import type { Dispatch, MessagePlace } from '../../providers/notifications/contract.ts';

/** Threads that are remembered. */
const threadsMax = 10_000;

/** Where the first messages of threads are, and how far the requests of a dispatch have come. Lost with the process. */
export class ThreadMemory {
  readonly #places = new Map<string, MessagePlace>();
  readonly #sent = new WeakMap<Dispatch, number>();

  placeOf(key: string): MessagePlace | undefined {
    return this.#places.get(key);
  }

  /** Remembers where a thread begins. */
  begin(key: string, place: MessagePlace): void {
    const [oldest] = this.#places.keys();
    if (this.#places.size >= threadsMax && oldest !== undefined) this.#places.delete(oldest);
    this.#places.set(key, place);
  }

  forget(key: string): void {
    this.#places.delete(key);
  }

  /** Requests of a dispatch that were taken: an attempt that comes after goes on behind them. */
  sentOf(dispatch: Dispatch): number {
    return this.#sent.get(dispatch) ?? 0;
  }

  advance(dispatch: Dispatch): void {
    this.#sent.set(dispatch, this.sentOf(dispatch) + 1);
  }
}
