/** Something that is to happen at a time. */
export interface TimedEvent {
  readonly atMs: number;
  /** Events of one time happen in the order in which they were made. */
  readonly order: number;
  readonly wake: () => void;
  isCancelled: boolean;
}

/** A binary heap of events, the earliest first. */
export class EventHeap {
  readonly #events: TimedEvent[] = [];

  /** The earliest event that was not cancelled; it stays in the heap. */
  peek(): TimedEvent | undefined {
    while (this.#events[0]?.isCancelled === true) this.#removeFirst();
    return this.#events[0];
  }

  /** Takes the earliest event out. */
  pop(): TimedEvent | undefined {
    const first = this.peek();
    if (first !== undefined) this.#removeFirst();
    return first;
  }

  push(event: TimedEvent): void {
    const events = this.#events;
    events.push(event);
    let index = events.length - 1;
    while (index > 0) {
      const parent = (index - 1) >> 1;
      if (this.#isBefore(parent, index)) return;
      this.#swap(parent, index);
      index = parent;
    }
  }

  #removeFirst(): void {
    const events = this.#events;
    const last = events.pop();
    if (last === undefined || events.length === 0) return;
    events[0] = last;
    let index = 0;
    for (;;) {
      const left = 2 * index + 1;
      if (left >= events.length) return;
      const right = left + 1;
      const child = right < events.length && this.#isBefore(right, left) ? right : left;
      if (this.#isBefore(index, child)) return;
      this.#swap(index, child);
      index = child;
    }
  }

  #isBefore(left: number, right: number): boolean {
    const [one, other] = [this.#events[left], this.#events[right]];
    if (one === undefined || other === undefined) return true;
    return one.atMs < other.atMs || (one.atMs === other.atMs && one.order < other.order);
  }

  #swap(left: number, right: number): void {
    const [one, other] = [this.#events[left], this.#events[right]];
    if (one === undefined || other === undefined) return;
    this.#events[left] = other;
    this.#events[right] = one;
  }
}
