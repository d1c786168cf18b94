/** A measurement that is under way. */
export interface Ongoing {
  readonly controller: AbortController;
  cancelTimer: () => void;
  /** Takes back what it has begun in the cluster. */
  cleanUp: () => void;
  /** An answer is waited for. */
  isAsking: boolean;
  /** It is being ended, and reports when that is done. */
  isEnding: boolean;
}

/** The measurements that are under way, by the uid of their run and the name of their metric. */
export class OngoingMeasurements {
  readonly #byRun = new Map<string, Map<string, Ongoing>>();
  #size = 0;

  get size(): number {
    return this.#size;
  }

  get(uid: string, metric: string): Ongoing | undefined {
    return this.#byRun.get(uid)?.get(metric);
  }

  /** Adds one; there must be none of this metric. */
  add(uid: string, metric: string): Ongoing {
    const ongoing: Ongoing = {
      controller: new AbortController(),
      cancelTimer: () => undefined,
      cleanUp: () => undefined,
      isAsking: false,
      isEnding: false,
    };
    const metrics = this.#byRun.get(uid) ?? new Map<string, Ongoing>();
    this.#byRun.set(uid, metrics.set(metric, ongoing));
    this.#size += 1;
    return ongoing;
  }

  /** Ends one: its timer and its requests too. Does nothing when there is none. */
  drop(uid: string, metric: string): void {
    const metrics = this.#byRun.get(uid);
    const ongoing = metrics?.get(metric);
    if (metrics === undefined || ongoing === undefined) return;
    ongoing.cancelTimer();
    ongoing.controller.abort(new Error('the measurement is ended'));
    metrics.delete(metric);
    if (metrics.size === 0) this.#byRun.delete(uid);
    this.#size -= 1;
  }

  /** Ends those of a run, and takes back what they have begun. */
  endRun(uid: string): void {
    for (const [metric, ongoing] of this.#byRun.get(uid) ?? []) {
      this.drop(uid, metric);
      ongoing.cleanUp();
    }
  }

  dropAll(): void {
    for (const [uid, metrics] of this.#byRun) {
      for (const metric of metrics.keys()) this.drop(uid, metric);
    }
  }

  metricsOf(uid: string): ReadonlySet<string> {
    return new Set(this.#byRun.get(uid)?.keys());
  }

  /** True while some measurement of the run waits for an answer. */
  isAsking(uid: string): boolean {
    return [...(this.#byRun.get(uid)?.values() ?? [])].some((ongoing) => ongoing.isAsking);
  }
}
