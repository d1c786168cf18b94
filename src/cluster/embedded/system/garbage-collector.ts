import type { KubeObject, OwnerReference, ResourceType } from '../../../api/object.ts';
import type { ObjectAddress } from '../../port.ts';
import type { Change } from '../change-log.ts';
import { deleteObject, gcFinalizers } from '../delete-object.ts';
import { jsonOf } from '../json.ts';
import { keyOf, withMetadata } from '../object-meta.ts';
import { finishUpdate } from '../update-object.ts';
import type { SystemPort } from './system-port.ts';

/** Names an object for good: a later object of the same name has another uid. */
interface Item extends ObjectAddress {
  readonly uid: string;
}

const manager = 'kube-controller-manager';
const noReferences: readonly OwnerReference[] = [];

/**
 * Collects what belongs to nothing any more: dependents whose owners are all gone are deleted, references to owners
 * that are gone are removed, and owners that wait (Foreground) or let go (Orphan) are finished. Source: the garbage
 * collector of kube-controller-manager.
 */
export class GarbageCollector {
  readonly #port: SystemPort;
  readonly #delayMs: number;
  /** Dependents by the uid of their owner. */
  readonly #dependents = new Map<string, Map<string, Item>>();
  readonly #due = new Map<string, Item>();
  #scheduled = false;

  constructor(port: SystemPort, delayMs: number) {
    this.#port = port;
    this.#delayMs = delayMs;
  }

  /** Takes up the present state and follows every change from now on. */
  start(): void {
    const { store } = this.#port.context;
    for (const { type } of store.kinds) {
      for (const object of store.table(type).all()) this.#changed(type, object, undefined);
    }
    store.log.subscribe((change) => this.#observe(change));
  }

  #observe({ type, resource, object, previous }: Change): void {
    if (type === 'DELETED') this.#deleted(resource, object);
    else this.#changed(resource, object, previous);
  }

  #changed(type: ResourceType, object: KubeObject, previous: KubeObject | undefined): void {
    const { ownerReferences = noReferences } = object.metadata;
    const before = previous?.metadata.ownerReferences ?? noReferences;
    if (ownerReferences !== before) this.#ownersChanged(itemOf(type, object), object, before);
    if (!waitsForCollector(object)) return;
    const item = itemOf(type, object);
    this.#examine(item);
    if (previous?.metadata.deletionTimestamp === undefined) this.#examineDependents(item.uid);
  }

  #ownersChanged(item: Item, object: KubeObject, before: readonly OwnerReference[]): void {
    for (const { uid } of before) this.#dependents.get(uid)?.delete(item.uid);
    for (const { uid } of object.metadata.ownerReferences ?? noReferences) this.#dependentsOf(uid).set(item.uid, item);
    this.#examine(item);
    for (const owner of before) this.#examineOwner(object, owner);
  }

  #deleted(type: ResourceType, object: KubeObject): void {
    const item = itemOf(type, object);
    for (const owner of object.metadata.ownerReferences ?? noReferences) {
      this.#dependents.get(owner.uid)?.delete(item.uid);
      this.#examineOwner(object, owner);
    }
    this.#examineDependents(item.uid);
  }

  #dependentsOf(uid: string): Map<string, Item> {
    const known = this.#dependents.get(uid);
    if (known !== undefined) return known;
    const dependents = new Map<string, Item>();
    this.#dependents.set(uid, dependents);
    return dependents;
  }

  #examineDependents(uid: string): void {
    const dependents = this.#dependents.get(uid);
    for (const item of dependents?.values() ?? []) this.#examine(item);
    if (dependents?.size === 0) this.#dependents.delete(uid);
  }

  #examineOwner(dependent: KubeObject, reference: OwnerReference): void {
    const traits = this.#port.context.store.findKind(reference.apiVersion, reference.kind);
    const owner = this.#ownerOf(dependent, reference);
    if (traits !== undefined && owner?.metadata.deletionTimestamp !== undefined) {
      this.#examine(itemOf(traits.type, owner));
    }
  }

  #examine(item: Item): void {
    this.#due.set(item.uid, item);
    if (this.#scheduled) return;
    this.#scheduled = true;
    this.#port.later(this.#delayMs, () => this.#work());
  }

  #work(): void {
    this.#scheduled = false;
    const due = [...this.#due.values()];
    this.#due.clear();
    for (const item of due) {
      const object = this.#port.context.store.find(item.type, item.namespace, item.name);
      if (object?.metadata.uid === item.uid) this.#collect(item, object);
    }
  }

  #collect(item: Item, object: KubeObject): void {
    const { finalizers = [], deletionTimestamp } = object.metadata;
    if (deletionTimestamp === undefined) {
      this.#collectDependent(item, object);
    } else if (finalizers.includes(gcFinalizers.orphan)) {
      for (const dependent of this.#dependents.get(item.uid)?.values() ?? []) this.#release(dependent, [item.uid]);
      this.#dropFinalizer(item, gcFinalizers.orphan);
    } else if (finalizers.includes(gcFinalizers.foreground)) {
      if (!this.#hasBlockingDependents(item.uid)) this.#dropFinalizer(item, gcFinalizers.foreground);
    }
  }

  #hasBlockingDependents(uid: string): boolean {
    const { store } = this.#port.context;
    return [...(this.#dependents.get(uid)?.values() ?? [])].some(({ type, namespace, name }) =>
      store
        .find(type, namespace, name)
        ?.metadata.ownerReferences?.some((owner) => owner.uid === uid && owner.blockOwnerDeletion === true),
    );
  }

  #collectDependent(item: Item, object: KubeObject): void {
    const references = object.metadata.ownerReferences ?? noReferences;
    if (references.length === 0) return;
    const states = references.map((reference) => ({ reference, state: this.#stateOf(object, reference) }));
    const gone = states.filter(({ state }) => state !== 'solid');
    if (gone.length < states.length) {
      this.#release(
        item,
        gone.map(({ reference }) => reference.uid),
      );
      return;
    }
    const isWaitedFor = states.some(({ state }) => state === 'waiting');
    const hasDependents = (this.#dependents.get(item.uid)?.size ?? 0) > 0;
    deleteObject(this.#port.context, item, {
      uid: item.uid,
      // Whoever waits for this object also waits for what belongs to it.
      ...(isWaitedFor && hasDependents ? { propagation: 'Foreground' } : {}),
    });
  }

  /**
   * `waiting`: the owner is being deleted and waits for its dependents. An owner of an unknown kind counts as there.
   */
  #stateOf(dependent: KubeObject, reference: OwnerReference): 'solid' | 'gone' | 'waiting' {
    if (this.#port.context.store.findKind(reference.apiVersion, reference.kind) === undefined) return 'solid';
    const owner = this.#ownerOf(dependent, reference);
    if (owner === undefined) return 'gone';
    const { deletionTimestamp, finalizers = [] } = owner.metadata;
    return deletionTimestamp !== undefined && finalizers.includes(gcFinalizers.foreground) ? 'waiting' : 'solid';
  }

  #ownerOf(dependent: KubeObject, reference: OwnerReference): KubeObject | undefined {
    const { store } = this.#port.context;
    const traits = store.findKind(reference.apiVersion, reference.kind);
    if (traits === undefined) return undefined;
    const namespace = traits.type.namespaced ? dependent.metadata.namespace : undefined;
    const owner = store.find(traits.type, namespace, reference.name);
    return owner?.metadata.uid === reference.uid ? owner : undefined;
  }

  /** Removes the references to some owners. */
  #release({ type, namespace, name }: Item, ownerUids: readonly string[]): void {
    const object = this.#port.context.store.find(type, namespace, name);
    if (object === undefined || ownerUids.length === 0) return;
    const { ownerReferences = [], ...rest } = object.metadata;
    const kept = ownerReferences.filter(({ uid }) => !ownerUids.includes(uid));
    this.#write(type, object, kept.length === 0 ? rest : { ...rest, ownerReferences: kept });
  }

  #dropFinalizer({ type, namespace, name }: Item, finalizer: string): void {
    const object = this.#port.context.store.find(type, namespace, name);
    if (object === undefined) return;
    const { finalizers = [], ...rest } = object.metadata;
    const kept = finalizers.filter((one) => one !== finalizer);
    this.#write(type, object, kept.length === 0 ? rest : { ...rest, finalizers: kept });
  }

  #write(type: ResourceType, object: KubeObject, metadata: KubeObject['metadata']): void {
    const { context } = this.#port;
    const next = jsonOf(withMetadata(jsonOf(object), metadata));
    finishUpdate(context, context.store.table(type).traits, object, next, { manager, subresource: '' });
  }
}

function waitsForCollector({ metadata }: KubeObject): boolean {
  const { deletionTimestamp, finalizers = [] } = metadata;
  if (deletionTimestamp === undefined) return false;
  return finalizers.includes(gcFinalizers.foreground) || finalizers.includes(gcFinalizers.orphan);
}

function itemOf(type: ResourceType, object: KubeObject): Item {
  const { uid = keyOf(object), namespace, name } = object.metadata;
  return { type, uid, name, ...(namespace === undefined ? {} : { namespace }) };
}
