import type { KubeObject, ObjectMeta } from '../api/object.ts';

/** An object as the cache keeps it: its identity, and what the projection made of it. */
interface Entry<View> {
  readonly key: string;
  readonly uid: string;
  readonly version: bigint;
  readonly owner: string | undefined;
  readonly view: View;
}

/** What a change did to the cache. */
export interface CacheChange<View> {
  readonly namespace: string;
  readonly name: string;
  /** Absent when the object is new. */
  readonly before: View | undefined;
  /** Absent when the object is gone. */
  readonly after: View | undefined;
}

/** Deletions remembered at most, so that a late event cannot bring an object back. */
const tombstonesMax = 10_000;

/**
 * Projected objects of one kind by name and by controlling owner. An object never goes back to an older version, and
 * one that was deleted never comes back under its uid, whatever order news arrive in.
 */
export class ObjectIndex<View> {
  readonly #project: (object: KubeObject) => View;
  readonly #entries = new Map<string, Entry<View>>();
  readonly #byOwner = new Map<string, Set<string>>();
  readonly #keyOfUid = new Map<string, string>();
  readonly #tombstones = new Set<string>();

  constructor(project: (object: KubeObject) => View) {
    this.#project = project;
  }

  get size(): number {
    return this.#entries.size;
  }

  get(namespace: string, name: string): View | undefined {
    return this.#entries.get(keyOf(namespace, name))?.view;
  }

  /** The object with a uid. */
  find(uid: string): View | undefined {
    return this.#entries.get(this.#keyOfUid.get(uid) ?? '')?.view;
  }

  /** Objects whose controller has this uid. */
  ownedBy(uid: string): readonly View[] {
    return [...(this.#byOwner.get(uid) ?? [])].flatMap((key) => this.#entries.get(key)?.view ?? []);
  }

  *list(): Iterable<View> {
    for (const { view } of this.#entries.values()) yield view;
  }

  /** Takes an object in when it is news. */
  put(object: KubeObject): CacheChange<View> | undefined {
    const { metadata } = object;
    const uid = metadata.uid ?? '';
    const key = keyOf(metadata.namespace ?? '', metadata.name);
    const present = this.#entries.get(key);
    const version = versionOf(metadata);
    // Versions count over all objects, so this also decides between two objects that had the same name.
    const isNews = !this.#tombstones.has(uid) && (present === undefined || present.version < version);
    if (!isNews) return undefined;
    if (present !== undefined) this.#drop(present);
    const entry = { key, uid, version, owner: ownerOf(metadata), view: this.#project(object) };
    this.#entries.set(key, entry);
    this.#keyOfUid.set(uid, key);
    if (entry.owner !== undefined) this.#own(entry.owner, key);
    return changeOf(key, present?.view, entry.view);
  }

  /** Takes a deletion in. */
  remove(namespace: string, name: string, uid: string): CacheChange<View> | undefined {
    this.#bury(uid);
    const key = keyOf(namespace, name);
    const present = this.#entries.get(key);
    if (present === undefined || (uid !== '' && present.uid !== uid)) return undefined;
    this.#drop(present);
    return changeOf(key, present.view, undefined);
  }

  /**
   * Makes the cache equal to a complete list read at a version: what is not in it is gone, unless we wrote it later
   * than the list was read.
   */
  replace(objects: readonly KubeObject[], listVersion: string): readonly CacheChange<View>[] {
    const listed = new Set(objects.map(({ metadata }) => keyOf(metadata.namespace ?? '', metadata.name)));
    const readAt = BigInt(listVersion);
    const gone = [...this.#entries.values()].filter(({ key, version }) => !listed.has(key) && version <= readAt);
    for (const entry of gone) this.#drop(entry);
    return [
      ...gone.map(({ key, view }) => changeOf(key, view, undefined)),
      ...objects.flatMap((object) => this.put(object) ?? []),
    ];
  }

  #own(owner: string, key: string): void {
    const owned = this.#byOwner.get(owner) ?? new Set();
    owned.add(key);
    this.#byOwner.set(owner, owned);
  }

  #drop({ key, uid, owner }: Entry<View>): void {
    this.#entries.delete(key);
    this.#keyOfUid.delete(uid);
    const owned = owner === undefined ? undefined : this.#byOwner.get(owner);
    owned?.delete(key);
    if (owned?.size === 0 && owner !== undefined) this.#byOwner.delete(owner);
  }

  #bury(uid: string): void {
    if (uid === '') return;
    this.#tombstones.add(uid);
    if (this.#tombstones.size <= tombstonesMax) return;
    const [oldest] = this.#tombstones;
    if (oldest !== undefined) this.#tombstones.delete(oldest);
  }
}

function keyOf(namespace: string, name: string): string {
  return `${namespace}/${name}`;
}

function changeOf<View>(key: string, before: View | undefined, after: View | undefined): CacheChange<View> {
  const [namespace = '', name = ''] = key.split('/');
  return { namespace, name, before, after };
}

function ownerOf({ ownerReferences = [] }: ObjectMeta): string | undefined {
  return ownerReferences.find(({ controller }) => controller === true)?.uid;
}

/** Versions of one cluster are decimal and can be compared (Kubernetes states this since 1.35; etcd always did so). */
function versionOf({ resourceVersion = '' }: ObjectMeta): bigint {
  return /^\d+$/.test(resourceVersion) ? BigInt(resourceVersion) : 0n;
}
