import type { Clock } from '../../../base/clock.ts';
import { hasCode, messageOf } from '../../../base/error.ts';
import type { Log } from '../../../base/log.ts';

/** Work by key: a key that is added many times before its turn is done once. */
export interface KeyQueue {
  /** Asks for the key to be looked at as soon as possible. */
  add(key: string): void;
  /** Ends: nothing is started any more. Resolves when what was running is done. */
  stop(): Promise<void>;
}

/** How a queue works off its keys. */
export interface KeyQueueOptions {
  readonly clock: Clock;
  /** Does the work of one key. Answers when to look again by itself, in milliseconds from now, or nothing. */
  readonly work: (key: string) => Promise<number | undefined>;
  /** Told of work that failed; the key is tried again after a growing wait. */
  readonly log: Log;
}

const retryMsMin = 20;
const retryMsMax = 30_000;

/**
 * One key after the other, in the order in which they were first added. A failed key waits alone: it never holds up
 * the others.
 */
export function keyQueue({ clock, work, log }: KeyQueueOptions): KeyQueue {
  const waiting = new Set<string>();
  const timers = new Map<string, () => void>();
  const failureCounts = new Map<string, number>();
  let running: Promise<void> | undefined;
  let isStopped = false;

  const add = (key: string): void => {
    if (isStopped) return;
    waiting.add(key);
    running ??= drain();
  };
  const addLater = (key: string, delayMs: number): void => {
    timers.get(key)?.();
    if (isStopped) return;
    const cancel = clock.schedule(delayMs, () => {
      timers.delete(key);
      add(key);
    });
    timers.set(key, cancel);
  };
  const drain = async (): Promise<void> => {
    // Let the caller finish first, so that a burst of additions becomes one look.
    await Promise.resolve();
    for (const key of waiting) {
      if (isStopped) break;
      waiting.delete(key);
      await workOff(key);
    }
    running = undefined;
  };
  const workOff = async (key: string): Promise<void> => {
    try {
      const lookAgainMs = await work(key);
      failureCounts.delete(key);
      timers.get(key)?.();
      timers.delete(key);
      if (lookAgainMs !== undefined) addLater(key, lookAgainMs);
    } catch (error) {
      const failureCount = (failureCounts.get(key) ?? 0) + 1;
      failureCounts.set(key, failureCount);
      const fields = { key, failureCount, error: messageOf(error) };
      // Somebody else wrote in between: that is everyday life.
      if (hasCode(error, 'Conflict')) log.debug(fields, 'an object has changed and is looked at again');
      else log.warn(fields, 'work on an object failed and is tried again');
      addLater(key, Math.min(retryMsMin * 2 ** Math.min(failureCount - 1, 20), retryMsMax));
    }
  };
  return {
    add,
    async stop() {
      isStopped = true;
      for (const cancel of timers.values()) cancel();
      timers.clear();
      waiting.clear();
      await running;
    },
  };
}
