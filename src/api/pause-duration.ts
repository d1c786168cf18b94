import { parseDuration } from '../base/duration.ts';
import type { PauseStep } from './canary-step.ts';

/** How long a pause step holds: until somebody resumes, for whole seconds, or not understood. */
export type PauseDuration =
  | { readonly kind: 'indefinite' }
  | { readonly kind: 'seconds'; readonly seconds: number }
  | { readonly kind: 'invalid'; readonly problem: string };

/** Seconds are a signed 32-bit integer in the API; about 68 years. */
const secondsMax = 2 ** 31 - 1;

/**
 * Reads the duration of a pause step. A number, or text of digits only, is seconds; other text is a duration such as
 * `1h30m`, whose fraction of a second is cut off. The seconds may be negative: validation refuses that.
 */
export function pauseDuration(pause: PauseStep): PauseDuration {
  const { duration } = pause;
  if (duration === undefined) return { kind: 'indefinite' };
  if (typeof duration === 'number') return seconds(duration, String(duration));
  if (/^[+-]?\d+$/.test(duration)) return seconds(Number(duration), `"${duration}"`);
  const parsed = parseDuration(duration);
  return parsed.ok ? seconds(wholeSeconds(parsed.value), `"${duration}"`) : { kind: 'invalid', problem: parsed.error };
}

/** Cuts milliseconds to whole seconds. Rounding to nanoseconds first keeps 42 s from becoming 41 s by a lost bit. */
function wholeSeconds(durationMs: number): number {
  return Math.trunc(Math.round(durationMs * 1e6) / 1e9);
}

function seconds(value: number, shown: string): PauseDuration {
  if (!Number.isInteger(value)) return { kind: 'invalid', problem: `${shown} is not a whole number of seconds` };
  if (Math.abs(value) > secondsMax) {
    return { kind: 'invalid', problem: `${shown} is too long; the longest pause is ${secondsMax} seconds` };
  }
  return { kind: 'seconds', seconds: value + 0 };
}
