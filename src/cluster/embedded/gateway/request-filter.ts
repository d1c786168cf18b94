import { fail, succeed, type Result } from '../../../base/result.ts';
import { backendTarget, type BackendTarget } from './backend.ts';
import type {
  HeaderModifier,
  HttpRouteFilter,
  PathModifier,
  RequestMirror,
  RequestRedirect,
  UrlRewrite,
} from './http-route.ts';

/** The filters of a rule, compiled. */
export interface RuleFilters {
  readonly requestHeaders: readonly HeaderModifier[];
  readonly responseHeaders: readonly HeaderModifier[];
  readonly redirect: RequestRedirect | undefined;
  readonly rewrite: UrlRewrite | undefined;
  readonly mirrors: readonly Mirror[];
}

/** A copy of `numerator` out of `denominator` requests goes to the target; its answers are thrown away. */
export interface Mirror {
  readonly target: BackendTarget;
  readonly numerator: number;
  readonly denominator: number;
}

/** One header as it is sent. */
export type HeaderPair = readonly [name: string, value: string];

/** Compiles filters. Fails with the field and the value that the local gateway cannot do. */
export function compileFilters(
  filters: readonly HttpRouteFilter[],
  namespace: string,
  field: string,
): Result<RuleFilters, string> {
  const mirrors: Mirror[] = [];
  for (const [index, filter] of filters.entries()) {
    if (!knownFilters.has(filter.type)) {
      return fail(`${field}[${index}].type: "${filter.type}" is not one of ${[...knownFilters].join(', ')}`);
    }
    if (filter.requestMirror === undefined) continue;
    const mirror = mirrorOf(filter.requestMirror, namespace);
    if (!isShare(mirror)) {
      const share = `${mirror.numerator}/${mirror.denominator}`;
      return fail(`${field}[${index}].requestMirror: ${share} is not a part of the requests, from 0 to all of them`);
    }
    mirrors.push(mirror);
  }
  return succeed({
    requestHeaders: filters.flatMap((filter) => filter.requestHeaderModifier ?? []),
    responseHeaders: filters.flatMap((filter) => filter.responseHeaderModifier ?? []),
    redirect: filters.find((filter) => filter.requestRedirect !== undefined)?.requestRedirect,
    rewrite: filters.find((filter) => filter.urlRewrite !== undefined)?.urlRewrite,
    mirrors,
  });
}

const knownFilters: ReadonlySet<string> = new Set([
  'RequestHeaderModifier',
  'ResponseHeaderModifier',
  'RequestRedirect',
  'URLRewrite',
  'RequestMirror',
]);

function mirrorOf({ backendRef, percent, fraction }: RequestMirror, namespace: string): Mirror {
  const target = backendTarget(backendRef, namespace);
  if (fraction !== undefined) {
    return { target, numerator: fraction.numerator, denominator: fraction.denominator ?? 100 };
  }
  return { target, numerator: percent ?? 100, denominator: 100 };
}

function isShare({ numerator, denominator }: Mirror): boolean {
  const areWhole = Number.isInteger(numerator) && Number.isInteger(denominator);
  return areWhole && numerator >= 0 && denominator > 0 && numerator <= denominator;
}

/** Applies header modifiers in their order: set replaces, add appends, remove deletes. Names ignore case. */
export function modifyHeaders(
  headers: readonly HeaderPair[],
  modifiers: readonly HeaderModifier[],
): readonly HeaderPair[] {
  let modified = headers;
  for (const { set = [], add = [], remove = [] } of modifiers) {
    const gone = new Set([...set.map(({ name }) => name), ...remove].map((name) => name.toLowerCase()));
    modified = [
      ...modified.filter(([name]) => !gone.has(name.toLowerCase())),
      ...set.map(({ name, value }): HeaderPair => [name, value]),
      ...add.map(({ name, value }): HeaderPair => [name, value]),
    ];
  }
  return modified;
}

/** The path (with its query) after a path modifier. `prefix` is what the rule matched. */
export function modifyPath(pathAndQuery: string, modifier: PathModifier | undefined, prefix: string): string {
  if (modifier === undefined) return pathAndQuery;
  const queryAt = pathAndQuery.indexOf('?');
  const [path, query] =
    queryAt < 0 ? [pathAndQuery, ''] : [pathAndQuery.slice(0, queryAt), pathAndQuery.slice(queryAt)];
  if (modifier.type === 'ReplaceFullPath') return `${modifier.replaceFullPath ?? '/'}${query}`;
  const rest = prefix === '/' ? path : path.slice(prefix.length);
  const joined = `${(modifier.replacePrefixMatch ?? '').replace(/\/+$/, '')}${rest}`;
  return `${joined.startsWith('/') ? joined : `/${joined}`}${query}`;
}

/** Where a redirect sends the client. `host` is the request's Host header, `port` the port it came in on. */
export function redirectLocation(
  redirect: RequestRedirect,
  request: { readonly host: string; readonly port: number; readonly pathAndQuery: string; readonly prefix: string },
): string {
  const scheme = redirect.scheme ?? 'http';
  // A scheme that is named brings its own well-known port; otherwise the port stays the one of the listener.
  const port = redirect.port ?? (redirect.scheme === undefined ? request.port : wellKnownPort(scheme));
  const authority = `${redirect.hostname ?? request.host}${port === wellKnownPort(scheme) ? '' : `:${port}`}`;
  return `${scheme}://${authority}${modifyPath(request.pathAndQuery, redirect.path, request.prefix)}`;
}

function wellKnownPort(scheme: string): number {
  return scheme === 'https' ? 443 : 80;
}
