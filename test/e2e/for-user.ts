import type { KubeObject } from '../../src/api/object.ts';

/** An object of the installation whose rights go to a user of the test in place of the service account. */
export function forUser(object: KubeObject, user: string): KubeObject {
  if (!object.kind.endsWith('Binding')) return object;
  return { ...object, subjects: [{ apiGroup: 'rbac.authorization.k8s.io', kind: 'User', name: user }] };
}
