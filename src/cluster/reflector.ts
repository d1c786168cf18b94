import type { KubeObject, ResourceType } from '../api/object.ts';
import { sleep, type Clock } from '../base/clock.ts';
import { hasCode, messageOf } from '../base/error.ts';
import type { Log } from '../base/log.ts';
import type { Random } from '../base/random.ts';
import { ObjectIndex, type CacheChange } from './object-index.ts';
import type { ClusterPort, ListPage, WatchEvent } from './port.ts';

/** What one reflector follows, and how. */
export interface ReflectorOptions<View> {
  readonly cluster: ClusterPort;
  readonly type: ResourceType;
  /** All namespaces when absent. */
  readonly namespace?: string;
  readonly labelSelector?: string;
  /** What is kept of an object. Must not throw for any object. */
  project(object: KubeObject): View;
  /** Told after every change of the cache, also for our own writes. */
  onChange(change: CacheChange<View>): void;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Log;
}

/** Objects asked for at once when a list is read. */
const pageSize = 500;
const retryDelayMsMin = 100;
const retryDelayMsMax = 30_000;
/** A server sends bookmarks about once a minute; a watch that is silent for longer than this is taken for dead. */
const silenceMsMax = 180_000;

/**
 * Keeps a projected cache of one kind equal to the cluster: a list in pages, then a watch from where it was read. Any
 * error waits with a growing, spread delay; `Gone` reads the list again; a silent watch is given up. Answers to our own
 * writes go into the same cache (`remember`), so the next decision already sees them.
 */
export class Reflector<View> {
  readonly #options: ReflectorOptions<View>;
  readonly #index: ObjectIndex<View>;
  readonly #synced = Promise.withResolvers<void>();
  #hasSynced = false;

  constructor(options: ReflectorOptions<View>) {
    this.#options = options;
    this.#index = new ObjectIndex((object) => options.project(object));
  }

  get type(): ResourceType {
    return this.#options.type;
  }

  get hasSynced(): boolean {
    return this.#hasSynced;
  }

  /** Resolves after the first complete list. */
  get synced(): Promise<void> {
    return this.#synced.promise;
  }

  get(namespace: string, name: string): View | undefined {
    return this.#index.get(namespace, name);
  }

  find(uid: string): View | undefined {
    return this.#index.find(uid);
  }

  ownedBy(uid: string): readonly View[] {
    return this.#index.ownedBy(uid);
  }

  list(): Iterable<View> {
    return this.#index.list();
  }

  get size(): number {
    return this.#index.size;
  }

  remember(object: KubeObject): void {
    this.#tell(this.#index.put(object));
  }

  forget(namespace: string, name: string, uid: string): void {
    this.#tell(this.#index.remove(namespace, name, uid));
  }

  /** Follows the cluster until the signal aborts; then resolves. */
  async run(signal: AbortSignal): Promise<void> {
    const { clock, random, log, type } = this.#options;
    let version: string | undefined;
    let failures = 0;
    while (!signal.aborted) {
      try {
        version ??= await this.#readList(signal);
        const next = await this.#watch(version, signal);
        // A stream that ends without a word is opened again, but not at once: the server may be in trouble.
        failures = next === version ? failures + 1 : 0;
        version = next;
      } catch (error) {
        if (signal.aborted) return;
        if (hasCode(error, 'Gone')) version = undefined;
        failures += 1;
        log.warn({ kind: type.kind, failures, error: messageOf(error) }, 'following a kind was interrupted');
      }
      if (failures === 0) continue;
      const delayMs = Math.min(retryDelayMsMin * 2 ** Math.min(failures - 1, 20), retryDelayMsMax);
      await sleep(clock, delayMs * (0.5 + random.next() / 2), signal).catch(() => undefined);
    }
  }

  async #readList(signal: AbortSignal): Promise<string> {
    const { cluster, type, namespace, labelSelector } = this.#options;
    const scope = {
      ...(namespace === undefined ? {} : { namespace }),
      ...(labelSelector === undefined ? {} : { labelSelector }),
    };
    const objects: KubeObject[] = [];
    let page: ListPage | undefined;
    do {
      const rest = page?.continueToken === undefined ? {} : { continueToken: page.continueToken };
      page = await cluster.list(type, { ...scope, limit: pageSize, ...rest }, { signal });
      objects.push(...page.items);
    } while (page.continueToken !== undefined);
    for (const change of this.#index.replace(objects, page.resourceVersion)) this.#tell(change);
    this.#hasSynced = true;
    this.#synced.resolve();
    return page.resourceVersion;
  }

  /** Watches until the server ends the stream; answers with the version to go on from. */
  async #watch(from: string, signal: AbortSignal): Promise<string> {
    const { cluster, type, namespace, labelSelector, clock } = this.#options;
    const query = {
      ...(namespace === undefined ? {} : { namespace }),
      ...(labelSelector === undefined ? {} : { labelSelector }),
      resourceVersion: from,
      bookmarks: true,
    };
    const controller = new AbortController();
    const stop = (): void => controller.abort(new Error('the watch is given up'));
    signal.addEventListener('abort', stop, { once: true });
    let version = from;
    let heardAt = clock.monotonic();
    let cancelWatchdog = clock.schedule(silenceMsMax, check);
    function check(): void {
      const silentMs = clock.monotonic() - heardAt;
      if (silentMs >= silenceMsMax) stop();
      else cancelWatchdog = clock.schedule(silenceMsMax - silentMs, check);
    }
    try {
      for await (const event of cluster.watch(type, query, controller.signal)) {
        heardAt = clock.monotonic();
        version = this.#take(event) ?? version;
      }
      return version;
    } catch (error) {
      // A watch that we gave up ourselves goes on from where it was.
      if (controller.signal.aborted && !signal.aborted) return version;
      throw error;
    } finally {
      cancelWatchdog();
      signal.removeEventListener('abort', stop);
    }
  }

  #take(event: WatchEvent): string | undefined {
    if (event.type === 'BOOKMARK') return event.resourceVersion;
    const { metadata } = event.object;
    if (event.type === 'DELETED') this.forget(metadata.namespace ?? '', metadata.name, metadata.uid ?? '');
    else this.remember(event.object);
    return metadata.resourceVersion;
  }

  #tell(change: CacheChange<View> | undefined): void {
    if (change !== undefined) this.#options.onChange(change);
  }
}
