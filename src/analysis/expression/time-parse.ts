import { RE2JS } from 're2js';

import { daysInMonth, nanosecondsOf, nanosecondsPerSecond } from './calendar.ts';
import { layoutElements, monthNames, weekdayNames } from './time-format.ts';
import { Instant } from './value.ts';

/** Layouts that date() tries when it is given none. */
const usualLayouts = [
  '2006-01-02',
  '15:04:05',
  '2006-01-02 15:04:05',
  '2006-01-02T15:04:05Z07:00',
  '02 Jan 06 15:04 MST',
  'Monday, 02-Jan-06 15:04:05 MST',
  'Mon, 02 Jan 2006 15:04:05 MST',
] as const;

/** Reads a point in time in one of the usual layouts; undefined when it is in none. */
export function parseUsualInstant(text: string): Instant | undefined {
  for (const layout of usualLayouts) {
    const instant = parseInstantByLayout(text, layout);
    if (instant !== undefined) return instant;
  }
  return undefined;
}

interface Parts {
  year: number;
  month: number;
  day: number;
  hour: number;
  minute: number;
  second: number;
  nanosecond: number;
  yearDay: number | undefined;
  isAfternoon: boolean | undefined;
  offsetSeconds: number | undefined;
  zone: string | undefined;
}

/** Reads a point in time by a layout; undefined when the text does not have it or says no real time. */
export function parseInstantByLayout(text: string, layout: string): Instant | undefined {
  const elements = Array.from(layout.matchAll(layoutElements));
  let pattern = '';
  let end = 0;
  for (const element of elements) {
    pattern += literal(layout.slice(end, element.index)) + patternOf(element[0]);
    end = element.index + element[0].length;
  }
  // The layout may come from anybody, so that only an engine of linear time can be used.
  const matcher = RE2JS.compile(pattern + literal(layout.slice(end)), RE2JS.CASE_INSENSITIVE).matcher(text);
  if (!matcher.matches()) return undefined;
  const parts: Parts = {
    year: 0,
    month: 1,
    day: 1,
    hour: 0,
    minute: 0,
    second: 0,
    nanosecond: 0,
    yearDay: undefined,
    isAfternoon: undefined,
    offsetSeconds: undefined,
    zone: undefined,
  };
  const isRead = elements.every((element, index) => read(element[0], matcher.group(index + 1) ?? '', parts));
  return isRead ? instantOf(parts) : undefined;
}

function literal(text: string): string {
  return RE2JS.quote(text);
}

const names = (list: readonly string[], length?: number): string =>
  `(${list.map((name) => name.slice(0, length)).join('|')})`;

const patterns: Readonly<Record<string, string>> = {
  January: names(monthNames),
  Jan: names(monthNames, 3),
  Monday: names(weekdayNames),
  Mon: names(weekdayNames, 3),
  MST: '(UTC|GMT(?:[+-]\\d{1,2})?|[A-Z]{3,4}T?|[+-]\\d{2}(?:\\d{2})?)',
  '2006': '(\\d{4})',
  '002': '(\\d{3})',
  __2: '([ \\d]{2}\\d)',
  _2: '([ \\d]?\\d)',
  // Seconds may have a fraction that the layout does not show.
  '05': '(\\d{2}(?:[.,]\\d{1,9})?)',
  '5': '(\\d{1,2}(?:[.,]\\d{1,9})?)',
  PM: '([AP]M)',
  pm: '([AP]M)',
};

function patternOf(element: string): string {
  const known = patterns[element];
  if (known !== undefined) return known;
  if (/^[.,]0/.test(element)) return `([.,]\\d{${element.length - 1}})`;
  if (/^[.,]9/.test(element)) return '((?:[.,]\\d{1,9})?)';
  if (/^(?:Z|-)07/.test(element)) return offsetPattern(element);
  return element.length === 1 ? '(\\d{1,2})' : '(\\d{2})';
}

function offsetPattern(element: string): string {
  const separator = element.includes(':') ? ':' : '';
  const count = element.replaceAll(/\D/g, '').length / 2;
  const numeric = `[+-]\\d{2}${`${separator}\\d{2}`.repeat(count - 1)}`;
  return element.startsWith('Z') ? `(Z|${numeric})` : `(${numeric})`;
}

const fieldOfElement: Readonly<Record<string, 'month' | 'day' | 'hour' | 'minute' | 'yearDay'>> = {
  '01': 'month',
  '1': 'month',
  '02': 'day',
  _2: 'day',
  '2': 'day',
  '002': 'yearDay',
  __2: 'yearDay',
  '15': 'hour',
  '03': 'hour',
  '3': 'hour',
  '04': 'minute',
  '4': 'minute',
};

function read(element: string, text: string, parts: Parts): boolean {
  const field = fieldOfElement[element];
  if (field !== undefined) {
    parts[field] = Number(text);
    return true;
  }
  if (element.startsWith('Jan')) {
    parts.month = monthNames.findIndex((name) => name.toLowerCase().startsWith(text.toLowerCase())) + 1;
    return true;
  }
  if (/^[.,]/.test(element)) {
    if (text !== '') parts.nanosecond = fractionOf(text);
    return true;
  }
  return /^(?:Z|-)07/.test(element) ? readOffset(text, parts) : readOther(element, text, parts);
}

function readOther(element: string, text: string, parts: Parts): boolean {
  switch (element) {
    case '2006':
      parts.year = Number(text);
      break;
    case '06':
      parts.year = Number(text) + (Number(text) >= 69 ? 1900 : 2000);
      break;
    case '05':
    case '5': {
      const [whole, fraction] = text.split(/[.,]/);
      parts.second = Number(whole);
      if (fraction !== undefined) parts.nanosecond = fractionOf(`.${fraction}`);
      break;
    }
    case 'PM':
    case 'pm':
      parts.isAfternoon = text.toUpperCase() === 'PM';
      break;
    case 'MST':
      parts.zone = text;
      break;
    default:
  }
  return true;
}

function fractionOf(text: string): number {
  return Number(text.slice(1).padEnd(9, '0'));
}

function readOffset(text: string, parts: Parts): boolean {
  if (text.toUpperCase() === 'Z') {
    parts.offsetSeconds = 0;
    return true;
  }
  const digits = text.slice(1).replaceAll(':', '');
  const [hours, minutes, seconds] = [0, 2, 4].map((at) => Number(digits.slice(at, at + 2)));
  if (hours === undefined || minutes === undefined || seconds === undefined) return false;
  const magnitude = hours * 3600 + minutes * 60 + seconds;
  parts.offsetSeconds = text.startsWith('-') ? -magnitude : magnitude;
  return hours <= 24 && minutes < 60 && seconds < 60;
}

function instantOf(parts: Parts): Instant | undefined {
  if (parts.yearDay !== undefined) [parts.month, parts.day] = [1, parts.yearDay];
  const isRealDate = parts.yearDay === undefined ? isDate(parts) : isYearDay(parts.year, parts.yearDay);
  if (!isRealDate || !setHalf(parts) || parts.hour > 23 || parts.minute > 59 || parts.second > 59) return undefined;
  const nanoseconds = nanosecondsOf(parts);
  const offset = parts.offsetSeconds;
  if (offset === undefined) return new Instant(nanoseconds, 0, parts.zone ?? 'UTC');
  return new Instant(nanoseconds - BigInt(offset) * nanosecondsPerSecond, offset, offset === 0 ? 'UTC' : '');
}

/** Adds twelve hours in the afternoon; false when the hour is none of a twelve-hour clock. */
function setHalf(parts: Parts): boolean {
  if (parts.isAfternoon === undefined) return true;
  if (parts.hour > 12) return false;
  parts.hour = (parts.hour % 12) + (parts.isAfternoon ? 12 : 0);
  return true;
}

function isYearDay(year: number, day: number): boolean {
  return day >= 1 && day <= daysInMonth(year, 2) + 337;
}

function isDate(parts: Parts): boolean {
  return parts.month >= 1 && parts.month <= 12 && parts.day >= 1 && parts.day <= daysInMonth(parts.year, parts.month);
}
