import { isControlledBy } from '../../api/controller-owner.ts';
import { listOf, optionalRecord, recordOf, textOf, type JsonRecord } from '../../api/json-access.ts';
import type { KubeObject } from '../../api/object.ts';
import { apisixSchema, type ApisixTrafficRouting } from '../../api/traffic-routing.ts';
import type { TrafficPlan, TrafficReading } from '../../api/traffic.ts';
import { fail, succeed, type Result } from '../../base/result.ts';
import { apisixHeaderRoute } from './apisix-header-route.ts';
import {
  problemText,
  type RouterChange,
  type RouterProblem,
  type RouterSubject,
  type RouterTarget,
  type TrafficRouter,
} from './contract.ts';
import { objectChange } from './object-change.ts';
import { planShares } from './plan-shares.ts';
import { sharesOf, unknownShares, unreadable, type SplitWeights } from './read-shares.ts';
import { routerTypes } from './router-types.ts';
import { listWeights, weightedList, withListWeights, type WeightedList } from './weighted-list.ts';

/**
 * The ApisixRoute of Apache APISIX: weights of the backends in the rules that carry the traffic. A header route is an
 * ApisixRoute of its own that belongs to the Rollout, with a higher priority.
 */
export const apisix: TrafficRouter<ApisixTrafficRouting> = {
  name: 'apisix',
  plugin: false,
  schema: apisixSchema,
  capabilities: {
    headerRoutes: 'full',
    mirrorRoutes: false,
    additionalDestinations: false,
    pingPong: false,
    weightMax: false,
    needsServices: true,
  },
  types: [routerTypes.apisixRoute],
  targets,
  read,
  write,
};

const apisixField = 'trafficRouting.apisix.route';

interface ApisixView {
  readonly object: KubeObject;
  readonly rules: readonly JsonRecord[];
  /** Names of the rules that carry the traffic, with their backends. */
  readonly main: ReadonlyMap<string, WeightedList>;
  /** Header routes that belong to the Rollout, by name. */
  readonly headerRoutes: ReadonlyMap<string, KubeObject>;
}

function targets({ route }: ApisixTrafficRouting, subject: RouterSubject): readonly RouterTarget[] {
  const { namespace } = subject;
  const type = routerTypes.apisixRoute;
  const named = (name: string, optional: boolean): RouterTarget => ({ kind: 'named', type, namespace, name, optional });
  const matches = (object: KubeObject): boolean =>
    object.kind === type.kind && object.metadata.namespace === namespace && isControlledBy(object, subject.uid);
  return route === undefined
    ? []
    : [
        named(route.name, false),
        ...subject.managedRoutes.map((name) => named(name, true)),
        { kind: 'selected', type, namespace, matches },
      ];
}

function viewOf(
  { route }: ApisixTrafficRouting,
  subject: RouterSubject,
  objects: readonly KubeObject[],
): Result<ApisixView, RouterProblem> {
  if (route === undefined) return fail({ subject: apisixField, message: 'it names no ApisixRoute' });
  const { namespace } = subject;
  const routes = objects.filter(({ kind, metadata }) => kind === 'ApisixRoute' && metadata.namespace === namespace);
  const object = routes.find(({ metadata }) => metadata.name === route.name);
  const name = `ApisixRoute ${namespace}/${route.name}`;
  if (object === undefined) {
    const message = `ApisixRoute "${route.name}" does not exist in namespace ${namespace}`;
    return fail({ subject: `${apisixField}.name`, message });
  }
  const rules = rulesOf(object, name);
  if (!rules.ok) return rules;
  const main = new Map<string, WeightedList>();
  // Without rules the one that is called like the route is meant.
  for (const wanted of (route.rules ?? []).length === 0 ? [route.name] : (route.rules ?? [])) {
    const index = rules.value.findIndex((rule) => rule['name'] === wanted);
    if (index === -1) return fail({ subject: `${name} spec.http`, message: `it has no rule "${wanted}"` });
    const field = `${name} spec.http[${index}].backends`;
    const backends = weightedList(rules.value[index]?.['backends'], 'serviceName', field, subject);
    if (!backends.ok) return backends;
    main.set(wanted, backends.value);
  }
  const owned = routes.filter((candidate) => isControlledBy(candidate, subject.uid));
  const headerRoutes = new Map(owned.map((candidate) => [candidate.metadata.name, candidate]));
  return succeed({ object, rules: rules.value, main, headerRoutes });
}

function rulesOf(object: KubeObject, name: string): Result<readonly JsonRecord[], RouterProblem> {
  const { http } = recordOf(object['spec']);
  if (!Array.isArray(http)) return fail({ subject: `${name} spec.http`, message: 'it is no list of rules' });
  const rules: JsonRecord[] = [];
  for (const [index, item] of listOf(http).entries()) {
    const rule = optionalRecord(item);
    if (rule === undefined || textOf(rule['name']) === '') {
      return fail({ subject: `${name} spec.http[${index}].name`, message: 'a rule needs a name' });
    }
    rules.push(rule);
  }
  return succeed(rules);
}

function read(config: ApisixTrafficRouting, subject: RouterSubject, objects: readonly KubeObject[]): TrafficReading {
  const view = viewOf(config, subject, objects);
  if (!view.ok) return unreadable(subject, problemText(view.error));
  const splits: SplitWeights[] = [];
  let broken: string | undefined;
  for (const backends of view.value.main.values()) {
    const split = listWeights(backends, subject, weightDefault);
    if (split.ok) splits.push(split.value);
    else broken ??= split.error;
  }
  const shares = broken === undefined ? sharesOf(splits, subject.weightMax) : fail(broken);
  const problem = shares.ok ? strayProblem(view.value, subject) : shares.error;
  return {
    ...(shares.ok ? shares.value : unknownShares(subject.weightMax)),
    managedRoutes: [...view.value.headerRoutes.keys()],
    acceptance: 'unknown',
    ...(problem === undefined ? {} : { problem }),
  };
}

/** What an absent weight means to APISIX. Source: the resource definition of ApisixRoute. */
const weightDefault = 100;

/** Every rule of a header route must lead to the canary and nowhere else. */
function strayProblem({ headerRoutes }: ApisixView, { namespace, canaryService }: RouterSubject): string | undefined {
  const stray = [...headerRoutes.values()].find((route) =>
    listOf(recordOf(route['spec'])['http'])
      .flatMap((rule) => listOf(recordOf(rule)['backends']))
      .some((backend) => recordOf(backend)['serviceName'] !== canaryService),
  );
  return stray === undefined
    ? undefined
    : `ApisixRoute ${namespace}/${stray.metadata.name}: it does not lead to the canary`;
}

function write(
  config: ApisixTrafficRouting,
  subject: RouterSubject,
  objects: readonly KubeObject[],
  plan: TrafficPlan,
): Result<readonly RouterChange[], RouterProblem> {
  const shares = planShares(plan);
  if (!shares.ok) return shares;
  const view = viewOf(config, subject, objects);
  if (!view.ok) return view;
  const { object, rules, main, headerRoutes } = view.value;
  const type = routerTypes.apisixRoute;
  const http = rules.map((rule) => {
    const backends = main.get(textOf(rule['name']));
    return backends === undefined || shares.value.keepsWeights
      ? rule
      : { ...rule, backends: withListWeights(backends, subject, shares.value) };
  });
  const changes = [...objectChange(type, object, { ...object, spec: { ...recordOf(object['spec']), http } })];
  for (const wanted of plan.headerRoutes) {
    const present = headerRoutes.get(wanted.name);
    const taken = objects.find(({ kind, metadata }) => kind === 'ApisixRoute' && metadata.name === wanted.name);
    if (present === undefined && taken !== undefined) {
      const message = `it does not belong to the Rollout "${subject.name}"`;
      return fail({ subject: `ApisixRoute ${subject.namespace}/${wanted.name}`, message });
    }
    const mainRules = rules.filter((rule) => main.has(textOf(rule['name'])));
    const route = apisixHeaderRoute(wanted, object, mainRules, subject, present);
    changes.push(
      ...(present === undefined
        ? [{ kind: 'create' as const, type, object: route }]
        : objectChange(type, present, route)),
    );
  }
  return succeed([...changes, ...deletions(view.value, subject, plan)]);
}

function deletions(
  { headerRoutes }: ApisixView,
  { namespace }: RouterSubject,
  plan: TrafficPlan,
): readonly RouterChange[] {
  const wanted = new Set([...plan.headerRoutes.map(({ name }) => name), ...(plan.keep?.routes ?? [])]);
  return [...headerRoutes.keys()]
    .filter((name) => !wanted.has(name))
    .map((name) => ({ kind: 'delete', type: routerTypes.apisixRoute, namespace, name }));
}
