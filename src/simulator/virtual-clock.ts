import { nextTurn, promisesSettled, type Clock } from '../base/clock.ts';
import { EventHeap, type TimedEvent } from './event-heap.ts';

/** Where every simulation begins, in milliseconds since the epoch: 2026-01-01T00:00:00Z. */
export const simulationStartMs = 1_767_225_600_000;

/** Times that are stored are cut to whole seconds. */
export const truncationMs = 1000;

/** The clock of one simulated process. */
export interface ProcessClock extends Clock {
  /** How far the process' wall clock is off, in milliseconds. May be changed at any time, which is a jump. */
  skewMs: number;
  /** The process is gone: none of its timers fires any more, and it can set no new ones. */
  end(): void;
}

/** After this many events everything else in this operating-system process gets a turn. */
const eventsPerTurn = 1024;

/**
 * Time that passes only when nothing can be done any more: an event heap, from which the next event is taken once every
 * promise that can go on has gone on. All clocks of a simulation read the same time; their wall clocks may be off.
 */
export class VirtualTime {
  readonly #eventsMax: number;
  readonly #heap = new EventHeap();
  readonly #onSettled: (() => void)[] = [];
  #nowMs = 0;
  #order = 0;
  #eventCount = 0;

  /** After `eventsMax` events the simulation is given up: something in it goes round and round. */
  constructor(eventsMax = Infinity) {
    this.#eventsMax = eventsMax;
  }

  /** Milliseconds since the simulation began. */
  get nowMs(): number {
    return this.#nowMs;
  }

  /** Events that happened so far. */
  get eventCount(): number {
    return this.#eventCount;
  }

  /** Calls back whenever everything that can be done at this time is done, before the next event happens. */
  onSettled(listener: () => void): void {
    this.#onSettled.push(listener);
  }

  /** Calls `wake` at a time of the simulation, at once (but not synchronously) when that is over. */
  at(atMs: number, wake: () => void): () => void {
    this.#order += 1;
    const event: TimedEvent = { atMs: Math.max(atMs, this.#nowMs), order: this.#order, wake, isCancelled: false };
    this.#heap.push(event);
    return () => {
      event.isCancelled = true;
    };
  }

  /** Makes the clock of a process. */
  clock(skewMs = 0): ProcessClock {
    return new SimulatedClock(this, skewMs);
  }

  /** Lets time pass up to `untilMs`, or until `isOver` says so between two events. */
  async run(untilMs: number, isOver: () => boolean = () => false): Promise<void> {
    await this.#settle();
    while (!isOver()) {
      const next = this.#heap.peek();
      if (next === undefined || next.atMs > untilMs) {
        this.#nowMs = Math.max(this.#nowMs, untilMs);
        return;
      }
      this.#heap.pop();
      this.#nowMs = next.atMs;
      this.#eventCount += 1;
      if (this.#eventCount > this.#eventsMax)
        throw new Error(`more than ${this.#eventsMax} events at ${this.#nowMs} ms`);
      next.wake();
      await this.#settle();
    }
  }

  async #settle(): Promise<void> {
    if (this.#eventCount % eventsPerTurn === 0) await nextTurn();
    await promisesSettled();
    for (const listener of this.#onSettled) listener();
  }
}

class SimulatedClock implements ProcessClock {
  skewMs: number;
  readonly #time: VirtualTime;
  #isEnded = false;

  constructor(time: VirtualTime, skewMs: number) {
    this.#time = time;
    this.skewMs = skewMs;
  }

  now(): number {
    return simulationStartMs + Math.floor(this.#time.nowMs) + this.skewMs;
  }

  monotonic(): number {
    return this.#time.nowMs;
  }

  schedule(delayMs: number, wake: () => void): () => void {
    if (this.#isEnded) return () => undefined;
    return this.#time.at(this.#time.nowMs + Math.max(delayMs, 0), () => {
      if (!this.#isEnded) wake();
    });
  }

  end(): void {
    this.#isEnded = true;
  }
}
