import type { Clock } from '../base/clock.ts';
import type { Random } from '../base/random.ts';

/** What became of one piece of work. */
export type WorkOutcome =
  /** Done; look again after the delay, or only when something is observed. */
  | { readonly kind: 'done'; readonly againAfterMs?: number }
  /** It failed for a reason outside; try again with growing delays, or after the delay the other side asked for. */
  | { readonly kind: 'retry'; readonly afterMs?: number }
  /** It failed by a bug of ours; keep it apart, so that it costs the others nothing, and try again rarely. */
  | { readonly kind: 'quarantine' };

export interface QueueOptions {
  readonly clock: Clock;
  readonly random: Random;
  /**
   * Keys that are worked on at the same time, at least 1, and besides them some that are urgent. One key is never
   * worked on twice at once.
   */
  readonly concurrencyMax: number;
  /**
   * Does the work. Must not throw: whatever it throws is handed to `onPanic` and counts as quarantine. `waitedMs`:
   * since it was asked for or became due.
   */
  work(key: string, signal: AbortSignal, waitedMs: number): Promise<WorkOutcome>;
  onPanic(key: string, error: unknown): void;
  readonly retryDelayMsMin?: number;
  readonly retryDelayMsMax?: number;
  readonly quarantineDelayMs?: number;
}

/** A key that waits, or is worked on for some time. */
export interface PendingWork {
  readonly key: string;
  /** Absent while it waits. */
  readonly runningMs?: number;
}

/** A queue of keys: each waits at most once, however often it is asked for, so its length is bounded by the keys. */
export interface Queue {
  /** Asks for work on a key as soon as possible. An urgent one goes before the others and waits for none of them. */
  add(key: string, isUrgent?: boolean): void;
  /** Asks for work on a key after a delay; an earlier time that was asked for already stays. */
  addAfter(key: string, delayMs: number): void;
  /** Forgets a key that no longer exists: its timer and its failures. */
  forget(key: string): void;
  /** Keys that wait for a worker now. */
  readonly depth: number;
  /** Keys that are worked on now. */
  readonly active: number;
  /** Both kinds of keys. */
  readonly pending: readonly PendingWork[];
  /** Begins nothing new, aborts the work under way, and resolves when that has ended. */
  stop(): Promise<void>;
}

/** Makes a queue and starts it. */
export function createQueue(options: QueueOptions): Queue {
  return new KeyedQueue(options);
}

/** Others may be waiting for answers in all places there are: urgent keys have so many times of them. */
const urgentFactor = 4;

interface Timer {
  readonly at: number;
  readonly cancel: () => void;
}

class KeyedQueue implements Queue {
  readonly #options: QueueOptions;
  /** Monotonic time since which each key waits. */
  readonly #ready = new Map<string, number>();
  /** Keys that go before the others. */
  readonly #urgent = new Set<string>();
  /** Monotonic time since which each key is worked on. */
  readonly #running = new Map<string, number>();
  readonly #askedWhileRunning = new Map<string, number>();
  readonly #timers = new Map<string, Timer>();
  readonly #failures = new Map<string, number>();
  readonly #controller = new AbortController();
  #onIdle: (() => void) | undefined;

  constructor(options: QueueOptions) {
    this.#options = options;
  }

  get depth(): number {
    return this.#ready.size;
  }

  get active(): number {
    return this.#running.size;
  }

  get pending(): readonly PendingWork[] {
    const nowMs = this.#options.clock.monotonic();
    const running = [...this.#running].map(([key, sinceMs]) => ({ key, runningMs: nowMs - sinceMs }));
    return [...[...this.#ready.keys()].map((key) => ({ key })), ...running];
  }

  add(key: string, isUrgent = false): void {
    if (isUrgent && !this.#isStopped) this.#urgent.add(key);
    this.#addSince(key, this.#options.clock.monotonic());
  }

  addAfter(key: string, delayMs: number): void {
    if (this.#isStopped) return;
    if (delayMs <= 0) {
      this.add(key);
      return;
    }
    const { clock } = this.#options;
    const at = clock.monotonic() + delayMs;
    const present = this.#timers.get(key);
    if (this.#ready.has(key) || (present !== undefined && present.at <= at)) return;
    present?.cancel();
    this.#timers.set(key, { at, cancel: clock.schedule(delayMs, () => this.add(key)) });
  }

  #addSince(key: string, sinceMs: number): void {
    if (this.#isStopped) return;
    this.#dropTimer(key);
    const waiting = this.#running.has(key) ? this.#askedWhileRunning : this.#ready;
    if (!waiting.has(key)) waiting.set(key, sinceMs);
    this.#fill();
  }

  forget(key: string): void {
    this.#dropTimer(key);
    this.#failures.delete(key);
    this.#ready.delete(key);
    this.#urgent.delete(key);
  }

  async stop(): Promise<void> {
    this.#controller.abort(new Error('the controller stops'));
    for (const key of this.#timers.keys()) this.#dropTimer(key);
    this.#ready.clear();
    this.#urgent.clear();
    if (this.#running.size > 0) await new Promise<void>((resolve) => (this.#onIdle = resolve));
  }

  get #isStopped(): boolean {
    return this.#controller.signal.aborted;
  }

  #dropTimer(key: string): void {
    this.#timers.get(key)?.cancel();
    this.#timers.delete(key);
  }

  #fill(): void {
    const { concurrencyMax } = this.#options;
    for (const key of this.#urgent) {
      if (this.#running.size >= urgentFactor * concurrencyMax) return;
      const sinceMs = this.#ready.get(key);
      if (sinceMs !== undefined) this.#start(key, sinceMs);
    }
    for (const [key, sinceMs] of this.#ready) {
      if (this.#running.size >= concurrencyMax) return;
      this.#start(key, sinceMs);
    }
  }

  #start(key: string, sinceMs: number): void {
    this.#ready.delete(key);
    this.#urgent.delete(key);
    const nowMs = this.#options.clock.monotonic();
    this.#running.set(key, nowMs);
    void this.#run(key, nowMs - sinceMs);
  }

  async #run(key: string, waitedMs: number): Promise<void> {
    const outcome = await this.#attempt(key, waitedMs);
    this.#running.delete(key);
    this.#finish(key, outcome);
    if (this.#isStopped && this.#running.size === 0) this.#onIdle?.();
    this.#fill();
  }

  async #attempt(key: string, waitedMs: number): Promise<WorkOutcome> {
    try {
      return await this.#options.work(key, this.#controller.signal, waitedMs);
    } catch (error) {
      this.#options.onPanic(key, error);
      return { kind: 'quarantine' };
    }
  }

  #finish(key: string, outcome: WorkOutcome): void {
    if (outcome.kind === 'done') this.#failures.delete(key);
    const delayMs = this.#delayAfter(key, outcome);
    const askedMs = this.#askedWhileRunning.get(key);
    this.#askedWhileRunning.delete(key);
    // After a failure even a new request waits for its delay: what fails must not spin.
    if (askedMs !== undefined && outcome.kind === 'done') this.#addSince(key, askedMs);
    else if (delayMs !== undefined) this.addAfter(key, delayMs);
  }

  #delayAfter(key: string, outcome: WorkOutcome): number | undefined {
    const { random, retryDelayMsMin = 50, retryDelayMsMax = 30_000, quarantineDelayMs = 60_000 } = this.#options;
    switch (outcome.kind) {
      case 'done':
        return outcome.againAfterMs;
      case 'quarantine':
        return quarantineDelayMs * (1 + random.next() / 10);
      case 'retry': {
        const count = this.#failures.get(key) ?? 0;
        this.#failures.set(key, count + 1);
        const delayMs = Math.min(retryDelayMsMin * 2 ** Math.min(count, 20), retryDelayMsMax);
        return Math.max(outcome.afterMs ?? 0, delayMs * (0.5 + random.next() / 2));
      }
    }
  }
}
