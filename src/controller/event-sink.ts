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
  /** Events that were given up: the queue was full, or the cluster refused them for good. */
  readonly lost: number;
}

/** Events that wait at most; beyond it the oldest are given up. */
const waitingMax = 10_000;
const attemptsMax = 5;

/** Makes a sink that writes to a cluster until the signal aborts. */
export function createEventSink(cluster: ClusterPort, clock: Clock, log: Log, signal: AbortSignal): EventSink {
  const waiting: KubeObject[] = [];
  let lost = 0;
  let pump: Promise<void> | undefined;

  async function writeAll(): Promise<void> {
    for (let event = waiting.shift(); event !== undefined && !signal.aborted; event = waiting.shift()) {
      if (!(await write(event))) lost += 1;
    }
    pump = undefined;
  }

  async function write(event: KubeObject): Promise<boolean> {
    for (let attempt = 1; attempt <= attemptsMax; attempt += 1) {
      try {
        await createOrCount(cluster, event, signal);
        return true;
      } catch (error) {
        log.warn({ event: event.metadata.name, attempt, error: messageOf(error) }, 'an Event was not taken');
        if (hasCode(error, 'Invalid', 'Forbidden', 'NotFound', 'NotLeader') || signal.aborted) return false;
        await sleep(clock, 200 * 2 ** attempt, signal).catch(() => undefined);
      }
    }
    return false;
  }

  return {
    emit(subject, notices, occasion) {
      for (const notice of notices) {
        waiting.push(composeEvent(subject, notice, occasion, clock.now()));
        if (waiting.length > waitingMax) {
          waiting.shift();
          lost += 1;
        }
      }
      pump ??= waiting.length === 0 ? undefined : writeAll();
    },
    flushed: async () => {
      await pump;
    },
    get isIdle() {
      return pump === undefined;
    },
    get lost() {
      return lost;
    },
  };
}

async function createOrCount(cluster: ClusterPort, event: KubeObject, signal: AbortSignal): Promise<void> {
  const type = resourceTypes.event;
  try {
    await cluster.create(type, event, {}, { signal });
  } catch (error) {
    if (!hasCode(error, 'AlreadyExists')) throw error;
    const at = { type, namespace: event.metadata.namespace ?? '', name: event.metadata.name };
    const present = await cluster.get(at, { signal });
    const count = (typeof present['count'] === 'number' ? present['count'] : 1) + 1;
    await cluster.patch(at, { kind: 'merge', body: { count, lastTimestamp: event['lastTimestamp'] } }, {}, { signal });
  }
}

function composeEvent(subject: EventSubject, notice: Notice, occasion: string, now: number): KubeObject {
  const identity = `${subject.uid}\n${notice.reason}\n${notice.message}\n${occasion}`;
  const suffix = fnv1a32(new TextEncoder().encode(identity)).toString(16).padStart(8, '0');
  const time = formatInstant(now);
  const { apiVersion, kind, name, namespace, uid } = subject;
  return {
    apiVersion: 'v1',
    kind: 'Event',
    metadata: { name: `${name}.${notice.reason.toLowerCase().replaceAll(/[^a-z0-9]+/g, '-')}.${suffix}`, namespace },
    involvedObject: { apiVersion, kind, name, namespace, uid },
    type: notice.type,
    reason: notice.reason,
    message: notice.message,
    count: 1,
    firstTimestamp: time,
    lastTimestamp: time,
    source: { component: 'rollouts-controller' },
  };
}
