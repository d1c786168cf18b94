import type { Clock } from '../base/clock.ts';
import { SluiceError } from '../base/error.ts';

/** Aborts its signal when nothing was heard for too long: a connection can be dead without anybody saying so. */
export class WatchDog {
  readonly #controller = new AbortController();
  readonly #clock: Clock;
  readonly #idleMaxMs: number;
  readonly #parent: AbortSignal;
  readonly #onParentAbort = (): void => this.#controller.abort(this.#parent.reason);
  #heardAtMs: number;
  #cancel: () => void = () => undefined;
  #failure: SluiceError | undefined;

  constructor(clock: Clock, idleMaxMs: number, parent: AbortSignal) {
    this.#clock = clock;
    this.#idleMaxMs = idleMaxMs;
    this.#parent = parent;
    this.#heardAtMs = clock.monotonic();
    if (parent.aborted) this.#onParentAbort();
    parent.addEventListener('abort', this.#onParentAbort, { once: true });
    this.#schedule(idleMaxMs);
  }

  /** Aborts with the parent and when the time is over. */
  get signal(): AbortSignal {
    return this.#controller.signal;
  }

  /** Set when the time was over. */
  get failure(): SluiceError | undefined {
    return this.#failure;
  }

  /** Something was heard. */
  reset(): void {
    this.#heardAtMs = this.#clock.monotonic();
  }

  stop(): void {
    this.#cancel();
    this.#parent.removeEventListener('abort', this.#onParentAbort);
  }

  /** One timer for all events: it looks how long ago the last one was. */
  #schedule(delayMs: number): void {
    this.#cancel = this.#clock.schedule(delayMs, () => {
      const leftMs = this.#heardAtMs + this.#idleMaxMs - this.#clock.monotonic();
      if (leftMs > 0) {
        this.#schedule(leftMs);
        return;
      }
      this.#failure = new SluiceError('Timeout', `the watch said nothing for ${this.#idleMaxMs} ms`);
      this.#controller.abort(this.#failure);
    });
  }
}
