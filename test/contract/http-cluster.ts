import type { IncomingMessage } from 'node:http';
import { StringDecoder } from 'node:string_decoder';

import { apiVersionOf, type KubeObject, type ResourceType } from '../../src/api/object.ts';
import { SluiceError } from '../../src/base/error.ts';
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
} from '../../src/cluster/port.ts';
import type { Connection } from '../control-plane/kubeconfig.ts';
import { ApiServer, type ApiRequest } from './api-server.ts';
import { statusError } from './status-error.ts';

const timeoutDefaultMs = 10_000;
/** Longest line of a watch; an object cannot be larger than etcd's limit of 1.5 MiB, doubled by managed fields. */
const lineCharactersMax = 8 * 2 ** 20;

const patchTypes: Readonly<Record<Patch['kind'], string>> = {
  json: 'application/json-patch+json',
  merge: 'application/merge-patch+json',
  strategic: 'application/strategic-merge-patch+json',
  apply: 'application/apply-patch+yaml',
};

/** The cluster port over plain HTTP: the reference for what a real API server answers. */
export class HttpCluster implements ClusterPort {
  readonly name: string;
  readonly #server: ApiServer;

  constructor(name: string, connection: Connection) {
    this.name = name;
    this.#server = new ApiServer(connection);
  }

  /** Closes the kept connections. */
  close(): void {
    this.#server.close();
  }

  /** Any request, for what the port does not offer. */
  async send(request: ApiRequest, call: Call): Promise<unknown> {
    return await this.#server.send(request, { signal: call.signal, timeoutMs: call.timeoutMs ?? timeoutDefaultMs });
  }

  async get(at: ObjectAddress, call: Call): Promise<KubeObject> {
    return await this.#object({ method: 'GET', path: pathOf(at.type, at.namespace, at.name) }, call);
  }

  async list(type: ResourceType, query: ListQuery, call: Call): Promise<ListPage> {
    const path = pathOf(type, query.namespace) + parameters(listParameters(query));
    // The shape of a list is the API server's own.
    const list = (await this.send({ method: 'GET', path }, call)) as ListBody;
    const { resourceVersion, continue: continueToken, remainingItemCount } = list.metadata;
    return {
      // Items of built-in types come without their type.
      items: list.items.map((item) => ({ ...item, apiVersion: apiVersionOf(type), kind: type.kind })),
      resourceVersion,
      ...(continueToken !== undefined && continueToken !== '' && { continueToken }),
      ...(remainingItemCount !== undefined && { remainingItemCount }),
    };
  }

  async create(type: ResourceType, object: KubeObject, options: WriteOptions, call: Call): Promise<KubeObject> {
    const path = pathOf(type, object.metadata.namespace) + parameters(writeParameters(options));
    return await this.#object({ method: 'POST', path, body: object }, call);
  }

  async update(type: ResourceType, object: KubeObject, options: UpdateOptions, call: Call): Promise<KubeObject> {
    const { namespace, name } = object.metadata;
    const path = pathOf(type, namespace, name, options.subresource) + parameters(writeParameters(options));
    return await this.#object({ method: 'PUT', path, body: object }, call);
  }

  async patch(at: ObjectAddress, patch: Patch, options: UpdateOptions, call: Call): Promise<KubeObject> {
    const query = { ...writeParameters(options), ...(patch.kind === 'apply' && patch.force && { force: 'true' }) };
    const path = pathOf(at.type, at.namespace, at.name, options.subresource) + parameters(query);
    const body = patch.kind === 'json' ? patch.operations : patch.body;
    return await this.#object({ method: 'PATCH', path, body, contentType: patchTypes[patch.kind] }, call);
  }

  async delete(at: ObjectAddress, options: DeleteOptions, call: Call): Promise<KubeObject> {
    const path = pathOf(at.type, at.namespace, at.name);
    const answer = await this.#object({ method: 'DELETE', path, body: deleteBody(options) }, call);
    return answer.kind === 'Status' ? removed(at, answer) : answer;
  }

  async deleteCollection(type: ResourceType, query: ListQuery, options: DeleteOptions, call: Call): Promise<void> {
    const path = pathOf(type, query.namespace) + parameters(listParameters(query));
    await this.send({ method: 'DELETE', path, body: deleteBody(options) }, call);
  }

  async evict(pod: ObjectAddress, options: DeleteOptions, call: Call): Promise<void> {
    const path = pathOf(pod.type, pod.namespace, pod.name, 'eviction');
    const metadata = { name: pod.name, namespace: pod.namespace };
    const body = { apiVersion: 'policy/v1', kind: 'Eviction', metadata, deleteOptions: deleteBody(options) };
    await this.send({ method: 'POST', path, body }, call);
  }

  async *watch(type: ResourceType, query: WatchQuery, signal: AbortSignal): AsyncGenerator<WatchEvent> {
    const path = pathOf(type, query.namespace) + parameters(watchParameters(query));
    const stream = await this.#server.stream({ method: 'GET', path }, { signal, timeoutMs: timeoutDefaultMs });
    try {
      for await (const line of linesOf(stream, signal)) {
        // The shape of a watch event is the API server's own.
        yield eventOf(JSON.parse(line) as WatchLine);
      }
    } finally {
      stream.destroy();
    }
  }

  async #object(request: ApiRequest, call: Call): Promise<KubeObject> {
    // An API server answers an object to each of these requests.
    return (await this.send(request, call)) as KubeObject;
  }
}

interface ListBody {
  readonly metadata: {
    readonly resourceVersion: string;
    readonly continue?: string;
    readonly remainingItemCount?: number;
  };
  readonly items: readonly KubeObject[];
}

interface WatchLine {
  readonly type: 'ADDED' | 'MODIFIED' | 'DELETED' | 'BOOKMARK' | 'ERROR';
  readonly object: KubeObject;
}

function eventOf({ type, object }: WatchLine): WatchEvent {
  switch (type) {
    case 'ADDED':
    case 'MODIFIED':
    case 'DELETED':
      return { type, object };
    case 'BOOKMARK':
      return { type, resourceVersion: object.metadata.resourceVersion ?? '' };
    case 'ERROR':
      throw statusError(500, object);
  }
}

/** Lines of a stream as they come. A stream that breaks in the middle is an error, one that ends is not. */
async function* linesOf(stream: IncomingMessage, signal: AbortSignal): AsyncGenerator<string> {
  const decoder = new StringDecoder('utf8');
  let rest = '';
  try {
    for await (const chunk of stream as AsyncIterable<Buffer>) {
      const lines = (rest + decoder.write(chunk)).split('\n');
      rest = lines.pop() ?? '';
      if (rest.length > lineCharactersMax) throw new SluiceError('TooLarge', 'a watch event is too large');
      yield* lines.filter((line) => line !== '');
    }
  } catch (error) {
    if (signal.aborted) throw new SluiceError('Cancelled', 'the watch was stopped', { cause: error });
    if (error instanceof SluiceError) throw error;
    throw new SluiceError('Unavailable', 'the watch broke off', { cause: error });
  }
}

/** The API server answers a Status when nothing is left of an object. */
function removed(at: ObjectAddress, status: KubeObject): KubeObject {
  const { details } = status as { readonly details?: { readonly uid?: string } };
  return {
    apiVersion: apiVersionOf(at.type),
    kind: at.type.kind,
    metadata: {
      name: at.name,
      ...(at.namespace !== undefined && { namespace: at.namespace }),
      ...(details?.uid !== undefined && { uid: details.uid }),
    },
  };
}

/** Path of a collection, an object or a subresource. */
function pathOf(type: ResourceType, namespace?: string, name?: string, subresource?: string): string {
  const parts = [
    ...(type.group === '' ? ['api', type.version] : ['apis', type.group, type.version]),
    ...(namespace === undefined || !type.namespaced ? [] : ['namespaces', namespace]),
    type.plural,
    ...(name === undefined ? [] : [name]),
    ...(subresource === undefined ? [] : [subresource]),
  ];
  return `/${parts.map(encodeURIComponent).join('/')}`;
}

function parameters(values: Readonly<Record<string, string>>): string {
  const query = new URLSearchParams(values).toString();
  return query === '' ? '' : `?${query}`;
}

function writeParameters(options: WriteOptions): Record<string, string> {
  return {
    ...(options.fieldManager !== undefined && { fieldManager: options.fieldManager }),
    ...(options.dryRun === true && { dryRun: 'All' }),
  };
}

function listParameters(query: ListQuery): Record<string, string> {
  return {
    ...(query.labelSelector !== undefined && { labelSelector: query.labelSelector }),
    ...(query.fieldSelector !== undefined && { fieldSelector: query.fieldSelector }),
    ...(query.limit !== undefined && { limit: String(query.limit) }),
    ...(query.continueToken !== undefined && { continue: query.continueToken }),
  };
}

function watchParameters(query: WatchQuery): Record<string, string> {
  return {
    watch: 'true',
    resourceVersion: query.resourceVersion,
    ...(query.labelSelector !== undefined && { labelSelector: query.labelSelector }),
    ...(query.fieldSelector !== undefined && { fieldSelector: query.fieldSelector }),
    ...(query.bookmarks === true && { allowWatchBookmarks: 'true' }),
    ...(query.timeoutSeconds !== undefined && { timeoutSeconds: String(query.timeoutSeconds) }),
  };
}

function deleteBody(options: DeleteOptions): object {
  const { uid, resourceVersion } = options;
  return {
    apiVersion: 'v1',
    kind: 'DeleteOptions',
    propagationPolicy: options.propagation ?? 'Background',
    ...((uid !== undefined || resourceVersion !== undefined) && {
      preconditions: { ...(uid !== undefined && { uid }), ...(resourceVersion !== undefined && { resourceVersion }) },
    }),
    ...(options.gracePeriodSeconds !== undefined && { gracePeriodSeconds: options.gracePeriodSeconds }),
    ...(options.dryRun === true && { dryRun: ['All'] }),
  };
}
