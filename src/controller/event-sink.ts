import type { KubeObject } from '../api/object.ts';
import { resourceTypes } from '../api/resource-types.ts';
import { sleep, type Clock } from '../base/clock.ts';
import { hasCode, messageOf } from '../base/error.ts';
import { formatInstant } from '../base/instant.ts';
import type { Log } from '../base/log.ts';
import { fnv1a32 } from '../base/random.ts';
import type { ClusterPort } from '../cluster/port.ts';
import type { Notice } from '../engine/decision.ts';

/** The object that Events are about. */
export interface EventSubject {
  readonly apiVersion: string;
  readonly kind: string;
  readonly namespace: string;
  readonly name: string;
  readonly uid: string;
}

/** Emits Kubernetes Events off the critical path: emitting never waits and never fails. */
export interface EventSink {
  /**
   * Emits notices. `occasion` tells occasions apart at which the same text may come again (revision, step, attempt):
   * repeating a notice at the same occasion, as after a crash, makes no second Event.
   */
  emit(subject: EventSubject, notices: readonly Notice[], occasion: string): void;
  /** Resolves when nothing waits to be written. */
  flushed(): Promise<void>;
  /** True when nothing waits to be written. */
  readonly isIdle: boolean;
  /** Events that wait to be written. */
  readonly waiting: number;
  /** Events that were given up: the queue was full, or the cluster refused them for good. */
  readonly lost: number;
}

/** Where Events go, and when they step back. */
export interface EventSinkOptions {
  readonly cluster: ClusterPort;
  readonly clock: Clock;
  readonly log: Log;
  /** Nothing is written after it aborts. */
  readonly signal: AbortSignal;
  /** True while there is work whose requests should not wait behind Events; never unless given. */
  isBusy?(): boolean;
}

/** Events that wait at most; beyond it the oldest are given up. */
const waitingMax = 50_000;
/** Requests at once while nothing else is to be done, and while work waits. Events of one object keep their order. */
const lanesMax = { idle: 16, busy: 2 };
/** An API server that is away for a few minutes costs no Event. */
const attemptsMax = 12;
const retryDelayMs = { first: 400, max: 30_000 };

/** An Event that was not written yet. */
interface Pending {
  readonly name: string;
  readonly subject: EventSubject;
  readonly notice: Notice;
  readonly firstAt: number;
  lastAt: number;
  count: number;
}

/** Makes a sink that writes to a cluster until the signal aborts. */
export function createEventSink(options: EventSinkOptions): EventSink {
  return new LaneSink(options);
}

/** One lane per object, so that the Events of one object arrive in order while many objects go on side by side. */
class LaneSink implements EventSink {
  readonly #options: EventSinkOptions;
  /** By uid of the subject; what is being written stands first in its lane. */
  readonly #lanes = new Map<string, Pending[]>();
  /** Lanes that wait for a writer, in the order in which they get one. */
  readonly #ready = new Set<string>();
  #waiting = 0;
  #writers = 0;
  #lost = 0;
  #idle = Promise.withResolvers<void>();

  constructor(options: EventSinkOptions) {
    this.#options = options;
    this.#idle.resolve();
  }

  emit(subject: EventSubject, notices: readonly Notice[], occasion: string): void {
    for (const notice of notices) this.#add(subject, notice, occasion);
    this.#fill();
  }

  flushed(): Promise<void> {
    return this.#idle.promise;
  }

  get isIdle(): boolean {
    return this.#waiting === 0;
  }

  get waiting(): number {
    return this.#waiting;
  }

  get lost(): number {
    return this.#lost;
  }

  #add(subject: EventSubject, notice: Notice, occasion: string): void {
    const now = this.#options.clock.now();
    const name = eventName(subject, notice, occasion);
    const lane = this.#lanes.get(subject.uid) ?? [];
    // The first one of a busy lane may be on its way already.
    const present = lane.find((pending, index) => pending.name === name && (index > 0 || this.#ready.has(subject.uid)));
    if (present !== undefined) {
      present.count += 1;
      present.lastAt = now;
      return;
    }
    if (this.#waiting === 0) this.#idle = Promise.withResolvers();
    lane.push({ name, subject, notice, firstAt: now, lastAt: now, count: 1 });
    if (lane.length === 1) this.#ready.add(subject.uid);
    this.#lanes.set(subject.uid, lane);
    this.#waiting += 1;
    if (this.#waiting > waitingMax) this.#dropOldest();
  }

  /** The oldest one that is not on its way. */
  #dropOldest(): void {
    for (const [uid, lane] of this.#lanes) {
      const isWaiting = this.#ready.has(uid);
      if (!isWaiting && lane.length < 2) continue;
      lane.splice(isWaiting ? 0 : 1, 1);
      if (lane.length === 0) this.#close(uid);
      this.#waiting -= 1;
      this.#lost += 1;
      return;
    }
  }

  #close(uid: string): void {
    this.#lanes.delete(uid);
    this.#ready.delete(uid);
  }

  #fill(): void {
    for (const uid of this.#ready) {
      const isBusy = this.#options.isBusy?.() === true;
      if (this.#writers >= (isBusy ? lanesMax.busy : lanesMax.idle) || this.#options.signal.aborted) return;
      this.#ready.delete(uid);
      this.#writers += 1;
      void this.#writeFirst(uid);
    }
  }

  async #writeFirst(uid: string): Promise<void> {
    const lane = this.#lanes.get(uid) ?? [];
    const [first] = lane;
    if (first !== undefined && !(await this.#write(first))) this.#lost += 1;
    lane.shift();
    if (lane.length === 0) this.#close(uid);
    else this.#ready.add(uid);
    this.#waiting -= 1;
    this.#writers -= 1;
    // What waits when the signal has aborted stays unwritten.
    if (this.#waiting === 0 || (this.#options.signal.aborted && this.#writers === 0)) this.#idle.resolve();
    this.#fill();
  }

  async #write(pending: Pending): Promise<boolean> {
    const { cluster, clock, log, signal } = this.#options;
    const { name: event } = pending;
    for (let attempt = 1; attempt <= attemptsMax && !signal.aborted; attempt += 1) {
      try {
        await createOrCount(cluster, pending, signal);
        return true;
      } catch (error) {
        // Whoever leads now tells what is worth telling; one line is enough for all that is left.
        if (hasCode(error, 'NotLeader')) return this.#abandon();
        log.warn({ event, attempt, error: messageOf(error) }, 'an Event was not taken');
        if (hasCode(error, 'Invalid', 'Forbidden', 'NotFound')) return false;
        const delayMs = Math.min(retryDelayMs.first * 2 ** (attempt - 1), retryDelayMs.max);
        await sleep(clock, delayMs, signal).catch(() => undefined);
      }
    }
    return false;
  }

  /** Gives up all that waits and is not on its way. */
  #abandon(): false {
    let count = 0;
    for (const [uid, lane] of this.#lanes) {
      const kept = this.#ready.has(uid) ? 0 : 1;
      count += lane.length - kept;
      lane.length = kept;
      if (kept === 0) this.#close(uid);
    }
    this.#waiting -= count;
    this.#lost += count;
    if (count > 0) this.#options.log.warn({ events: count }, 'Events were given up with the lease');
    return false;
  }
}

async function createOrCount(cluster: ClusterPort, pending: Pending, signal: AbortSignal): Promise<void> {
  const type = resourceTypes.event;
  try {
    await cluster.create(type, composeEvent(pending), {}, { signal });
  } catch (error) {
    if (!hasCode(error, 'AlreadyExists')) throw error;
    const at = { type, namespace: pending.subject.namespace, name: pending.name };
    const present = await cluster.get(at, { signal });
    const count = (typeof present['count'] === 'number' ? present['count'] : 1) + pending.count;
    const body = { count, lastTimestamp: formatInstant(pending.lastAt) };
    await cluster.patch(at, { kind: 'merge', body }, {}, { signal });
  }
}

/** The same for the same notice at the same occasion. */
function eventName({ uid, name }: EventSubject, { reason, message }: Notice, occasion: string): string {
  const identity = `${uid}\n${reason}\n${message}\n${occasion}`;
  const suffix = fnv1a32(new TextEncoder().encode(identity)).toString(16).padStart(8, '0');
  return `${name}.${reason.toLowerCase().replaceAll(/[^a-z0-9]+/g, '-')}.${suffix}`;
}

function composeEvent({ name, subject, notice, firstAt, lastAt, count }: Pending): KubeObject {
  const { namespace } = subject;
  return {
    apiVersion: 'v1',
    kind: 'Event',
    metadata: { name, namespace },
    involvedObject: { ...subject },
    type: notice.type,
    reason: notice.reason,
    message: notice.message,
    count,
    firstTimestamp: formatInstant(firstAt),
    lastTimestamp: formatInstant(lastAt),
    source: { component: 'rollouts-controller' },
  };
}
