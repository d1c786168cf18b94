/**
 * Time as the rest of the code sees it. Only this file creates timers, so that the simulator can replace all of time
 * by replacing one object.
 */
export interface Clock {
  /** Wall time in milliseconds since the Unix epoch. It may jump. */
  now(): number;
  /** Milliseconds on a clock that never goes back. Only differences have meaning. */
  monotonic(): number;
  /** Calls `wake` once after `delayMs` (at least 0) unless the returned function is called first. */
  schedule(delayMs: number, wake: () => void): () => void;
}

/** Longest delay that a Node.js timer takes; a longer one would fire at once. */
const timerDelayMsMax = 2 ** 31 - 1;

/** The real clock of this process. Its timers keep the process alive while they are pending. */
export const systemClock: Clock = {
  now: () => Date.now(),
  monotonic: () => performance.now(),
  schedule(delayMs, wake) {
    const timer = setTimeout(wake, Math.min(Math.max(delayMs, 0), timerDelayMsMax));
    return () => clearTimeout(timer);
  },
};

/** Resolves after `delayMs`, or rejects with the signal's reason when it aborts first. */
export function sleep(clock: Clock, delayMs: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    if (signal.aborted) {
      reject(abortReason(signal));
      return;
    }
    const onAbort = (): void => {
      cancel();
      reject(abortReason(signal));
    };
    const cancel = clock.schedule(delayMs, () => {
      signal.removeEventListener('abort', onAbort);
      resolve();
    });
    signal.addEventListener('abort', onAbort, { once: true });
  });
}

/** Resolves after the event loop has dealt with all input and output that is ready. Only the edges need this. */
export function nextTurn(): Promise<void> {
  return new Promise((resolve) => {
    setImmediate(resolve);
  });
}

/**
 * Resolves when every promise that can go on without new input, a timer or the network has gone on. Only the simulator
 * needs this: it is how time knows that it may pass.
 */
export function promisesSettled(): Promise<void> {
  return new Promise((resolve) => {
    // The queue of ticks comes after all promises that are ready, also after those that become ready meanwhile.
    process.nextTick(resolve);
  });
}

/**
 * Runs `work` with a signal that aborts when the parent does or when `timeoutMs` has passed. The promise settles at the
 * deadline even if `work` ignores its signal; it then rejects with what `onTimeout` makes.
 */
export async function withDeadline<T>(
  clock: Clock,
  timeoutMs: number,
  parent: AbortSignal,
  work: (signal: AbortSignal) => Promise<T>,
  onTimeout: () => Error,
): Promise<T> {
  const controller = new AbortController();
  const settled = new Promise<never>((_, reject) => {
    controller.signal.addEventListener('abort', () => reject(abortReason(controller.signal)), { once: true });
  });
  const cancel = clock.schedule(timeoutMs, () => controller.abort(onTimeout()));
  const onParentAbort = (): void => controller.abort(abortReason(parent));
  if (parent.aborted) onParentAbort();
  parent.addEventListener('abort', onParentAbort, { once: true });
  // Nobody may be listening any more when the signal aborts after the work is done.
  settled.catch(() => undefined);
  try {
    return await Promise.race([work(controller.signal), settled]);
  } finally {
    cancel();
    parent.removeEventListener('abort', onParentAbort);
  }
}

function abortReason(signal: AbortSignal): Error {
  return signal.reason instanceof Error ? signal.reason : new Error('aborted', { cause: signal.reason });
}
