import type { KubeObject } from '../../../api/object.ts';
import { resourceTypes } from '../../../api/resource-types.ts';
import type { Change } from '../change-log.ts';
import { deleteObject } from '../delete-object.ts';
import type { SystemPort } from './system-port.ts';

/** Empties namespaces that are being deleted, and removes them when nothing is left in them. */
export class NamespaceController {
  readonly #port: SystemPort;
  readonly #terminating = new Set<string>();
  #scheduled = false;

  constructor(port: SystemPort) {
    this.#port = port;
  }

  /** Takes up the present state and follows every change from now on. */
  start(): void {
    const { store } = this.#port.context;
    for (const namespace of store.table(resourceTypes.namespace).all()) this.#observeNamespace(namespace);
    store.log.subscribe((change) => this.#observe(change));
  }

  #observe({ type, resource, object }: Change): void {
    if (resource.kind === resourceTypes.namespace.kind && resource.group === '') {
      if (type !== 'DELETED') this.#observeNamespace(object);
    } else if (type === 'DELETED' && this.#terminating.has(object.metadata.namespace ?? '')) {
      this.#schedule();
    }
  }

  #observeNamespace({ metadata }: KubeObject): void {
    if (metadata.deletionTimestamp === undefined) return;
    this.#terminating.add(metadata.name);
    this.#schedule();
  }

  #schedule(): void {
    if (this.#scheduled) return;
    this.#scheduled = true;
    this.#port.later(0, () => this.#work());
  }

  #work(): void {
    this.#scheduled = false;
    for (const name of this.#terminating) if (this.#empty(name)) this.#finish(name);
  }

  /** Deletes what is in a namespace. True when nothing is left. */
  #empty(namespace: string): boolean {
    const { context } = this.#port;
    let isEmpty = true;
    for (const { type } of context.store.kinds.filter((traits) => traits.type.namespaced)) {
      for (const { metadata } of context.store.table(type).all()) {
        if (metadata.namespace !== namespace) continue;
        deleteObject(context, { type, namespace, name: metadata.name }, { propagation: 'Background' });
        isEmpty &&= context.store.find(type, namespace, metadata.name) === undefined;
      }
    }
    return isEmpty;
  }

  #finish(name: string): void {
    const { store } = this.#port.context;
    const namespace = store.find(resourceTypes.namespace, undefined, name);
    if (namespace !== undefined && (namespace.metadata.finalizers ?? []).length > 0) return;
    this.#terminating.delete(name);
    if (namespace !== undefined) store.remove(resourceTypes.namespace, namespace);
  }
}
