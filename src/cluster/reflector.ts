import type { KubeObject, ResourceType } from '../api/object.ts';
import { parseSelector } from '../api/parse-selector.ts';
import { selectorMatches, type Selector } from '../api/selector.ts';
import { sleep, type Clock } from '../base/clock.ts';
import { hasCode, messageOf, SluiceError } from '../base/error.ts';
import type { Random } from '../base/random.ts';
import type { ClusterPort, WatchEvent } from './port.ts';
import { keyOf, ReflectedObjects, type ReflectedChange, type ReflectedIdentity } from './reflected-objects.ts';
import { compareVersions } from './resource-version.ts';
import { WatchDog } from './watch-dog.ts';

/** What a reflector keeps of which objects. Times are milliseconds. */
export interface ReflectorOptions<Item> {
  readonly cluster: ClusterPort;
  readonly type: ResourceType;
  readonly clock: Clock;
  readonly random: Random;
  /** What is kept of an object. It must not hold on to the whole. */
  readonly project: (object: KubeObject) => Item;
  /** Two projections that count as the same are not told as a change. */
  readonly isSame?: (left: Item, right: Item) => boolean;
  /** All namespaces when absent. */
  readonly namespace?: string;
  readonly labelSelector?: string;
  readonly fieldSelector?: string;
  /** Labels that objects can be looked up by. */
  readonly labelKeys?: readonly string[];
  /** Called for every failure, with the time until the next attempt. */
  readonly onFailure?: (error: SluiceError, retryInMs: number) => void;
  readonly pageSize?: number;
  readonly itemsMax?: number;
  readonly backoffMinMs?: number;
  readonly backoffMaxMs?: number;
  /** A watch that says nothing for so long, not even a bookmark, is taken for dead. */
  readonly idleMaxMs?: number;
}

const pageSizeDefault = 500;
const itemsMaxDefault = 200_000;
const backoffMinMsDefault = 200;
const backoffMaxMsDefault = 30_000;
/** Two and a half times the usual distance of bookmarks. */
const idleMaxMsDefault = 150_000;
const listTimeoutMs = 30_000;
/** Watches are renewed at random in this range, so that those of many processes do not come together. */
const watchSeconds = { minimum: 300, maximum: 600 };
/** A watch that ends sooner than this, without having told anything, counts as failed. */
const watchMsMin = 1000;
/** So many lists that are older than what was seen are refused before one is believed (a restored cluster). */
const staleListsMax = 5;

/**
 * Keeps a projection of all objects of one kind up to date: a list in pages, then a watch from its version, renewed for
 * ever. Every failure is retried with growing, jittered pauses; only a version that is Gone leads to a new list. Objects
 * never go back to an older version, whatever a list or a late event says.
 */
export class Reflector<Item> {
  readonly #options: ReflectorOptions<Item>;
  readonly #objects: ReflectedObjects<Item>;
  readonly #selector: Selector;
  readonly #listeners = new Set<(change: ReflectedChange<Item>) => void>();
  readonly #waiting = new Set<() => void>();
  /** Newest version that a list or an event has shown; undefined until the first list, and when it is Gone. */
  #version: string | undefined;
  #newestVersion = '';
  #staleLists = 0;
  #failures = 0;
  #hasSynced = false;

  /** Throws BadRequest when the label selector cannot be read. */
  constructor(options: ReflectorOptions<Item>) {
    this.#options = options;
    const selector = parseSelector(options.labelSelector ?? '');
    if (!selector.ok) throw new SluiceError('BadRequest', `label selector: ${selector.error}`);
    this.#selector = selector.value;
    this.#objects = new ReflectedObjects({
      project: options.project,
      isSame: options.isSame ?? (() => false),
      labelKeys: options.labelKeys ?? [],
      itemsMax: options.itemsMax ?? itemsMaxDefault,
      tell: (change) => this.#tell(change),
    });
  }

  /** True once everything that was there at the start is known. It stays true. */
  get hasSynced(): boolean {
    return this.#hasSynced;
  }

  get size(): number {
    return this.#objects.size;
  }

  get(namespace: string | undefined, name: string): Item | undefined {
    return this.#objects.get(namespace, name);
  }

  /** All items, in no particular order. */
  items(): Iterable<Item> {
    return this.#objects.items();
  }

  /** Items with an owner reference to this uid. */
  byOwner(uid: string): readonly Item[] {
    return this.#objects.byOwner(uid);
  }

  /** Items with this label; `key` must be one of `labelKeys`. */
  byLabel(key: string, value: string): readonly Item[] {
    return this.#objects.byLabel(key, value);
  }

  /** Calls back after every change of the cache. Answers how to stop. */
  onChange(listener: (change: ReflectedChange<Item>) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /**
   * Takes the answer to a write at once, so that the next decision sees it; an older event that arrives later is
   * dropped. An object that left the namespace or the label selector is no longer kept.
   */
  remember(object: KubeObject): void {
    const { namespace, name, uid = '', resourceVersion, labels } = object.metadata;
    const isInNamespace = this.#options.namespace === undefined || this.#options.namespace === namespace;
    if (isInNamespace && selectorMatches(this.#selector, labels)) this.#objects.set(object, 'write');
    else this.#objects.remove({ namespace, name, uid }, resourceVersion, 'write');
  }

  /** Takes the answer that an object is gone for good: nothing that is heard of this uid later brings it back. */
  rememberDeletion(gone: ReflectedIdentity): void {
    this.#objects.remove(gone, undefined, 'write');
  }

  /** Resolves when `hasSynced` becomes true; rejects when the signal aborts before. */
  async whenSynced(signal: AbortSignal): Promise<void> {
    if (this.#hasSynced) return;
    await new Promise<void>((resolve, reject) => {
      const finish = (): void => {
        signal.removeEventListener('abort', onAbort);
        resolve();
      };
      const onAbort = (): void => {
        this.#waiting.delete(finish);
        reject(new SluiceError('Cancelled', `stopped waiting for the first list of ${this.#options.type.plural}`));
      };
      signal.addEventListener('abort', onAbort, { once: true });
      if (signal.aborted) onAbort();
      else this.#waiting.add(finish);
    });
  }

  /** Lists and watches until the signal aborts. Never rejects. */
  async run(signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      try {
        this.#version ??= await this.#list(signal);
        await this.#watch(this.#version, signal);
      } catch (error) {
        if (signal.aborted) return;
        await this.#pauseAfter(asSluiceError(error), signal);
      }
    }
  }

  async #list(signal: AbortSignal): Promise<string> {
    const { cluster, type, pageSize = pageSizeDefault } = this.#options;
    const keys = new Set<string>();
    let version: string | undefined;
    let continueToken: string | undefined;
    do {
      const query = { ...this.#query(), limit: pageSize, ...(continueToken === undefined ? {} : { continueToken }) };
      const page = await cluster.list(type, query, { signal, timeoutMs: listTimeoutMs });
      if (version === undefined) this.#checkList(page.resourceVersion);
      version ??= page.resourceVersion;
      for (const object of page.items) {
        keys.add(keyOf(object.metadata.namespace, object.metadata.name));
        this.#objects.set(object, 'cluster');
      }
      ({ continueToken } = page);
    } while (continueToken !== undefined);
    this.#objects.keepOnly(keys, version);
    this.#seen(version);
    this.#synced();
    return version;
  }

  /** A list that is older than what was seen comes from a server that lags behind: another may know more. */
  #checkList(version: string): void {
    if (compareVersions(version, this.#newestVersion) >= 0) {
      this.#staleLists = 0;
      return;
    }
    this.#staleLists += 1;
    if (this.#staleLists < staleListsMax) {
      const { plural } = this.#options.type;
      throw new SluiceError(
        'Unavailable',
        `the list of ${plural} is from version ${version}, ${this.#newestVersion} was seen`,
      );
    }
    this.#newestVersion = '';
    this.#staleLists = 0;
    this.#objects.forgetHistory();
  }

  async #watch(resourceVersion: string, signal: AbortSignal): Promise<void> {
    const { cluster, type, clock, random, idleMaxMs = idleMaxMsDefault } = this.#options;
    const dog = new WatchDog(clock, idleMaxMs, signal);
    const startMs = clock.monotonic();
    const timeoutSeconds = random.integer(watchSeconds.minimum, watchSeconds.maximum);
    const query = { ...this.#query(), resourceVersion, bookmarks: true, timeoutSeconds };
    let isQuiet = true;
    try {
      for await (const event of cluster.watch(type, query, dog.signal)) {
        dog.reset();
        isQuiet = false;
        this.#failures = 0;
        this.#take(event);
      }
    } catch (error) {
      throw dog.failure ?? error;
    } finally {
      dog.stop();
    }
    if (dog.failure !== undefined) throw dog.failure;
    if (isQuiet && clock.monotonic() - startMs < watchMsMin && !signal.aborted) {
      throw new SluiceError('Unavailable', `the watch of ${type.plural} ended at once`);
    }
  }

  #take(event: WatchEvent): void {
    if (event.type === 'BOOKMARK') {
      this.#seen(event.resourceVersion);
      return;
    }
    const { namespace, name, uid = '', resourceVersion = '' } = event.object.metadata;
    if (event.type === 'DELETED') this.#objects.remove({ namespace, name, uid }, resourceVersion, 'cluster');
    else this.#objects.set(event.object, 'cluster');
    this.#seen(resourceVersion);
  }

  /** Where the next watch goes on from. */
  #seen(version: string): void {
    this.#version = version;
    if (compareVersions(version, this.#newestVersion) > 0) this.#newestVersion = version;
  }

  async #pauseAfter(error: SluiceError, signal: AbortSignal): Promise<void> {
    // What a full cache missed can only be made up for by a new list.
    if (hasCode(error, 'Gone', 'TooLarge')) this.#version = undefined;
    const retryInMs = this.#retryInMs(error);
    this.#failures += 1;
    this.#options.onFailure?.(error, retryInMs);
    // Only the signal can end the pause early, and then the loop ends too.
    await sleep(this.#options.clock, retryInMs, signal).catch(() => undefined);
  }

  /** Doubles with every failure in a row and lies at random between half of that and all of it. */
  #retryInMs(error: SluiceError): number {
    const { random, backoffMinMs = backoffMinMsDefault, backoffMaxMs = backoffMaxMsDefault } = this.#options;
    const limitMs = Math.min(backoffMinMs * 2 ** Math.min(this.#failures, 30), backoffMaxMs);
    return Math.max(limitMs * (0.5 + random.next() / 2), error.retryAfterMs ?? 0);
  }

  #query(): { namespace?: string; labelSelector?: string; fieldSelector?: string } {
    const { namespace, labelSelector, fieldSelector } = this.#options;
    return {
      ...(namespace === undefined ? {} : { namespace }),
      ...(labelSelector === undefined ? {} : { labelSelector }),
      ...(fieldSelector === undefined ? {} : { fieldSelector }),
    };
  }

  #synced(): void {
    if (this.#hasSynced) return;
    this.#hasSynced = true;
    for (const resolve of this.#waiting) resolve();
    this.#waiting.clear();
  }

  #tell(change: ReflectedChange<Item>): void {
    for (const listener of this.#listeners) listener(change);
  }
}

function asSluiceError(error: unknown): SluiceError {
  return error instanceof SluiceError ? error : new SluiceError('Internal', messageOf(error), { cause: error });
}
