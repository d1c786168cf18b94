import type { KubeObject, ResourceType } from '../../api/object.ts';
import type { Clock } from '../../base/clock.ts';
import { SluiceError } from '../../base/error.ts';
import { invariant } from '../../base/invariant.ts';
import type { WatchEvent, WatchQuery } from '../port.ts';
import type { Change } from './change-log.ts';
import { jsonOf } from './json.ts';
import { withMetadata } from './object-meta.ts';
import type { ObjectStore } from './object-store.ts';
import { readSelectors, type ObjectFilter } from './read-selectors.ts';

/** What a stream needs besides its query. */
export interface WatchSetup {
  readonly store: ObjectStore;
  readonly clock: Clock;
  readonly bookmarkIntervalMs: number;
  readonly timeoutMs: number;
  /** Called once when the stream has ended. */
  readonly onEnd: (stream: WatchStream) => void;
}

/** How long before its end a watch gets a last bookmark. Source: the API server. */
const lastBookmarkLeadMs = 2000;

type Next = IteratorResult<WatchEvent, undefined>;

const done: Next = { done: true, value: undefined };

/**
 * One watch: a cursor in the log. It holds no events of its own, so a slow reader costs nothing but the log's bound,
 * and one that falls behind that bound gets Gone.
 */
export class WatchStream implements AsyncIterableIterator<WatchEvent, undefined> {
  readonly type: ResourceType;
  readonly #setup: WatchSetup;
  readonly #query: WatchQuery;
  readonly #filter: ObjectFilter;
  readonly #initial: WatchEvent[] = [];
  readonly #cleanUps: (() => void)[] = [];
  /** Everything up to this version was looked at. */
  #cursor: number;
  /** Version of the last event that was handed out: a bookmark must be newer. */
  #told = 0;
  #waiting: { resolve(next: Next): void; reject(error: unknown): void } | undefined;
  #bookmarkDue = false;
  #ended = false;

  constructor(type: ResourceType, query: WatchQuery, signal: AbortSignal, setup: WatchSetup) {
    this.type = type;
    this.#query = query;
    this.#setup = setup;
    this.#filter = readSelectors(setup.store.table(type).traits, query);
    this.#cursor = readVersion(query.resourceVersion);
    if (this.#cursor === 0) this.#startWithState();
    this.#told = this.#cursor;
    this.#endOn(signal);
  }

  [Symbol.asyncIterator](): this {
    return this;
  }

  next(): Promise<Next> {
    invariant(this.#waiting === undefined, 'a watch has one reader, which asks for one event at a time');
    return new Promise((resolve, reject) => {
      this.#waiting = { resolve, reject };
      this.#answer();
    });
  }

  return(): Promise<Next> {
    this.end();
    return Promise.resolve(done);
  }

  /** Tells the stream that changes of its kind were committed; `version` is that of the first of them. */
  wake(version: number): void {
    if (this.#waiting === undefined) return;
    // While it waited, the stream had seen all there was: everything before this version is of other kinds.
    this.#cursor = Math.max(this.#cursor, version - 1);
    this.#answer();
  }

  /** Ends the stream; a reader that waits is told. */
  end(): void {
    if (this.#ended) return;
    this.#ended = true;
    for (const cleanUp of this.#cleanUps) cleanUp();
    this.#answer();
    this.#setup.onEnd(this);
  }

  /** Gives the reader that waits the next event or the end, if there is one. */
  #answer(): void {
    const reader = this.#waiting;
    if (reader === undefined) return;
    try {
      const event = this.#take();
      if (event === undefined && !this.#ended) return;
      this.#waiting = undefined;
      reader.resolve(event === undefined ? done : { done: false, value: event });
    } catch (error) {
      this.#waiting = undefined;
      this.end();
      reader.reject(error);
    }
  }

  /** The next event that concerns this watch; undefined when there is none yet. */
  #take(): WatchEvent | undefined {
    if (this.#ended) return undefined;
    const first = this.#initial.shift();
    if (first !== undefined) return first;
    const { log } = this.#setup.store;
    log.checkReadable(Math.min(this.#cursor, log.version));
    while (this.#cursor < log.version) {
      this.#cursor += 1;
      const change = log.at(this.#cursor);
      const event = change === undefined ? undefined : this.#eventOf(change);
      if (event === undefined) continue;
      this.#told = this.#cursor;
      return event;
    }
    if (!this.#bookmarkDue || this.#cursor <= this.#told) return undefined;
    this.#bookmarkDue = false;
    this.#told = this.#cursor;
    return { type: 'BOOKMARK', resourceVersion: String(this.#cursor) };
  }

  /** A change as this watch sees it: gaining or losing the selector looks like a creation or deletion. */
  #eventOf(change: Change): WatchEvent | undefined {
    if (change.resource.plural !== this.type.plural || change.resource.group !== this.type.group) return undefined;
    const { object, previous } = change;
    const isIn = change.type !== 'DELETED' && this.#filter(object);
    const wasIn = previous !== undefined && this.#filter(previous);
    if (isIn) return { type: wasIn ? 'MODIFIED' : 'ADDED', object };
    if (!wasIn) return undefined;
    return { type: 'DELETED', object: underVersion(previous, change.resourceVersion) };
  }

  /** Without a version a watch starts with everything there is. */
  #startWithState(): void {
    const { store } = this.#setup;
    const { objects, sortedKeys } = store.table(this.type);
    this.#cursor = store.log.version;
    for (const key of sortedKeys) {
      const object = objects.get(key);
      if (object !== undefined && this.#filter(object)) this.#initial.push({ type: 'ADDED', object });
    }
  }

  #endOn(signal: AbortSignal): void {
    const { clock, timeoutMs } = this.#setup;
    const onAbort = (): void => this.end();
    signal.addEventListener('abort', onAbort, { once: true });
    this.#cleanUps.push(() => signal.removeEventListener('abort', onAbort));
    if (signal.aborted) {
      this.end();
      return;
    }
    this.#cleanUps.push(clock.schedule(timeoutMs, () => this.end()));
    if (this.#query.bookmarks !== true) return;
    this.#scheduleBookmark();
    // One more before the end, so that the next watch goes on from as late as possible.
    const lastBookmarkMs = timeoutMs - lastBookmarkLeadMs;
    if (lastBookmarkMs > 0) this.#cleanUps.push(clock.schedule(lastBookmarkMs, () => this.#bookmark()));
  }

  #scheduleBookmark(): void {
    const { clock, bookmarkIntervalMs } = this.#setup;
    let cancel = (): void => undefined;
    const again = (): void => {
      this.#bookmark();
      cancel = clock.schedule(bookmarkIntervalMs, again);
    };
    cancel = clock.schedule(bookmarkIntervalMs, again);
    this.#cleanUps.push(() => cancel());
  }

  /** Only a reader that waits has seen everything up to now. */
  #bookmark(): void {
    if (this.#waiting === undefined) return;
    this.#bookmarkDue = true;
    this.wake(this.#setup.store.log.version + 1);
  }
}

function underVersion(object: KubeObject, resourceVersion: string): KubeObject {
  return withMetadata(jsonOf(object), { ...object.metadata, resourceVersion });
}

/** Reads a resourceVersion; 0 stands for "from the present state". */
function readVersion(text: string): number {
  if (text === '') return 0;
  if (/^\d{1,15}$/.test(text)) return Number(text);
  throw new SluiceError('BadRequest', `resourceVersion: Invalid value: ${JSON.stringify(text)}`);
}
