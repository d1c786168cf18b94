import type { KubeObject, ResourceType } from '../api/object.ts';

/**
 * The only way to a cluster. Two implementations pass one contract suite (`test/contract/cluster.ts`): the embedded
 * store and the adapter for a real API server. Objects are raw JSON; nobody may change an object that was returned.
 *
 * Failures are `SluiceError`s: Conflict (stale resourceVersion), AlreadyExists, NotFound, Gone (a watch or a page is
 * too old), Invalid, BadRequest, UnsupportedMediaType, TooLarge, Unauthorized, Forbidden, MethodNotAllowed,
 * TooManyRequests, Unavailable, Timeout, Internal, Cancelled. `Unavailable` and `Timeout` leave open whether the write
 * happened. TooLarge also stands for what an API server passes on from etcd as "etcdserver: request is too large".
 */
export interface ClusterPort {
  /** Identifies the cluster in resource keys, logs and the journal. */
  readonly name: string;
  get(at: ObjectAddress, call: Call): Promise<KubeObject>;
  /** One page, taken at one resourceVersion. Without `limit` the page is the whole list. */
  list(type: ResourceType, query: ListQuery, call: Call): Promise<ListPage>;
  /** Creates an object. `metadata.generateName` is completed by the server when `name` is empty. */
  create(type: ResourceType, object: KubeObject, options: WriteOptions, call: Call): Promise<KubeObject>;
  /** Replaces the whole object (or one subresource of it). A resourceVersion in it is a precondition. */
  update(type: ResourceType, object: KubeObject, options: UpdateOptions, call: Call): Promise<KubeObject>;
  patch(at: ObjectAddress, patch: Patch, options: UpdateOptions, call: Call): Promise<KubeObject>;
  /**
   * Deletes one object. Answers with the object as it then is (it may live on with a deletionTimestamp while finalizers
   * or a grace period hold it). When nothing holds it, only name, namespace and uid of the answer are certain: an API
   * server then answers with a Status.
   */
  delete(at: ObjectAddress, options: DeleteOptions, call: Call): Promise<KubeObject>;
  deleteCollection(type: ResourceType, query: ListQuery, options: DeleteOptions, call: Call): Promise<void>;
  /** Asks for the eviction of a pod (policy/v1). Refused with TooManyRequests while a disruption budget forbids it. */
  evict(pod: ObjectAddress, options: DeleteOptions, call: Call): Promise<void>;
  /**
   * Changes since a resourceVersion, oldest first. The iteration ends when the server closes the stream and throws on
   * an error; `Gone` means that the resourceVersion is too old and the list must be read again. Abort the signal to
   * stop: the iteration then ends, or throws Cancelled. An empty resourceVersion starts with everything there is, as
   * ADDED. What is wrong with the query is thrown by the first step of the iteration.
   */
  watch(type: ResourceType, query: WatchQuery, signal: AbortSignal): AsyncIterable<WatchEvent>;
}

/** Names one object. `namespace` is absent for cluster-scoped types. */
export interface ObjectAddress {
  readonly type: ResourceType;
  readonly namespace?: string;
  readonly name: string;
}

/** How long a call may take, and what ends it early. */
export interface Call {
  readonly signal: AbortSignal;
  /** Deadline of this call in milliseconds from its start; the implementation's default (10 s) when absent. */
  readonly timeoutMs?: number;
  /** It takes users away from what may be harmful: calls that are not urgent make room for it. */
  readonly isUrgent?: boolean;
}

export interface ListQuery {
  /** All namespaces when absent. */
  readonly namespace?: string;
  /** Kubernetes label selector text, e.g. `app=web,tier in (a,b),!old`. */
  readonly labelSelector?: string;
  /** Field selector text, e.g. `metadata.name=web`. */
  readonly fieldSelector?: string;
  /** Page size, at least 1. */
  readonly limit?: number;
  /** The token of the page before. */
  readonly continueToken?: string;
}

export interface ListPage {
  readonly items: readonly KubeObject[];
  /** The version at which the list was read: where a watch goes on from. */
  readonly resourceVersion: string;
  /** Present when there are more pages. */
  readonly continueToken?: string;
  readonly remainingItemCount?: number;
}

export interface WatchQuery {
  readonly namespace?: string;
  readonly labelSelector?: string;
  readonly fieldSelector?: string;
  /** Changes after this version. */
  readonly resourceVersion: string;
  /** Ask for bookmarks, which carry only a resourceVersion. */
  readonly bookmarks?: boolean;
  /** The server closes the watch after this time. */
  readonly timeoutSeconds?: number;
}

/** A change. A selector match that is gained or lost arrives as ADDED or DELETED. */
export type WatchEvent =
  | { readonly type: 'ADDED' | 'MODIFIED' | 'DELETED'; readonly object: KubeObject }
  | { readonly type: 'BOOKMARK'; readonly resourceVersion: string };

export interface WriteOptions {
  /** Who owns the fields that are written, e.g. `sluice`. */
  readonly fieldManager?: string;
  /** Check and answer as if it were done, but store nothing. */
  readonly dryRun?: boolean;
}

export interface UpdateOptions extends WriteOptions {
  /** `scale`: the body and the answer are a Scale (autoscaling/v1) of the same name. */
  readonly subresource?: 'status' | 'scale';
}

/**
 * - `json`: RFC 6902 operations. A failed `test` answers Invalid.
 * - `merge`: RFC 7396. A resourceVersion in `body.metadata` is a precondition.
 * - `strategic`: Kubernetes strategic merge; built-in types only, others answer UnsupportedMediaType.
 * - `apply`: server-side apply with field ownership; needs `fieldManager`, and apiVersion, kind and metadata.name in
 *   the body. Another owner's field answers Conflict unless `force` is set.
 */
export type Patch =
  | { readonly kind: 'json'; readonly operations: readonly JsonPatchOperation[] }
  | { readonly kind: 'merge'; readonly body: object }
  | { readonly kind: 'strategic'; readonly body: object }
  | { readonly kind: 'apply'; readonly body: object; readonly force?: boolean };

/** One RFC 6902 operation. Paths are JSON pointers. */
export type JsonPatchOperation =
  | { readonly op: 'add' | 'replace' | 'test'; readonly path: string; readonly value: unknown }
  | { readonly op: 'remove'; readonly path: string }
  | { readonly op: 'move' | 'copy'; readonly from: string; readonly path: string };

export interface DeleteOptions {
  /** Refuse with Conflict unless the object has this uid. */
  readonly uid?: string;
  /** Refuse with Conflict unless the object has this resourceVersion. */
  readonly resourceVersion?: string;
  /** `Background` (default): dependents go later. `Foreground`: the owner waits for them. `Orphan`: they stay. */
  readonly propagation?: 'Background' | 'Foreground' | 'Orphan';
  /** Overrides the pod's own grace period; 0 deletes at once. */
  readonly gracePeriodSeconds?: number;
  readonly dryRun?: boolean;
}
