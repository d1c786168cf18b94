import type { Builtin } from './builtin.ts';
import { failEvaluation } from './expression-error.ts';
import { parseDurationText } from './parse-duration.ts';
import { parseInstantByLayout, parseUsualInstant } from './time-parse.ts';
import { Duration, Instant, typeName, type Value, Zone } from './value.ts';

/** Functions on time. The only time zone is UTC; offsets that are written in a date are kept. */
export const timeBuiltins: Readonly<Record<string, Builtin>> = {
  now(_, { nowMs }) {
    if (nowMs === undefined) return failEvaluation('now() is not available here: there is no clock');
    return new Instant(BigInt(Math.round(nowMs)) * 1_000_000n);
  },
  duration([text = null]) {
    const nanoseconds = parseDurationText(textOf('duration', text));
    if (nanoseconds !== undefined) return new Duration(nanoseconds);
    return failEvaluation(`duration() cannot read ${JSON.stringify(text)}; write for example "1h30m"`);
  },
  date(parameters, { budget }) {
    const texts = (parameters[0] instanceof Zone ? parameters.slice(1) : parameters).map((text) =>
      textOf('date', text),
    );
    const [text = '', layout, zone] = texts;
    if (text.length + (layout?.length ?? 0) > dateLengthMax) return failEvaluation('date() was given too long a text');
    budget.step(100);
    if (zone !== undefined) zoneOf(zone);
    const instant = layout === undefined ? parseUsualInstant(text) : parseInstantByLayout(text, layout);
    return instant ?? failEvaluation(`date() cannot read ${JSON.stringify(text)}`);
  },
  timezone: ([name = null]) => zoneOf(textOf('timezone', name)),
};

const dateLengthMax = 200;

function textOf(name: string, value: Value): string {
  return typeof value === 'string' ? value : failEvaluation(`${name}() needs a text, not ${typeName(value)}`);
}

function zoneOf(name: string): Zone {
  if (name === 'UTC' || name === '') return new Zone();
  return failEvaluation(`the time zone ${JSON.stringify(name)} is not available, only "UTC" is`);
}
