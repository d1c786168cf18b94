import type { Instant } from './value.ts';

/** A point in time as a calendar and a clock show it. Months and days count from 1, weekdays from 0 = Sunday. */
export interface CalendarFields {
  readonly year: number;
  readonly month: number;
  readonly day: number;
  readonly hour: number;
  readonly minute: number;
  readonly second: number;
  readonly nanosecond: number;
  readonly weekday: number;
  readonly yearDay: number;
}

export const nanosecondsPerSecond = 1_000_000_000n;
const secondsPerDay = 86_400n;

/** The fields of a point in time at its own offset. */
export function fieldsOf(instant: Instant): CalendarFields {
  const local = instant.nanoseconds + BigInt(instant.offsetSeconds) * nanosecondsPerSecond;
  const [seconds, nanosecond] = divide(local, nanosecondsPerSecond);
  const [days, secondOfDay] = divide(seconds, secondsPerDay);
  const { year, month, day } = dateOfDays(Number(days));
  const ofDay = Number(secondOfDay);
  return {
    year,
    month,
    day,
    hour: Math.floor(ofDay / 3600),
    minute: Math.floor(ofDay / 60) % 60,
    second: ofDay % 60,
    nanosecond: Number(nanosecond),
    weekday: Number(divide(days + 4n, 7n)[1]),
    yearDay: Number(days) - daysOfDate(year, 1, 1) + 1,
  };
}

/** Nanoseconds since 1970 of a date and time in UTC. Fields out of their range carry over, e.g. month 13. */
export function nanosecondsOf(fields: Omit<CalendarFields, 'weekday' | 'yearDay'>): bigint {
  const days = daysOfDate(fields.year, fields.month, fields.day);
  const seconds = BigInt(days) * secondsPerDay + BigInt(fields.hour * 3600 + fields.minute * 60 + fields.second);
  return seconds * nanosecondsPerSecond + BigInt(fields.nanosecond);
}

/** Number of days in a month. */
export function daysInMonth(year: number, month: number): number {
  return daysOfDate(year, month + 1, 1) - daysOfDate(year, month, 1);
}

/** Quotient and remainder of a division that rounds down. */
export function divide(value: bigint, by: bigint): readonly [bigint, bigint] {
  const remainder = ((value % by) + by) % by;
  return [(value - remainder) / by, remainder];
}

/**
 * Days in 400 years, after which the Gregorian calendar repeats, and in 4 years and 1 year of a count that starts in
 * March.
 */
const daysPerEra = 146_097;
const daysFromEraToEpoch = 719_468;

/** Days since 1970-01-01. Years are counted from March, so that the leap day is the last one of its year. */
function daysOfDate(year: number, month: number, day: number): number {
  const carried = year + Math.floor((month - 1) / 12);
  const inYear = (((month - 1) % 12) + 12) % 12;
  const marchYear = inYear < 2 ? carried - 1 : carried;
  const era = Math.floor(marchYear / 400);
  const yearOfEra = marchYear - era * 400;
  const dayOfYear = Math.floor((153 * ((inYear + 10) % 12) + 2) / 5) + day - 1;
  const dayOfEra = yearOfEra * 365 + Math.floor(yearOfEra / 4) - Math.floor(yearOfEra / 100) + dayOfYear;
  return era * daysPerEra + dayOfEra - daysFromEraToEpoch;
}

function dateOfDays(days: number): { year: number; month: number; day: number } {
  const shifted = days + daysFromEraToEpoch;
  const era = Math.floor(shifted / daysPerEra);
  const dayOfEra = shifted - era * daysPerEra;
  // Take out the leap days that came before: one per 4 years, but not per 100, yet per 400.
  const leapDays = Math.floor(dayOfEra / 1460) - Math.floor(dayOfEra / 36_524) + Math.floor(dayOfEra / 146_096);
  const yearOfEra = Math.floor((dayOfEra - leapDays) / 365);
  const dayOfYear = dayOfEra - (365 * yearOfEra + Math.floor(yearOfEra / 4) - Math.floor(yearOfEra / 100));
  const marchMonth = Math.floor((5 * dayOfYear + 2) / 153);
  const month = marchMonth < 10 ? marchMonth + 3 : marchMonth - 9;
  return {
    year: yearOfEra + era * 400 + (month <= 2 ? 1 : 0),
    month,
    day: dayOfYear - Math.floor((153 * marchMonth + 2) / 5) + 1,
  };
}
