import type { Clock } from '../../../base/clock.ts';

/** A point in time that can be brought forward, with a signal that aborts when it has come. */
export class Deadline {
  readonly #clock: Clock;
  readonly #controller = new AbortController();
  #atMs: number;
  #cancel: () => void;

  constructor(clock: Clock, leftMs: number) {
    this.#clock = clock;
    this.#atMs = clock.monotonic() + leftMs;
    this.#cancel = () => undefined;
    this.#arm(leftMs);
  }

  get signal(): AbortSignal {
    return this.#controller.signal;
  }

  /** Milliseconds until then, at least 0. */
  get leftMs(): number {
    return Math.max(this.#atMs - this.#clock.monotonic(), 0);
  }

  /** Brings it forward to `leftMs` from now; a later time changes nothing. */
  shorten(leftMs: number): void {
    if (leftMs >= this.leftMs) return;
    this.#atMs = this.#clock.monotonic() + leftMs;
    this.#cancel();
    this.#arm(leftMs);
  }

  /** Resolves with the work, or without it when the time has come first. */
  async reach(work: Promise<unknown>): Promise<void> {
    const { signal } = this;
    if (signal.aborted) return;
    const { promise, resolve } = Promise.withResolvers<void>();
    signal.addEventListener('abort', () => resolve(), { once: true });
    await Promise.race([work, promise]);
  }

  /** It is not needed any more and will not come. */
  clear(): void {
    this.#cancel();
  }

  #arm(leftMs: number): void {
    if (leftMs <= 0) this.#controller.abort(new Error('the grace period is over'));
    else
      this.#cancel = this.#clock.schedule(leftMs, () => this.#controller.abort(new Error('the grace period is over')));
  }
}
