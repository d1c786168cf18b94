import { fail, succeed, type Result } from '../base/result.ts';
import { checkedTerm, selectorOf, type Selector, type SelectorTerm } from './selector.ts';

const termTextMax = 10_000;

const setTerm = /^([^\s=!<>(),]+)\s+(in|notin)\s*\(([^()]*)\)$/;
const valueTerm = /^([^\s=!<>(),]+)\s*(==|=|!=|>|<)\s*([^\s=!<>(),]*)$/;
const presenceTerm = /^(!?)\s*([^\s=!<>(),]+)$/;

const valueOperators: ReadonlyMap<string, SelectorTerm['operator']> = new Map([
  ['=', 'equals'],
  ['==', 'equals'],
  ['!=', 'notEquals'],
  ['>', 'greater'],
  ['<', 'less'],
]);

/**
 * Parses the text form of a label selector, e.g. `app=web,tier in (a, b),!legacy,generation>3`. Empty text matches
 * everything. The failure names the term and what would be right.
 */
export function parseSelector(text: string): Result<Selector, string> {
  if (text.length > termTextMax) return fail(`the selector is longer than ${termTextMax} characters`);
  if (text.trim() === '') return succeed(selectorOf([]));
  const terms: SelectorTerm[] = [];
  for (const part of splitTerms(text)) {
    const term = parseTerm(part.trim());
    if (!term.ok) return term;
    terms.push(term.value);
  }
  return succeed(selectorOf(terms));
}

/** Splits at commas outside parentheses. */
function splitTerms(text: string): readonly string[] {
  const parts: string[] = [];
  let depth = 0;
  let start = 0;
  for (let index = 0; index < text.length; index += 1) {
    if (text[index] === '(') depth += 1;
    if (text[index] === ')') depth -= 1;
    if (text[index] === ',' && depth === 0) {
      parts.push(text.slice(start, index));
      start = index + 1;
    }
  }
  return [...parts, text.slice(start)];
}

function parseTerm(part: string): Result<SelectorTerm, string> {
  return (
    parseSetTerm(part) ??
    parseValueTerm(part) ??
    parsePresenceTerm(part) ??
    fail(
      `"${part}" is not a selector term; write key=value, key!=value, "key in (a,b)", "key notin (a,b)", key or !key`,
    )
  );
}

function parseSetTerm(part: string): Result<SelectorTerm, string> | undefined {
  const match = setTerm.exec(part);
  if (match === null) return undefined;
  const [, key = '', operator, values = ''] = match;
  const distinct = new Set(values.split(',').map((value) => value.trim()));
  return checkedTerm(key, operator === 'in' ? 'in' : 'notIn', [...distinct]);
}

function parseValueTerm(part: string): Result<SelectorTerm, string> | undefined {
  const match = valueTerm.exec(part);
  if (match === null) return undefined;
  const [, key = '', operator = '', value = ''] = match;
  return checkedTerm(key, valueOperators.get(operator) ?? 'equals', [value]);
}

function parsePresenceTerm(part: string): Result<SelectorTerm, string> | undefined {
  const match = presenceTerm.exec(part);
  if (match === null) return undefined;
  const [, not, key = ''] = match;
  return checkedTerm(key, not === '!' ? 'absent' : 'exists', []);
}
