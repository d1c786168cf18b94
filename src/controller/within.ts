import { withDeadline, type Clock } from '../base/clock.ts';
import { messageOf, SluiceError } from '../base/error.ts';
import type { Log } from '../base/log.ts';

/** Waits for something that should end soon, and goes on without it when it does not. Never rejects. */
export async function within(
  { clock, log }: { readonly clock: Clock; readonly log: Log },
  timeoutMs: number,
  message: string,
  wait: () => Promise<unknown>,
): Promise<void> {
  const never = new AbortController().signal;
  try {
    await withDeadline(clock, timeoutMs, never, wait, () => new SluiceError('Timeout', message));
  } catch (error) {
    log.warn({ error: messageOf(error) }, 'the end waits no longer');
  }
}
