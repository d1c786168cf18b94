import { controllerUid } from '../api/controller-owner.ts';
import type { KubeObject, ObjectMeta } from '../api/object.ts';
import { SluiceError } from '../base/error.ts';

/** An object as the cache keeps it: its identity, and what the projection made of it. */
interface Entry<View> {
  readonly key: string;
  readonly uid: string;
  readonly version: bigint;
  readonly owner: string | undefined;
  /** `key=value` of the labels that are indexed. */
  readonly labels: readonly string[];
  readonly view: View;
}

/** What the index offers besides names and owners, and how much it takes. */
export interface ObjectIndexOptions {
  /** Keys of labels that objects can be found by. */
  readonly labelKeys?: readonly string[];
  readonly objectsMax?: number;
}

/** What is known of an object, by its name. Without a namespace it belongs to the whole cluster. */
export interface NamedView<View> {
  readonly namespace: string;
  readonly name: string;
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

const objectsMaxDefault = 200_000;

/**
 * Projected objects of one kind by name, by controlling owner and by label. An object never goes back to an older
 * version, and one that was deleted does not come back by older news of its uid, whatever order news arrive in.
 */
export class ObjectIndex<View> {
  readonly #project: (object: KubeObject) => View;
  readonly #entries = new Map<string, Entry<View>>();
  readonly #byOwner = new Map<string, Set<string>>();
  readonly #byLabel = new Map<string, Set<string>>();
  readonly #keyOfUid = new Map<string, string>();
  /** Version of the deletion by uid; undefined when it is final, and nothing newer can come. */
  readonly #tombstones = new Map<string, bigint | undefined>();
  readonly #labelKeys: readonly string[];
  readonly #objectsMax: number;

  constructor(project: (object: KubeObject) => View, options: ObjectIndexOptions = {}) {
    this.#project = project;
    this.#labelKeys = options.labelKeys ?? [];
    this.#objectsMax = options.objectsMax ?? objectsMaxDefault;
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
    return this.#viewsOf(this.#byOwner.get(uid));
  }

  /** Objects with a label; its key must be one of `labelKeys`. */
  withLabel(key: string, value: string): readonly View[] {
    return this.#viewsOf(this.#byLabel.get(`${key}=${value}`));
  }

  *list(): Iterable<View> {
    for (const { view } of this.#entries.values()) yield view;
  }

  /** Names with what is known by them. */
  *named(): Iterable<NamedView<View>> {
    for (const [key, { view }] of this.#entries) {
      const [namespace = '', name = ''] = key.split('/');
      yield { namespace, name, view };
    }
  }

  /** Takes an object in when it is news. Throws TooLarge when there is no room for one more. */
  put(object: KubeObject): CacheChange<View> | undefined {
    const { namespace = '', name, uid = '', resourceVersion } = object.metadata;
    const key = keyOf(namespace, name);
    const present = this.#entries.get(key);
    const version = versionOf(resourceVersion);
    // Versions count over all objects, so this also decides between two objects that had the same name.
    if (this.#isBuried(uid, version) || (present !== undefined && present.version >= version)) return undefined;
    if (present === undefined) this.#checkRoom();
    else this.#drop(present);
    if (present !== undefined && present.uid !== uid) this.#bury(present.uid, undefined);
    this.#keep(this.#entryOf(key, version, object));
    return changeOf(key, present?.view, this.#entries.get(key)?.view);
  }

  /**
   * Takes a deletion in. With a version it may also mean that the object is only out of sight (it lost a selector):
   * newer news of it is taken again. Without one the object is gone for good.
   */
  remove(namespace: string, name: string, uid: string, resourceVersion?: string): CacheChange<View> | undefined {
    const version = resourceVersion === undefined ? undefined : versionOf(resourceVersion);
    const key = keyOf(namespace, name);
    const present = this.#entries.get(key);
    const isSame = present !== undefined && (uid === '' || present.uid === uid);
    if (isSame && version !== undefined && present.version > version) return undefined;
    this.#bury(uid, version);
    if (!isSame) return undefined;
    this.#drop(present);
    return changeOf(key, present.view, undefined);
  }

  /**
   * Removes what a complete list read at a version does not have, unless we know it from later than the list was read.
   */
  keepOnly(listed: ReadonlySet<string>, listVersion: string): readonly CacheChange<View>[] {
    const readAt = versionOf(listVersion);
    const gone = [...this.#entries.values()].filter(({ key, version }) => !listed.has(key) && version <= readAt);
    for (const entry of gone) this.#drop(entry);
    return gone.map(({ key, view }) => changeOf(key, view, undefined));
  }

  /** Forgets all versions and deletions, so that news from a cluster that was set back is taken. */
  forgetHistory(): void {
    this.#tombstones.clear();
    for (const [key, entry] of this.#entries) this.#entries.set(key, { ...entry, version: 0n });
  }

  #viewsOf(keys: ReadonlySet<string> | undefined): readonly View[] {
    const views: View[] = [];
    for (const key of keys ?? []) {
      const entry = this.#entries.get(key);
      if (entry !== undefined) views.push(entry.view);
    }
    return views;
  }

  #entryOf(key: string, version: bigint, object: KubeObject): Entry<View> {
    const { metadata } = object;
    const labels = this.#labelsOf(metadata);
    return {
      key,
      uid: metadata.uid ?? '',
      version,
      owner: controllerUid(object),
      labels,
      view: this.#project(object),
    };
  }

  #keep(entry: Entry<View>): void {
    const { key, uid, owner, labels } = entry;
    this.#entries.set(key, entry);
    this.#keyOfUid.set(uid, key);
    if (owner !== undefined) addTo(this.#byOwner, owner, key);
    for (const label of labels) addTo(this.#byLabel, label, key);
  }

  #labelsOf({ labels = {} }: ObjectMeta): readonly string[] {
    return this.#labelKeys.flatMap((key) => (labels[key] === undefined ? [] : [`${key}=${labels[key]}`]));
  }

  #checkRoom(): void {
    if (this.#entries.size < this.#objectsMax) return;
    throw new SluiceError('TooLarge', `more than ${this.#objectsMax} objects of one kind`);
  }

  #drop({ key, uid, owner, labels }: Entry<View>): void {
    this.#entries.delete(key);
    this.#keyOfUid.delete(uid);
    if (owner !== undefined) removeFrom(this.#byOwner, owner, key);
    for (const label of labels) removeFrom(this.#byLabel, label, key);
  }

  #isBuried(uid: string, version: bigint): boolean {
    if (!this.#tombstones.has(uid)) return false;
    const buriedAt = this.#tombstones.get(uid);
    return buriedAt === undefined || version <= buriedAt;
  }

  #bury(uid: string, version: bigint | undefined): void {
    if (uid === '' || (this.#tombstones.has(uid) && this.#tombstones.get(uid) === undefined)) return;
    // Set anew, so that it is the youngest.
    this.#tombstones.delete(uid);
    this.#tombstones.set(uid, version);
    const [oldest] = this.#tombstones.keys();
    if (this.#tombstones.size > tombstonesMax && oldest !== undefined) this.#tombstones.delete(oldest);
  }
}

/** Key of an object inside its kind. */
export function keyOf(namespace: string, name: string): string {
  return `${namespace}/${name}`;
}

function changeOf<View>(key: string, before: View | undefined, after: View | undefined): CacheChange<View> {
  const [namespace = '', name = ''] = key.split('/');
  return { namespace, name, before, after };
}

/** Versions of one cluster are decimal and can be compared (Kubernetes states this since 1.35; etcd always did so). */
export function versionOf(resourceVersion = ''): bigint {
  return /^\d+$/.test(resourceVersion) ? BigInt(resourceVersion) : 0n;
}

function addTo(index: Map<string, Set<string>>, value: string, key: string): void {
  const keys = index.get(value);
  if (keys === undefined) index.set(value, new Set([key]));
  else keys.add(key);
}

function removeFrom(index: Map<string, Set<string>>, value: string, key: string): void {
  const keys = index.get(value);
  keys?.delete(key);
  if (keys?.size === 0) index.delete(value);
}
