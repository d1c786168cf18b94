import type { KubeObject } from '../../api/object.ts';
import { resourceTypes } from '../../api/resource-types.ts';
import { accessRules, leaseRules, notificationRules, type AccessRule } from '../../controller/access-rules.ts';
import { routerTypes } from '../../controller/routers.ts';
import { trafficRouters } from '../../providers/traffic/registry.ts';

/** Name of everything that is installed. */
export const installName = 'sluice';
/** Labels of everything that is installed. */
export const installLabels = { 'app.kubernetes.io/name': installName, 'app.kubernetes.io/component': 'controller' };

const rbac = 'rbac.authorization.k8s.io';

/** Which part of a cluster the installation looks after. */
export type InstallScope = 'cluster' | 'namespace';

/**
 * The service account and what it may do. `namespace` is where the controller runs; with the scope `namespace` it may
 * work in `namespaces` only.
 */
export function accessObjects(
  scope: InstallScope,
  namespace: string,
  namespaces: readonly string[],
): readonly KubeObject[] {
  const rules = accessRules(routerTypes(trafficRouters));
  const account = object('v1', 'ServiceAccount', { name: installName, namespace });
  const own = [
    role('Role', `${installName}-lease`, leaseRules(), namespace),
    binding('Role', `${installName}-lease`, namespace, namespace),
    role('Role', `${installName}-notifications`, notificationRules(), namespace),
    binding('Role', `${installName}-notifications`, namespace, namespace),
  ];
  if (scope === 'cluster') {
    return [account, role('ClusterRole', installName, rules), binding('ClusterRole', installName, namespace), ...own];
  }
  return [account, ...namespaces.flatMap((watched) => watchedAccess(watched, namespace)), ...own];
}

/** What the controller that runs in `namespace` may do in a namespace that it looks after. */
export function watchedAccess(watched: string, namespace: string): readonly KubeObject[] {
  const inside = accessRules(routerTypes(trafficRouters)).filter(({ namespaced }) => namespaced);
  return [role('Role', installName, inside, watched), binding('Role', installName, namespace, watched)];
}

/** Roles that add to those of Kubernetes: who may view or edit workloads may view or edit Rollouts. */
export function aggregateRoles(): readonly KubeObject[] {
  const { rollout, experiment, analysisRun, analysisTemplate, clusterAnalysisTemplate } = resourceTypes;
  const kinds = [rollout, experiment, analysisRun, analysisTemplate, clusterAnalysisTemplate].map(
    ({ plural }) => plural,
  );
  const all = [...kinds, 'rollouts/scale', 'rollouts/status', 'experiments/status', 'analysisruns/status'];
  const edit = ['create', 'delete', 'deletecollection', 'get', 'list', 'patch', 'update', 'watch'];
  const targets: readonly [string, readonly string[], readonly string[]][] = [
    ['admin', all, edit],
    ['edit', all, edit],
    ['view', kinds, ['get', 'list', 'watch']],
  ];
  return targets.map(([target, resources, verbs]) => ({
    ...object(
      `${rbac}/v1`,
      'ClusterRole',
      { name: `${installName}-aggregate-to-${target}` },
      {
        [`${rbac}/aggregate-to-${target}`]: 'true',
      },
    ),
    rules: [{ apiGroups: [rollout.group], resources, verbs }],
  }));
}

/** Rules with the same group, verbs and names are written as one. */
function role(
  kind: 'Role' | 'ClusterRole',
  name: string,
  rules: readonly AccessRule[],
  namespace?: string,
): KubeObject {
  const groups = Map.groupBy(rules, ({ group, verbs, names = [] }) => [group, verbs, names].join('\n'));
  return {
    ...object(`${rbac}/v1`, kind, { name, ...(namespace === undefined ? {} : { namespace }) }),
    rules: [...groups.values()].map((members) => ({
      apiGroups: [members[0]?.group ?? ''],
      resources: members.map(({ resource }) => resource),
      ...(members[0]?.names === undefined ? {} : { resourceNames: members[0].names }),
      verbs: members[0]?.verbs ?? [],
    })),
  };
}

function binding(kind: 'Role' | 'ClusterRole', name: string, accountNamespace: string, namespace?: string): KubeObject {
  return {
    ...object(`${rbac}/v1`, `${kind}Binding`, { name, ...(namespace === undefined ? {} : { namespace }) }),
    roleRef: { apiGroup: rbac, kind, name },
    subjects: [{ kind: 'ServiceAccount', name: installName, namespace: accountNamespace }],
  };
}

/** An object with the labels of the installation. */
export function object(
  apiVersion: string,
  kind: string,
  metadata: KubeObject['metadata'],
  labels: Readonly<Record<string, string>> = {},
): KubeObject {
  return { apiVersion, kind, metadata: { ...metadata, labels: { ...installLabels, ...labels } } };
}
