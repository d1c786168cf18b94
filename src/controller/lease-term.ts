import type { KubeObject } from '../api/object.ts';
import { resourceTypes } from '../api/resource-types.ts';
import { sleep } from '../base/clock.ts';
import { hasCode, messageOf, SluiceError } from '../base/error.ts';
import { formatInstantMicro } from '../base/instant.ts';
import type { Call, ObjectAddress } from '../cluster/port.ts';
import type { LeadershipOptions, LeaseTiming } from './leadership.ts';
import { composeLease, heldBy, newLease, readLease } from './lease-record.ts';

/** The time in which this process leads. */
export interface Term {
  /** Aborts with NotLeader when leading is over: lost, or given back. */
  readonly over: AbortSignal;
  /** Milliseconds until the lease ends. Asked of the monotonic clock each time; 0 or less when it has ended. */
  leftMs(): number;
  /** True while something may be sent: the end of the lease is further away than the margin. */
  readonly maySend: boolean;
  /** Gives the lease back, so that another can take it at once. Nothing may be sent any more. Never rejects. */
  resign(): Promise<void>;
}

interface TermOptions extends LeadershipOptions {
  readonly timing: LeaseTiming;
  readonly at: ObjectAddress;
}

/** Longest wait for the answer when the lease is given back: the process is about to end. */
const resignTimeoutMs = 300;

/** Renews the lease until it is lost or given back. */
export class LeaseTerm implements Term {
  readonly #options: TermOptions;
  readonly #over = new AbortController();
  readonly #renewing: Promise<void>;
  #lease: KubeObject;
  #endsAtMs: number;
  #cancelEnd: () => void = () => undefined;

  /** `sentMs`: monotonic time at which the request was sent that `lease` is the answer to. */
  constructor(options: TermOptions, lease: KubeObject, sentMs: number) {
    this.#options = options;
    this.#lease = lease;
    this.#endsAtMs = sentMs + options.timing.leaseMs;
    this.#watchEnd();
    this.#renewing = this.#renewAll();
  }

  get over(): AbortSignal {
    return this.#over.signal;
  }

  leftMs(): number {
    return this.#over.signal.aborted ? 0 : this.#endsAtMs - this.#options.clock.monotonic();
  }

  get maySend(): boolean {
    return this.leftMs() > this.#options.timing.marginMs;
  }

  async resign(): Promise<void> {
    const isOurs = !this.#over.signal.aborted;
    this.#end('the lease was given back');
    await this.#renewing;
    if (isOurs) await this.#release();
  }

  async #release(): Promise<void> {
    const { log, name } = this.#options;
    const call = { signal: new AbortController().signal, timeoutMs: resignTimeoutMs };
    try {
      await this.#giveBack(call).catch(async (error: unknown) => {
        if (!hasCode(error, 'Conflict')) throw error;
        // A renewal was under way when the term ended, and arrived.
        this.#lease = await this.#ours(call);
        await this.#giveBack(call);
      });
      log.info({ lease: name }, 'the lease was given back');
    } catch (error) {
      log.warn({ lease: name, error: messageOf(error) }, 'the lease was not given back; it ends by itself');
    }
  }

  /** Whoever looks at the lease next may take it: nobody holds it, and it is good for one second. */
  async #giveBack(call: Call): Promise<void> {
    const { cluster, clock, timing } = this.#options;
    const before = readLease(this.#lease, timing.leaseMs);
    const record = { ...before, holder: '', durationMs: 1000, renewTime: formatInstantMicro(clock.now()) };
    await cluster.update(resourceTypes.lease, composeLease(this.#lease, record), {}, call);
  }

  /** Reads the lease. Rejects with NotLeader when it is another's. */
  async #ours(call: Call): Promise<KubeObject> {
    const { cluster, identity, timing, at } = this.#options;
    const found = await cluster.get(at, call);
    const { holder } = readLease(found, timing.leaseMs);
    if (holder !== identity) throw new SluiceError('NotLeader', `the lease is held by "${holder}"`);
    return found;
  }

  async #renewAll(): Promise<void> {
    const { clock, log, name, timing } = this.#options;
    const { signal } = this.#over;
    let delayMs = timing.renewMs;
    while (!signal.aborted) {
      // Only the end of the term ends the pause early, and then the loop ends too.
      await sleep(clock, delayMs, signal).catch(() => undefined);
      if (signal.aborted) return;
      try {
        await this.#renew();
        delayMs = timing.renewMs;
      } catch (error) {
        if (signal.aborted) return;
        log.warn({ lease: name, error: messageOf(error) }, 'the lease was not renewed');
        if (hasCode(error, 'NotLeader')) this.#end(messageOf(error));
        delayMs = Math.min(timing.retryMs, timing.renewMs);
      }
    }
  }

  async #renew(): Promise<void> {
    const { cluster, clock, identity, timing } = this.#options;
    const call = { signal: this.#over.signal, timeoutMs: timing.marginMs };
    const sentMs = clock.monotonic();
    const before = readLease(this.#lease, timing.leaseMs);
    const wanted = composeLease(this.#lease, heldBy(identity, timing.leaseMs, clock.now(), before));
    try {
      this.#lease = await cluster.update(resourceTypes.lease, wanted, {}, call);
    } catch (error) {
      // An update of a Lease that is gone would create it, which its version forbids: a bad request.
      if (!hasCode(error, 'Conflict', 'NotFound', 'BadRequest')) throw error;
      await this.#lookAgain(call);
      throw error;
    }
    this.#endsAtMs = sentMs + timing.leaseMs;
    this.#watchEnd();
  }

  /** Somebody else wrote the lease, or it was our own write whose answer was lost. Nothing is won by looking. */
  async #lookAgain(call: Call): Promise<void> {
    const { cluster, identity, timing, namespace, name } = this.#options;
    try {
      this.#lease = await this.#ours(call);
    } catch (error) {
      if (!hasCode(error, 'NotFound')) throw error;
      // It was deleted. Whoever makes it again holds it; the next renewal needs one to write over.
      const record = { ...readLease(this.#lease, timing.leaseMs), holder: identity };
      const wanted = composeLease(newLease(namespace, name), record);
      this.#lease = await cluster.create(resourceTypes.lease, wanted, {}, call);
    }
  }

  /** At the margin the term is over, whatever a request under way is going to answer. */
  #watchEnd(): void {
    const { clock, timing } = this.#options;
    this.#cancelEnd();
    const leftMs = this.#endsAtMs - timing.marginMs - clock.monotonic();
    this.#cancelEnd = clock.schedule(leftMs, () => this.#end('the lease could not be renewed in time'));
  }

  #end(message: string): void {
    this.#cancelEnd();
    if (this.#over.signal.aborted) return;
    this.#options.log.info({ lease: this.#options.name, reason: message }, 'this process no longer leads');
    this.#over.abort(new SluiceError('NotLeader', message));
  }
}
