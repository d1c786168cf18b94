import { setTimeout as delay } from 'node:timers/promises';

const pollMs = 50;
const waitDefaultMs = 60_000;

/** Reads until the condition holds and returns what was read then; fails with the last value when time is up. */
export async function waitUntil<T>(
  what: string,
  read: () => Promise<T>,
  holds: (value: T) => boolean,
  waitMs = waitDefaultMs,
): Promise<T> {
  const deadline = performance.now() + waitMs;
  for (;;) {
    const value = await read();
    if (holds(value)) return value;
    if (performance.now() > deadline) {
      throw new Error(`${what}: not seen within ${waitMs} ms; last seen: ${JSON.stringify(value)}`);
    }
    await delay(pollMs);
  }
}
