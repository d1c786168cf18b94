import type { KubeObject, ResourceType } from '../api/object.ts';
import { SluiceError } from '../base/error.ts';
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
} from '../cluster/port.ts';
import type { Term } from './lease-term.ts';

/** Requests of the cluster port end after this time unless they say otherwise. */
const timeoutMsDefault = 10_000;
/** A request ends so long before the lease does: clocks of two machines do not run at exactly the same speed. */
const driftMs = 1000;

/**
 * A cluster that takes writes only while this process leads. Each write is checked at the moment it is sent, and ends
 * before the lease does. What is refused fails with NotLeader, and was not sent. Reads pass.
 */
export class FencedCluster implements ClusterPort {
  readonly name: string;
  readonly #cluster: ClusterPort;
  readonly #term: Term;
  readonly #underWay = new Set<Promise<unknown>>();
  #isClosed = false;

  constructor(cluster: ClusterPort, term: Term) {
    this.name = cluster.name;
    this.#cluster = cluster;
    this.#term = term;
  }

  /** Lets nothing through any more; resolves when what is under way has ended. */
  async close(): Promise<void> {
    this.#isClosed = true;
    await Promise.allSettled(this.#underWay);
  }

  get(at: ObjectAddress, call: Call): Promise<KubeObject> {
    return this.#cluster.get(at, call);
  }

  list(type: ResourceType, query: ListQuery, call: Call): Promise<ListPage> {
    return this.#cluster.list(type, query, call);
  }

  watch(type: ResourceType, query: WatchQuery, signal: AbortSignal): AsyncIterable<WatchEvent> {
    return this.#cluster.watch(type, query, signal);
  }

  create(type: ResourceType, object: KubeObject, options: WriteOptions, call: Call): Promise<KubeObject> {
    return this.#send(call, (limited) => this.#cluster.create(type, object, options, limited));
  }

  update(type: ResourceType, object: KubeObject, options: UpdateOptions, call: Call): Promise<KubeObject> {
    return this.#send(call, (limited) => this.#cluster.update(type, object, options, limited));
  }

  patch(at: ObjectAddress, patch: Patch, options: UpdateOptions, call: Call): Promise<KubeObject> {
    return this.#send(call, (limited) => this.#cluster.patch(at, patch, options, limited));
  }

  delete(at: ObjectAddress, options: DeleteOptions, call: Call): Promise<KubeObject> {
    return this.#send(call, (limited) => this.#cluster.delete(at, options, limited));
  }

  deleteCollection(type: ResourceType, query: ListQuery, options: DeleteOptions, call: Call): Promise<void> {
    return this.#send(call, (limited) => this.#cluster.deleteCollection(type, query, options, limited));
  }

  evict(pod: ObjectAddress, options: DeleteOptions, call: Call): Promise<void> {
    return this.#send(call, (limited) => this.#cluster.evict(pod, options, limited));
  }

  async #send<T>(call: Call, write: (limited: Call) => Promise<T>): Promise<T> {
    if (this.#isClosed || !this.#term.maySend) {
      throw new SluiceError('NotLeader', 'nothing was sent: this process does not lead, or its lease is nearly over');
    }
    const timeoutMs = Math.min(call.timeoutMs ?? timeoutMsDefault, this.#term.leftMs() - driftMs);
    const sent = write({ ...call, timeoutMs });
    this.#underWay.add(sent);
    try {
      return await sent;
    } finally {
      this.#underWay.delete(sent);
    }
  }
}
