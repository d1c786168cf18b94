import { parseHttpDate } from './instant.ts';

/**
 * Reads the header Retry-After of an HTTP answer (RFC 9110, section 10.2.3): seconds, or a date that is compared with
 * `nowMs`. Returns milliseconds from now; undefined when nothing is said that can be understood.
 */
export function parseRetryAfter(header: string | undefined, nowMs: number): number | undefined {
  if (header === undefined || header === '') return undefined;
  const seconds = Number(header);
  if (!Number.isNaN(seconds)) return seconds * 1000;
  const atMs = parseHttpDate(header);
  return atMs === undefined ? undefined : Math.max(atMs - nowMs, 0);
}
