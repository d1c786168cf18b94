import type { BinaryOperator, UnaryNode } from './syntax.ts';

/** Operators with two operands by their spelling; the higher precedence binds tighter. `|` is a call. */
export const binaryOperators: ReadonlyMap<
  string,
  { readonly operator: BinaryOperator | '|'; readonly precedence: number; readonly isRightAssociative?: boolean }
> = new Map([
  ['|', { operator: '|', precedence: 0 }],
  ['or', { operator: 'or', precedence: 10 }],
  ['||', { operator: 'or', precedence: 10 }],
  ['and', { operator: 'and', precedence: 15 }],
  ['&&', { operator: 'and', precedence: 15 }],
  ['==', { operator: '==', precedence: 20 }],
  ['!=', { operator: '!=', precedence: 20 }],
  ['<', { operator: '<', precedence: 20 }],
  ['>', { operator: '>', precedence: 20 }],
  ['>=', { operator: '>=', precedence: 20 }],
  ['<=', { operator: '<=', precedence: 20 }],
  ['in', { operator: 'in', precedence: 20 }],
  ['matches', { operator: 'matches', precedence: 20 }],
  ['contains', { operator: 'contains', precedence: 20 }],
  ['startsWith', { operator: 'startsWith', precedence: 20 }],
  ['endsWith', { operator: 'endsWith', precedence: 20 }],
  ['..', { operator: '..', precedence: 25 }],
  ['+', { operator: '+', precedence: 30 }],
  ['-', { operator: '-', precedence: 30 }],
  ['*', { operator: '*', precedence: 60 }],
  ['/', { operator: '/', precedence: 60 }],
  ['%', { operator: '%', precedence: 60 }],
  ['**', { operator: '**', precedence: 100, isRightAssociative: true }],
  ['^', { operator: '**', precedence: 100, isRightAssociative: true }],
  ['??', { operator: '??', precedence: 500 }],
]);

/** Operators before an operand by their spelling. */
export const unaryPrecedence: ReadonlyMap<
  string,
  { readonly operator: UnaryNode['operator']; readonly precedence: number }
> = new Map([
  ['not', { operator: 'not', precedence: 50 }],
  ['!', { operator: 'not', precedence: 50 }],
  ['-', { operator: '-', precedence: 90 }],
  ['+', { operator: '+', precedence: 90 }],
]);

/** Operators that `not` can stand before, as in `x not in y`. */
export const negatable: ReadonlySet<string> = new Set(['in', 'matches', 'contains', 'startsWith', 'endsWith']);

/** True for the operators that can be chained as in `1 < x < 5`. */
export function isComparison(operator: string): boolean {
  return operator === '<' || operator === '>' || operator === '<=' || operator === '>=';
}

const oneValue = ['value', 'predicate'] as const;

/** Functions that evaluate an expression per element, and their parameters; a `?` marks one that may be left out. */
export const predicateShapes: ReadonlyMap<string, readonly string[]> = new Map<string, readonly string[]>([
  ['all', oneValue],
  ['none', oneValue],
  ['any', oneValue],
  ['one', oneValue],
  ['filter', oneValue],
  ['map', oneValue],
  ['find', oneValue],
  ['findIndex', oneValue],
  ['findLast', oneValue],
  ['findLastIndex', oneValue],
  ['groupBy', oneValue],
  ['count', ['value', 'predicate?']],
  ['sum', ['value', 'predicate?']],
  ['sortBy', ['value', 'predicate', 'value?']],
  ['reduce', ['value', 'predicate', 'value?']],
]);

const plainBuiltins = `len type abs ceil floor round int float string trim trimPrefix trimSuffix upper lower split
  splitAfter replace repeat join indexOf lastIndexOf hasPrefix hasSuffix max min mean median toJSON fromJSON toBase64
  fromBase64 now duration date timezone first last get take keys values toPairs fromPairs reverse uniq concat flatten
  sort bitand bitor bitxor bitnand bitshl bitshr bitushr bitnot`;

/** Names of all functions of the language. */
export const builtinNames: ReadonlySet<string> = new Set([...predicateShapes.keys(), ...plainBuiltins.split(/\s+/)]);
