import type { BackendReference } from './http-route.ts';

/** Where a share of the requests of a rule goes. */
export type BackendTarget =
  | { readonly kind: 'service'; readonly namespace: string; readonly name: string; readonly port: number }
  /** A reference that can never work; its share of the requests is answered with 500. */
  | { readonly kind: 'invalid'; readonly reason: 'InvalidKind' | 'RefNotPermitted'; readonly message: string };

/** Reads a reference from a route in `namespace`. */
export function backendTarget(reference: BackendReference, namespace: string): BackendTarget {
  const { group = '', kind = 'Service', name, port } = reference;
  const target = reference.namespace ?? namespace;
  if (group !== '' || kind !== 'Service') {
    return { kind: 'invalid', reason: 'InvalidKind', message: `backend ${kind}.${group} "${name}" is not a Service` };
  }
  if (target !== namespace) {
    const message = `backend Service "${target}/${name}" is in another namespace, which no ReferenceGrant allows`;
    return { kind: 'invalid', reason: 'RefNotPermitted', message };
  }
  if (port === undefined) {
    return { kind: 'invalid', reason: 'InvalidKind', message: `backend Service "${name}" needs a port` };
  }
  return { kind: 'service', namespace: target, name, port };
}
