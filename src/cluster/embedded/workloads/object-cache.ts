import type { KubeObject } from '../../../api/object.ts';

/** What happened to one object of a cache. `before` is absent when it is new, `after` when it is gone. */
export interface CacheChange {
  readonly before: KubeObject | undefined;
  readonly after: KubeObject | undefined;
}

/** Deleted objects that are remembered so that a late event cannot bring them back. */
const tombstoneCountMax = 10_000;

/**
 * The objects of one type as this process last saw them, found by name, by owner and by label in constant time.
 *
 * The answers of our own writes are put in as well as the events of a watch: whoever decides from the cache never
 * decides from a state that is older than its own last write. Of two versions of one object the newer one stays.
 */
export class ObjectCache {
  readonly #objects = new Map<string, KubeObject>();
  readonly #byOwner = new Map<string, Map<string, KubeObject>>();
  readonly #byLabel = new Map<string, Map<string, KubeObject>>();
  readonly #byNamespace = new Map<string, Map<string, KubeObject>>();
  readonly #tombstones = new Set<string>();
  readonly #listeners = new Set<(change: CacheChange) => void>();

  /** Calls `listener` after every change, in order, until the returned function is called. */
  subscribe(listener: (change: CacheChange) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  get(namespace: string, name: string): KubeObject | undefined {
    return this.#objects.get(`${namespace}/${name}`);
  }

  all(): readonly KubeObject[] {
    return [...this.#objects.values()];
  }

  inNamespace(namespace: string): readonly KubeObject[] {
    return [...(this.#byNamespace.get(namespace)?.values() ?? [])];
  }

  /** Objects with an owner reference (controlling or not) to this uid. */
  ownedBy(uid: string): readonly KubeObject[] {
    return [...(this.#byOwner.get(uid)?.values() ?? [])];
  }

  /** Objects that carry all of these labels. No label at all matches the whole namespace. */
  withLabels(namespace: string, labels: Readonly<Record<string, string>>): readonly KubeObject[] {
    let smallest: ReadonlyMap<string, KubeObject> | undefined;
    for (const [name, value] of Object.entries(labels)) {
      const bucket = this.#byLabel.get(labelKey(namespace, name, value));
      if (bucket === undefined) return [];
      if (smallest === undefined || bucket.size < smallest.size) smallest = bucket;
    }
    if (smallest === undefined) return this.inNamespace(namespace);
    return [...smallest.values()].filter((object) => carries(object, labels));
  }

  /** Takes in an object that was read or written. An older version than the known one is dropped. */
  put(object: KubeObject): void {
    const key = keyOf(object);
    if (this.#tombstones.has(object.metadata.uid ?? '')) return;
    const before = this.#objects.get(key);
    if (before !== undefined && !isNewer(object, before)) return;
    if (before !== undefined) this.#unlink(key, before);
    this.#link(key, object);
    this.#tell({ before, after: object });
  }

  /** Takes out an object that is known to be gone. `seen` says that the watch itself has reported it. */
  remove(object: KubeObject, seen: 'watched' | 'written'): void {
    const key = keyOf(object);
    const uid = object.metadata.uid ?? '';
    if (seen === 'watched') this.#tombstones.delete(uid);
    else this.#bury(uid);
    const before = this.#objects.get(key);
    if (before === undefined || before.metadata.uid !== object.metadata.uid) return;
    this.#unlink(key, before);
    this.#tell({ before, after: undefined });
  }

  /** Takes in the answer of a delete: the object may live on until its finalizers or its grace period end. */
  afterDelete(answer: KubeObject): void {
    const { deletionTimestamp, finalizers, deletionGracePeriodSeconds } = answer.metadata;
    const livesOn =
      deletionTimestamp !== undefined && ((finalizers?.length ?? 0) > 0 || (deletionGracePeriodSeconds ?? 0) > 0);
    if (livesOn) this.put(answer);
    else this.remove(answer, 'written');
  }

  /** Makes the cache equal to a whole list that was read at `resourceVersion`. Newer own writes survive. */
  replace(items: readonly KubeObject[], resourceVersion: string): void {
    const listed = new Set(items.map(keyOf));
    for (const [key, object] of this.#objects) {
      const isYounger = compareVersions(object.metadata.resourceVersion ?? '', resourceVersion) > 0;
      if (listed.has(key) || isYounger) continue;
      this.#unlink(key, object);
      this.#tell({ before: object, after: undefined });
    }
    for (const object of items) this.put(object);
  }

  #bury(uid: string): void {
    this.#tombstones.add(uid);
    if (this.#tombstones.size <= tombstoneCountMax) return;
    for (const oldest of this.#tombstones) {
      this.#tombstones.delete(oldest);
      break;
    }
  }

  #tell(change: CacheChange): void {
    for (const listener of this.#listeners) listener(change);
  }

  #link(key: string, object: KubeObject): void {
    this.#objects.set(key, object);
    for (const [index, entry] of this.#entries(object)) {
      const bucket = index.get(entry);
      if (bucket === undefined) index.set(entry, new Map([[key, object]]));
      else bucket.set(key, object);
    }
  }

  #unlink(key: string, object: KubeObject): void {
    this.#objects.delete(key);
    for (const [index, entry] of this.#entries(object)) {
      const bucket = index.get(entry);
      bucket?.delete(key);
      if (bucket?.size === 0) index.delete(entry);
    }
  }

  *#entries(object: KubeObject): Generator<readonly [Map<string, Map<string, KubeObject>>, string]> {
    const { namespace = '', ownerReferences = [], labels = {} } = object.metadata;
    yield [this.#byNamespace, namespace];
    for (const owner of ownerReferences) yield [this.#byOwner, owner.uid];
    for (const [name, value] of Object.entries(labels)) yield [this.#byLabel, labelKey(namespace, name, value)];
  }
}

/** `namespace/name`. */
export function keyOf(object: KubeObject): string {
  return `${object.metadata.namespace ?? ''}/${object.metadata.name}`;
}

/** Orders two resourceVersions: whole numbers of any length. */
export function compareVersions(left: string, right: string): number {
  if (left.length !== right.length) return left.length - right.length;
  if (left === right) return 0;
  return left < right ? -1 : 1;
}

function isNewer(object: KubeObject, known: KubeObject): boolean {
  return compareVersions(object.metadata.resourceVersion ?? '', known.metadata.resourceVersion ?? '') > 0;
}

function carries(object: KubeObject, labels: Readonly<Record<string, string>>): boolean {
  const own = object.metadata.labels ?? {};
  return Object.entries(labels).every(([name, value]) => own[name] === value);
}

function labelKey(namespace: string, name: string, value: string): string {
  return `${namespace}\n${name}=${value}`;
}
