import { SluiceError } from '../../base/error.ts';

/** While urgent calls are there, so many of the others go on: more would take the server's time from them. */
const othersBesideUrgent = 4;

/**
 * Bounds how many calls are under way at once. Those that come later wait in order, in a queue with a bound. Urgent
 * ones go before all others, and leave little room to them.
 */
export class CallSlots {
  readonly #activeMax: number;
  readonly #waitingMax: number;
  readonly #waiting = { urgent: new Set<() => void>(), others: new Set<() => void>() };
  readonly #active = { urgent: 0, others: 0 };

  constructor(activeMax: number, waitingMax: number) {
    this.#activeMax = activeMax;
    this.#waitingMax = waitingMax;
  }

  get active(): number {
    return this.#active.urgent + this.#active.others;
  }

  get waiting(): number {
    return this.#waiting.urgent.size + this.#waiting.others.size;
  }

  /** Runs `work` when there is room. Rejects with Unavailable when too many wait, or when the signal aborts first. */
  async run<T>(signal: AbortSignal, work: () => Promise<T>, isUrgent = false): Promise<T> {
    const lane = isUrgent ? 'urgent' : 'others';
    await this.#enter(signal, lane);
    try {
      return await work();
    } finally {
      this.#active[lane] -= 1;
      this.#fill();
    }
  }

  #enter(signal: AbortSignal, lane: Lane): Promise<void> {
    signal.throwIfAborted();
    if (this.#waiting[lane].size === 0 && this.#hasRoom(lane)) {
      this.#active[lane] += 1;
      return Promise.resolve();
    }
    if (this.waiting >= this.#waitingMax) {
      const message = `${this.active} requests are under way and ${this.waiting} wait: this one was not sent`;
      return Promise.reject(new SluiceError('Unavailable', message));
    }
    return new Promise((resolve, reject) => {
      const enter = (): void => {
        signal.removeEventListener('abort', onAbort);
        resolve();
      };
      const onAbort = (): void => {
        this.#waiting[lane].delete(enter);
        reject(signal.reason instanceof Error ? signal.reason : new Error('aborted', { cause: signal.reason }));
        this.#fill();
      };
      this.#waiting[lane].add(enter);
      signal.addEventListener('abort', onAbort, { once: true });
    });
  }

  /** A slot is taken here already, so that nobody can come in between. */
  #fill(): void {
    for (const lane of ['urgent', 'others'] as const) {
      for (const enter of this.#waiting[lane]) {
        if (!this.#hasRoom(lane)) break;
        this.#waiting[lane].delete(enter);
        this.#active[lane] += 1;
        enter();
      }
    }
  }

  #hasRoom(lane: Lane): boolean {
    if (this.active >= this.#activeMax) return false;
    const isCalm = this.#active.urgent === 0 && this.#waiting.urgent.size === 0;
    return lane === 'urgent' || isCalm || this.#active.others < othersBesideUrgent;
  }
}

type Lane = 'urgent' | 'others';
