import { fail, succeed, type Result } from './result.ts';

/** Nanoseconds per unit of Go's duration syntax (time.ParseDuration). */
const unitNanoseconds: ReadonlyMap<string, number> = new Map([
  ['ns', 1],
  ['us', 1e3],
  ['µs', 1e3],
  ['μs', 1e3],
  ['ms', 1e6],
  ['s', 1e9],
  ['m', 60e9],
  ['h', 3600e9],
]);

/** Go keeps a duration in a signed 64-bit count of nanoseconds. */
const nanosecondsMax = 2 ** 63;

const wholeDuration = /^[+-]?(?:(?:\d+(?:\.\d*)?|\.\d+)(?:ns|us|µs|μs|ms|s|m|h))+$/;
const durationPart = /(\d+(?:\.\d*)?|\.\d+)(ns|us|µs|μs|ms|s|m|h)/g;

/**
 * Parses Go duration syntax such as `1h30m`, `-1.5s`, `0`, to milliseconds (fractions kept).
 * A unit is required except for plain zero.
 */
export function parseDuration(text: string): Result<number, string> {
  if (/^[+-]?0$/.test(text)) return succeed(0);
  if (!wholeDuration.test(text)) {
    return fail(`"${text}" is not a duration; write a number with a unit, such as "30s", "5m" or "1h30m"`);
  }
  let nanoseconds = 0;
  for (const [, amount, unit] of text.matchAll(durationPart)) {
    nanoseconds += Number(amount) * (unitNanoseconds.get(unit ?? '') ?? 0);
  }
  if (nanoseconds >= nanosecondsMax) return fail(`"${text}" is too long; the longest duration is about 292 years`);
  return succeed(((text.startsWith('-') ? -1 : 1) * nanoseconds) / 1e6);
}

/** Formats milliseconds for a person, e.g. `450ms`, `12s`, `3m20s`, `1h5m`. */
export function formatDuration(durationMs: number): string {
  if (durationMs < 0) return `-${formatDuration(-durationMs)}`;
  if (durationMs > 0 && durationMs < 1000) return `${Math.round(durationMs)}ms`;
  const totalSeconds = Math.round(durationMs / 1000);
  const [hours, minutes, seconds] = [
    Math.floor(totalSeconds / 3600),
    Math.floor((totalSeconds % 3600) / 60),
    totalSeconds % 60,
  ];
  const text = `${hours > 0 ? `${hours}h` : ''}${minutes > 0 ? `${minutes}m` : ''}${seconds > 0 ? `${seconds}s` : ''}`;
  return text === '' ? '0s' : text;
}
