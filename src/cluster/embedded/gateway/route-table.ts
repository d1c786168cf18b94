import { parseDuration } from '../../../base/duration.ts';
import { fail, succeed, type Result } from '../../../base/result.ts';
import { backendTarget, type BackendTarget } from './backend.ts';
import type { HttpRoute, HttpRouteRule } from './http-route.ts';
import { compileFilters, type RuleFilters } from './request-filter.ts';
import { compileMatch, type RequestMatch, type RoutedRequest } from './request-match.ts';

/** One rule of a route, compiled. */
export interface RouteRule {
  /** Stays the same as long as the rule keeps its place in its route: `uid/index`. */
  readonly key: string;
  readonly namespace: string;
  readonly route: string;
  readonly index: number;
  readonly filters: RuleFilters;
  readonly backends: readonly RuleBackend[];
  /** Longest time until the whole answer is there, in milliseconds; undefined means no limit. */
  readonly requestTimeoutMs: number | undefined;
}

export interface RuleBackend {
  readonly target: BackendTarget;
  readonly weight: number;
  readonly filters: RuleFilters;
}

/** A rule that was found, and the path prefix by which it matched. */
export interface FoundRule {
  readonly rule: RouteRule;
  readonly pathPrefix: string;
}

/** One route, compiled alone, with what could not be used of it. */
export interface CompiledRoute {
  readonly route: HttpRoute;
  readonly entries: readonly RouteEntry[];
  /** One message per rule that was dropped. */
  readonly problems: readonly string[];
  readonly ruleCount: number;
}

interface RouteEntry {
  readonly hostname: string | undefined;
  readonly match: RequestMatch;
  readonly rule: RouteRule;
}

/** Compiles one route. A rule that cannot be used is dropped; the others stay. */
export function compileRoute(route: HttpRoute): CompiledRoute {
  const rules = route.spec?.rules ?? [{}];
  const entries: RouteEntry[] = [];
  const problems: string[] = [];
  for (const [index, rule] of rules.entries()) {
    const compiled = compileRule(route, rule, index);
    if (compiled.ok) entries.push(...compiled.value);
    else problems.push(compiled.error);
  }
  return { route, entries, problems, ruleCount: rules.length };
}

/**
 * Orders compiled routes by the precedence of the Gateway API: the most specific host name, then exact path, longest
 * prefix, method, most header matches, most query matches, then the oldest route, its name, and the order of rules.
 * Answers with the function that finds the rule of a request.
 */
export function routeTable(routes: readonly CompiledRoute[]): (request: RoutedRequest) => FoundRule | undefined {
  const ordered = [...routes].sort((left, right) => compareAge(left.route, right.route));
  // The sort is stable: routes by age, and rules by their order, stay behind all other criteria.
  const entries = ordered.flatMap((route) => route.entries).sort(compareEntries);
  return (request) => {
    for (const { hostname, match, rule } of entries) {
      if (matchesHost(hostname, request.host) && match.matches(request)) return { rule, pathPrefix: match.pathPrefix };
    }
    return undefined;
  };
}

function compileRule(route: HttpRoute, rule: HttpRouteRule, index: number): Result<readonly RouteEntry[], string> {
  const { namespace = '', name, uid = '' } = route.metadata;
  const field = `spec.rules[${index}]`;
  const filters = compileFilters(rule.filters ?? [], namespace, `${field}.filters`);
  if (!filters.ok) return filters;
  const backends = compileBackends(rule, namespace, field);
  if (!backends.ok) return backends;
  const timeout = compileTimeout(rule.timeouts?.request, `${field}.timeouts.request`);
  if (!timeout.ok) return timeout;
  const compiled: RouteRule = {
    key: `${uid}/${index}`,
    namespace,
    route: name,
    index,
    filters: filters.value,
    backends: backends.value,
    requestTimeoutMs: timeout.value,
  };
  return compileEntries(route, rule, compiled, field);
}

function compileEntries(
  route: HttpRoute,
  { matches = [] }: HttpRouteRule,
  rule: RouteRule,
  field: string,
): Result<readonly RouteEntry[], string> {
  const entries: RouteEntry[] = [];
  for (const [index, match] of (matches.length === 0 ? [{}] : matches).entries()) {
    const compiled = compileMatch(match, `${field}.matches[${index}]`);
    if (!compiled.ok) return compiled;
    for (const hostname of hostnamesOf(route)) entries.push({ hostname, match: compiled.value, rule });
  }
  return succeed(entries);
}

function compileBackends(rule: HttpRouteRule, namespace: string, field: string): Result<RuleBackend[], string> {
  const backends: RuleBackend[] = [];
  for (const [index, reference] of (rule.backendRefs ?? []).entries()) {
    const { weight = 1 } = reference;
    if (!Number.isInteger(weight) || weight < 0 || weight > weightMax) {
      return fail(`${field}.backendRefs[${index}].weight: ${weight} is not a whole number from 0 to ${weightMax}`);
    }
    const filters = compileFilters(reference.filters ?? [], namespace, `${field}.backendRefs[${index}].filters`);
    if (!filters.ok) return filters;
    backends.push({ target: backendTarget(reference, namespace), weight, filters: filters.value });
  }
  return succeed(backends);
}

/** The largest weight that the Gateway API allows. */
const weightMax = 1_000_000;

/** Zero switches the limit off, as in the Gateway API. */
function compileTimeout(timeout: string | undefined, field: string): Result<number | undefined, string> {
  if (timeout === undefined) return succeed(undefined);
  const parsed = parseDuration(timeout);
  if (!parsed.ok) return fail(`${field}: ${parsed.error}`);
  return succeed(parsed.value > 0 ? parsed.value : undefined);
}

function hostnamesOf(route: HttpRoute): readonly (string | undefined)[] {
  const hostnames = route.spec?.hostnames ?? [];
  return hostnames.length === 0 ? [undefined] : hostnames.map((hostname) => hostname.toLowerCase());
}

/** `*.example.com` stands for one or more labels in front of `example.com`. */
function matchesHost(hostname: string | undefined, host: string): boolean {
  if (hostname === undefined) return true;
  if (!hostname.startsWith('*.')) return hostname === host;
  return host.length > hostname.length - 1 && host.endsWith(hostname.slice(1));
}

function compareEntries(left: RouteEntry, right: RouteEntry): number {
  const leftRank = [...hostRank(left.hostname), ...left.match.rank];
  const rightRank = [...hostRank(right.hostname), ...right.match.rank];
  for (const [index, value] of leftRank.entries()) {
    const difference = (rightRank[index] ?? 0) - value;
    if (difference !== 0) return difference;
  }
  return 0;
}

function hostRank(hostname: string | undefined): readonly [kind: number, length: number] {
  if (hostname === undefined) return [0, 0];
  return hostname.startsWith('*.') ? [1, hostname.length] : [2, hostname.length];
}

function compareAge(left: HttpRoute, right: HttpRoute): number {
  const difference = compareText(left.metadata.creationTimestamp ?? '', right.metadata.creationTimestamp ?? '');
  if (difference !== 0) return difference;
  return compareText(
    `${left.metadata.namespace ?? ''}/${left.metadata.name}`,
    `${right.metadata.namespace ?? ''}/${right.metadata.name}`,
  );
}

function compareText(left: string, right: string): number {
  if (left === right) return 0;
  return left < right ? -1 : 1;
}
