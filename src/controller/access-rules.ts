import type { ResourceType } from '../api/object.ts';
import { resourceTypes } from '../api/resource-types.ts';
import { notificationNames } from './notifications/config-source.ts';

/** A verb of RBAC. */
export type AccessVerb = 'get' | 'list' | 'watch' | 'create' | 'update' | 'patch' | 'delete';

/** What may be done with one resource. */
export interface AccessRule {
  readonly group: string;
  /** Plural, with a subresource after a slash. */
  readonly resource: string;
  readonly verbs: readonly AccessVerb[];
  /** Only objects with these names; all when absent. */
  readonly names?: readonly string[];
  /** Kinds of the whole cluster cannot be granted in one namespace. */
  readonly namespaced: boolean;
}

const read: readonly AccessVerb[] = ['get', 'list', 'watch'];

/** What routers may make or remove, besides reading and changing what they are told about. */
const madeByRouters: Readonly<Record<string, readonly AccessVerb[]>> = {
  ingresses: ['create'],
  trafficsplits: ['create'],
  apisixroutes: ['create', 'delete'],
};

/**
 * Everything the controller does with objects of Rollouts, and nothing else. `routers`: the kinds that routers touch.
 */
export function accessRules(routers: readonly ResourceType[]): readonly AccessRule[] {
  const { rollout, analysisRun, experiment, analysisTemplate, clusterAnalysisTemplate } = resourceTypes;
  const { replicaSet, pod, service } = resourceTypes;
  const kinds = new Map(routers.map((type) => [`${type.plural}.${type.group}`, type]));
  return [
    rule(rollout, [...read, 'patch']),
    rule(rollout, ['patch'], 'status'),
    // Owners that block deletion may need this, where OwnerReferencesPermissionEnforcement is on.
    rule(rollout, ['update'], 'finalizers'),
    rule(analysisRun, [...read, 'create', 'patch', 'delete']),
    rule(analysisRun, ['update'], 'finalizers'),
    rule(experiment, [...read, 'create', 'patch', 'delete']),
    rule(experiment, ['update'], 'finalizers'),
    // A Job may be what measures; it belongs to its run.
    rule(resourceTypes.job, ['get', 'create', 'delete']),
    rule(analysisTemplate, read),
    rule(clusterAnalysisTemplate, read),
    rule(replicaSet, [...read, 'create', 'patch', 'delete']),
    rule(pod, [...read, 'patch']),
    rule(pod, ['create'], 'eviction'),
    // An Experiment has Services of its own.
    rule(service, [...read, 'create', 'patch', 'delete']),
    // What workloadRef may name: read for its pod template; a Deployment can be scaled down in favour of the Rollout.
    rule(resourceTypes.deployment, [...read, 'patch']),
    rule(resourceTypes.podTemplate, read),
    // Arguments of analyses and keys of metric providers stand in Secrets, which are read by name and never listed.
    rule(resourceTypes.secret, ['get']),
    rule(resourceTypes.event, ['get', 'create', 'patch']),
    ...[...kinds.values()].map((type) => rule(type, [...read, 'patch', ...(madeByRouters[type.plural] ?? [])])),
  ];
}

/** What the election needs, in the namespace of the lease only. */
export function leaseRules(): readonly AccessRule[] {
  return [rule(resourceTypes.lease, ['get', 'create', 'update'])];
}

/** What notifications are configured by, in the namespace of the controller only. */
export function notificationRules(): readonly AccessRule[] {
  return [{ ...rule(resourceTypes.configMap, ['get']), names: [notificationNames.configMap] }];
}

function rule(
  { group, plural, namespaced }: ResourceType,
  verbs: readonly AccessVerb[],
  subresource?: string,
): AccessRule {
  return { group, resource: subresource === undefined ? plural : `${plural}/${subresource}`, verbs, namespaced };
}
