import type { KubeObject, ResourceType } from '../../../api/object.ts';
import type { Clock } from '../../../base/clock.ts';
import type { Log } from '../../../base/log.ts';
import type { Random } from '../../../base/random.ts';
import type { CacheChange as ViewChange } from '../../object-index.ts';
import type { ClusterPort } from '../../port.ts';
import { Reflector } from '../../reflector.ts';

/** What happened to one object of a cache. `before` is absent when it is new, `after` when it is gone. */
export type CacheChange = ViewChange<KubeObject>;

/** What following a cluster needs. */
export interface FollowOptions {
  readonly cluster: ClusterPort;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Log;
}

/** A watch inside this process cannot die without a word, and a cluster at rest says nothing for long. */
const silenceMsMax = 86_400_000;

/**
 * The objects of one type as this process last saw them, whole, found by name, by controller and by labels without
 * looking at all of them. The answers of our own writes are put in as well as the events of a watch: whoever decides
 * from the cache never decides from a state that is older than its own last write.
 */
export class ObjectCache {
  readonly #reflector: Reflector<KubeObject>;
  readonly #byLabel = new Map<string, Map<string, KubeObject>>();
  readonly #byNamespace = new Map<string, Map<string, KubeObject>>();
  readonly #listeners = new Set<(change: CacheChange) => void>();

  constructor(type: ResourceType, options: FollowOptions) {
    this.#reflector = new Reflector({
      ...options,
      type,
      project: (object) => object,
      onChange: (change) => this.#onChange(change),
      silenceMsMax,
    });
  }

  /** Resolves after the first list. */
  get synced(): Promise<void> {
    return this.#reflector.synced;
  }

  /** Follows the cluster until the signal aborts; then resolves. */
  run(signal: AbortSignal): Promise<void> {
    return this.#reflector.run(signal);
  }

  /** Calls `listener` after every change, in order, until the returned function is called. */
  subscribe(listener: (change: CacheChange) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  get(namespace: string, name: string): KubeObject | undefined {
    return this.#reflector.get(namespace, name);
  }

  all(): readonly KubeObject[] {
    return [...this.#reflector.list()];
  }

  /** Objects whose controller has this uid. */
  ownedBy(uid: string): readonly KubeObject[] {
    return this.#reflector.ownedBy(uid);
  }

  /** Objects that carry all of these labels. No label at all matches the whole namespace. */
  withLabels(namespace: string, labels: Readonly<Record<string, string>>): readonly KubeObject[] {
    let smallest: ReadonlyMap<string, KubeObject> | undefined;
    for (const [name, value] of Object.entries(labels)) {
      const bucket = this.#byLabel.get(labelKey(namespace, name, value));
      if (bucket === undefined) return [];
      if (smallest === undefined || bucket.size < smallest.size) smallest = bucket;
    }
    if (smallest === undefined) return [...(this.#byNamespace.get(namespace)?.values() ?? [])];
    return [...smallest.values()].filter((object) => carries(object, labels));
  }

  /** Takes in an object that was read or written. An older version than the known one is dropped. */
  put(object: KubeObject): void {
    this.#reflector.remember(object);
  }

  /** Takes out an object that is known to be gone. */
  remove({ metadata: { namespace = '', name, uid = '' } }: KubeObject): void {
    this.#reflector.forget(namespace, name, uid);
  }

  /** Takes in the answer of a delete: the object may live on until its finalizers or its grace period end. */
  afterDelete(answer: KubeObject): void {
    const { deletionTimestamp, finalizers = [], deletionGracePeriodSeconds = 0 } = answer.metadata;
    const livesOn = deletionTimestamp !== undefined && (finalizers.length > 0 || deletionGracePeriodSeconds > 0);
    if (livesOn) this.put(answer);
    else this.remove(answer);
  }

  #onChange(change: CacheChange): void {
    const { before, after } = change;
    if (before !== undefined) for (const [index, entry] of this.#entries(before)) unlink(index, entry, before);
    if (after !== undefined) for (const [index, entry] of this.#entries(after)) link(index, entry, after);
    for (const listener of this.#listeners) listener(change);
  }

  *#entries({ metadata }: KubeObject): Generator<readonly [Map<string, Map<string, KubeObject>>, string]> {
    const { namespace = '', labels = {} } = metadata;
    yield [this.#byNamespace, namespace];
    for (const [name, value] of Object.entries(labels)) yield [this.#byLabel, labelKey(namespace, name, value)];
  }
}

/** `namespace/name`. */
export function keyOf(object: KubeObject): string {
  return `${object.metadata.namespace ?? ''}/${object.metadata.name}`;
}

function link(index: Map<string, Map<string, KubeObject>>, entry: string, object: KubeObject): void {
  const bucket = index.get(entry) ?? new Map();
  index.set(entry, bucket.set(object.metadata.name, object));
}

function unlink(index: Map<string, Map<string, KubeObject>>, entry: string, object: KubeObject): void {
  const bucket = index.get(entry);
  bucket?.delete(object.metadata.name);
  if (bucket?.size === 0) index.delete(entry);
}

function carries(object: KubeObject, labels: Readonly<Record<string, string>>): boolean {
  const own = object.metadata.labels ?? {};
  return Object.entries(labels).every(([name, value]) => own[name] === value);
}

function labelKey(namespace: string, name: string, value: string): string {
  return `${namespace}\n${name}=${value}`;
}
