import { RE2JS, RE2JSException } from 're2js';

import { fail, succeed, type Result } from '../../../base/result.ts';
import type { HttpRouteMatch, ValueMatch } from './http-route.ts';

/** What routing looks at. Header names are lower case; a repeated header is joined with `, `. */
export interface RoutedRequest {
  /** Host without port, lower case. */
  readonly host: string;
  readonly method: string;
  /** Path without query, as it was sent. */
  readonly path: string;
  readonly query: URLSearchParams;
  readonly headers: Readonly<Record<string, string | readonly string[] | undefined>>;
}

/** One entry of `matches`, compiled. */
export interface RequestMatch {
  readonly matches: (request: RoutedRequest) => boolean;
  /** The path prefix that matched, for filters that replace it. */
  readonly pathPrefix: string;
  /** Larger wins, compared from left to right: kind of path match, its length, method, header count, query count. */
  readonly rank: readonly number[];
}

type Test = (request: RoutedRequest) => boolean;

/** Compiles one match. Fails with the field and the value that cannot be used. */
export function compileMatch(match: HttpRouteMatch, field: string): Result<RequestMatch, string> {
  const path = compilePath(match.path ?? {}, `${field}.path`);
  if (!path.ok) return path;
  const headers = compileValues(match.headers ?? [], `${field}.headers`, (name) => name.toLowerCase(), headerValue);
  if (!headers.ok) return headers;
  const query = compileValues(match.queryParams ?? [], `${field}.queryParams`, (name) => name, queryValue);
  if (!query.ok) return query;
  const { method } = match;
  const tests = [path.value.test, ...headers.value, ...query.value];
  if (method !== undefined) tests.push((request) => request.method === method);
  return succeed({
    matches: (request) => tests.every((test) => test(request)),
    pathPrefix: path.value.prefix,
    rank: [
      path.value.kindRank,
      path.value.length,
      method === undefined ? 0 : 1,
      headers.value.length,
      query.value.length,
    ],
  });
}

interface PathMatch {
  readonly test: Test;
  readonly prefix: string;
  readonly length: number;
  /** Exact before regular expression before prefix. */
  readonly kindRank: number;
}

function compilePath(path: NonNullable<HttpRouteMatch['path']>, field: string): Result<PathMatch, string> {
  const { type = 'PathPrefix', value = '/' } = path;
  if (type === 'RegularExpression') {
    const pattern = compilePattern(value, `${field}.value`);
    if (!pattern.ok) return pattern;
    return succeed({
      test: (request) => pattern.value.matches(request.path),
      prefix: '/',
      length: value.length,
      kindRank: 2,
    });
  }
  if (!value.startsWith('/')) return fail(`${field}.value: "${value}" must start with "/"`);
  const { length } = value;
  if (type === 'Exact') return succeed({ test: (request) => request.path === value, prefix: '/', length, kindRank: 3 });
  if (type !== 'PathPrefix') {
    return fail(`${field}.type: "${type}" is not one of Exact, PathPrefix, RegularExpression`);
  }
  // A prefix is made of whole path elements; a slash at its end has no meaning.
  const prefix = value.replace(/\/+$/, '');
  const test: Test = ({ path: sent }) => sent === prefix || sent.startsWith(`${prefix}/`) || prefix === '';
  return succeed({ test, prefix: prefix === '' ? '/' : prefix, length: prefix.length, kindRank: 1 });
}

function compileValues(
  matches: readonly ValueMatch[],
  field: string,
  normalName: (name: string) => string,
  valueOf: (request: RoutedRequest, name: string) => string | undefined,
): Result<readonly Test[], string> {
  const tests = new Map<string, Test>();
  for (const [index, { type = 'Exact', name, value }] of matches.entries()) {
    const key = normalName(name);
    // Of several entries with one name only the first counts.
    if (tests.has(key)) continue;
    if (type === 'Exact') tests.set(key, (request) => valueOf(request, key) === value);
    else if (type === 'RegularExpression') {
      const pattern = compilePattern(value, `${field}[${index}].value`);
      if (!pattern.ok) return pattern;
      tests.set(key, (request) => {
        const sent = valueOf(request, key);
        return sent !== undefined && pattern.value.matches(sent);
      });
    } else return fail(`${field}[${index}].type: "${type}" is not one of Exact, RegularExpression`);
  }
  return succeed([...tests.values()]);
}

/** RE2 syntax, so that no pattern can take more than linear time. The whole value must match. */
function compilePattern(pattern: string, field: string): Result<RE2JS, string> {
  try {
    return succeed(RE2JS.compile(pattern));
  } catch (error) {
    if (!(error instanceof RE2JSException)) throw error;
    return fail(`${field}: "${pattern}" is not a regular expression of RE2 syntax: ${error.message}`);
  }
}

function headerValue(request: RoutedRequest, name: string): string | undefined {
  const value = request.headers[name];
  return value === undefined || typeof value === 'string' ? value : value.join(', ');
}

function queryValue(request: RoutedRequest, name: string): string | undefined {
  return request.query.get(name) ?? undefined;
}
