import type { KubeObject, ResourceType } from '../../../api/object.ts';
import { hasCode } from '../../../base/error.ts';
import { invariant } from '../../../base/invariant.ts';
import type { ClusterPort } from '../../port.ts';
import { ObjectCache, type FollowOptions } from './object-cache.ts';

/**
 * The cluster as the workload controllers see it: reads from caches, writes through the port. What a write answers goes
 * into the cache at once. When it stays unknown whether a write happened, the objects of that kind and namespace are
 * listed again before anything is decided from them.
 */
export class CachedCluster {
  readonly #port: ClusterPort;
  readonly #signal: AbortSignal;
  readonly #writeOptions: { readonly fieldManager: string };
  readonly #caches: ReadonlyMap<string, ObjectCache>;
  readonly #unsure = new Set<string>();

  /** Nothing is written any more once the signal has aborted. Writes are made in the name of `fieldManager`. */
  constructor(types: readonly ResourceType[], options: FollowOptions, signal: AbortSignal, fieldManager: string) {
    this.#port = options.cluster;
    this.#signal = signal;
    this.#writeOptions = { fieldManager };
    this.#caches = new Map(types.map((type) => [type.plural, new ObjectCache(type, options)]));
  }

  /** Begins to follow all types. `synced` resolves when every cache has its first list. */
  follow(): { readonly synced: Promise<void>; readonly ended: Promise<void> } {
    const caches = [...this.#caches.values()];
    const ended = Promise.all(caches.map((cache) => cache.run(this.#signal))).then(() => undefined);
    return { synced: Promise.all(caches.map((cache) => cache.synced)).then(() => undefined), ended };
  }

  /** The cache of a type that is followed. */
  of(type: ResourceType): ObjectCache {
    const cache = this.#caches.get(type.plural);
    invariant(cache !== undefined, `${type.plural} are followed`);
    return cache;
  }

  /** Reads an object from the cluster itself; undefined when it is gone. */
  async read(type: ResourceType, object: KubeObject): Promise<KubeObject | undefined> {
    const { name, namespace = '' } = object.metadata;
    try {
      return await this.#port.get({ type, namespace, name }, this.#call);
    } catch (error) {
      if (hasCode(error, 'NotFound')) return undefined;
      throw error;
    }
  }

  /** Creates an object. */
  async create(type: ResourceType, object: KubeObject): Promise<KubeObject> {
    const { namespace = '' } = object.metadata;
    return this.#remember(type, namespace, this.#port.create(type, object, this.#writeOptions, this.#call));
  }

  /** Changes fields of an object, provided that it still is the same one. */
  async patch(type: ResourceType, object: KubeObject, body: object): Promise<KubeObject> {
    const { name, namespace = '', uid } = object.metadata;
    const metadata = { ...('metadata' in body && typeof body.metadata === 'object' ? body.metadata : {}), uid };
    const patch = { kind: 'merge', body: { ...body, metadata } } as const;
    return this.#remember(
      type,
      namespace,
      this.#port.patch({ type, namespace, name }, patch, this.#writeOptions, this.#call),
    );
  }

  /**
   * Changes fields of the status of an object. A null removes a field. The version, if given, is a precondition;
   * annotations go with the status, which leaves the generation alone.
   */
  async patchStatus(
    type: ResourceType,
    object: KubeObject,
    status: object,
    metadata: Pick<KubeObject['metadata'], 'annotations' | 'resourceVersion'> = {},
  ): Promise<KubeObject> {
    const { name, namespace = '', uid } = object.metadata;
    const patch = { kind: 'merge', body: { metadata: { uid, ...metadata }, status } } as const;
    const options = { ...this.#writeOptions, subresource: 'status' } as const;
    return this.#remember(type, namespace, this.#port.patch({ type, namespace, name }, patch, options, this.#call));
  }

  /** Deletes an object, provided that it still is the same one. Its absence is a success. */
  async delete(
    type: ResourceType,
    object: KubeObject,
    options: { readonly gracePeriodSeconds?: number; readonly propagation?: 'Background' } = {},
  ): Promise<void> {
    const { name, namespace = '', uid } = object.metadata;
    const preconditions = uid === undefined ? {} : { uid };
    try {
      const answer = await this.#port.delete({ type, namespace, name }, { ...options, ...preconditions }, this.#call);
      this.of(type).afterDelete(answer);
    } catch (error) {
      if (!hasCode(error, 'NotFound')) throw error;
      this.of(type).remove(object);
    }
  }

  /** Reads again what an unanswered write has left open. Called before deciding about objects of the type. */
  async settle(type: ResourceType, namespace: string): Promise<void> {
    const key = `${type.plural}/${namespace}`;
    if (!this.#unsure.has(key)) return;
    const { items } = await this.#port.list(type, { namespace }, this.#call);
    for (const object of items) this.of(type).put(object);
    this.#unsure.delete(key);
  }

  get #call(): { readonly signal: AbortSignal } {
    return { signal: this.#signal };
  }

  async #remember(type: ResourceType, namespace: string, write: Promise<KubeObject>): Promise<KubeObject> {
    try {
      const object = await write;
      this.of(type).put(object);
      return object;
    } catch (error) {
      const isOpen = hasCode(error, 'Unavailable', 'Timeout', 'Internal');
      if (isOpen) this.#unsure.add(`${type.plural}/${namespace}`);
      throw error;
    }
  }
}
