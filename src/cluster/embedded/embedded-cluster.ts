import type { KubeObject, ResourceType } from '../../api/object.ts';
import type { Clock } from '../../base/clock.ts';
import { messageOf, SluiceError } from '../../base/error.ts';
import type { Random } from '../../base/random.ts';
import type {
  Call,
  ClusterPort,
  DeleteOptions,
  ListPage,
  ListQuery,
  ObjectAddress,
  Patch,
  UpdateOptions,
  WatchEvent,
  WatchQuery,
  WriteOptions,
} from '../port.ts';
import { builtinTraits } from './builtin/builtin-resources.ts';
import { CallQueue } from './call-queue.ts';
import { firstVersion, type ReadonlyChangeLog } from './change-log.ts';
import { createObject } from './create-object.ts';
import { customTraits, type CustomResource } from './custom-resources.ts';
import { deleteObject } from './delete-object.ts';
import { evictPod } from './evict-pod.ts';
import { listObjects } from './list-objects.ts';
import { ObjectStore } from './object-store.ts';
import { patchObject } from './patch-object.ts';
import { readSelectors } from './read-selectors.ts';
import { notFound, resourceName } from './resource-traits.ts';
import { StateFile } from './state-file.ts';
import { DisruptionController } from './system/disruption-controller.ts';
import { EventExpiry } from './system/event-expiry.ts';
import { GarbageCollector } from './system/garbage-collector.ts';
import { NamespaceController } from './system/namespace-controller.ts';
import { updateObject } from './update-object.ts';
import { WatchStream } from './watch-stream.ts';
import type { WriteContext } from './write-context.ts';

/** How an embedded cluster is set up. Times are milliseconds. */
export interface EmbeddedClusterOptions {
  readonly name?: string;
  readonly clock: Clock;
  readonly random: Random;
  /** Kinds besides the built-in ones. */
  readonly resources?: readonly CustomResource[];
  /** SQLite file that keeps the state; without it the state is lost with the process. */
  readonly statePath?: string;
  /** How many changes can be read back; older ones are compacted. Default 10,000. */
  readonly historyMax?: number;
  /** Freeze every stored object, to catch a writer in tests. */
  readonly freeze?: boolean;
  /** Objects may only be created in namespaces that exist. Default false: every namespace is there. */
  readonly requireNamespaces?: boolean;
  /** How often a watch that asks for bookmarks gets one. Default a minute. */
  readonly bookmarkIntervalMs?: number;
  /** How long garbage waits for its collector. Default 0: collected with the next call. */
  readonly garbageCollectionDelayMs?: number;
}

/** A Kubernetes API server's store, in this process. */
export interface EmbeddedCluster extends ClusterPort {
  /** Every committed write, for oracles. */
  readonly log: ReadonlyChangeLog;
  /** Forgets the history up to now (or to a version): older watches and pages are then Gone. */
  compact(version?: number): void;
  /** Ends all watches and refuses further calls. The state file is complete and free for the next process. */
  close(): void;
}

const historyMaxDefault = 10_000;
const bookmarkIntervalMsDefault = 60_000;
/** A watch that states no timeout ends between half an hour and an hour after its start. Source: the API server. */
const watchTimeoutSeconds = { minimum: 1800, maximum: 3600 };

/**
 * Makes a cluster. Every call waits for one turn of the clock, then runs alone and at once, in the order of the calls.
 * With a virtual clock and a seeded Random a run is the same every time. Throws StateUnreadable when the state file
 * cannot be used.
 */
export function createEmbeddedCluster(options: EmbeddedClusterOptions): EmbeddedCluster {
  return new Cluster(options);
}

class Cluster implements EmbeddedCluster {
  readonly name: string;
  readonly #options: EmbeddedClusterOptions;
  readonly #store: ObjectStore;
  readonly #context: WriteContext;
  readonly #queue: CallQueue;
  readonly #streams = new Set<WatchStream>();
  readonly #timeouts: Random;

  constructor(options: EmbeddedClusterOptions) {
    const { clock, random, statePath, resources = [] } = options;
    this.name = options.name ?? 'embedded';
    this.#options = options;
    const file = statePath === undefined ? undefined : StateFile.open(statePath);
    const traits = [...builtinTraits, ...resources.map(customTraits)];
    this.#store = new ObjectStore(traits, {
      version: Math.max(file?.version ?? 0, firstVersion),
      historyMax: options.historyMax ?? historyMaxDefault,
      freeze: options.freeze ?? false,
    });
    file?.restoreInto(this.#store);
    this.#timeouts = random.fork('watch-timeouts');
    this.#context = {
      store: this.#store,
      clock,
      // A restart with the same seed must not make the same identities again.
      random: random.fork(`identities/${this.#store.log.version}`),
      requireNamespaces: options.requireNamespaces ?? false,
    };
    this.#queue = new CallQueue(clock, this.#store, file, (changes) => {
      for (const [name, version] of changes) this.#wake(name, version);
    });
    this.#startControllers();
  }

  get log(): ReadonlyChangeLog {
    return this.#store.log;
  }

  get(at: ObjectAddress, call: Call): Promise<KubeObject> {
    return this.#queue.run(call, () => {
      const object = this.#store.find(at.type, at.namespace, at.name);
      if (object === undefined) throw notFound(at.type, at.name);
      return object;
    });
  }

  list(type: ResourceType, query: ListQuery, call: Call): Promise<ListPage> {
    return this.#queue.run(call, () => listObjects(this.#store, type, query));
  }

  create(type: ResourceType, object: KubeObject, options: WriteOptions, call: Call): Promise<KubeObject> {
    return this.#queue.run(call, () => createObject(this.#context, type, object, options));
  }

  update(type: ResourceType, object: KubeObject, options: UpdateOptions, call: Call): Promise<KubeObject> {
    return this.#queue.run(call, () => updateObject(this.#context, type, object, options));
  }

  patch(at: ObjectAddress, patch: Patch, options: UpdateOptions, call: Call): Promise<KubeObject> {
    return this.#queue.run(call, () => patchObject(this.#context, at, patch, options));
  }

  delete(at: ObjectAddress, options: DeleteOptions, call: Call): Promise<KubeObject> {
    return this.#queue.run(call, () => deleteObject(this.#context, at, { propagation: 'Background', ...options }));
  }

  deleteCollection(type: ResourceType, query: ListQuery, options: DeleteOptions, call: Call): Promise<void> {
    return this.#queue.run(call, () => {
      const filter = readSelectors(this.#store.table(type).traits, query);
      for (const object of this.#store.table(type).all()) {
        const { name, namespace } = object.metadata;
        if (!filter(object)) continue;
        deleteObject(this.#context, { type, name, ...(namespace === undefined ? {} : { namespace }) }, options);
      }
    });
  }

  evict(pod: ObjectAddress, options: DeleteOptions, call: Call): Promise<void> {
    return this.#queue.run(call, () => evictPod(this.#context, pod, options));
  }

  watch(type: ResourceType, query: WatchQuery, signal: AbortSignal): AsyncIterable<WatchEvent> {
    if (this.#queue.isClosed) return failing(this.#queue.closedError());
    const { minimum, maximum } = watchTimeoutSeconds;
    const timeoutSeconds = query.timeoutSeconds ?? this.#timeouts.integer(minimum, maximum);
    try {
      const stream = new WatchStream(type, query, signal, {
        store: this.#store,
        clock: this.#options.clock,
        bookmarkIntervalMs: this.#options.bookmarkIntervalMs ?? bookmarkIntervalMsDefault,
        timeoutMs: timeoutSeconds * 1000,
        onEnd: (ended) => this.#streams.delete(ended),
      });
      if (!signal.aborted) this.#streams.add(stream);
      return stream;
    } catch (error) {
      return failing(error instanceof Error ? error : new SluiceError('Internal', messageOf(error)));
    }
  }

  compact(version: number = this.#store.log.version): void {
    this.#store.log.compact(version);
  }

  close(): void {
    this.#queue.close();
    for (const stream of this.#streams) stream.end();
  }

  #wake(name: string, version: number): void {
    for (const stream of this.#streams) if (resourceName(stream.type) === name) stream.wake(version);
  }

  #startControllers(): void {
    const port = {
      context: this.#context,
      later: (delayMs: number, work: () => void) => this.#queue.later(delayMs, work),
    };
    new GarbageCollector(port, this.#options.garbageCollectionDelayMs ?? 0).start();
    new NamespaceController(port).start();
    new DisruptionController(port).start();
    new EventExpiry(port).start();
  }
}

function failing(error: Error): AsyncIterable<WatchEvent> {
  return { [Symbol.asyncIterator]: () => ({ next: () => Promise.reject(error) }) };
}
