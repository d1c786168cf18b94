import { type Clock } from '../../base/clock.ts';
import { messageOf } from '../../base/error.ts';
import type { Random } from '../../base/random.ts';
import type { DeliveryOutcome } from '../../providers/notifications/contract.ts';

/** One notification to one recipient. */
export interface Delivery {
  /** Deliveries with the same key are one. */
  readonly key: string;
  /** Deliveries in one lane are sent one after the other. */
  readonly lane: string;
  send(signal: AbortSignal): Promise<Attempt>;
  /** Told of every attempt that failed. */
  onFailed(attempt: number, message: string): void;
  /** Told once, at the end. */
  onEnd(isSent: boolean): void;
}

/** What came of one attempt. */
export type Attempt = DeliveryOutcome & {
  /** When the other side wants to be asked again. */
  readonly retryAfterMs?: number;
};

/** What the queue is made with. */
export interface DeliveryQueueOptions {
  readonly clock: Clock;
  readonly random: Random;
  readonly signal: AbortSignal;
}

/** Deliveries that are known at most; beyond it the oldest that waits is given up. */
const deliveriesMax = 1000;
/** Deliveries that are sent at the same time. */
const concurrencyMax = 8;
/** With the delays below, more than an hour passes before a delivery is given up. */
const attemptsMax = 20;
const delayMsMin = 1000;
const delayMsMax = 300_000;

/** Sends deliveries, with growing delays after failures. Adding never waits. */
export class DeliveryQueue {
  readonly #options: DeliveryQueueOptions;
  readonly #ready: Waiting[] = [];
  readonly #delayed = new Map<Waiting, () => void>();
  readonly #keys = new Set<string>();
  readonly #lanes = new Set<string>();

  constructor(options: DeliveryQueueOptions) {
    this.#options = options;
    options.signal.addEventListener('abort', () => this.#clear(), { once: true });
  }

  /** Deliveries that are not over. */
  get size(): number {
    return this.#keys.size;
  }

  /** True when nothing is sent now and nothing can be. Some may wait for another attempt. */
  get isIdle(): boolean {
    return this.#ready.length === 0 && this.#lanes.size === 0;
  }

  /** Takes a delivery in unless it is there already. */
  add(delivery: Delivery): void {
    if (this.#options.signal.aborted || this.#keys.has(delivery.key)) return;
    if (this.#keys.size >= deliveriesMax) this.#giveUpOldest();
    this.#keys.add(delivery.key);
    this.#ready.push({ delivery, attempts: 0 });
    this.#fill();
  }

  #fill(): void {
    while (this.#lanes.size < concurrencyMax) {
      const index = this.#ready.findIndex(({ delivery }) => !this.#lanes.has(delivery.lane));
      const [waiting] = index === -1 ? [] : this.#ready.splice(index, 1);
      if (waiting === undefined) return;
      this.#lanes.add(waiting.delivery.lane);
      void this.#send(waiting);
    }
  }

  async #send(waiting: Waiting): Promise<void> {
    const { delivery } = waiting;
    const attempt = await this.#attempt(delivery);
    this.#lanes.delete(delivery.lane);
    waiting.attempts += 1;
    if (this.#options.signal.aborted) return;
    if (attempt.kind === 'sent') this.#end(delivery, true);
    else {
      delivery.onFailed(waiting.attempts, attempt.message);
      if (attempt.isFinal || waiting.attempts >= attemptsMax) this.#end(delivery, false);
      else this.#delay(waiting, attempt.retryAfterMs);
    }
    this.#fill();
  }

  async #attempt(delivery: Delivery): Promise<Attempt> {
    try {
      return await delivery.send(this.#options.signal);
    } catch (error) {
      return { kind: 'failed', isFinal: false, message: messageOf(error) };
    }
  }

  #delay(waiting: Waiting, retryAfterMs = 0): void {
    const { clock, random } = this.#options;
    const grown = Math.min(delayMsMin * 2 ** (waiting.attempts - 1), delayMsMax) * (0.75 + random.next() / 4);
    const delayMs = Math.max(grown, Math.min(retryAfterMs, delayMsMax));
    const cancel = clock.schedule(delayMs, () => {
      this.#delayed.delete(waiting);
      this.#ready.push(waiting);
      this.#fill();
    });
    this.#delayed.set(waiting, cancel);
  }

  #giveUpOldest(): void {
    const [delayed] = this.#delayed.keys();
    const oldest = delayed ?? this.#ready[0];
    if (oldest === undefined) return;
    this.#delayed.get(oldest)?.();
    this.#delayed.delete(oldest);
    if (delayed === undefined) this.#ready.shift();
    oldest.delivery.onFailed(oldest.attempts, 'too many notifications wait');
    this.#end(oldest.delivery, false);
  }

  #end(delivery: Delivery, isSent: boolean): void {
    this.#keys.delete(delivery.key);
    delivery.onEnd(isSent);
  }

  #clear(): void {
    for (const cancel of this.#delayed.values()) cancel();
    this.#delayed.clear();
    this.#ready.length = 0;
    this.#keys.clear();
  }
}

interface Waiting {
  readonly delivery: Delivery;
  attempts: number;
}
