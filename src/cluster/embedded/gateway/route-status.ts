import { formatInstant } from '../../../base/instant.ts';
import type { Condition } from '../workloads/shapes.ts';
import type { BackendTarget } from './backend.ts';
import type { HttpRoute, ParentReference, ParentStatus } from './http-route.ts';
import type { CompiledRoute } from './route-table.ts';

/** Name under which this gateway writes the status of routes. */
export const gatewayControllerName = 'sluice.dev/local-gateway';

/** Which parent references mean this gateway. */
export interface GatewayIdentity {
  /** Name of the Gateway; absent means that every name is this gateway. */
  readonly name?: string;
  /** Namespace of the Gateway; absent means any. */
  readonly namespace?: string;
  /** Port of its listener. */
  readonly port: number;
}

/** The parent references of a route that mean this gateway, whether or not the listener fits. */
export function ownParents(route: HttpRoute, gateway: GatewayIdentity): readonly ParentReference[] {
  return (route.spec?.parentRefs ?? []).filter((parent) => {
    const { group = 'gateway.networking.k8s.io', kind = 'Gateway' } = parent;
    const namespace = parent.namespace ?? route.metadata.namespace;
    return (
      group === 'gateway.networking.k8s.io' &&
      kind === 'Gateway' &&
      (gateway.name === undefined || parent.name === gateway.name) &&
      (gateway.namespace === undefined || namespace === gateway.namespace)
    );
  });
}

/** Whether the route gets traffic from the listener: at least one of its own parent references fits it. */
export function isAttached(route: HttpRoute, gateway: GatewayIdentity): boolean {
  return ownParents(route, gateway).some((parent) => fitsListener(parent, gateway));
}

/**
 * `status.parents` as it should be: the entries of other controllers as they are, ours for every parent reference
 * that means this gateway. Undefined when it is so already. `problemOf` says what is wrong with a backend.
 */
export function routeParents(
  compiled: CompiledRoute,
  gateway: GatewayIdentity,
  problemOf: (target: BackendTarget) => BackendProblem | undefined,
  nowMs: number,
): readonly ParentStatus[] | undefined {
  const { route } = compiled;
  const parents = route.status?.parents ?? [];
  const foreign = parents.filter(({ controllerName }) => controllerName !== gatewayControllerName);
  const own = ownParents(route, gateway).map((parentRef): ParentStatus => {
    const isSame = (parent: ParentStatus): boolean =>
      parent.controllerName === gatewayControllerName && equalParent(parent.parentRef, parentRef);
    const before = parents.find(isSame)?.conditions ?? [];
    const wanted = [
      acceptedCondition(compiled, fitsListener(parentRef, gateway)),
      resolvedCondition(compiled, problemOf),
      ...partlyInvalid(compiled),
    ];
    const conditions = wanted.map((condition) => withTransition(condition, before, route.metadata.generation, nowMs));
    return { parentRef, controllerName: gatewayControllerName, conditions };
  });
  const wanted = [...foreign, ...own];
  return JSON.stringify(wanted) === JSON.stringify(parents) ? undefined : wanted;
}

/** Why a backend cannot be used. */
export interface BackendProblem {
  readonly reason: 'BackendNotFound' | 'InvalidKind' | 'RefNotPermitted';
  readonly message: string;
}

type WantedCondition = Pick<Condition, 'type' | 'status'> & { readonly reason: string; readonly message: string };

/** The listener has no name of its own, so only a port can exclude it. */
function fitsListener(parent: ParentReference, gateway: GatewayIdentity): boolean {
  return parent.port === undefined || parent.port === gateway.port;
}

function acceptedCondition({ problems, ruleCount }: CompiledRoute, fits: boolean): WantedCondition {
  if (!fits) {
    const message = 'no listener of the local gateway has the port that parentRef asks for';
    return { type: 'Accepted', status: 'False', reason: 'NoMatchingParent', message };
  }
  if (problems.length > 0 && problems.length >= ruleCount) {
    return { type: 'Accepted', status: 'False', reason: 'UnsupportedValue', message: problems.join('; ') };
  }
  return { type: 'Accepted', status: 'True', reason: 'Accepted', message: 'the route is in use' };
}

function partlyInvalid({ problems, ruleCount }: CompiledRoute): readonly WantedCondition[] {
  if (problems.length === 0 || problems.length >= ruleCount) return [];
  const message = `Dropped Rule: ${problems.join('; ')}`;
  return [{ type: 'PartiallyInvalid', status: 'True', reason: 'UnsupportedValue', message }];
}

function resolvedCondition(
  { entries }: CompiledRoute,
  problemOf: (target: BackendTarget) => BackendProblem | undefined,
): WantedCondition {
  const targets = new Set(
    entries.flatMap(({ rule }) => [
      ...rule.backends.map(({ target }) => target),
      ...rule.filters.mirrors.map(({ target }) => target),
    ]),
  );
  const problems = [...targets].flatMap((target) => problemOf(target) ?? []);
  const [first] = problems;
  if (first === undefined) {
    return { type: 'ResolvedRefs', status: 'True', reason: 'ResolvedRefs', message: 'all backends exist' };
  }
  const message = [...new Set(problems.map((problem) => problem.message))].join('; ');
  return { type: 'ResolvedRefs', status: 'False', reason: first.reason, message };
}

function withTransition(
  wanted: WantedCondition,
  before: readonly Condition[],
  observedGeneration: number | undefined,
  nowMs: number,
): Condition {
  const known = before.find(({ type, status }) => type === wanted.type && status === wanted.status);
  return {
    ...wanted,
    ...(observedGeneration === undefined ? {} : { observedGeneration }),
    lastTransitionTime: known?.lastTransitionTime ?? formatInstant(nowMs),
  };
}

function equalParent(left: ParentReference, right: ParentReference): boolean {
  const fields = ['group', 'kind', 'namespace', 'name', 'sectionName', 'port'] as const;
  return fields.every((field) => left[field] === right[field]);
}
