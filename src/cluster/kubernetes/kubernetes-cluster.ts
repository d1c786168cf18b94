import { apiVersionOf, type KubeObject, type ResourceType } from '../../api/object.ts';
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
import { ApiClient, type ApiClientOptions, type ApiRequest, type ApiVerb } from './api-client.ts';
import {
  deleteBody,
  listParameters,
  queryText,
  resourcePath,
  watchParameters,
  writeParameters,
} from './resource-path.ts';

const patchTypes: Readonly<Record<Patch['kind'], string>> = {
  json: 'application/json-patch+json',
  merge: 'application/merge-patch+json',
  strategic: 'application/strategic-merge-patch+json',
  apply: 'application/apply-patch+yaml',
};

/** A cluster behind a Kubernetes API server. */
export interface KubernetesCluster extends ClusterPort {
  /** Any request, for what the port does not offer; the answer is JSON, or text when it is none. */
  send(request: ApiRequest, call: Call): Promise<unknown>;
  /** Closes all connections. */
  close(): void;
}

/** Makes the port of a cluster. Nothing is sent before it is used; wrong settings throw Usage. */
export function createKubernetesCluster(options: ApiClientOptions): KubernetesCluster {
  return new HttpCluster(options.connection.name, new ApiClient(options));
}

class HttpCluster implements KubernetesCluster {
  readonly name: string;
  readonly #client: ApiClient;

  constructor(name: string, client: ApiClient) {
    this.name = name;
    this.#client = client;
  }

  async send(request: ApiRequest, call: Call): Promise<unknown> {
    return await this.#client.send(request, call);
  }

  close(): void {
    this.#client.close();
  }

  async get(at: ObjectAddress, call: Call): Promise<KubeObject> {
    const path = resourcePath(at.type, at.namespace, at.name);
    return await this.#object({ method: 'GET', path, ...about('get', at) }, call);
  }

  async list(type: ResourceType, query: ListQuery, call: Call): Promise<ListPage> {
    const path = resourcePath(type, query.namespace) + queryText(listParameters(query));
    // The shape of a list is the API server's own.
    const list = (await this.#client.object(
      { method: 'GET', path, ...about('list', { type, ...scopeOf(query) }) },
      call,
    )) as ListBody;
    const { resourceVersion = '', continue: continueToken, remainingItemCount } = list.metadata;
    const typed = { apiVersion: apiVersionOf(type), kind: type.kind };
    return {
      // Items of built-in types come without their type.
      items: (list.items ?? []).map((item) => ({ ...typed, ...item })),
      resourceVersion,
      ...(continueToken !== undefined && continueToken !== '' && { continueToken }),
      ...(remainingItemCount !== undefined && { remainingItemCount }),
    };
  }

  async create(type: ResourceType, object: KubeObject, options: WriteOptions, call: Call): Promise<KubeObject> {
    const path = resourcePath(type, object.metadata.namespace) + queryText(writeParameters(options));
    return await this.#object(
      { method: 'POST', path, body: object, ...about('create', { type, ...scopeOf(object.metadata) }) },
      call,
    );
  }

  async update(type: ResourceType, object: KubeObject, options: UpdateOptions, call: Call): Promise<KubeObject> {
    const { namespace, name } = object.metadata;
    const { subresource } = options;
    const path = resourcePath(type, namespace, name, subresource) + queryText(writeParameters(options));
    return await this.#object(
      {
        method: 'PUT',
        path,
        body: object,
        ...about('update', { type, ...scopeOf(object.metadata), name }, subresource),
      },
      call,
    );
  }

  async patch(at: ObjectAddress, patch: Patch, options: UpdateOptions, call: Call): Promise<KubeObject> {
    const { subresource } = options;
    const query = { ...writeParameters(options), ...(patch.kind === 'apply' && patch.force && { force: 'true' }) };
    const path = resourcePath(at.type, at.namespace, at.name, subresource) + queryText(query);
    const body = patch.kind === 'json' ? patch.operations : patch.body;
    const contentType = patchTypes[patch.kind];
    return await this.#object({ method: 'PATCH', path, body, contentType, ...about('patch', at, subresource) }, call);
  }

  async delete(at: ObjectAddress, options: DeleteOptions, call: Call): Promise<KubeObject> {
    const path = resourcePath(at.type, at.namespace, at.name);
    const body = deleteBody(options);
    const answer = await this.#object({ method: 'DELETE', path, body, ...about('delete', at) }, call);
    return answer.kind === 'Status' ? removed(at, answer) : answer;
  }

  async deleteCollection(type: ResourceType, query: ListQuery, options: DeleteOptions, call: Call): Promise<void> {
    const path = resourcePath(type, query.namespace) + queryText(listParameters(query));
    const body = deleteBody(options);
    await this.#client.object(
      { method: 'DELETE', path, body, ...about('deletecollection', { type, ...scopeOf(query) }) },
      call,
    );
  }

  async evict(pod: ObjectAddress, options: DeleteOptions, call: Call): Promise<void> {
    const path = resourcePath(pod.type, pod.namespace, pod.name, 'eviction');
    const metadata = { name: pod.name, namespace: pod.namespace };
    const body = { apiVersion: 'policy/v1', kind: 'Eviction', metadata, deleteOptions: deleteBody(options) };
    await this.#client.object({ method: 'POST', path, body, ...about('create', pod, 'eviction') }, call);
  }

  watch(type: ResourceType, query: WatchQuery, signal: AbortSignal): AsyncIterable<WatchEvent> {
    const path = resourcePath(type, query.namespace) + queryText(watchParameters(query));
    return this.#client.watch({ method: 'GET', path, ...about('watch', { type, ...scopeOf(query) }) }, signal);
  }

  async #object(request: ApiRequest, call: Call): Promise<KubeObject> {
    // An API server answers an object to each of these requests.
    return (await this.#client.object(request, call)) as KubeObject;
  }
}

interface ListBody {
  readonly metadata: {
    readonly resourceVersion?: string;
    readonly continue?: string;
    readonly remainingItemCount?: number;
  };
  readonly items?: readonly KubeObject[] | null;
}

/** A kind, an object of it, or all of them in a namespace. */
type Subject = Pick<ObjectAddress, 'type' | 'namespace'> & Partial<Pick<ObjectAddress, 'name'>>;

function about(
  verb: ApiVerb,
  { type: { group, plural }, namespace, name }: Subject,
  subresource?: string,
): Pick<ApiRequest, 'verb' | 'resource'> {
  return {
    verb,
    resource: {
      group,
      plural,
      ...(subresource !== undefined && { subresource }),
      ...(namespace !== undefined && { namespace }),
      ...(name !== undefined && { name }),
    },
  };
}

function scopeOf({ namespace }: { readonly namespace?: string }): { readonly namespace?: string } {
  return namespace === undefined ? {} : { namespace };
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
