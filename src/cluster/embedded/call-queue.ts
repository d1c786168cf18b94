import type { Clock } from '../../base/clock.ts';
import { messageOf, SluiceError } from '../../base/error.ts';
import type { Call } from '../port.ts';
import type { Change } from './change-log.ts';
import type { ObjectStore } from './object-store.ts';
import { resourceName } from './resource-traits.ts';

/** More calls than this at the same time are refused. */
const pendingMax = 20_000;

/** What keeps changes beyond the life of the process; a StateFile. */
export interface ChangeKeeper {
  /** Keeps all of them or throws and keeps none. */
  append(changes: readonly Change[]): void;
  close(): void;
}

interface PendingCall {
  /** Runs the call and answers how to tell its caller. */
  readonly perform: () => () => void;
  /** Tells the caller that nothing was done. */
  readonly refuse: (error: SluiceError) => void;
}

/**
 * Lines up the calls to a store. All calls of one turn are performed in order, written to the state file together, told
 * to the log's readers and only then answered: what was acknowledged or seen by anybody is on disk.
 */
export class CallQueue {
  readonly #clock: Clock;
  readonly #store: ObjectStore;
  readonly #file: ChangeKeeper | undefined;
  /** Told the kinds that changed, with the version of the first change of each. */
  readonly #onChanges: (firstVersions: ReadonlyMap<string, number>) => void;
  readonly #timers = new Set<() => void>();
  #pending: PendingCall[] = [];
  #isScheduled = false;
  #isClosed = false;

  constructor(
    clock: Clock,
    store: ObjectStore,
    file: ChangeKeeper | undefined,
    onChanges: (firstVersions: ReadonlyMap<string, number>) => void,
  ) {
    this.#clock = clock;
    this.#store = store;
    this.#file = file;
    this.#onChanges = onChanges;
  }

  get isClosed(): boolean {
    return this.#isClosed;
  }

  closedError(): SluiceError {
    return new SluiceError('Unavailable', 'the embedded cluster is closed');
  }

  /** Performs work in its turn, unless the caller has given up by then. */
  run<T>(call: Call, work: () => T): Promise<T> {
    return new Promise<T>((resolve, reject) => {
      const perform = (): (() => void) => {
        if (call.signal.aborted) return () => reject(new SluiceError('Cancelled', 'the call was cancelled'));
        return this.#perform(work, resolve, reject);
      };
      this.#add({ perform, refuse: reject });
    });
  }

  /** Performs work of the server itself after a delay. */
  later(delayMs: number, work: () => void): void {
    const call: PendingCall = {
      perform: () => {
        work();
        return () => undefined;
      },
      refuse: () => undefined,
    };
    if (delayMs === 0) {
      this.#add(call);
      return;
    }
    const cancel = this.#clock.schedule(delayMs, () => {
      this.#timers.delete(cancel);
      this.#add(call);
    });
    this.#timers.add(cancel);
  }

  close(): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    for (const cancel of this.#timers) cancel();
    this.#refuseAll(this.#pending, this.closedError());
    this.#pending = [];
    this.#file?.close();
  }

  #add(call: PendingCall): void {
    if (this.#isClosed) {
      call.refuse(this.closedError());
    } else if (this.#pending.length >= pendingMax) {
      call.refuse(
        new SluiceError('TooManyRequests', `more than ${pendingMax} calls are waiting`, { retryAfterMs: 1000 }),
      );
    } else {
      this.#pending.push(call);
      if (!this.#isScheduled) this.#schedule();
    }
  }

  #schedule(): void {
    this.#isScheduled = true;
    const cancel = this.#clock.schedule(0, () => {
      this.#timers.delete(cancel);
      this.#isScheduled = false;
      this.#turn();
    });
    this.#timers.add(cancel);
  }

  /** A call that fails takes back what it had written; the others of its turn are not touched. */
  #perform<T>(work: () => T, resolve: (value: T) => void, reject: (error: unknown) => void): () => void {
    const before = this.#store.log.version;
    try {
      const value = work();
      return () => resolve(value);
    } catch (error) {
      this.#store.takeBack(before);
      return () => reject(error);
    }
  }

  #turn(): void {
    const calls = this.#pending;
    this.#pending = [];
    const before = this.#store.log.version;
    const answers = calls.map(({ perform }) => perform());
    try {
      this.#file?.append(this.#store.log.after(before));
    } catch (error) {
      this.#store.takeBack(before);
      const message = `the state file could not be written: ${messageOf(error)}`;
      this.#refuseAll(calls, new SluiceError('Unavailable', message, { cause: error }));
      return;
    }
    this.#publish();
    for (const answer of answers) answer();
  }

  #publish(): void {
    const firstVersions = new Map<string, number>();
    for (const { resource, resourceVersion } of this.#store.log.publish()) {
      const name = resourceName(resource);
      if (!firstVersions.has(name)) firstVersions.set(name, Number(resourceVersion));
    }
    if (firstVersions.size > 0) this.#onChanges(firstVersions);
  }

  #refuseAll(calls: readonly PendingCall[], error: SluiceError): void {
    for (const { refuse } of calls) refuse(error);
  }
}
