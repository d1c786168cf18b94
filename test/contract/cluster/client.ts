import { apiVersionOf, type KubeObject, type ResourceType } from '../../../src/api/object.ts';
import type {
  ClusterPort,
  DeleteOptions,
  JsonPatchOperation,
  ListPage,
  ListQuery,
  Patch,
  UpdateOptions,
} from '../../../src/cluster/port.ts';
import type { ContractTools } from './case.ts';

const fieldManager = 'contract';

/** Short forms of the port's calls for cases: objects live in the case's namespace, writes are made by `contract`. */
export class ContractClient {
  readonly #cluster: ClusterPort;
  readonly #tools: ContractTools;

  constructor(cluster: ClusterPort, tools: ContractTools) {
    this.#cluster = cluster;
    this.#tools = tools;
  }

  /** Creates an object from what is special about it. */
  create(type: ResourceType, name: string, content: object = {}, options: UpdateOptions = {}): Promise<KubeObject> {
    return this.#cluster.create(type, this.object(type, name, content), { fieldManager, ...options }, this.#tools.call);
  }

  /** An object of the case's namespace that is not created yet. `content.metadata` is added to its identity. */
  object(type: ResourceType, name: string, content: object = {}): KubeObject {
    const { metadata = {}, ...rest } = content as { metadata?: object };
    const { namespace } = this.#tools;
    return {
      apiVersion: apiVersionOf(type),
      kind: type.kind,
      metadata: { name, ...(type.namespaced ? { namespace } : {}), ...metadata },
      ...rest,
    };
  }

  get(type: ResourceType, name: string): Promise<KubeObject> {
    return this.#cluster.get(this.#tools.at(type, name), this.#tools.call);
  }

  list(type: ResourceType, query: ListQuery = {}): Promise<ListPage> {
    return this.#cluster.list(type, { namespace: this.#tools.namespace, ...query }, this.#tools.call);
  }

  update(type: ResourceType, object: KubeObject, options: UpdateOptions = {}): Promise<KubeObject> {
    return this.#cluster.update(type, object, { fieldManager, ...options }, this.#tools.call);
  }

  merge(type: ResourceType, name: string, body: object, options: UpdateOptions = {}): Promise<KubeObject> {
    return this.#patch(type, name, { kind: 'merge', body }, options);
  }

  json(
    type: ResourceType,
    name: string,
    operations: readonly JsonPatchOperation[],
    options: UpdateOptions = {},
  ): Promise<KubeObject> {
    return this.#patch(type, name, { kind: 'json', operations }, options);
  }

  strategic(type: ResourceType, name: string, body: object, options: UpdateOptions = {}): Promise<KubeObject> {
    return this.#patch(type, name, { kind: 'strategic', body }, options);
  }

  /** Server-side apply by `manager`. The body gets the identity of the object. */
  apply(
    type: ResourceType,
    name: string,
    body: object,
    manager: string,
    options: UpdateOptions & { readonly force?: boolean } = {},
  ): Promise<KubeObject> {
    const { force = false, ...rest } = options;
    const { metadata = {}, ...content } = body as { metadata?: object };
    const identity = { apiVersion: apiVersionOf(type), kind: type.kind, metadata: { name, ...metadata } };
    const typed = { ...identity, ...content };
    return this.#patch(type, name, { kind: 'apply', body: typed, force }, { ...rest, fieldManager: manager });
  }

  delete(type: ResourceType, name: string, options: DeleteOptions = {}): Promise<KubeObject> {
    return this.#cluster.delete(this.#tools.at(type, name), options, this.#tools.call);
  }

  #patch(type: ResourceType, name: string, patch: Patch, options: UpdateOptions): Promise<KubeObject> {
    return this.#cluster.patch(this.#tools.at(type, name), patch, { fieldManager, ...options }, this.#tools.call);
  }
}
