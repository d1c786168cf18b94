import type { KubeObject, ResourceType } from '../api/object.ts';
import type { NamedView } from '../cluster/object-index.ts';
import type { CacheStanding } from '../cluster/reflector.ts';
import type { ObjectCache } from './caches.ts';

/** A cache that follows a cluster while it runs. */
export interface FollowedCache<View> extends ObjectCache<View> {
  /** Resolves after everything was read once. */
  readonly synced: Promise<void>;
  /** How well it keeps up. */
  readonly standing: CacheStanding;
  /** Follows the cluster until the signal aborts; then resolves. */
  run(signal: AbortSignal): Promise<void>;
}

/** The same kind in several namespaces, each followed by itself: no right to see the whole cluster is needed. */
export class CacheGroup<View> implements FollowedCache<View> {
  readonly type: ResourceType;
  readonly synced: Promise<void>;
  readonly #members: ReadonlyMap<string, FollowedCache<View>>;

  /** `members` by namespace. Without any, the cache stays empty. */
  constructor(type: ResourceType, members: ReadonlyMap<string, FollowedCache<View>>) {
    this.type = type;
    this.#members = members;
    this.synced = Promise.all([...members.values()].map(({ synced }) => synced)).then(() => undefined);
  }

  /** As its slowest member. */
  get standing(): CacheStanding {
    const all = [...this.#members.values()].map(({ standing }) => standing);
    return {
      size: all.reduce((sum, { size }) => sum + size, 0),
      ageMs: largest(all.map(({ ageMs }) => ageMs)),
      lagMs: largest(all.map(({ lagMs }) => lagMs)),
    };
  }

  get(namespace: string, name: string): View | undefined {
    return this.#members.get(namespace)?.get(namespace, name);
  }

  find(uid: string): View | undefined {
    for (const member of this.#members.values()) {
      const found = member.find(uid);
      if (found !== undefined) return found;
    }
    return undefined;
  }

  ownedBy(uid: string): readonly View[] {
    return [...this.#members.values()].flatMap((member) => member.ownedBy(uid));
  }

  *list(): Iterable<View> {
    for (const member of this.#members.values()) yield* member.list();
  }

  *named(): Iterable<NamedView<View>> {
    for (const member of this.#members.values()) yield* member.named();
  }

  remember(object: KubeObject): void {
    this.#members.get(object.metadata.namespace ?? '')?.remember(object);
  }

  forget(namespace: string, name: string, uid: string): void {
    this.#members.get(namespace)?.forget(namespace, name, uid);
  }

  async run(signal: AbortSignal): Promise<void> {
    await Promise.all([...this.#members.values()].map((member) => member.run(signal)));
  }
}

function largest(values: readonly (number | undefined)[]): number | undefined {
  const known = values.filter((value) => value !== undefined);
  return known.length === 0 ? undefined : Math.max(...known);
}
