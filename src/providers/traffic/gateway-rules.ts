import { listOf, recordOf, textOf, type JsonRecord } from '../../api/json-access.ts';
import { equalJson } from '../../api/merge-diff.ts';
import type { HeaderRoute, MirrorRoute, TrafficPlan } from '../../api/traffic.ts';
import { fail, succeed, type Result } from '../../base/result.ts';
import type { RouterProblem, RouterSubject } from './contract.ts';
import { withMark } from './gateway-marker.ts';
import { combineMatches, headerRouteMatch, mirrorRouteMatch } from './gateway-match.ts';
import { serviceOf, type GatewayRoute, type GatewayRule } from './gateway-route.ts';
import type { PlanShares } from './plan-shares.ts';

/** The rules of a route as the plan wants them: managed routes first, then the user's rules in their order. */
export function plannedRules(
  route: GatewayRoute,
  subject: RouterSubject,
  plan: TrafficPlan,
  shares: PlanShares,
): Result<readonly JsonRecord[], RouterProblem> {
  const present = weightedRules(route, subject, plan, shares);
  if (!present.ok) return present;
  const own = present.value.filter(({ managedRoute }) => managedRoute === undefined);
  const splitting = own.filter(({ splits }) => splits).map(({ raw }) => raw);
  const added: ManagedRule[] = [];
  for (const wanted of route.useHeaderRoutes ? managedRoutes(plan) : []) {
    const rules = managedRules(route, splitting, wanted, subject, plan.weightMax);
    if (!rules.ok) return rules;
    added.push(...rules.value.map((raw) => ({ name: wanted.name, raw })));
  }
  const kept = present.value.flatMap(({ managedRoute: name, raw }) => (name === undefined ? [] : [{ name, raw }]));
  const rank = ({ name }: ManagedRule): number => plan.managedRoutes.indexOf(name);
  const managed = [...added, ...kept].toSorted((left, right) => rank(left) - rank(right)).map(({ raw }) => raw);
  const rules = [...managed, ...own.map(({ raw }) => raw)];
  const problem = added.length === 0 ? undefined : limitProblem(managed, rules);
  return problem === undefined ? succeed(rules) : fail({ subject: `${route.subject} spec.rules`, message: problem });
}

interface ManagedRule {
  readonly name: string;
  readonly raw: JsonRecord;
}

/** The rules that stay, with the plan's weights. */
function weightedRules(
  route: GatewayRoute,
  subject: RouterSubject,
  plan: TrafficPlan,
  shares: PlanShares,
): Result<readonly GatewayRule[], RouterProblem> {
  const rules: GatewayRule[] = [];
  for (const rule of route.rules) {
    const { managedRoute } = rule;
    if (managedRoute !== undefined && plan.keep?.routes?.includes(managedRoute) !== true) continue;
    const isSet = rule.splits && !shares.keepsWeights;
    const raw = isSet ? withWeights(route, rule, subject, shares) : succeed(rule.raw);
    if (!raw.ok) return raw;
    rules.push({ ...rule, raw: raw.value });
  }
  return succeed(rules);
}

type ManagedRoute = ({ readonly kind: 'header' } & HeaderRoute) | ({ readonly kind: 'mirror' } & MirrorRoute);

function managedRoutes({ headerRoutes, mirrorRoutes }: TrafficPlan): readonly ManagedRoute[] {
  return [
    ...headerRoutes.map((route): ManagedRoute => ({ kind: 'header', ...route })),
    ...mirrorRoutes.map((route): ManagedRoute => ({ kind: 'mirror', ...route })),
  ];
}

/**
 * Sets the weights of both sides in a rule, and adds and removes the Services of experiments. A side that stands there
 * more than once gets its weight at the first place and 0 at the others. Other backends are left as they are.
 */
function withWeights(
  route: GatewayRoute,
  rule: GatewayRule,
  subject: RouterSubject,
  { stable, canary, additional }: PlanShares,
): Result<JsonRecord, RouterProblem> {
  const open = new Map([
    [subject.stableService, stable.weight],
    [subject.canaryService, canary.weight],
    ...additional.map(({ service, weight }) => [service, weight] as const),
  ]);
  const sides = new Set([subject.stableService, subject.canaryService]);
  const backendRefs: JsonRecord[] = [];
  for (const backend of rule.backends) {
    const service = serviceOf(backend, route.scope);
    if (service === undefined) backendRefs.push(backend);
    else if (sides.has(service)) {
      backendRefs.push({ ...backend, weight: open.get(service) ?? 0 });
      open.delete(service);
    } else if (!route.additionalServices.includes(service)) {
      if (open.has(service)) return fail(foreignProblem(route, rule, service));
      backendRefs.push(backend);
    } else if (open.has(service)) {
      backendRefs.push({ ...backend, weight: open.get(service) });
      open.delete(service);
    }
  }
  const model = recordOf(rule.backends.find((backend) => serviceOf(backend, route.scope) === subject.canaryService));
  for (const [service, weight] of open) backendRefs.push({ ...model, name: service, weight });
  return succeed({ ...rule.raw, backendRefs });
}

function foreignProblem(route: GatewayRoute, rule: GatewayRule, service: string): RouterProblem {
  const message = `Service "${service}" of an experiment is a backend there already; it was not added by Sluice`;
  return { subject: `${route.subject} ${rule.field}.backendRefs`, message };
}

/**
 * The rules of one managed route: for every rule that splits traffic one that takes its requests with the headers (or
 * the conditions of the mirror) out of it. Everything else that stands in the rule, such as timeouts, is kept.
 */
function managedRules(
  route: GatewayRoute,
  splitting: readonly JsonRecord[],
  wanted: ManagedRoute,
  subject: RouterSubject,
  weightMax: number,
): Result<readonly JsonRecord[], RouterProblem> {
  const asProblem = (message: string): Result<never, RouterProblem> =>
    fail({ subject: `${wanted.kind} route "${wanted.name}" of ${route.subject}`, message });
  const conditions = conditionsOf(wanted, route);
  if (!conditions.ok) return asProblem(conditions.error);
  const rules: JsonRecord[] = [];
  for (const raw of splitting) {
    const matches = combinedMatches(raw, conditions.value);
    if (!matches.ok) return asProblem(matches.error);
    if (matches.value.length === 0) continue;
    const { name: _name, ...rest } = raw;
    rules.push({
      ...rest,
      ...nameField(wanted.name, rules.length),
      matches: matches.value,
      ...targetFields(route, raw, wanted, subject, weightMax),
    });
  }
  return rules.length > 0 ? succeed(rules) : asProblem('no request of the route can match it');
}

function conditionsOf(wanted: ManagedRoute, { protocol }: GatewayRoute): Result<readonly JsonRecord[], string> {
  if (wanted.kind === 'header') {
    const match = headerRouteMatch(wanted.match);
    return match.ok ? succeed([match.value]) : match;
  }
  const matches: JsonRecord[] = [];
  for (const condition of wanted.match) {
    const match = mirrorRouteMatch(condition, protocol === 'grpc' ? 'grpc' : 'http');
    if (!match.ok) return match;
    matches.push(match.value);
  }
  return succeed(matches);
}

function combinedMatches(raw: JsonRecord, conditions: readonly JsonRecord[]): Result<readonly JsonRecord[], string> {
  const own = listOf(raw['matches']).map(recordOf);
  const combined: JsonRecord[] = [];
  for (const base of own.length === 0 ? [{}] : own) {
    for (const condition of conditions) {
      const match = combineMatches(base, condition);
      if (!match.ok) return match;
      const { value } = match;
      if (value !== undefined && !combined.some((other) => equalJson(other, value))) combined.push(value);
    }
  }
  return succeed(combined);
}

function targetFields(
  route: GatewayRoute,
  raw: JsonRecord,
  wanted: ManagedRoute,
  subject: RouterSubject,
  weightMax: number,
): JsonRecord {
  const backends = listOf(raw['backendRefs']).map(recordOf);
  const canary = recordOf(backends.find((backend) => serviceOf(backend, route.scope) === subject.canaryService));
  const filters = withMark(listOf(raw['filters']), wanted.name, subject);
  if (wanted.kind === 'header') return { filters, backendRefs: [{ ...canary, weight: weightMax }] };
  const { weight: _weight, filters: _filters, ...backendRef } = canary;
  // Without percent everything is mirrored; older versions of the Gateway API know no other way to say that.
  const percent = wanted.percentage === 100 ? {} : { percent: wanted.percentage };
  return { filters: [...filters, { type: 'RequestMirror', requestMirror: { backendRef, ...percent } }] };
}

/** Rule names must be unique in a route, and are DNS names; the mark works without a name. */
function nameField(route: string, index: number): JsonRecord {
  const name = index === 0 ? route : `${route}-${index + 1}`;
  return /^[a-z0-9]([-a-z0-9.]*[a-z0-9])?$/u.test(name) && name.length <= nameLengthMax ? { name } : {};
}

/** Limits of the Gateway API. */
const nameLengthMax = 253;
const ruleCountMax = 16;
const matchCountMax = 64;

function limitProblem(managed: readonly JsonRecord[], rules: readonly JsonRecord[]): string | undefined {
  if (rules.length > ruleCountMax)
    return `with the managed routes it has ${rules.length} rules; at most ${ruleCountMax}`;
  const long = managed.find((rule) => listOf(rule['matches']).length > matchCountMax);
  if (long !== undefined) return `a managed route would have more than ${matchCountMax} matches`;
  const nameCount = (name: string): number => rules.filter((rule) => rule['name'] === name).length;
  const twice = managed.map(({ name }) => textOf(name)).find((name) => name !== '' && nameCount(name) > 1);
  return twice === undefined ? undefined : `the name "${twice}" of a managed route is taken by another rule`;
}
