import type { HeaderMatch, RouteMatch, StringMatch } from '../../api/canary-step.ts';
import { listOf, recordOf, textOf, type JsonRecord } from '../../api/json-access.ts';
import { fail, succeed, type Result } from '../../base/result.ts';

/** An entry of `matches` in an HTTPRoute or a GRPCRoute. */
type GatewayMatch = JsonRecord;

/** The headers of a header route as one match: a request must have all of them. */
export function headerRouteMatch(headers: readonly HeaderMatch[]): Result<GatewayMatch, string> {
  const matches = headers.map(({ headerName, headerValue }) => headerMatch(headerName, headerValue));
  const wrong = matches.find((match) => !match.ok);
  if (wrong?.ok === false) return wrong;
  return succeed({ headers: matches.flatMap((match) => (match.ok ? [match.value] : [])) });
}

/**
 * A condition of a mirror route as a match. A gRPC call has no method and path of HTTP that would be worth matching.
 */
export function mirrorRouteMatch(
  { method, path, headers = {} }: RouteMatch,
  protocol: 'http' | 'grpc',
): Result<GatewayMatch, string> {
  const headerMatches = headerRouteMatch(
    Object.entries(headers).map(([headerName, headerValue]) => ({ headerName, headerValue })),
  );
  if (!headerMatches.ok || (method === undefined && path === undefined)) return headerMatches;
  if (protocol === 'grpc') return fail('a gRPC route can be mirrored by headers only; leave out method and path');
  const pathMatch = path === undefined ? succeed({}) : pathField(path);
  if (!pathMatch.ok) return pathMatch;
  const methodMatch = method === undefined ? succeed({}) : methodField(method);
  if (!methodMatch.ok) return methodMatch;
  return succeed({ ...headerMatches.value, ...pathMatch.value, ...methodMatch.value });
}

/**
 * A match that holds where both hold; undefined when no request can fulfil both. The first is an entry of the user's
 * rule, the second comes from `headerRouteMatch` or `mirrorRouteMatch`. Fails when the Gateway API has no words for it.
 */
export function combineMatches(base: GatewayMatch, extra: GatewayMatch): Result<GatewayMatch | undefined, string> {
  const headers = combineHeaders(listOf(base['headers']).map(recordOf), listOf(extra['headers']).map(recordOf));
  if (!headers.ok) return headers;
  if (headers.value === undefined) return succeed(undefined);
  const path = combinePaths(base['path'], extra['path']);
  if (!path.ok || path.value === undefined) return path;
  const [baseMethod, extraMethod] = [base['method'], extra['method']];
  if (baseMethod !== undefined && extraMethod !== undefined && baseMethod !== extraMethod) return succeed(undefined);
  return succeed({
    ...base,
    ...path.value,
    ...(extraMethod === undefined ? {} : { method: extraMethod }),
    ...(headers.value.length === 0 ? {} : { headers: headers.value }),
  });
}

const methods = ['GET', 'HEAD', 'POST', 'PUT', 'DELETE', 'CONNECT', 'OPTIONS', 'TRACE', 'PATCH'];

function methodField({ exact = '' }: StringMatch): Result<JsonRecord, string> {
  return methods.includes(exact)
    ? succeed({ method: exact })
    : fail(`method must be given as exact and be one of ${methods.join(', ')}`);
}

function pathField({ exact = '', prefix = '', regex = '' }: StringMatch): Result<JsonRecord, string> {
  if (exact.startsWith('/')) return succeed({ path: { type: 'Exact', value: exact } });
  if (exact === '' && prefix.startsWith('/')) return succeed({ path: { type: 'PathPrefix', value: prefix } });
  if (exact === '' && prefix === '' && regex !== '') {
    return succeed({ path: { type: 'RegularExpression', value: regex } });
  }
  return fail(`path "${exact}${prefix}" must begin with "/"`);
}

/** The Gateway API knows no prefix of a header: it becomes a regular expression, which gateways match as a whole. */
function headerMatch(name: string, value: StringMatch | undefined): Result<JsonRecord, string> {
  const { exact = '', prefix = '', regex = '' } = value ?? {};
  if (exact !== '') return succeed({ type: 'Exact', name, value: exact });
  if (prefix !== '') return succeed({ type: 'RegularExpression', name, value: `^${escapePattern(prefix)}.*$` });
  if (regex !== '') return succeed({ type: 'RegularExpression', name, value: regex });
  return fail(`header "${name}" needs one of exact, prefix, regex`);
}

function escapePattern(text: string): string {
  return text.replace(/[\\^$.|?*+()[\]{}]/gu, String.raw`\$&`);
}

function combineHeaders(
  base: readonly JsonRecord[],
  extra: readonly JsonRecord[],
): Result<readonly JsonRecord[] | undefined, string> {
  const combined = [...base];
  for (const header of extra) {
    const name = textOf(header['name']);
    const known = combined.find((other) => textOf(other['name']).toLowerCase() === name.toLowerCase());
    if (known === undefined) combined.push(header);
    else if (typeOf(known) !== typeOf(header)) return fail(`header "${name}" is matched in the rule already`);
    else if (known['value'] !== header['value']) {
      // Two different texts exclude each other; two patterns may overlap, and a name is looked at only once.
      return typeOf(header) === 'Exact' ? succeed(undefined) : fail(`header "${name}" is matched in the rule already`);
    }
  }
  return succeed(combined);
}

function typeOf({ type = 'Exact' }: JsonRecord): unknown {
  return type;
}

function combinePaths(base: unknown, extra: unknown): Result<JsonRecord | undefined, string> {
  if (extra === undefined) return succeed({});
  if (base === undefined) return succeed({ path: extra });
  const [left, right] = [pathOf(base), pathOf(extra)];
  if (left.type === right.type && left.value === right.value) return succeed({});
  if (isEverything(left)) return succeed({ path: extra });
  if (isEverything(right)) return succeed({});
  if (left.type === 'RegularExpression' || right.type === 'RegularExpression') {
    return fail(`path "${right.value}" cannot be combined with "${left.value}" of the rule; one is a pattern`);
  }
  if (contains(left, right)) return succeed({ path: extra });
  return succeed(contains(right, left) ? {} : undefined);
}

interface PathValue {
  readonly type: string;
  /** Without slashes at the end of a prefix: they have no meaning. */
  readonly value: string;
}

function pathOf(path: unknown): PathValue {
  const { type = 'PathPrefix', value = '/' } = recordOf(path);
  const text = textOf(value);
  return { type: textOf(type), value: type === 'PathPrefix' ? text.replace(/\/+$/u, '') : text };
}

function isEverything({ type, value }: PathValue): boolean {
  return type === 'PathPrefix' && value === '';
}

/** A prefix is made of whole path elements. */
function contains(outer: PathValue, inner: PathValue): boolean {
  return outer.type === 'PathPrefix' && (inner.value === outer.value || inner.value.startsWith(`${outer.value}/`));
}
