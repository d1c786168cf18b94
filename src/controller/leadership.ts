import type { KubeObject } from '../api/object.ts';
import { resourceTypes } from '../api/resource-types.ts';
import { sleep, type Clock } from '../base/clock.ts';
import { hasCode, messageOf } from '../base/error.ts';
import type { Log } from '../base/log.ts';
import type { Random } from '../base/random.ts';
import type { ClusterPort, ObjectAddress } from '../cluster/port.ts';
import { composeLease, heldBy, newLease, readLease, type LeaseRecord } from './lease-record.ts';
import { LeaseTerm, type Term } from './lease-term.ts';

/** How a process stands for election. */
export interface LeadershipOptions {
  /** Should not share its connections with other work: a renewal must not wait behind it. */
  readonly cluster: ClusterPort;
  readonly namespace: string;
  /** Name of the Lease. */
  readonly name: string;
  /** Must differ between any two processes, also one after the other. */
  readonly identity: string;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Log;
  readonly timing?: LeaseTiming;
}

/** Times of an election in milliseconds. */
export interface LeaseTiming {
  /** So long a lease is good after the last renewal; others wait as long before they take over. */
  readonly leaseMs: number;
  /** So long before the end of its lease a leader sends nothing any more. */
  readonly marginMs: number;
  /** Pause between two renewals, and between two looks of those who wait. */
  readonly renewMs: number;
  readonly retryMs: number;
}

/** The defaults: a leader that dies is replaced after 15 s, one that ends in order within about a second. */
export const leaseTimingDefault: LeaseTiming = { leaseMs: 15_000, marginMs: 5000, renewMs: 3000, retryMs: 1000 };

/**
 * Election by a Lease. Times that decide are taken from the monotonic clock only, so a wall clock that is wrong or
 * jumps changes nothing: a holder counts its lease from the moment it *sent* the renewal, and others count from the
 * moment they *saw* it, which is later.
 */
export class Leadership {
  readonly #options: LeadershipOptions;
  readonly #timing: LeaseTiming;
  readonly #at: ObjectAddress;
  /** The last state of the lease that was seen, and since when. */
  #seen: { readonly record: LeaseRecord; readonly sinceMs: number } | undefined;

  constructor(options: LeadershipOptions) {
    this.#options = options;
    this.#timing = options.timing ?? leaseTimingDefault;
    this.#at = { type: resourceTypes.lease, namespace: options.namespace, name: options.name };
  }

  /** Waits until this process leads. Errors of the cluster are waited out; only the signal ends it, by rejecting. */
  async campaign(signal: AbortSignal): Promise<Term> {
    const { clock, random, log, identity } = this.#options;
    const { retryMs } = this.#timing;
    for (;;) {
      signal.throwIfAborted();
      try {
        const term = await this.#tryOnce(signal);
        if (term !== undefined) {
          log.info({ identity, lease: this.#options.name }, 'this process leads');
          return term;
        }
      } catch (error) {
        signal.throwIfAborted();
        // Losing a race for the lease is no trouble.
        const level = hasCode(error, 'Conflict', 'AlreadyExists') ? 'debug' : 'warn';
        log[level]({ lease: this.#options.name, error: messageOf(error) }, 'the lease was not taken');
      }
      await sleep(clock, retryMs * (0.75 + random.next() / 2), signal);
    }
  }

  async #tryOnce(signal: AbortSignal): Promise<Term | undefined> {
    const { cluster, clock, identity } = this.#options;
    const call = { signal, timeoutMs: this.#timing.marginMs };
    const present = await this.#read(signal);
    const before = present === undefined ? this.#seen?.record : readLease(present, this.#timing.leaseMs);
    if (before !== undefined && !this.#mayTake(before)) return undefined;
    const sentMs = clock.monotonic();
    const record = heldBy(identity, this.#timing.leaseMs, clock.now(), before);
    const { namespace, name } = this.#options;
    const wanted = composeLease(present ?? newLease(namespace, name), record);
    const type = resourceTypes.lease;
    const stored =
      present === undefined
        ? await cluster.create(type, wanted, {}, call)
        : await cluster.update(type, wanted, {}, call);
    return new LeaseTerm({ ...this.#options, timing: this.#timing, at: this.#at }, stored, sentMs);
  }

  async #read(signal: AbortSignal): Promise<KubeObject | undefined> {
    try {
      return await this.#options.cluster.get(this.#at, { signal, timeoutMs: this.#timing.marginMs });
    } catch (error) {
      if (hasCode(error, 'NotFound')) return undefined;
      throw error;
    }
  }

  /**
   * Nobody holds it, we do by an answer that was lost, or its holder has been silent for its whole duration. A lease
   * that was deleted counts as it was seen last: its holder does not know yet.
   */
  #mayTake(record: LeaseRecord): boolean {
    const nowMs = this.#options.clock.monotonic();
    const isSame = this.#seen !== undefined && JSON.stringify(this.#seen.record) === JSON.stringify(record);
    if (this.#seen === undefined || !isSame) this.#seen = { record, sinceMs: nowMs };
    if (record.holder === '' || record.holder === this.#options.identity) return true;
    return nowMs - this.#seen.sinceMs >= record.durationMs;
  }
}
