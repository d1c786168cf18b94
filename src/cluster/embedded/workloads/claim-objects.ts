import { controllerOf, controllerUid } from '../../../api/controller-owner.ts';
import type { LabelSelector } from '../../../api/label-selector.ts';
import type { KubeObject, OwnerReference, ResourceType } from '../../../api/object.ts';
import { apiVersionOf } from '../../../api/object.ts';
import { selectorFromObject, selectorMatches, type Selector } from '../../../api/selector.ts';
import { hasCode, SluiceError } from '../../../base/error.ts';
import type { CachedCluster } from './cached-cluster.ts';

/** Whose objects are claimed, and which. */
export interface Claim {
  readonly ownerType: ResourceType;
  readonly owner: KubeObject;
  readonly selector: LabelSelector | undefined;
  readonly type: ResourceType;
  /** Objects that take no part, e.g. finished pods. */
  readonly isCounted: (object: KubeObject) => boolean;
}

/**
 * The objects that belong to an owner: those it controls and its selector matches. On the way, orphans that match are
 * adopted, and controlled objects that do not match any more are released. An owner that is being deleted adopts none.
 */
export async function claimObjects(cluster: CachedCluster, claim: Claim): Promise<readonly KubeObject[]> {
  const selector = checkedSelector(claim);
  const claimed: KubeObject[] = [];
  for (const object of controlled(cluster, claim)) {
    if (selectorMatches(selector, object.metadata.labels)) claimed.push(object);
    else await release(cluster, claim, object);
  }
  for (const object of orphans(cluster, claim)) {
    if (!selectorMatches(selector, object.metadata.labels)) continue;
    const adopted = await adopt(cluster, claim, object);
    if (adopted !== undefined) claimed.push(adopted);
  }
  return claimed;
}

/** The reference by which an object names its controller. */
export function controllerReference(type: ResourceType, owner: KubeObject): OwnerReference {
  const { name, uid = '' } = owner.metadata;
  return {
    apiVersion: apiVersionOf(type),
    kind: type.kind,
    name,
    uid,
    controller: true,
    blockOwnerDeletion: true,
  };
}

function checkedSelector({ owner, ownerType, selector = {} }: Claim): Selector {
  const parsed = selectorFromObject(selector);
  const where = `${ownerType.kind} "${owner.metadata.name}": spec.selector`;
  if (!parsed.ok) throw new SluiceError('Invalid', `${where}: ${parsed.error}`);
  // An empty selector would claim every pod of the namespace.
  if (parsed.value.terms.length === 0) throw new SluiceError('Invalid', `${where} is empty; name at least one label`);
  return parsed.value;
}

function controlled(cluster: CachedCluster, { owner, type, isCounted }: Claim): readonly KubeObject[] {
  const { uid = '' } = owner.metadata;
  return cluster
    .of(type)
    .ownedBy(uid)
    .filter((object) => isCounted(object) && controllerUid(object) === uid);
}

function orphans(cluster: CachedCluster, { owner, type, selector, isCounted }: Claim): readonly KubeObject[] {
  const { namespace = '' } = owner.metadata;
  return cluster
    .of(type)
    .withLabels(namespace, selector?.matchLabels ?? {})
    .filter((object) => isCounted(object) && controllerOf(object) === undefined)
    .filter(({ metadata: { deletionTimestamp } }) => deletionTimestamp === undefined);
}

async function adopt(cluster: CachedCluster, claim: Claim, object: KubeObject): Promise<KubeObject | undefined> {
  const { owner, ownerType, type } = claim;
  if (owner.metadata.deletionTimestamp !== undefined || !(await isStillThere(cluster, claim))) return undefined;
  const ownerReferences = [...(object.metadata.ownerReferences ?? []), controllerReference(ownerType, owner)];
  return writeOwners(cluster, type, object, ownerReferences);
}

async function release(cluster: CachedCluster, { owner, type }: Claim, object: KubeObject): Promise<void> {
  const others = (object.metadata.ownerReferences ?? []).filter(({ uid }) => uid !== owner.metadata.uid);
  await writeOwners(cluster, type, object, others);
}

/** The cache may show an owner that is gone already; its successor of the same name must not inherit by mistake. */
async function isStillThere(cluster: CachedCluster, { owner, ownerType }: Claim): Promise<boolean> {
  const fresh = await cluster.read(ownerType, owner);
  return fresh?.metadata.uid === owner.metadata.uid && fresh?.metadata.deletionTimestamp === undefined;
}

async function writeOwners(
  cluster: CachedCluster,
  type: ResourceType,
  object: KubeObject,
  ownerReferences: readonly OwnerReference[],
): Promise<KubeObject | undefined> {
  const { resourceVersion } = object.metadata;
  try {
    // The whole list is replaced, so somebody else's change of it in between must not be lost.
    return await cluster.patch(type, object, { metadata: { ownerReferences, resourceVersion } });
  } catch (error) {
    if (hasCode(error, 'NotFound')) return undefined;
    throw error;
  }
}
