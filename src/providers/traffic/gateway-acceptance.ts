import { listOf, numberOf, recordOf, textOf, type JsonRecord } from '../../api/json-access.ts';
import type { KubeObject } from '../../api/object.ts';
import type { TrafficReading } from '../../api/traffic.ts';

/** Whether gateways took a route as it stands. */
export interface Acceptance {
  readonly state: TrafficReading['acceptance'];
  /** Why it is refused. */
  readonly message?: string;
}

/** Reasons that mean that a parent has nothing to do with the route, rather than that something in it is wrong. */
const notAttached = new Set(['NoMatchingParent', 'NoMatchingListenerHostname', 'NotAllowedByListeners']);

/**
 * Reads `status.parents`. A gateway controller always writes there, so no parents means that none has seen the route:
 * `unknown`. A condition about an older generation is `pending`. A refusal is a condition Accepted or ResolvedRefs that
 * is False, or PartiallyInvalid that is True. A parent that does not take the route at all refuses it only when no
 * other parent accepts it. Source: Gateway API, RouteStatus.
 */
export function routeAcceptance(route: KubeObject): Acceptance {
  const conditions = listOf(recordOf(route['status'])['parents']).flatMap((parent) =>
    listOf(recordOf(parent)['conditions']).map(recordOf).filter(isAboutRoute),
  );
  const { generation = 0 } = route.metadata;
  if (conditions.some((condition) => (numberOf(condition['observedGeneration']) ?? generation) < generation)) {
    return { state: 'pending' };
  }
  const accepted = conditions.some(({ type, status }) => type === 'Accepted' && status === 'True');
  const refusal = conditions.find((condition) => isRefusal(condition, accepted));
  if (refusal !== undefined) {
    const { type, reason, message } = refusal;
    return { state: 'refused', message: `${textOf(type)} is ${textOf(reason)}: ${textOf(message)}` };
  }
  return { state: accepted ? 'accepted' : 'unknown' };
}

/** The acceptance of several routes together: the worst of them. */
export function worstAcceptance(all: readonly Acceptance[]): Acceptance {
  const order = ['refused', 'pending', 'unknown'] as const;
  for (const state of order) {
    const found = all.find((acceptance) => acceptance.state === state);
    if (found !== undefined) return found;
  }
  return { state: all.length === 0 ? 'unknown' : 'accepted' };
}

function isAboutRoute({ type }: JsonRecord): boolean {
  return type === 'Accepted' || type === 'ResolvedRefs' || type === 'PartiallyInvalid';
}

function isRefusal({ type, status, reason }: JsonRecord, acceptedElsewhere: boolean): boolean {
  if (type === 'PartiallyInvalid') return status === 'True';
  if (status !== 'False') return false;
  return !(type === 'Accepted' && acceptedElsewhere && notAttached.has(textOf(reason)));
}
