import type { KubeObject, OwnerReference } from './object.ts';

/** The reference to the object that controls this one; an API server allows one at most. */
export function controllerOf({ metadata }: Pick<KubeObject, 'metadata'>): OwnerReference | undefined {
  return metadata.ownerReferences?.find(({ controller }) => controller === true);
}

/** The uid of the object that controls this one. */
export function controllerUid(object: Pick<KubeObject, 'metadata'>): string | undefined {
  return controllerOf(object)?.uid;
}

/** True when the object with this uid controls that one; never without a uid. */
export function isControlledBy(object: Pick<KubeObject, 'metadata'>, uid: string | undefined): boolean {
  return uid !== undefined && controllerUid(object) === uid;
}
