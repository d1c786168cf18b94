import type { Budget } from './budget.ts';
import type { Builtin } from './builtin.ts';
import { failEvaluation } from './expression-error.ts';
import { toInteger } from './operators.ts';
import { bytePosition, byteLength, decodeText, encodeText, mapPoints } from './text.ts';
import { absentList, itemsOf, List, typeName, type Value } from './value.ts';

/** Functions on texts. */
export const textBuiltins: Readonly<Record<string, Builtin>> = {
  trim: onText('trim', (text, [cut]) => trimmed(text, cut)),
  trimPrefix: onText('trimPrefix', (text, [prefix = ' ']) =>
    text.startsWith(prefix) ? text.slice(prefix.length) : text,
  ),
  trimSuffix: onText('trimSuffix', (text, [suffix = ' ']) =>
    text.endsWith(suffix) ? text.slice(0, text.length - suffix.length) : text,
  ),
  upper: onText('upper', (text, _, budget) => mapPoints(text, (point) => point.toUpperCase(), budget)),
  lower: onText('lower', (text, _, budget) => mapPoints(text, lowerPoint, budget)),
  hasPrefix: onText('hasPrefix', (text, [prefix = '']) => text.startsWith(prefix)),
  hasSuffix: onText('hasSuffix', (text, [suffix = '']) => text.endsWith(suffix)),
  indexOf: onText('indexOf', (text, [part = '']) => BigInt(bytePosition(text, text.indexOf(part)))),
  lastIndexOf: onText('lastIndexOf', (text, [part = '']) => BigInt(bytePosition(text, text.lastIndexOf(part)))),
  split: ([text = null, separator = null, count], { budget }) => split('split', text, separator, count, budget),
  splitAfter: ([text = null, separator = null, count], { budget }) =>
    split('splitAfter', text, separator, count, budget),
  replace: ([text = null, from = null, to = null, count], { budget }) =>
    replaced(textOf('replace', text), textOf('replace', from), textOf('replace', to), count, budget),
  repeat([text = null, count = null], { budget }) {
    const [part, times] = [textOf('repeat', text), toInteger(count)];
    if (times < 0n) failEvaluation(`repeat() needs a count of 0 or more, not ${times}`);
    // A count too large for exact arithmetic is far above the limits anyway.
    budget.grow(byteLength(part) * Number(times) + (times > 1_000_000n ? 1_000_000 : 0));
    return part.repeat(Number(times));
  },
  join([list = null, glue = ''], { budget }) {
    const items = itemsOf(list);
    if (items === undefined) return failEvaluation(`join() needs a list, not ${typeName(list)}`);
    const [texts, between] = [items.map((item) => textOf('join', item)), textOf('join', glue)];
    budget.growText(texts.reduce((sum, text) => sum + text.length + between.length, 0));
    return texts.join(between);
  },
  toBase64: onText('toBase64', (text, _, budget) => {
    budget.growText(2 * text.length);
    return Buffer.from(encodeText(text)).toString('base64');
  }),
  fromBase64: onText('fromBase64', (text, _, budget) => {
    budget.growText(text.length);
    const plain = text.replaceAll(/[\r\n]/g, '');
    const isWhole = plain.length % 4 === 0 && /^[A-Za-z\d+/]*={0,2}$/.test(plain);
    return isWhole ? decodeText(Buffer.from(plain, 'base64')) : failEvaluation('fromBase64() was given no base64 text');
  }),
};

function textOf(name: string, value: Value): string {
  return typeof value === 'string' ? value : failEvaluation(`${name}() needs a text, not ${typeName(value)}`);
}

/** A function all parameters of which are texts. */
function onText(name: string, apply: (text: string, others: readonly string[], budget: Budget) => Value): Builtin {
  return ([first = null, ...others], { budget }) => {
    const text = textOf(name, first);
    budget.read(text);
    const result = apply(
      text,
      others.map((other) => textOf(name, other)),
      budget,
    );
    if (typeof result === 'string') budget.growText(result.length);
    return result;
  };
}

function trimmed(text: string, cut: string | undefined): string {
  const points = Array.from(text);
  const cuts = cut === undefined ? undefined : new Set(cut);
  const isCut = (point: string): boolean => (cuts === undefined ? /^\p{White_Space}$/u.test(point) : cuts.has(point));
  const start = points.findIndex((point) => !isCut(point));
  if (start === -1) return '';
  return points.slice(start, points.findLastIndex((point) => !isCut(point)) + 1).join('');
}

/**
 * Capital I with a dot has a lower case of one code point in Unicode's simple mapping, which JavaScript does not use.
 */
function lowerPoint(point: string): string {
  return point === '\u0130' ? 'i' : point.toLowerCase();
}

function split(name: string, value: Value, by: Value, count: Value | undefined, budget: Budget): Value {
  const [text, separator] = [textOf(name, value), textOf(name, by)];
  const most = count === undefined ? -1n : toInteger(count);
  if (most === 0n) return absentList;
  const parts = separator === '' ? Array.from(text) : text.split(separator);
  budget.grow(parts.length);
  budget.growText(text.length);
  const keep = name === 'splitAfter' ? separator : '';
  const head = most < 0n || BigInt(parts.length) <= most ? parts : parts.slice(0, Number(most) - 1);
  const pieces = head.map((part, index) => (index < parts.length - 1 ? part + keep : part));
  if (head.length < parts.length) pieces.push(parts.slice(head.length).join(separator));
  return new List('string', pieces);
}

function replaced(text: string, from: string, to: string, count: Value | undefined, budget: Budget): string {
  const most = count === undefined ? -1 : Number(toInteger(count));
  // An empty text is found before each code point and at the end.
  const parts = from === '' ? ['', ...Array.from(text), ''] : text.split(from);
  const times = parts.length - 1;
  const limit = most < 0 ? times : Math.min(most, times);
  budget.growText(text.length + limit * to.length);
  budget.step(parts.length);
  const gap = (index: number): string => (index < limit ? to : from);
  return parts.map((part, index) => (index < parts.length - 1 ? part + gap(index) : part)).join('');
}
