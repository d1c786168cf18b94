import { SluiceError } from '../../base/error.ts';

/** Bounds how many calls are under way at once. Those that come later wait in order, in a queue with a bound. */
export class CallSlots {
  readonly #activeMax: number;
  readonly #waitingMax: number;
  readonly #waiting = new Set<() => void>();
  #active = 0;

  constructor(activeMax: number, waitingMax: number) {
    this.#activeMax = activeMax;
    this.#waitingMax = waitingMax;
  }

  get active(): number {
    return this.#active;
  }

  get waiting(): number {
    return this.#waiting.size;
  }

  /** Runs `work` when there is room. Rejects with Unavailable when too many wait, or when the signal aborts first. */
  async run<T>(signal: AbortSignal, work: () => Promise<T>): Promise<T> {
    await this.#enter(signal);
    try {
      return await work();
    } finally {
      this.#leave();
    }
  }

  #enter(signal: AbortSignal): Promise<void> {
    signal.throwIfAborted();
    if (this.#active < this.#activeMax) {
      this.#active += 1;
      return Promise.resolve();
    }
    if (this.#waiting.size >= this.#waitingMax) {
      const message = `${this.#active} requests are under way and ${this.#waiting.size} wait: this one was not sent`;
      return Promise.reject(new SluiceError('Unavailable', message));
    }
    return new Promise((resolve, reject) => {
      const enter = (): void => {
        signal.removeEventListener('abort', onAbort);
        resolve();
      };
      const onAbort = (): void => {
        this.#waiting.delete(enter);
        reject(signal.reason instanceof Error ? signal.reason : new Error('aborted', { cause: signal.reason }));
      };
      this.#waiting.add(enter);
      signal.addEventListener('abort', onAbort, { once: true });
    });
  }

  /** The slot goes from hand to hand, so that nobody can come in between. */
  #leave(): void {
    const [next] = this.#waiting;
    if (next === undefined) {
      this.#active -= 1;
      return;
    }
    this.#waiting.delete(next);
    next();
  }
}
