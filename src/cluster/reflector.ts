import type { KubeObject, ResourceType } from '../api/object.ts';
import { parseSelector } from '../api/parse-selector.ts';
import { selectorMatches, type Selector } from '../api/selector.ts';
import { sleep, type Clock } from '../base/clock.ts';
import { hasCode, messageOf, SluiceError } from '../base/error.ts';
import type { Log } from '../base/log.ts';
import type { Random } from '../base/random.ts';
import {
  keyOf,
  ObjectIndex,
  versionOf,
  type CacheChange,
  type NamedView,
  type ObjectIndexOptions,
} from './object-index.ts';
import type { ClusterPort, ListPage, WatchEvent } from './port.ts';
import { WatchDog } from './watch-dog.ts';

/** What one reflector follows, and how. */
export interface ReflectorOptions<View> extends ObjectIndexOptions {
  readonly cluster: ClusterPort;
  readonly type: ResourceType;
  /** All namespaces when absent. */
  readonly namespace?: string;
  readonly labelSelector?: string;
  /** The cluster may not know this kind: then there are none, until it does. */
  readonly optional?: boolean;
  /** What is kept of an object. Must not throw for any object, nor hold on to the whole. */
  project(object: KubeObject): View;
  /** Told after every change of the cache, also for our own writes. */
  onChange(change: CacheChange<View>): void;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Log;
  /** Objects asked for at once when a list is read. */
  readonly pageSize?: number;
  /** A watch that says nothing for so long, not even a bookmark, is taken for dead. */
  readonly silenceMsMax?: number;
}

/** How well a cache keeps up with the cluster. */
export interface CacheStanding {
  readonly size: number;
  /** Milliseconds since the cluster was last heard of; undefined before the first list. */
  readonly ageMs: number | undefined;
  /** Milliseconds from the answer to one of our writes until the watch brought it; undefined before there was one. */
  readonly lagMs: number | undefined;
}

const pageSizeDefault = 500;
const listTimeoutMs = 30_000;
const retryDelayMsMin = 100;
const retryDelayMsMax = 30_000;
const missingDelayMsMax = 5000;
/** A server sends bookmarks about once a minute. */
const silenceMsMaxDefault = 180_000;
/** Watches are renewed at random in this range, so that those of many processes do not come together. */
const watchSeconds = { minimum: 300, maximum: 600 };
/** A watch that ends sooner than this, without a word, counts as failed: the server may be in trouble. */
const watchMsMin = 1000;
/**
 * So many lists in a row that are older than what was seen are refused, before one is believed (a restored cluster).
 */
const staleListsMax = 5;

/**
 * Keeps a projected cache of one kind equal to the cluster: a list in pages, then a watch from where it was read. Any
 * error waits with a growing, spread delay; `Gone` reads the list again; a silent watch is given up. Answers to our own
 * writes go into the same cache (`remember`), so the next decision already sees them. Nothing in it ever goes back to
 * an older version.
 */
export class Reflector<View> {
  readonly #options: ReflectorOptions<View>;
  readonly #index: ObjectIndex<View>;
  readonly #selector: Selector;
  readonly #synced = Promise.withResolvers<void>();
  #hasSynced = false;
  /** Where the next watch goes on from; undefined when a list must be read first. */
  #version: string | undefined;
  #newestVersion = 0n;
  #staleLists = 0;
  #failures = 0;
  #heardAtMs: number | undefined;
  /** A write of ours that the watch has not brought yet, and when it was answered. */
  #probe: { readonly version: bigint; readonly sinceMs: number } | undefined;
  #lagMs: number | undefined;

  /** Throws BadRequest when the label selector cannot be read. */
  constructor(options: ReflectorOptions<View>) {
    this.#options = options;
    const selector = parseSelector(options.labelSelector ?? '');
    if (!selector.ok) throw new SluiceError('BadRequest', `label selector: ${selector.error}`);
    this.#selector = selector.value;
    this.#index = new ObjectIndex((object) => options.project(object), options);
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

  /** Objects with a label; its key must be one of `labelKeys`. */
  withLabel(key: string, value: string): readonly View[] {
    return this.#index.withLabel(key, value);
  }

  list(): Iterable<View> {
    return this.#index.list();
  }

  named(): Iterable<NamedView<View>> {
    return this.#index.named();
  }

  get size(): number {
    return this.#index.size;
  }

  /** Asked for metrics. */
  get standing(): CacheStanding {
    const ageMs = this.#heardAtMs === undefined ? undefined : this.#options.clock.monotonic() - this.#heardAtMs;
    return { size: this.#index.size, ageMs, lagMs: this.#lagMs };
  }

  /**
   * Takes the answer to a write in. An older version than the known one is dropped; an object that the selector no
   * longer matches is out of sight.
   */
  remember(object: KubeObject): void {
    const { namespace = '', name, uid = '', resourceVersion, labels } = object.metadata;
    const isInNamespace = this.#options.namespace === undefined || this.#options.namespace === namespace;
    const isInSight = isInNamespace && selectorMatches(this.#selector, labels);
    const change = isInSight ? this.#index.put(object) : this.#index.remove(namespace, name, uid, resourceVersion);
    if (change !== undefined && isInSight) {
      this.#probe ??= { version: versionOf(resourceVersion), sinceMs: this.#options.clock.monotonic() };
    }
    this.#tell(change);
  }

  /** Takes in that an object is gone for good: nothing that is heard of this uid later brings it back. */
  forget(namespace: string, name: string, uid: string): void {
    this.#tell(this.#index.remove(namespace, name, uid));
  }

  /** Follows the cluster until the signal aborts; then resolves. */
  async run(signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      try {
        this.#version ??= await this.#readList(signal);
        await this.#watch(this.#version, signal);
      } catch (error) {
        if (signal.aborted) return;
        await this.#pauseAfter(error, signal);
      }
    }
  }

  async #readList(signal: AbortSignal): Promise<string> {
    const { cluster, type, pageSize = pageSizeDefault } = this.#options;
    const listed = new Set<string>();
    let version: string | undefined;
    let page: ListPage | undefined;
    do {
      const rest = page?.continueToken === undefined ? {} : { continueToken: page.continueToken };
      const query = { ...this.#scope(), limit: pageSize, ...rest };
      page = await cluster.list(type, query, { signal, timeoutMs: listTimeoutMs });
      if (version === undefined) this.#checkList(page.resourceVersion);
      version ??= page.resourceVersion;
      for (const object of page.items) {
        listed.add(keyOf(object.metadata.namespace ?? '', object.metadata.name));
        this.#tell(this.#index.put(object));
      }
    } while (page.continueToken !== undefined);
    for (const change of this.#index.keepOnly(listed, version)) this.#tell(change);
    this.#seen(version);
    this.#markSynced();
    return version;
  }

  /** A list that is older than what was seen comes from a server that lags behind: another one may know more. */
  #checkList(resourceVersion: string): void {
    const isStale = versionOf(resourceVersion) < this.#newestVersion;
    this.#staleLists = isStale ? this.#staleLists + 1 : 0;
    if (!isStale) return;
    if (this.#staleLists < staleListsMax) {
      throw new SluiceError('Unavailable', `a list of version ${resourceVersion} is older than ${this.#newestVersion}`);
    }
    this.#newestVersion = 0n;
    this.#staleLists = 0;
    this.#index.forgetHistory();
  }

  /** Watches until the server ends the stream. */
  async #watch(resourceVersion: string, signal: AbortSignal): Promise<void> {
    const { cluster, type, clock, random, silenceMsMax = silenceMsMaxDefault } = this.#options;
    const timeoutSeconds = random.integer(watchSeconds.minimum, watchSeconds.maximum);
    const query = { ...this.#scope(), resourceVersion, bookmarks: true, timeoutSeconds };
    const dog = new WatchDog(clock, silenceMsMax, signal);
    const startMs = clock.monotonic();
    let isSilent = true;
    try {
      for await (const event of cluster.watch(type, query, dog.signal)) {
        dog.reset();
        isSilent = false;
        this.#failures = 0;
        this.#take(event);
      }
    } catch (error) {
      throw dog.failure ?? error;
    } finally {
      dog.stop();
    }
    if (dog.failure !== undefined) throw dog.failure;
    if (isSilent && !signal.aborted && clock.monotonic() - startMs < watchMsMin) {
      throw new SluiceError('Unavailable', 'the watch ended at once');
    }
  }

  #take(event: WatchEvent): void {
    if (event.type === 'BOOKMARK') {
      this.#seen(event.resourceVersion);
      return;
    }
    const { namespace = '', name, uid = '', resourceVersion = '' } = event.object.metadata;
    if (event.type === 'DELETED') this.#tell(this.#index.remove(namespace, name, uid, resourceVersion));
    else this.#tell(this.#index.put(event.object));
    this.#seen(resourceVersion);
  }

  #seen(resourceVersion: string): void {
    this.#version = resourceVersion;
    const version = versionOf(resourceVersion);
    const nowMs = this.#options.clock.monotonic();
    this.#heardAtMs = nowMs;
    if (this.#probe !== undefined && version >= this.#probe.version) {
      this.#lagMs = nowMs - this.#probe.sinceMs;
      this.#probe = undefined;
    }
    if (version > this.#newestVersion) this.#newestVersion = version;
  }

  async #pauseAfter(error: unknown, signal: AbortSignal): Promise<void> {
    const { clock, log, type, optional = false } = this.#options;
    // What a full cache missed can only be made up for by a new list.
    if (hasCode(error, 'Gone', 'TooLarge')) this.#version = undefined;
    const isUnknownKind = optional && hasCode(error, 'NotFound');
    if (isUnknownKind) this.#forgetKind();
    const delayMs = this.#delayMs(error);
    this.#failures += 1;
    const fields = { kind: type.kind, failures: this.#failures, delayMs, error: messageOf(error) };
    const definition = `${type.plural}.${type.group}`;
    if (isUnknownKind) log.debug(fields, 'the cluster does not know a kind');
    else if (hasCode(error, 'NotFound')) {
      log.warn({ ...fields, definition }, 'the cluster does not know a kind that is needed; install its definition');
    } else log.warn(fields, 'following a kind was interrupted');
    // Only the signal ends the pause early, and then the loop ends too.
    await sleep(clock, delayMs, signal).catch(() => undefined);
  }

  /** The kind is not served (any more): there are no objects of it. */
  #forgetKind(): void {
    this.#version = undefined;
    for (const change of this.#index.keepOnly(new Set(), String(this.#newestVersion))) this.#tell(change);
    this.#markSynced();
  }

  /** Doubles with every failure in a row and lies at random between half of that and all of it. */
  #delayMs(error: unknown): number {
    // A kind that is needed and missing is asked for more often: its definition is about to be installed.
    const isMissing = hasCode(error, 'NotFound') && this.#options.optional !== true;
    const maxMs = isMissing ? missingDelayMsMax : retryDelayMsMax;
    const limitMs = Math.min(retryDelayMsMin * 2 ** Math.min(this.#failures, 20), maxMs);
    const askedMs = error instanceof SluiceError ? (error.retryAfterMs ?? 0) : 0;
    return Math.max(limitMs * (0.5 + this.#options.random.next() / 2), askedMs);
  }

  #scope(): { namespace?: string; labelSelector?: string } {
    const { namespace, labelSelector } = this.#options;
    return {
      ...(namespace === undefined ? {} : { namespace }),
      ...(labelSelector === undefined ? {} : { labelSelector }),
    };
  }

  #markSynced(): void {
    this.#hasSynced = true;
    this.#synced.resolve();
  }

  #tell(change: CacheChange<View> | undefined): void {
    if (change !== undefined) this.#options.onChange(change);
  }
}
