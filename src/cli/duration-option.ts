import { InvalidArgumentError } from 'commander';

import { parseDuration } from '../base/duration.ts';

/** Reads a duration such as `30s` or `5m`, or a bare number of seconds, to milliseconds. Negative ones are refused. */
export function durationOption(text: string): number {
  const duration = parseDuration(/^\d+$/.test(text) ? `${text}s` : text);
  if (!duration.ok) throw new InvalidArgumentError(duration.error);
  if (duration.value < 0) throw new InvalidArgumentError('it must not be negative');
  return duration.value;
}

/** Reads a whole number that is not negative and at most `maximum`. */
export function countOption(maximum: number): (text: string) => number {
  return (text) => {
    const count = Number(text);
    if (/^\d{1,10}$/.test(text) && count <= maximum) return count;
    throw new InvalidArgumentError(`it must be a whole number from 0 to ${maximum}`);
  };
}
