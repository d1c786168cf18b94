import { listOf, recordOf, textOf, type JsonRecord } from '../../api/json-access.ts';
import type { KubeObject, OwnerReference } from '../../api/object.ts';
import { fail, succeed, type Result } from '../../base/result.ts';
import type { RouterProblem, RouterSubject } from './contract.ts';

/** The Ingress of a name in the Rollout's namespace. */
export function findIngress(
  name: string,
  field: string,
  { namespace }: RouterSubject,
  objects: readonly KubeObject[],
): Result<KubeObject, RouterProblem> {
  const found = objects.find((object) => isIngress(object, namespace, name));
  const message = `Ingress "${name}" does not exist in namespace ${namespace}`;
  return found === undefined ? fail({ subject: field, message }) : succeed(found);
}

/** Whether an object is the Ingress of that name. */
export function isIngress({ kind, metadata }: KubeObject, namespace: string, name: string): boolean {
  return kind === 'Ingress' && metadata.namespace === namespace && metadata.name === name;
}

/** The rules of an Ingress. */
export function ingressRules(ingress: KubeObject): readonly JsonRecord[] {
  return listOf(recordOf(ingress['spec'])['rules']).map(recordOf);
}

/** The paths of a rule; empty for a rule without `http`, which is only a host. */
export function rulePaths(rule: JsonRecord): readonly JsonRecord[] {
  return listOf(recordOf(rule['http'])['paths']).map(recordOf);
}

/** Name of the Service behind a path; empty when a resource is behind it. */
export function pathService(path: JsonRecord): string {
  return textOf(recordOf(recordOf(path['backend'])['service'])['name']);
}

/** A rule with other paths. */
export function withPaths(rule: JsonRecord, paths: readonly JsonRecord[]): JsonRecord {
  return { ...rule, http: { ...recordOf(rule['http']), paths } };
}

/** Makes the Rollout the controller of an object that a router creates. */
export function controllerReference({ name, uid }: RouterSubject): OwnerReference {
  return { apiVersion: 'argoproj.io/v1alpha1', kind: 'Rollout', name, uid, controller: true, blockOwnerDeletion: true };
}
