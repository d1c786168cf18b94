import type { Json } from '../../api/object.ts';
import { fail, succeed, type Result } from '../../base/result.ts';

/** How deep lists and objects may stand in each other; everything that walks through a document relies on it. */
const nestingMax = 500;

/** Parses a JSON document. Fails with what is wrong with it. */
export function parseJsonDocument(text: string): Result<Json, string> {
  if (isTooDeep(text)) return fail(`the JSON is nested deeper than ${nestingMax} levels`);
  try {
    return succeed(JSON.parse(text) as Json);
  } catch {
    return fail('the answer is not JSON');
  }
}

/** The same value with the members of every object in the order of their names, as clients have come to expect them. */
export function sortMembers(value: Json): Json {
  if (typeof value !== 'object' || value === null) return value;
  if (Array.isArray(value)) return value.map((item: Json) => sortMembers(item));
  const entries = Object.entries(value).sort(([left], [right]) => (left < right ? -1 : 1));
  return Object.fromEntries(entries.map(([name, member]) => [name, sortMembers(member)]));
}

/** True when every number in the value is one that JSON can tell; `1e999` is not. */
export function isFiniteJson(value: Json): boolean {
  if (typeof value === 'number') return Number.isFinite(value);
  return (
    typeof value !== 'object' || value === null || Object.values(value).every((member: Json) => isFiniteJson(member))
  );
}

function isTooDeep(text: string): boolean {
  let depth = 0;
  let isQuoted = false;
  for (let at = 0; at < text.length; at += 1) {
    const sign = text.charCodeAt(at);
    if (isQuoted) {
      if (sign === backslash) at += 1;
      else if (sign === quote) isQuoted = false;
    } else if (sign === quote) isQuoted = true;
    else if (openings.has(sign)) {
      depth += 1;
      if (depth > nestingMax) return true;
    } else if (closings.has(sign)) depth -= 1;
  }
  return false;
}

const [quote, backslash] = ['"'.charCodeAt(0), '\\'.charCodeAt(0)];
const openings: ReadonlySet<number> = new Set(['['.charCodeAt(0), '{'.charCodeAt(0)]);
const closings: ReadonlySet<number> = new Set([']'.charCodeAt(0), '}'.charCodeAt(0)]);
