import { fieldsOf, nanosecondsOf, nanosecondsPerSecond } from './calendar.ts';
import { failEvaluation } from './expression-error.ts';
import { between, shifted } from './operators.ts';
import {
  boolType,
  durationType,
  floatType,
  intType,
  int64Type,
  monthType,
  type Signature,
  type StaticType,
  stringType,
  timeType,
  weekdayType,
} from './static-type.ts';
import { formatDurationText, formatInstant, formatInstantVerbose, unitName } from './time-format.ts';
import { CalendarUnit, Duration, FunctionValue, Instant, typeName, type Value } from './value.ts';

/** A method: types of its parameters and result, and what it does. */
interface Method<Self> {
  readonly parameters: readonly StaticType[];
  readonly returns: StaticType;
  readonly call: (self: Self, parameters: readonly Value[]) => Value;
}

/** Types of a method of a type, or undefined when the type has no such method. */
export function methodSignature(type: StaticType, name: string): Signature | undefined {
  const found = methodsByType.get(type.kind)?.get(name);
  return found === undefined ? undefined : { name, parameters: found.parameters, returns: found.returns };
}

/** A method of a value, ready to be called, or undefined when the value has no such method. */
export function methodOf(value: Value, name: string): FunctionValue | undefined {
  if (value instanceof Duration) return bind(durationMethods.get(name), name, value);
  if (value instanceof Instant) return bind(timeMethods.get(name), name, value);
  return value instanceof CalendarUnit ? bind(unitMethods.get(name), name, value) : undefined;
}

function bind<Self>(method: Method<Self> | undefined, name: string, self: Self): FunctionValue | undefined {
  if (method === undefined) return undefined;
  const kinds = method.parameters.map(() => 'any' as const);
  return new FunctionValue(name, kinds, method.returns, (...parameters) => method.call(self, parameters));
}

function methods<Self>(
  table: readonly (readonly [
    string,
    StaticType,
    (self: Self, parameters: readonly Value[]) => Value,
    ...StaticType[],
  ])[],
): ReadonlyMap<string, Method<Self>> {
  return new Map(table.map(([name, returns, call, ...parameters]) => [name, { parameters, returns, call }]));
}

const durationMethods = methods<Duration>([
  ['Hours', floatType, (self) => inUnit(self, 3_600_000_000_000n)],
  ['Minutes', floatType, (self) => inUnit(self, 60_000_000_000n)],
  ['Seconds', floatType, (self) => inUnit(self, nanosecondsPerSecond)],
  ['Milliseconds', int64Type, (self) => self.nanoseconds / 1_000_000n],
  ['Microseconds', int64Type, (self) => self.nanoseconds / 1_000n],
  ['Nanoseconds', int64Type, (self) => self.nanoseconds],
  ['String', stringType, (self) => formatDurationText(self.nanoseconds)],
  ['Abs', durationType, (self) => new Duration(self.nanoseconds < 0n ? -self.nanoseconds : self.nanoseconds)],
  ['Truncate', durationType, (self, [unit]) => new Duration(truncated(self.nanoseconds, duration(unit))), durationType],
  ['Round', durationType, (self, [unit]) => new Duration(rounded(self.nanoseconds, duration(unit))), durationType],
]);

const timeMethods = methods<Instant>([
  ['Year', intType, (self) => BigInt(fieldsOf(self).year)],
  ['Month', monthType, (self) => new CalendarUnit('month', fieldsOf(self).month)],
  ['Day', intType, (self) => BigInt(fieldsOf(self).day)],
  ['Hour', intType, (self) => BigInt(fieldsOf(self).hour)],
  ['Minute', intType, (self) => BigInt(fieldsOf(self).minute)],
  ['Second', intType, (self) => BigInt(fieldsOf(self).second)],
  ['Nanosecond', intType, (self) => BigInt(fieldsOf(self).nanosecond)],
  ['YearDay', intType, (self) => BigInt(fieldsOf(self).yearDay)],
  ['Weekday', weekdayType, (self) => new CalendarUnit('weekday', fieldsOf(self).weekday)],
  ['Unix', int64Type, (self) => floorDivided(self.nanoseconds, nanosecondsPerSecond)],
  ['UnixMilli', int64Type, (self) => floorDivided(self.nanoseconds, 1_000_000n)],
  ['UnixMicro', int64Type, (self) => floorDivided(self.nanoseconds, 1_000n)],
  ['UnixNano', int64Type, (self) => BigInt.asIntN(64, self.nanoseconds)],
  ['IsZero', boolType, (self) => self.nanoseconds === zeroTime],
  ['UTC', timeType, (self) => new Instant(self.nanoseconds)],
  ['String', stringType, formatInstantVerbose],
  ['Format', stringType, (self, [layout]) => formatInstant(self, text(layout)), stringType],
  ['Add', timeType, (self, [span]) => shifted(self, duration(span)), durationType],
  ['AddDate', timeType, addDate, intType, intType, intType],
  ['Sub', durationType, (self, [other]) => between(instant(other), self), timeType],
  ['Before', boolType, (self, [other]) => self.nanoseconds < instant(other).nanoseconds, timeType],
  ['After', boolType, (self, [other]) => self.nanoseconds > instant(other).nanoseconds, timeType],
  ['Equal', boolType, (self, [other]) => self.nanoseconds === instant(other).nanoseconds, timeType],
  [
    'Compare',
    intType,
    (self, [other]) => BigInt(Math.sign(Number(self.nanoseconds - instant(other).nanoseconds))),
    timeType,
  ],
]);

const unitMethods = methods<CalendarUnit>([['String', stringType, unitName]]);

const methodsByType: ReadonlyMap<StaticType['kind'], ReadonlyMap<string, Omit<Method<never>, 'call'>>> = new Map<
  StaticType['kind'],
  ReadonlyMap<string, Omit<Method<never>, 'call'>>
>([
  ['duration', durationMethods],
  ['time', timeMethods],
  ['weekday', unitMethods],
  ['month', unitMethods],
]);

/** 0001-01-01T00:00:00Z, the zero of the dialect's times. */
const zeroTime = -62_135_596_800n * nanosecondsPerSecond;

function duration(value: Value | undefined): bigint {
  return value instanceof Duration ? value.nanoseconds : wrong('a duration', value);
}

function instant(value: Value | undefined): Instant {
  return value instanceof Instant ? value : wrong('a time', value);
}

function text(value: Value | undefined): string {
  return typeof value === 'string' && value.length <= 1_000 ? value : wrong('a short text', value);
}

function wrong(wanted: string, value: Value = null): never {
  return failEvaluation(`expected ${wanted}, not ${typeName(value)}`);
}

/** Whole units and the rest are converted apart, so that no digit of a long time is lost. */
function inUnit(self: Duration, unit: bigint): number {
  return Number(self.nanoseconds / unit) + Number(self.nanoseconds % unit) / Number(unit);
}

function floorDivided(value: bigint, by: bigint): bigint {
  return (value - (((value % by) + by) % by)) / by;
}

function truncated(value: bigint, unit: bigint): bigint {
  return unit <= 0n ? value : value - (value % unit);
}

/** To the nearest multiple of the unit, halves away from zero. */
function rounded(value: bigint, unit: bigint): bigint {
  if (unit <= 0n) return value;
  const rest = value % unit;
  const magnitude = rest < 0n ? -rest : rest;
  if (2n * magnitude < unit) return value - rest;
  return value < 0n ? value - (unit - magnitude) : value + (unit - magnitude);
}

function addDate(self: Instant, parameters: readonly Value[]): Value {
  const [years, months, days] = parameters.map((value) =>
    typeof value === 'bigint' && value > -100_000n && value < 100_000n ? Number(value) : wrong('a small int', value),
  );
  const fields = fieldsOf(self);
  const moved = nanosecondsOf({
    ...fields,
    year: fields.year + (years ?? 0),
    month: fields.month + (months ?? 0),
    day: fields.day + (days ?? 0),
  });
  return new Instant(moved - BigInt(self.offsetSeconds) * nanosecondsPerSecond, self.offsetSeconds, self.zone);
}
