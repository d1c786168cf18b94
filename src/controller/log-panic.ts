import { messageOf } from '../base/error.ts';
import type { Log } from '../base/log.ts';

/** Logs a bug of ours with all that helps to find it. */
export function logPanic(log: Log, key: string, error: unknown): void {
  const stack = error instanceof Error ? error.stack : undefined;
  log.error({ key, error: messageOf(error), stack }, 'a bug was met');
}
