import type { PlainMap } from '../../../src/analysis/expression/value.ts';
import type { Random } from '../../../src/base/random.ts';

/** Makes texts that look like expressions, about half of which are some. The same stream gives the same texts. */
export function generateExpression(random: Random): string {
  const kind = pick(random, kinds);
  const text = make(random, kind, random.integer(0, 5), { predicates: 0, variables: 0 });
  return random.next() < 0.5 ? damaged(random, text) : text;
}

/** Data that the generated expressions ask for, good and bad. */
export const generatedData: readonly PlainMap[] = [
  { result: null },
  { result: 0.5 },
  { result: Number.NaN },
  { result: 'some text, with ünicode 😀' },
  { result: [3, 1, 2] },
  { result: [] },
  { result: { a: 1, b: 'x', list: [{ v: 1 }, { v: null }, {}], n: null, t: true, deep: { deep: { deep: {} } } } },
  { result: JSON.parse('{"__proto__": {"a": 1}, "constructor": 2, "toString": [1]}') as PlainMap },
];

const kinds = ['number', 'text', 'bool', 'list', 'map', 'any'] as const;
type Kind = (typeof kinds)[number];

/** What stands around a place: how many predicates, and how many variables are declared. */
interface Scope {
  readonly predicates: number;
  readonly variables: number;
}

type Inner = (kind: Kind, scope?: Scope) => string;

function pick<Item>(random: Random, items: readonly Item[]): Item {
  return items[random.integer(0, items.length - 1)]!;
}

function make(random: Random, kind: Kind, depth: number, scope: Scope): string {
  if (depth <= 0) return atom(random, kind, scope);
  const inner: Inner = (wanted, inside = scope) => make(random, wanted, depth - 1 - random.integer(0, 1), inside);
  const chance = random.next();
  if (chance < 0.08) return `(${inner('bool')} ? ${inner(kind)} : ${inner(kind)})`;
  if (chance < 0.11) return `(if ${inner('bool')} { ${inner(kind)} } else { ${inner(kind)} })`;
  if (chance < 0.15) {
    const declared = { ...scope, variables: scope.variables + 1 };
    return `(let x${scope.variables} = ${inner('any')}; ${inner(kind, declared)})`;
  }
  if (chance < 0.18) return `(${inner('any')} ?? ${inner(kind)})`;
  return pick(random, makers[kind])(inner, random, scope);
}

const properties = ['a', 'b', 'v', 'list', '__proto__', 'constructor', 'prototype', 'toString', 'length', 'not'];
const wild = ['1e308', '9223372036854775807', 'sum(1..100000)', 'len("a" | repeat(1000))'];

const literals: Readonly<Record<Kind, readonly string[]>> = {
  number: ['0', '1', '2.5', '1e3', '0x1f', '-1', '.5', '1_000', '0b101'],
  text: ['"a"', "'it'", '`raw`', '"\\u00e9"', '""', '"a,b"', '"1h"', '"2024-01-02"', '"(a|a)*b"'],
  bool: ['true', 'false'],
  list: ['[]', '[1, 2]', '["a", nil]', '1..3', '[[1], 2]', '[{v: 1}]'],
  map: ['{}', '{a: 1}', '{"b": {v: []}}', '{(string(1)): 2}'],
  any: ['nil', '1', '"a"', '[]', '{}', 'true'],
};

function atom(random: Random, kind: Kind, { predicates, variables }: Scope): string {
  const chance = random.next();
  if (chance < 0.25) return `result${pick(random, ['', '.', '?.'])}`.replace(/\.$/, `.${pick(random, properties)}`);
  if (chance < 0.5 && predicates > 0) return pick(random, ['#', '.v', '#.a', '#?.b']);
  if (chance < 0.6 && variables > 0) return `x${random.integer(0, variables - 1)}`;
  if (chance < 0.61 && kind === 'number') return pick(random, wild);
  return chance < 0.62 ? '$env' : pick(random, literals[kind]);
}

/** A call with a predicate of a kind. */
const walk =
  (names: string, kind: Kind) =>
  (inner: Inner, random: Random, scope: Scope): string => {
    const body = inner(kind, { ...scope, predicates: scope.predicates + 1 });
    return `${pick(random, names.split(' '))}(${inner('list')}, ${random.next() < 0.5 ? body : `{${body}}`})`;
  };

type Maker = (inner: Inner, random: Random, scope: Scope) => string;

const makers: Readonly<Record<Kind, readonly Maker[]>> = {
  number: [
    (inner, random) => `(${inner('number')} ${pick(random, ['+', '-', '*', '/', '**'])} ${inner('number')})`,
    (inner, random) => `${pick(random, ['len', 'count'])}(${inner('list')})`,
    (inner, random) => `${pick(random, ['abs', 'ceil', 'floor', 'round', 'int', 'float'])}(${inner('number')})`,
    (inner, random) => `${pick(random, ['max', 'min', 'mean', 'median'])}(${inner('list')}, ${inner('number')})`,
    (inner) => `indexOf(${inner('text')}, ${inner('text')})`,
    (inner) => `-(${inner('number')})`,
    (inner) => `reduce(${inner('list')}, 1, ${inner('number')})`,
    (inner) => `bitshl(int(${inner('number')}), int(${inner('number')}))`,
    walk('sum', 'number'),
    walk('count', 'bool'),
  ],
  text: [
    (inner) => `(${inner('text')} + ${inner('text')})`,
    (inner, random) => `${pick(random, ['upper', 'lower', 'trim', 'toBase64', 'fromBase64'])}(${inner('text')})`,
    (inner, random) => `${pick(random, ['string', 'type', 'toJSON'])}(${inner('any')})`,
    (inner) => `replace(${inner('text')}, ${inner('text')}, ${inner('text')})`,
    (inner) => `repeat(${inner('text')}, int(${inner('number')}))`,
    (inner) => `(${inner('text')})[int(${inner('number')}):]`,
    (inner) => `(${inner('text')} | trimPrefix("a") | upper())`,
    (inner) => `duration(${inner('text')}).String()`,
    (inner) => `date(${inner('text')}, ${inner('text')}).Format(${inner('text')})`,
    (inner) => `join(${inner('list')}, ${inner('text')})`,
  ],
  bool: [
    (inner, random) => `(${inner('number')} ${pick(random, ['<', '>', '<=', '>=', '==', '!='])} ${inner('number')})`,
    (inner, random) => `(${inner('bool')} ${pick(random, ['and', 'or', '&&', '||'])} ${inner('bool')})`,
    (inner, random) => `(${inner('text')} ${pick(random, ['contains', 'matches', 'not startsWith'])} ${inner('text')})`,
    (inner) => `(${inner('number')} < ${inner('number')} < ${inner('number')})`,
    (inner) => `(${inner('any')} == nil)`,
    (inner) => `not (${inner('bool')})`,
    (inner) => `(${inner('text')} in ${inner('map')})`,
    walk('all any none one', 'bool'),
  ],
  list: [
    (inner) => `[${inner('any')}, ${inner('any')}]`,
    (inner) => `(${inner('list')})[${inner('any')}:]`,
    (inner, random) => `${pick(random, ['reverse', 'uniq', 'flatten', 'concat'])}(${inner('list')})`,
    (inner, random) => `${pick(random, ['keys', 'values', 'toPairs'])}(${inner('map')})`,
    (inner) => `split(${inner('text')}, ${inner('text')})`,
    (inner) => `int(${inner('number')})..int(${inner('number')})`,
    walk('filter', 'bool'),
    walk('map sortBy', 'any'),
  ],
  map: [
    (inner, random) =>
      `{${pick(random, ['a', '"b"', '__proto__'])}: ${inner('any')}, (${inner('text')}): ${inner('any')}}`,
    (inner) => `fromPairs([[${inner('any')}, ${inner('any')}]])`,
    walk('groupBy', 'text'),
  ],
  any: [
    (inner, random) => `(${inner('map')})${pick(random, ['.', '?.'])}${pick(random, properties)}`,
    (inner) => `get(${inner('map')}, ${inner('text')})`,
    (inner) => `(${inner('list')})[0]`,
    (inner) => `fromJSON(${inner('text')})`,
    (inner) => `(${inner('any')}; ${inner('any')})`,
    (inner) => inner('number'),
    (inner) => inner('bool'),
    walk('find findLast', 'bool'),
  ],
};

const noise = [
  '(',
  ')',
  '[',
  '{',
  '}',
  '"',
  "'",
  '`',
  '\\',
  '#',
  '..',
  '?',
  ':',
  '/*',
  '//',
  '\n',
  '\u0000',
  '\ud800',
  '😀',
];

function damaged(random: Random, text: string): string {
  const at = random.integer(0, text.length);
  const rest = text.slice(at + random.integer(0, 3));
  return `${text.slice(0, at)}${random.next() < 0.7 ? pick(random, noise) : ''}${rest}`;
}
