import { fieldsOf, type CalendarFields } from './calendar.ts';
import type { CalendarUnit, Instant } from './value.ts';

export const weekdayNames = ['Sunday', 'Monday', 'Tuesday', 'Wednesday', 'Thursday', 'Friday', 'Saturday'] as const;

export const monthNames = [
  'January',
  'February',
  'March',
  'April',
  'May',
  'June',
  'July',
  'August',
  'September',
  'October',
  'November',
  'December',
] as const;

/** Name of a weekday or month. */
export function unitName(unit: CalendarUnit): string {
  return (unit.unit === 'weekday' ? weekdayNames[unit.index] : monthNames[unit.index - 1]) ?? '';
}

/** Text of a duration as the dialect writes it, e.g. `1h30m0s`, `1.5s`, `100ns`. */
export function formatDurationText(nanoseconds: bigint): string {
  if (nanoseconds < 0n) return `-${formatDurationText(-nanoseconds)}`;
  if (nanoseconds === 0n) return '0s';
  if (nanoseconds < 1_000n) return `${nanoseconds}ns`;
  if (nanoseconds < 1_000_000n) return `${withFraction(nanoseconds, 3)}µs`;
  if (nanoseconds < 1_000_000_000n) return `${withFraction(nanoseconds, 6)}ms`;
  const minutes = nanoseconds / 60_000_000_000n;
  const seconds = `${withFraction(nanoseconds % 60_000_000_000n, 9)}s`;
  if (minutes === 0n) return seconds;
  return minutes < 60n ? `${minutes}m${seconds}` : `${minutes / 60n}h${minutes % 60n}m${seconds}`;
}

/** The value divided by a power of ten, without zeros at the end. */
function withFraction(value: bigint, digits: number): string {
  const text = String(value).padStart(digits + 1, '0');
  const fraction = text.slice(-digits).replace(/0+$/, '');
  return text.slice(0, -digits) + (fraction === '' ? '' : `.${fraction}`);
}

/** RFC 3339 with as many fraction digits as are needed, as JSON has it. */
export function formatInstantText(instant: Instant): string {
  return formatInstant(instant, '2006-01-02T15:04:05.999999999Z07:00');
}

/** The form that string() gives, e.g. `2024-01-02 03:04:05 +0000 UTC`. */
export function formatInstantVerbose(instant: Instant): string {
  return formatInstant(instant, '2006-01-02 15:04:05.999999999 -0700 MST');
}

/**
 * Elements of a layout. A layout is an example: the reference time Mon Jan 2 15:04:05 MST 2006 written in the wanted
 * form. Longer elements come first; `Jan` and `Mon` are elements only where no lower-case letter follows.
 */
export const layoutElements =
  /January|Jan(?![a-z])|Monday|Mon(?![a-z])|MST|2006|002|__2|_2(?!006)|15|0[1-6]|PM|pm|Z070000|Z07:00:00|Z0700|Z07:00|Z07|-070000|-07:00:00|-0700|-07:00|-07|[.,]0+(?!\d)|[.,]9+(?!\d)|[1-5]/g;

/** Formats by a layout. */
export function formatInstant(instant: Instant, layout: string): string {
  const fields = fieldsOf(instant);
  return layout.replaceAll(layoutElements, (element) => formatElement(element, fields, instant));
}

const pad = (value: number, length: number, fill = '0'): string => String(value).padStart(length, fill);

const hour12 = (fields: CalendarFields): number => fields.hour % 12 || 12;

const formats: Readonly<Record<string, (fields: CalendarFields) => string>> = {
  January: (fields) => monthNames[fields.month - 1] ?? '',
  Jan: (fields) => (monthNames[fields.month - 1] ?? '').slice(0, 3),
  '01': (fields) => pad(fields.month, 2),
  '1': (fields) => String(fields.month),
  Monday: (fields) => weekdayNames[fields.weekday] ?? '',
  Mon: (fields) => (weekdayNames[fields.weekday] ?? '').slice(0, 3),
  '02': (fields) => pad(fields.day, 2),
  _2: (fields) => pad(fields.day, 2, ' '),
  '2': (fields) => String(fields.day),
  '002': (fields) => pad(fields.yearDay, 3),
  __2: (fields) => pad(fields.yearDay, 3, ' '),
  '15': (fields) => pad(fields.hour, 2),
  '03': (fields) => pad(hour12(fields), 2),
  '3': (fields) => String(hour12(fields)),
  '04': (fields) => pad(fields.minute, 2),
  '4': (fields) => String(fields.minute),
  '05': (fields) => pad(fields.second, 2),
  '5': (fields) => String(fields.second),
  '06': (fields) => pad(fields.year % 100, 2),
  '2006': (fields) => pad(fields.year, 4),
  PM: (fields) => (fields.hour < 12 ? 'AM' : 'PM'),
  pm: (fields) => (fields.hour < 12 ? 'am' : 'pm'),
};

function formatElement(element: string, fields: CalendarFields, instant: Instant): string {
  const format = formats[element];
  if (format !== undefined) return format(fields);
  if (element === 'MST') return instant.zone === '' ? formatOffset('-07', instant.offsetSeconds) : instant.zone;
  if (/^[.,]/.test(element)) return formatFraction(element, fields.nanosecond);
  if (element.startsWith('Z') && instant.offsetSeconds === 0) return 'Z';
  return formatOffset(element, instant.offsetSeconds);
}

function formatFraction(element: string, nanosecond: number): string {
  const digits = pad(nanosecond, 9).slice(0, element.length - 1);
  if (element.charAt(1) === '0') return element.charAt(0) + digits;
  const significant = digits.replace(/0+$/, '');
  return significant === '' ? '' : element.charAt(0) + significant;
}

function formatOffset(element: string, offsetSeconds: number): string {
  const minutes = Math.floor(Math.abs(offsetSeconds) / 60);
  const separator = element.includes(':') ? ':' : '';
  const parts = [pad(Math.floor(minutes / 60), 2), pad(minutes % 60, 2), pad(Math.abs(offsetSeconds) % 60, 2)];
  const count = Math.ceil(element.replaceAll(/\D/g, '').length / 2);
  // A zone without a name shows its minutes only when it has some.
  const shown = element === '-07' && minutes % 60 !== 0 ? 2 : count;
  return (offsetSeconds < 0 ? '-' : '+') + parts.slice(0, shown).join(separator);
}
