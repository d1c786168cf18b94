import type { ResourceType } from '../../api/object.ts';
import { SluiceError, type ErrorCode } from '../../base/error.ts';
import type { Random } from '../../base/random.ts';
import type { ListPage, ListQuery } from '../../cluster/port.ts';
import type { ProcessFaults, WatchFault } from '../process-faults.ts';
import type { CallFault } from '../sent-call.ts';

/** How often what goes wrong, each in 0..1. */
export interface FaultMix {
  readonly refuse: number;
  /** A creation that a quota or an admission policy denies. */
  readonly deny: number;
  readonly loseAnswer: number;
  readonly delay: number;
  /** A write that happens after whoever sent it has given up. */
  readonly late: number;
  readonly crashBefore: number;
  readonly crashAfter: number;
  readonly read: number;
  readonly closeWatch: number;
  readonly holdWatch: number;
  readonly refuseWatch: number;
  /** A list that comes from an API server which lags behind. */
  readonly staleList: number;
  /** The wall clock is off by at most this, in milliseconds. */
  readonly skewMsMax: number;
}

/** A list as it was some milliseconds ago; undefined when nothing had been written yet. */
export type OlderList = (type: ResourceType, query: ListQuery, ageMs: number) => ListPage | undefined;

/** The longest time for which news are held back, or by which an API server lags behind, in milliseconds. */
export const holdMsMax = 3000;
/** The most by which a wall clock is off, in milliseconds. */
export const skewMsMax = 1500;

/** A mix for one run: most kinds of faults do not occur in it at all, so that each is also met alone. */
export function randomMix(random: Random): FaultMix {
  const rate = (most: number): number => (random.next() < 0.4 ? random.next() * most : 0);
  return {
    refuse: rate(0.1),
    deny: rate(0.3),
    loseAnswer: rate(0.1),
    delay: rate(0.1),
    late: rate(0.1),
    crashBefore: rate(0.02),
    crashAfter: rate(0.02),
    read: rate(0.1),
    closeWatch: rate(0.02),
    holdWatch: rate(0.1),
    refuseWatch: rate(0.3),
    staleList: rate(0.5),
    skewMsMax: Math.round(rate(skewMsMax)),
  };
}

/** Faults between the controller and the cluster, drawn from a stream of their own while `isOn` says so. */
export function randomFaults(
  mix: FaultMix,
  random: Random,
  isOn: () => boolean,
  olderList: OlderList = () => undefined,
): ProcessFaults {
  const [calls, reads, watches] = [random.fork('calls'), random.fork('reads'), random.fork('watches')];
  const lists = random.fork('lists');
  const lagging = new Set<ResourceType>();
  const happens = (stream: Random, rate: number): boolean => stream.next() < rate && isOn();
  return {
    call({ verb }): CallFault | undefined {
      if (happens(calls, mix.crashBefore)) return { kind: 'crashBefore' };
      if (happens(calls, mix.crashAfter)) return { kind: 'crashAfter' };
      if (happens(calls, mix.refuse)) return { kind: 'refuse', error: refusal(calls) };
      if (happens(calls, mix.loseAnswer)) return { kind: 'loseAnswer', error: lostAnswer(calls) };
      if (verb === 'create' && happens(calls, mix.deny)) return { kind: 'refuse', error: denial() };
      if (happens(calls, mix.late)) return lateWrite(calls);
      return happens(calls, mix.delay) ? { kind: 'delay', delayMs: calls.integer(1, holdMsMax) } : undefined;
    },
    read: () => (happens(reads, mix.read) ? refusal(reads) : undefined),
    staleList(type, query) {
      if (query.continueToken !== undefined || !happens(lists, mix.staleList)) return undefined;
      const page = olderList(type, query, lists.integer(1, holdMsMax));
      if (page !== undefined) lagging.add(type);
      return page;
    },
    openWatch: () => {
      if (!happens(watches, mix.refuseWatch)) return undefined;
      return watches.next() < 0.5 ? new SluiceError('Gone', 'too old resource version') : refusal(watches);
    },
    watchEvent(type): WatchFault | undefined {
      // What lags behind is made up for a while later.
      if (lagging.delete(type) && isOn()) return { kind: 'hold', holdMs: lists.integer(1, holdMsMax) };
      if (happens(watches, mix.closeWatch)) return { kind: 'close' };
      return happens(watches, mix.holdWatch) ? { kind: 'hold', holdMs: watches.integer(1, holdMsMax) } : undefined;
    },
  };
}

/** Nothing was done, and the answer says so. */
function refusal(random: Random): SluiceError {
  const codes: readonly ErrorCode[] = ['TooManyRequests', 'Unavailable', 'Internal', 'Conflict', 'Unauthorized'];
  const code = codes[random.integer(0, codes.length - 1)] ?? 'Internal';
  const isLater = code === 'TooManyRequests' || code === 'Unavailable';
  const options = isLater ? { retryAfterMs: random.integer(1, 3) * 1000 } : {};
  return new SluiceError(code, 'the server would not', options);
}

function denial(): SluiceError {
  return new SluiceError('Forbidden', 'exceeded quota: objects, requested: 1, used: 10, limited: 10');
}

/** Both times together are no longer than any other delay, so that news of the write come no later. */
function lateWrite(random: Random): CallFault {
  const giveUpMs = random.integer(1, holdMsMax - 1);
  const error = new SluiceError('Timeout', 'the answer did not come in time');
  return { kind: 'late', error, giveUpMs, lateMs: random.integer(1, holdMsMax - giveUpMs) };
}

function lostAnswer(random: Random): SluiceError {
  return new SluiceError(random.next() < 0.5 ? 'Timeout' : 'Unavailable', 'the answer did not come');
}
